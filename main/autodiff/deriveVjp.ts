/**
 * Reverse-mode differentiation by rewriting the graph: a forward graph in, and out comes one graph that gives the
 * forward outputs and the vector–Jacobian product, in standard operators only.
 *
 * At kinks the gradient is PyTorch's: Relu and Abs 0 at 0, Clip 0 on its bounds, equal extremes of Min and Max share
 * evenly, Sqrt at 0 is infinite; all of them in docs/decisions/onnx-gradients.md.
 */
import {
  describeNode,
  isFloating,
  isStandard,
  namesRead,
  opsetOf,
  prepareGraph,
  randomOperators,
  type Graph,
  type GraphNode,
  type TensorType,
  type ValueInfo,
} from '../onnx/index.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { accumulate } from './accumulate.ts';
import { anchorBlockedLayout } from './blockedLayout.ts';
import { findComposites } from './composites.ts';
import { Emitter } from './emitter.ts';
import { keepBatchAxis } from './expand/batchAxis.ts';
import { expandRecurrent } from './expand/recurrent.ts';
import type { Lowering, StridedLayer } from './lowering.ts';
import { refuseNode, stillWorks } from './refusal.ts';
import {
  constantOperators,
  gradientRules,
  isNormOfOrderOne,
  kinkedOperators,
  quantisingOperators,
  shapeOperators,
} from './registry.ts';
import { hasInfiniteSlope } from './steepSlopes.ts';
import type { Contribution, RuleContext } from './rule.ts';

export interface VjpRequest {
  /** The input to differentiate by. */
  wrt: string;
  /** Outputs of the graph that take part, at least one; one named twice counts once. */
  outputs: readonly string[];
  /** Outputs of the graph to return beside those, without a part in the gradient. */
  alsoReturn?: readonly string[];
  /** Which of several forms the gradient takes; those for the CPU unless given. */
  lowering?: Lowering;
}

export interface Vjp {
  /**
   * Inputs: those of the forward graph that matter, then one cotangent per output, of that output's type and shape.
   * Outputs: what is only to be returned, the forward outputs in the order asked for, then the gradient, of the type and shape of `wrt`.
   */
  graph: Graph;
  /** The cotangent input of every output. */
  cotangents: Record<string, string>;
  /** The output that holds Σ over outputs of cotangentᵀ · ∂output/∂wrt. */
  gradient: string;
  /** False where an operator on the way has kinks, which widens the tolerance of the finite-difference check. */
  smooth: boolean;
  /** The strided convolutions on the way whose gradient has several forms, by their signature. */
  stridedLayers: ReadonlyMap<string, StridedLayer>;
  /** The forward node that a gradient node belongs to, by the gradient node's first output. */
  origins: ReadonlyMap<string, GraphNode>;
}

const oldestOpset = 11;

/** Throws TwinscopeError 'unsupported' naming operator and node where there is no gradient, 'bad-input' for bad names. */
export function deriveVjp(model: Graph, wanted: VjpRequest): Vjp {
  checkRequest(model, wanted);
  const request = { ...wanted, ...distinctOutputs(wanted) };
  const prepared = keepBatchAxis(prepareGraph(withoutDefault(model, request.wrt)));
  const forward = expandRecurrent(prepared, request.wrt, request.outputs);
  const emit = new Emitter(forward, { ...(request.lowering && { lowering: request.lowering }) });
  const path = findPath(forward, request, emit);
  emit.steepSlopes = path.steep;
  const contributions = new Map<string, Contribution[]>();
  const contribute = (name: string, item: Contribution): void => {
    if (item === undefined) return;
    const items = contributions.get(name);
    if (items === undefined) contributions.set(name, [item]);
    else items.push(item);
    if (typeof item === 'string') emit.state(item, emit.typeOrUndefined(name));
  };
  const gather = (name: string): string | undefined => {
    const total = accumulate(emit, contributions.get(name) ?? [], emit.typeOrUndefined(name));
    if (total !== undefined) emit.state(total, emit.typeOrUndefined(name));
    return total;
  };

  const cotangents: Record<string, string> = {};
  const cotangentInputs = request.outputs.map((output): ValueInfo => {
    const info = forward.outputs.find(({ name }) => name === output)!;
    const name = emit.name(`${output}.cotangent`);
    cotangents[output] = name;
    contribute(output, name);
    const inferred = emit.typeOrUndefined(output);
    return { name, dtype: info.dtype, shape: inferred?.shape ?? info.shape };
  });

  const asked = new Set(forward.outputs.map(({ name }) => name));
  const composites = findComposites(forward.nodes, asked, emit);
  const inside = new Set([...composites.values()].flatMap(({ inner }) => inner));
  for (const node of path.toReversed()) {
    if (inside.has(node)) continue;
    emit.origin = node;
    const composite = composites.get(node);
    if (composite !== undefined) {
      contribute(composite.input, composite.gradient(emit, gather(node.outputs[0]!)!));
      continue;
    }
    const gradients = node.outputs.map((name) => (name === '' ? undefined : gather(name)));
    applyRule(node, gradients, emit, request.wrt, path.differentiable).forEach((item, index) =>
      contribute(node.inputs[index]!, item),
    );
  }

  const gradient = emit.name(`${request.wrt}.gradient`);
  const source = gather(request.wrt)!;
  const wrtInput = forward.inputs.find(({ name }) => name === request.wrt)!;
  const finish: GraphNode = {
    op: 'Identity',
    domain: '',
    name: gradient,
    inputs: [source],
    outputs: [gradient],
    attributes: {},
  };
  const outputs = [
    ...request.alsoReturn.map((output) => forward.outputs.find(({ name }) => name === output)!),
    ...request.outputs.map((output) => forward.outputs.find(({ name }) => name === output)!),
    { ...wrtInput, name: gradient },
  ];
  const kept = prune(
    [...forward.nodes, ...gradientNodes(forward, emit), finish],
    outputs.map(({ name }) => name),
  );
  const inputs = forward.inputs.filter(({ name }) => name === request.wrt || kept.read.has(name));
  const initializers = [...forward.initializers, ...emit.initializers].filter(([name]) => kept.read.has(name));
  return {
    graph: {
      ...forward,
      inputs: [...inputs, ...cotangentInputs],
      outputs,
      values: emit.statedValues(kept.nodes),
      initializers: new Map(initializers),
      nodes: kept.nodes,
    },
    cotangents,
    gradient,
    smooth: !path.masks && !path.some((node) => kinkedOperators.has(node.op) || isNormOfOrderOne(node)),
    stridedLayers: emit.stridedLayers,
    origins: emit.origins,
  };
}

function checkRequest(forward: Graph, { wrt, outputs, alsoReturn = [] }: VjpRequest): void {
  const opset = opsetOf(forward);
  const list = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');
  const input = forward.inputs.find(({ name }) => name === wrt);
  if (!input) {
    throw new TwinscopeError(
      'bad-input',
      `This graph has no input "${wrt}". Its inputs: ${list(forward.inputs.map(({ name }) => name))}.`,
    );
  }
  if (!isFloating(input.dtype)) {
    throw new TwinscopeError(
      'unsupported',
      `The input "${wrt}" holds ${input.dtype}: only floating-point inputs have gradients. ${stillWorks}`,
    );
  }
  if (outputs.length === 0)
    throw new TwinscopeError('bad-input', 'A gradient needs at least one output to start from.');
  for (const output of [...outputs, ...alsoReturn]) {
    if (!forward.outputs.some(({ name }) => name === output)) {
      throw new TwinscopeError(
        'bad-input',
        `This graph has no output "${output}". Its outputs: ${list(forward.outputs.map(({ name }) => name))}.`,
      );
    }
  }
  if (opset < oldestOpset) {
    throw new TwinscopeError(
      'unsupported',
      `This model uses opset ${opset}; gradients are derived from opset ${oldestOpset} on. Export it with a newer opset. ${stillWorks}`,
    );
  }
}

/** Every output once, those that take part before those that are only returned. */
function distinctOutputs({ outputs, alsoReturn = [] }: VjpRequest): { outputs: string[]; alsoReturn: string[] } {
  const taking = new Set(outputs);
  return { outputs: [...taking], alsoReturn: [...new Set(alsoReturn)].filter((name) => !taking.has(name)) };
}

/** The input is given, whatever value it would have otherwise. */
function withoutDefault(model: Graph, wrt: string): Graph {
  return { ...model, initializers: new Map([...model.initializers].filter(([name]) => name !== wrt)) };
}

/** The nodes through which the outputs depend on the input, in running order. */
type Path = GraphNode[] & {
  differentiable: ReadonlySet<string>;
  /** Whether a node on it also reads a value that changes in steps, such as a comparison with the stimulus. */
  masks: boolean;
  /** Whether gradients may become infinite on it. */
  steep: boolean;
};

function findPath(forward: Graph, { wrt, outputs }: VjpRequest, emit: Emitter): Path {
  const differentiable = new Set([wrt]);
  /** Values that depend on the input, but only through steps; with the first operator that made them so. */
  const stepped = new Map<string, GraphNode>();
  for (const node of forward.nodes) {
    const read = valuesRead(node);
    const reached = read.some((name) => differentiable.has(name));
    const constant = isStandard(node) && constantOperators.has(node.op);
    const step = read.map((name) => stepped.get(name)).find((found) => found !== undefined);
    for (const output of node.outputs) {
      // One by one: the places that TopK gives are integers, its values are not.
      if (reached && !constant && mayBeFloating(output, emit)) differentiable.add(output);
      else if (output !== '' && (reached || step)) stepped.set(output, step ?? node);
    }
  }
  refuseUnsound(forward, outputs, (name) => differentiable.has(name) || stepped.has(name));
  for (const output of outputs) {
    if (differentiable.has(output)) continue;
    const blocking = stepped.get(output);
    if (blocking === undefined) {
      throw new TwinscopeError(
        'bad-input',
        `The output "${output}" does not depend on the input "${wrt}", so it has no gradient.`,
      );
    }
    throw new TwinscopeError(
      'unsupported',
      `The gradient of "${output}" with respect to "${wrt}" is zero everywhere: every path goes through ` +
        `${describeNode(blocking)}, whose output changes only in steps. ${stillWorks}`,
      { operator: blocking.op, node: blocking.name, zero: true },
    );
  }
  const needed = new Set(outputs);
  const nodes = forward.nodes.toReversed().filter((node) => {
    const onPath = node.outputs.some((name) => needed.has(name) && differentiable.has(name));
    if (onPath) valuesRead(node).forEach((name) => needed.add(name));
    return onPath && valuesRead(node).some((name) => differentiable.has(name));
  });
  const path = nodes.toReversed();
  const without = path.filter((node) => !(isStandard(node) && Object.hasOwn(gradientRules, node.op)));
  if (without.length > 0) {
    const first = without[0]!;
    const others = [...new Set(without.map(({ op }) => op))].filter((op) => op !== first.op);
    throw new TwinscopeError(
      'unsupported',
      `Twinscope cannot derive a gradient through ${describeNode(first)}: it has no rule for this operator` +
        `${others.length > 0 ? `, nor for ${others.join(', ')}` : ''}. ${stillWorks}`,
      { operator: first.op, node: first.name, operators: [first.op, ...others] },
    );
  }
  const steps = (name: string): boolean => stepped.has(name) && !shapeOperators.has(stepped.get(name)!.op);
  const masks = path.some((node) => valuesRead(node).some(steps));
  const makers = new Map(forward.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const sources = {
    varies: (name: string) => differentiable.has(name) || steps(name),
    maker: (name: string) => makers.get(name),
  };
  const steep = path.some((node) => hasInfiniteSlope(node, emit, sources));
  return Object.assign(path, { differentiable, masks, steep });
}

/** What a node's outputs depend on: of its second input CastLike reads the type alone. */
function valuesRead(node: GraphNode): string[] {
  return node.op === 'CastLike' ? node.inputs.slice(0, 1) : namesRead(node);
}

/** Throws where what the outputs need draws random numbers, or rounds what comes from the stimulus to a few levels. */
function refuseUnsound(forward: Graph, outputs: readonly string[], depends: (name: string) => boolean): void {
  const needed = new Set(outputs);
  for (const node of forward.nodes.toReversed()) {
    if (!node.outputs.some((name) => needed.has(name))) continue;
    const read = namesRead(node);
    read.forEach((name) => needed.add(name));
    if (randomOperators.has(node.op)) refuseNode(node, 'it draws random numbers, so that two runs differ');
    if (quantisingOperators.has(node.op) && read.some(depends)) {
      refuseNode(node, 'it is quantised, so that its output changes only in steps');
    }
  }
}

/** False where a value is known to be of integers, booleans or strings. */
function mayBeFloating(name: string, emit: Emitter): boolean {
  const type = emit.typeOrUndefined(name);
  return name !== '' && (type === undefined || isFloating(type.dtype));
}

function applyRule(
  node: GraphNode,
  gradients: (string | undefined)[],
  emit: Emitter,
  wrt: string,
  differentiable: ReadonlySet<string>,
): Contribution[] {
  const refuse = (reason: string): never => refuseNode(node, reason);
  const typeOf = (name: string | undefined): TensorType =>
    emit.typeOrUndefined(name ?? '') ?? refuse(`the type and shape of "${name}" cannot be worked out`);
  const wanted = (index: number): boolean => {
    const name = node.inputs[index];
    // CastLike reads its second input for the type alone.
    if (!name || !differentiable.has(name) || (node.op === 'CastLike' && index === 1)) return false;
    const type = emit.typeOrUndefined(name);
    return type === undefined || isFloating(type.dtype);
  };
  const context: RuleContext = {
    node,
    emit,
    gradients,
    // Of a node on the path some output has a gradient; where it need not be the first, the rule reads the list.
    gradient: gradients.find((gradient) => gradient !== undefined)!,
    wanted,
    input: (index) => node.inputs[index]!,
    output: (index) => node.outputs[index]!,
    inputType: (index) => typeOf(node.inputs[index]),
    outputType: (index) => typeOf(node.outputs[index]),
    refuse,
  };
  if (node.op !== 'Split' && gradients.slice(1).some((gradient) => gradient !== undefined)) {
    refuse('more than its first output is used, and there is no rule for that');
  }
  const results = gradientRules[node.op]!(context);
  return node.inputs.map((name, index) => {
    if (!wanted(index)) return undefined;
    return results[index] ?? refuse(`there is no rule for its input "${name}", which depends on "${wrt}"`);
  });
}

/** The emitted nodes, in the layout that the runtime's convolutions work in where that was asked for. */
function gradientNodes(forward: Graph, emit: Emitter): GraphNode[] {
  if (!emit.lowering.blockedLayout) return emit.nodes;
  const constant = new Set([...forward.initializers.keys(), ...emit.initializers.keys()]);
  for (const node of [...forward.nodes, ...emit.nodes]) {
    const reads = namesRead(node);
    if (reads.every((name) => constant.has(name))) node.outputs.forEach((name) => constant.add(name));
  }
  return anchorBlockedLayout(emit, forward.nodes, emit.nodes, (name) => name === '' || constant.has(name));
}

/** The nodes some output needs, and every name read by them. */
function prune(nodes: readonly GraphNode[], outputs: readonly string[]): { nodes: GraphNode[]; read: Set<string> } {
  const read = new Set(outputs);
  const kept = nodes.toReversed().filter((node) => {
    const needed = node.outputs.some((name) => read.has(name));
    if (needed) namesRead(node).forEach((name) => read.add(name));
    return needed;
  });
  return { nodes: kept.toReversed(), read };
}
