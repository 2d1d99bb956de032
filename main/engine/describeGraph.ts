/** A graph as people read it: its nodes in running order, with the types of what they make and their parameters. */
import type { TwinGraph } from '../contract/twins.ts';
import {
  elementCount,
  inferShapes,
  listNodes,
  opsetOf,
  requiredInputs,
  type Attribute,
  type Graph,
  type ListedNode,
  type Tensor,
} from '../onnx/index.ts';

/** What can be said of any graph; the areas come from the twin's manifest. */
export type GraphDescription = Omit<TwinGraph, 'commitments'>;

/** A list longer than this is a table of numbers, not a setting. */
const mostListed = 16;

export function describeGraph(graph: Graph): GraphDescription {
  const types = inferShapes(graph);
  const values: GraphDescription['values'] = {};
  const note = (name: string): void => {
    const constant = graph.initializers.get(name);
    const type = constant ?? types.get(name);
    if (name === '' || values[name] !== undefined || type === undefined) return;
    values[name] = { dtype: type.dtype, shape: type.shape.map(String), constant: constant !== undefined };
  };
  const inputs = requiredInputs(graph).map(({ name }) => name);
  inputs.forEach(note);
  const listed = listNodes(graph);
  const nodes = graph.nodes.map((node, index) => {
    node.inputs.forEach(note);
    node.outputs.forEach(note);
    const { op, name, parameters } = listed[index] as ListedNode;
    return {
      operator: op,
      name,
      // Left-out inputs keep their place.
      inputs: node.inputs,
      outputs: node.outputs,
      parameters,
      attributes: Object.entries(node.attributes).map(([key, attribute]) => ({
        name: key,
        value: describe(attribute),
      })),
    };
  });
  let parameters = 0;
  for (const { shape } of graph.initializers.values()) parameters += elementCount(shape);
  return {
    opset: opsetOf(graph),
    producer: [graph.producer, graph.producerVersion].filter(Boolean).join(' '),
    parameters,
    inputs,
    outputs: graph.outputs.map(({ name }) => name),
    nodes,
    values,
  };
}

const sizes = ({ dtype, shape }: Tensor): string => [dtype, shape.join(' × ')].filter(Boolean).join(' ');

function describe(attribute: Attribute): string {
  switch (attribute.kind) {
    case 'float':
      return String(Number(attribute.value.toPrecision(6)));
    case 'floats':
      return list(attribute.value.map((value) => Number(value.toPrecision(6))));
    case 'ints':
    case 'strings':
      return list(attribute.value);
    case 'int':
    case 'string':
      return String(attribute.value);
    case 'tensor':
      return sizes(attribute.value);
    case 'tensors':
      return attribute.value.map(sizes).join(', ');
    case 'graph':
      return `graph of ${attribute.value.nodes.length} nodes`;
    case 'graphs':
      return `${attribute.value.length} graphs`;
    default:
      return attribute.kind;
  }
}

const list = (values: readonly (number | string)[]): string =>
  values.length > mostListed ? `${values.slice(0, mostListed).join(', ')} … (${values.length})` : values.join(', ');
