/** Intermediate tensors as outputs, and a list of a graph's nodes to choose them from. */
import { TwinscopeError } from '../platform/errors.ts';
import type { Dtype } from './elementTypes.ts';
import {
  isStandard,
  namesRead,
  subgraphsOf,
  type Graph,
  type GraphBody,
  type GraphNode,
  type TensorType,
  type ValueInfo,
} from './graph.ts';
import { inferShapes } from './inferShapes.ts';
import { keepNeeded } from './prepare/removeDead.ts';
import { elementCount, type Tensor } from './tensor.ts';

/**
 * The forward graph up to the named tensors, in the order asked for: only the nodes, constants and inputs they need.
 * Tensors inside branches and local functions cannot be named. Throws 'bad-input' for an unknown name, with the nearest.
 */
export function withOutputs(graph: Graph, names: readonly string[]): Graph {
  if (names.length === 0) throw new TwinscopeError('bad-input', 'No tensor was named. Name at least one.');
  const made = new Set(graph.nodes.flatMap(({ outputs }) => outputs).filter((name) => name !== ''));
  const own = new Map(graph.outputs.map((info) => [info.name, info]));
  const types = inferShapes(graph);
  const outputs = [...new Set(names)].map((name): ValueInfo => {
    const stated = own.get(name);
    if (stated !== undefined) return stated;
    if (!made.has(name)) throw unknownTensor(name, [...made, ...own.keys()]);
    const type = types.get(name);
    return { name, dtype: type?.dtype ?? 'undefined', shape: type?.shape ?? null };
  });
  const kept = keepNeeded({ ...graph, outputs });
  const read = new Set([...kept.nodes.flatMap(namesRead), ...outputs.map(({ name }) => name)]);
  return { ...kept, inputs: graph.inputs.filter(({ name }) => read.has(name)) };
}

function unknownTensor(name: string, known: readonly string[]): TwinscopeError {
  const nearest = nearestNames(name, known, 3).map((item) => `"${item}"`);
  const hint = nearest.length > 0 ? ` The nearest names: ${nearest.join(', ')}.` : '';
  return new TwinscopeError('bad-input', `This graph has no tensor "${name}".${hint}`, { tensor: name });
}

/** Names that contain the wanted one or are contained in it first, then by the number of edits between them. */
export function nearestNames(wanted: string, names: readonly string[], count: number): string[] {
  const text = wanted.toLowerCase();
  return [...new Set(names)]
    .map((name) => {
      const other = name.toLowerCase();
      const within = text !== '' && (other.includes(text) || text.includes(other));
      return { name, distance: within ? Math.abs(other.length - text.length) / 1000 : edits(text, other) };
    })
    .toSorted((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, count)
    .map(({ name }) => name);
}

/** Longer names are compared by their ends, where they differ. */
const longestCompared = 80;

/** Levenshtein's distance. */
function edits(first: string, second: string): number {
  const [a, b] = [first.slice(-longestCompared), second.slice(-longestCompared)];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = previous[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, previous[column]! + 1, current[column - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}

export interface ListedTensor {
  name: string;
  dtype: Dtype;
  /** Sizes as texts ('batch', '64'); null where even the number of axes is unknown. */
  shape: string[] | null;
}

export interface ListedNode {
  /** With its domain before a dot where it is no standard operator. */
  op: string;
  name: string;
  inputs: string[];
  outputs: ListedTensor[];
  /**
   * Elements of the constants it reads, those of its branches included, except 64-bit integers, which are shapes and
   * indices. A constant several nodes read counts for each.
   */
  parameters: number;
}

/** Every node of the graph itself, in running order; nodes of branches belong to the node that holds them. */
export function listNodes(graph: Graph): ListedNode[] {
  const types = inferShapes(graph);
  return graph.nodes.map((node) => ({
    op: isStandard(node) ? node.op : `${node.domain}.${node.op}`,
    name: node.name,
    inputs: node.inputs.filter((name) => name !== ''),
    outputs: node.outputs.filter((name) => name !== '').map((name) => listTensor(name, types.get(name))),
    parameters: parametersOf(node, graph),
  }));
}

function listTensor(name: string, type: TensorType | undefined): ListedTensor {
  return { name, dtype: type?.dtype ?? 'undefined', shape: type === undefined ? null : type.shape.map(String) };
}

function parametersOf(node: GraphNode, body: GraphBody): number {
  let count = 0;
  for (const name of new Set(node.inputs)) {
    const tensor = body.initializers.get(name);
    if (tensor !== undefined) count += parametersIn(tensor);
  }
  for (const attribute of Object.values(node.attributes)) {
    if (attribute.kind === 'tensor') count += parametersIn(attribute.value);
    for (const inner of subgraphsOf(attribute)) {
      count += inner.nodes.reduce((sum, item) => sum + parametersOf(item, inner), 0);
    }
  }
  return count;
}

const parametersIn = ({ dtype, shape }: Tensor): number => (dtype === 'int64' ? 0 : elementCount(shape));
