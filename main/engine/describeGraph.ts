/** A graph as people read it: its nodes in running order, with the types of what they make and their parameters. */
import type { TwinGraph } from '../contract/twins.ts';
import {
  elementCount,
  inferShapes,
  isFloating,
  isStandard,
  opsetOf,
  requiredInputs,
  type Attribute,
  type Graph,
  type GraphNode,
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
  const nodes = graph.nodes.map((node) => {
    node.inputs.forEach(note);
    node.outputs.forEach(note);
    return {
      operator: isStandard(node) ? node.op : `${node.domain}.${node.op}`,
      name: node.name,
      inputs: node.inputs,
      outputs: node.outputs,
      parameters: parametersOf(node, graph),
      attributes: Object.entries(node.attributes).map(([name, attribute]) => ({ name, value: describe(attribute) })),
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

/** Numbers the node reads from constants; integers are shapes and indices, which nobody fitted. */
function parametersOf(node: GraphNode, graph: Graph): number {
  const constants = [...new Set(node.inputs)].map((name) => graph.initializers.get(name));
  const held = Object.values(node.attributes).map((attribute) =>
    attribute.kind === 'tensor' ? attribute.value : undefined,
  );
  return [...constants, ...held].reduce(
    (sum, tensor) => sum + (tensor !== undefined && isFloating(tensor.dtype) ? elementCount(tensor.shape) : 0),
    0,
  );
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
