/**
 * Writes recurrent networks out step by step, in operators that have gradient rules of their own. The equations are
 * those of ONNX's LSTM, GRU and RNN.
 */
import {
  floatAttribute,
  intAttribute,
  isStandard,
  namesRead,
  stringAttribute,
  type Graph,
  type GraphNode,
} from '../../onnx/index.ts';
import { Emitter } from '../emitter.ts';
import { refuseNode } from '../refusal.ts';
import { cells, type CellState, type CellWeights, type RecurrentOperator } from './cells.ts';

/**
 * The graph with every recurrent node between the input and the outputs written out; the same graph where there is none.
 * Throws TwinscopeError 'unsupported' naming the node where it cannot be.
 */
export function expandRecurrent(graph: Graph, wrt: string, outputs: readonly string[]): Graph {
  const recurrent = nodesBetween(graph, wrt, outputs).filter(
    (node) => isStandard(node) && Object.hasOwn(cells, node.op),
  );
  if (recurrent.length === 0) return graph;
  const emit = new Emitter(graph, { prefix: 'steps' });
  const nodes = graph.nodes.flatMap((node) => {
    if (!recurrent.includes(node)) return [node];
    const before = emit.nodes.length;
    writeOut(node, emit);
    return emit.nodes.slice(before);
  });
  return { ...graph, nodes, initializers: new Map([...graph.initializers, ...emit.initializers]) };
}

function nodesBetween(graph: Graph, wrt: string, outputs: readonly string[]): GraphNode[] {
  const reached = new Set([wrt]);
  for (const node of graph.nodes) {
    if (namesRead(node).some((name) => reached.has(name))) node.outputs.forEach((name) => reached.add(name));
  }
  const needed = new Set(outputs);
  return graph.nodes.toReversed().filter((node) => {
    const wanted = node.outputs.some((name) => name !== '' && needed.has(name) && reached.has(name));
    if (wanted) namesRead(node).forEach((name) => needed.add(name));
    return wanted;
  });
}

/** Emits what gives the node's outputs. */
function writeOut(node: GraphNode, emit: Emitter): void {
  const steps = checked(node, emit);
  const directions = stringAttribute(node, 'direction', 'forward') === 'bidirectional' ? 2 : 1;
  const runs = Array.from({ length: directions }, (_, direction) => runDirection(node, emit, direction, steps));
  const [sequence, lastHidden, lastCell] = node.outputs;
  const finish = (name: string | undefined, parts: string[], axis: number): void => {
    if (!name) return;
    const joined = parts.length === 1 ? parts[0]! : emit.node('Concat', parts, { axis });
    emit.named('Identity', [joined], name);
  };
  if (sequence) {
    const sequences = runs.map(({ hidden }) => {
      const rows = hidden.map((state) => emit.unsqueeze(state, [0, 1]));
      return rows.length === 1 ? rows[0]! : emit.node('Concat', rows, { axis: 0 });
    });
    finish(sequence, sequences, 1);
  }
  const states = (pick: (run: DirectionRun) => string): string[] => runs.map((run) => emit.unsqueeze(pick(run), [0]));
  finish(lastHidden, lastHidden ? states((run) => run.lastHidden) : [], 0);
  finish(lastCell, lastCell ? states((run) => run.lastCell!) : [], 0);
}

/** The number of time steps of a node that can be written out. */
function checked(node: GraphNode, emit: Emitter): number {
  const refuse = (reason: string): never => refuseNode(node, reason);
  if (intAttribute(node, 'layout', 0) !== 0) refuse('its batch comes first (layout 1), and there is no rule for that');
  if (node.attributes['clip'] && floatAttribute(node, 'clip', 0) > 0) {
    refuse('it clips what goes into its activations, and there is no rule for that');
  }
  if (intAttribute(node, 'input_forget', 0) !== 0)
    refuse('it couples its input and forget gates, and there is no rule for that');
  const steps = emit.typeOrUndefined(node.inputs[0]!)?.shape[0];
  if (typeof steps !== 'number') return refuse('its number of time steps is fixed only at run time');
  if (node.inputs[4]) {
    const lengths = emit.constantNumbers(node.inputs[4]);
    if (!lengths?.every((length) => length === steps)) {
      refuse('its sequences may end before the last time step, and there is no rule for that');
    }
  }
  return steps;
}

interface DirectionRun {
  /** The hidden state after each time step, in the order of time: [batch, hidden size] each. */
  hidden: string[];
  /** The states after the last step made, which is the first in time where it runs backwards. */
  lastHidden: string;
  lastCell: string | undefined;
}

function runDirection(node: GraphNode, emit: Emitter, direction: number, steps: number): DirectionRun {
  const cell = cells[node.op as RecurrentOperator];
  const weights = weightsOf(node, emit, direction);
  const input = node.inputs[0]!;
  // What the input gives to the gates is one product for all steps.
  const given = cell.fromInput(emit, emit.node('MatMul', [input, weights.input]), weights);
  const pieces = emit.pieces(
    given,
    Array.from({ length: steps }, () => 1),
    0,
  );
  const backwards = stringAttribute(node, 'direction', 'forward') === 'reverse' || direction === 1;
  const order = backwards ? [...pieces.keys()].toReversed() : [...pieces.keys()];
  const initial = (name: string | undefined): string | undefined => (name ? part(emit, name, direction) : undefined);
  let state: CellState = { hidden: initial(node.inputs[5]), cell: initial(node.inputs[6]) };
  const hidden: string[] = Array.from({ length: steps }, () => '');
  for (const time of order) {
    const next = cell.step(emit, emit.squeeze(pieces[time]!, [0]), state, weights);
    hidden[time] = next.hidden;
    state = next;
  }
  return { hidden, lastHidden: hidden[order.at(-1)!]!, lastCell: state.cell };
}

/** What belongs to one direction, without the axis of directions. */
function part(emit: Emitter, name: string, direction: number): string {
  return emit.node('Gather', [name, emit.table([], [direction])], { axis: 0 });
}

function weightsOf(node: GraphNode, emit: Emitter, direction: number): CellWeights {
  const { gates, activations, products } = cells[node.op as RecurrentOperator];
  const size = intAttribute(node, 'hidden_size', 0) || emit.typeOrUndefined(node.inputs[2]!)?.shape[2];
  if (typeof size !== 'number') return refuseNode(node, 'its hidden size is not known');
  const linearBeforeReset = intAttribute(node, 'linear_before_reset', 0) !== 0;
  const of = (name: string): string => part(emit, name, direction);
  const pieces = (name: string, counts: readonly number[]): string[] =>
    emit.pieces(
      name,
      counts.map((count) => count * size),
      0,
    );
  const single = (count: number): number[] => Array.from({ length: count }, () => 1);
  const biases = node.inputs[3] ? pieces(of(node.inputs[3]), single(2 * gates)) : undefined;
  const matrices = pieces(of(node.inputs[2]!), products(linearBeforeReset));
  return {
    size,
    input: emit.node('Transpose', [of(node.inputs[1]!)]),
    recurrent: matrices.map((matrix) => emit.node('Transpose', [matrix])),
    inputBiases: biases?.slice(0, gates),
    recurrentBiases: biases?.slice(gates),
    peepholes: node.inputs[7] ? pieces(of(node.inputs[7]), single(3)) : undefined,
    activations: activationsOf(node, direction, activations),
    linearBeforeReset,
  };
}

function activationsOf(node: GraphNode, direction: number, defaults: readonly string[]): string[] {
  const stated = node.attributes['activations'];
  if (stated?.kind !== 'strings') return [...defaults];
  const own = stated.value.slice(direction * defaults.length, (direction + 1) * defaults.length);
  return own.map((name) => {
    const found = ['Sigmoid', 'Tanh', 'Relu'].find((known) => known.toLowerCase() === name.toLowerCase());
    return found ?? refuseNode(node, `it has the activation "${name}", and only Sigmoid, Tanh and Relu have a rule`);
  });
}
