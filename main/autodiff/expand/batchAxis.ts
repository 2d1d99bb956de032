/** Keeps the batch axis where a graph would drop it for a batch of one. */
import { isStandard, type Graph, type GraphNode } from '../../onnx/index.ts';
import { Emitter } from '../emitter.ts';

/**
 * Squeeze without a list of axes takes away every axis of size 1, also that of a batch of one, and the rest of the graph
 * would have other ranks than those it is differentiated by. Here such a node names its axes, which are all but an open
 * first one. Where other sizes are open it stays as it is, and a run in which they are 1 ends with an error of ranks.
 */
export function keepBatchAxis(graph: Graph): Graph {
  if (!graph.nodes.some((node) => node.op === 'Squeeze')) return graph;
  const emit = new Emitter(graph, { prefix: 'batch' });
  const nodes = graph.nodes.map((node) => {
    if (!takesAllSingleAxes(node, emit)) return node;
    const input = node.inputs[0]!;
    const [first, ...others] = emit.typeOrUndefined(input)?.shape ?? [];
    if (typeof first !== 'string' || first === '?' || others.some((size) => typeof size === 'string')) return node;
    const axes = others.flatMap((size, at) => (size === 1 ? [at + 1] : []));
    return axes.length === 0
      ? { ...node, op: 'Identity', inputs: [input] }
      : { ...node, inputs: [input, emit.ints(axes)] };
  });
  return { ...graph, nodes, initializers: new Map([...graph.initializers, ...emit.initializers]) };
}

function takesAllSingleAxes(node: GraphNode, emit: Emitter): boolean {
  if (!isStandard(node) || node.op !== 'Squeeze') return false;
  return !node.inputs[1] || emit.constantNumbers(node.inputs[1])?.length === 0;
}
