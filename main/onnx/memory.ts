/** How much memory a run of a graph takes, before a session is created. */
import { byteLength } from './elementTypes.ts';
import {
  isStandard,
  namesRead,
  requiredInputs,
  subgraphsOf,
  type Graph,
  type GraphBody,
  type TensorType,
} from './graph.ts';
import { inferShapes } from './inferShapes.ts';
import { evaluateDim } from './shapes/dims.ts';
import { elementCount, type Tensor } from './tensor.ts';

export interface MemoryEstimate {
  /** Bytes of all constants, those in other files included. */
  weightBytes: number;
  /** The largest sum of intermediate values and outputs alive at one time. */
  activationBytes: number;
  inputBytes: number;
  /** Values whose size is not known from the given sizes; they count as nothing. */
  unknownValues: string[];
}

/** Operators whose output is their input's memory under another shape. */
const views = new Set(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Identity', 'Dropout']);

/**
 * Estimates from types and shapes alone, for given values of the open sizes (`{ batch: 8 }`). Every value lives from the
 * node that makes it to the last that reads it, in the order of the nodes, outputs to the end. A runtime may need less
 * (it writes over inputs it no longer needs) or more (packed weights, workspaces of single operators).
 */
export function estimateMemory(graph: Graph, sizes: Readonly<Record<string, number>>): MemoryEstimate {
  const types = inferShapes(graph);
  const unknownValues: string[] = [];
  const bytesOf = (name: string): number => {
    const bytes = bytesOfType(types.get(name), sizes);
    if (bytes === undefined) unknownValues.push(name);
    return bytes ?? 0;
  };
  return {
    weightBytes: weightBytes(graph),
    activationBytes: peakBytes(graph, bytesOf),
    inputBytes: requiredInputs(graph).reduce((sum, { name }) => sum + bytesOf(name), 0),
    unknownValues,
  };
}

/** Bytes of one tensor, undefined where a size is unknown. Never negative. */
export function bytesOfType(type: TensorType | undefined, sizes: Readonly<Record<string, number>>): number | undefined {
  if (type === undefined) return undefined;
  let elements = 1;
  for (const dim of type.shape) {
    const size = evaluateDim(dim, sizes);
    if (size === undefined || Number.isNaN(size)) return undefined;
    elements *= Math.max(0, size);
  }
  return byteLength(type.dtype, elements);
}

function weightBytes(body: GraphBody): number {
  const bytes = (tensor: Tensor): number => byteLength(tensor.dtype, elementCount(tensor.shape));
  let sum = 0;
  for (const tensor of body.initializers.values()) sum += bytes(tensor);
  for (const node of body.nodes) {
    for (const attribute of Object.values(node.attributes)) {
      if (attribute.kind === 'tensor' && node.op === 'Constant') sum += bytes(attribute.value);
      for (const inner of subgraphsOf(attribute)) sum += weightBytes(inner);
    }
  }
  return sum;
}

function peakBytes(graph: Graph, bytesOf: (name: string) => number): number {
  const owners = ownersOf(graph);
  const lastReader = new Map<string, number>();
  graph.nodes.forEach((node, index) => {
    for (const name of namesRead(node)) lastReader.set(owners.get(name) ?? name, index);
  });
  for (const { name } of graph.outputs) lastReader.set(owners.get(name) ?? name, graph.nodes.length);
  const freedAfter = new Map<number, number>();
  let alive = 0;
  let peak = 0;
  graph.nodes.forEach((node, index) => {
    const constant = isStandard(node) && node.op === 'Constant';
    for (const name of node.outputs) {
      if (name === '' || constant || owners.has(name)) continue;
      const bytes = bytesOf(name);
      alive += bytes;
      const end = lastReader.get(name) ?? index;
      freedAfter.set(end, (freedAfter.get(end) ?? 0) + bytes);
    }
    peak = Math.max(peak, alive);
    alive -= freedAfter.get(index) ?? 0;
  });
  return peak;
}

/** The value whose memory another value is a view of. */
function ownersOf(graph: Graph): Map<string, string> {
  const owners = new Map<string, string>();
  for (const node of graph.nodes) {
    const [source, view] = [node.inputs[0], node.outputs[0]];
    if (source && view && isStandard(node) && views.has(node.op)) owners.set(view, owners.get(source) ?? source);
  }
  return owners;
}
