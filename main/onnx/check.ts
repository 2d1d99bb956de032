/** What a graph from a file must keep to before anything works with it. */
import { damaged } from './damaged.ts';
import { checkExternalData } from './externalData.ts';
import type { SparseTensorProto } from './generated/onnx_pb.ts';
import { describeNode, subgraphsOf, type GraphBody, type GraphNode } from './graph.ts';
import { formatCount } from '../platform/words.ts';

/** Real models nest branches a few levels deep; decoding stops a little above this (100 messages within messages). */
export const deepestNesting = 16;

/** The largest models have some ten thousand nodes. */
const mostNodes = 1_000_000;

/**
 * Refuses graphs in which a value is made twice or by nothing, absurd counts, and data stored
 * outside the model's folder. Throws TwinscopeError 'corrupt'.
 */
export function checkGraph(graph: GraphBody): void {
  checkBody(graph, () => false, { nodes: 0 });
  checkExternalData(graph);
}

function checkBody(body: GraphBody, outer: (name: string) => boolean, count: { nodes: number }): void {
  const inputs = new Set(body.inputs.map(({ name }) => name));
  if (inputs.size < body.inputs.length) throw damaged('Two inputs of this model have the same name.');
  const made = new Set([...inputs, ...body.initializers.keys(), ...body.sparseInitializers.map(nameOfSparse)]);
  const known = (name: string): boolean => made.has(name) || outer(name);
  for (const node of body.nodes) {
    count.nodes += 1;
    if (count.nodes > mostNodes) throw damaged(`This model has more than ${formatCount(mostNodes)} nodes.`);
    const missing = node.inputs.find((name) => name !== '' && !known(name));
    if (missing !== undefined) {
      throw damaged(`${describeNode(node)} of this model reads "${missing}", which nothing makes.`, {
        node: node.name,
      });
    }
    for (const inner of bodiesOf(node)) checkBody(inner, known, count);
    for (const name of node.outputs) {
      if (name !== '' && made.has(name))
        throw damaged(`The value "${name}" of this model is made twice.`, { value: name });
      made.add(name);
    }
  }
  for (const { name } of body.outputs) {
    if (!known(name)) throw damaged(`The output "${name}" of this model is made by nothing.`, { value: name });
  }
}

function bodiesOf(node: GraphNode): GraphBody[] {
  return Object.values(node.attributes).flatMap((attribute) => subgraphsOf(attribute));
}

function nameOfSparse(sparse: SparseTensorProto): string {
  return sparse.values?.name ?? '';
}
