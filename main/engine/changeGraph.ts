/** The graph of a bare model as a twin's: its batch open, its areas outputs of two axes. */
import type { GraphChange, ModelPicture } from '../contract/bareModels.ts';
import {
  inferShapes,
  isStandard,
  makeTensor,
  numbersOf,
  tensorOfConstant,
  type Dim,
  type Graph,
  type GraphNode,
  type Tensor,
  type ValueInfo,
} from '../onnx/index.ts';

const openBatch = 'batch';

/**
 * Adds what `change` names and opens a fixed batch. Whether the graph then answers several pictures as it answers each is
 * for whoever runs it to find out.
 */
export function changeGraph(graph: Graph, picture: ModelPicture, change: GraphChange): Graph {
  const opened = picture.fixedBatch === null ? graph : withOpenBatch(graph, picture.fixedBatch, picture.tensor);
  const types = inferShapes(opened);
  const nodes: GraphNode[] = [];
  const outputs: ValueInfo[] = [];
  for (const [tensor, name] of change.areas) {
    const known = opened.outputs.find((output) => output.name === tensor);
    if (name === tensor && known !== undefined) {
      outputs.push(known);
      continue;
    }
    // Of two axes it passes on what it gets.
    nodes.push(node('Flatten', tensor, name, { axis: { kind: 'int', value: 1 } }));
    const dtype = types.get(tensor)?.dtype ?? known?.dtype ?? 'float32';
    outputs.push({ name, dtype, shape: [openBatch, '?'] });
  }
  const renamed = change.picture !== picture.tensor;
  const inputs = opened.inputs.map((input) =>
    renamed && input.name === picture.tensor ? { ...input, name: change.picture } : input,
  );
  const first = renamed ? [node('Identity', change.picture, picture.tensor, {})] : [];
  return { ...opened, inputs, outputs, nodes: [...first, ...opened.nodes, ...nodes] };
}

const node = (op: string, input: string, output: string, attributes: GraphNode['attributes']): GraphNode => ({
  op,
  domain: '',
  name: output,
  inputs: [input],
  outputs: [output],
  attributes,
});

/** Opens the first axis of the picture, and of what is reshaped to as many rows as there were pictures. */
function withOpenBatch(graph: Graph, fixed: number, picture: string): Graph {
  const types = inferShapes(graph);
  const constants = new Map(graph.initializers);
  for (const each of graph.nodes) {
    const tensor = isStandard(each) && each.op === 'Constant' ? tensorOfConstant(each) : undefined;
    if (tensor !== undefined) constants.set(each.outputs[0] ?? '', tensor);
  }
  const initializers = new Map(graph.initializers);
  const nodes = graph.nodes.map((each) => {
    const [data = '', shape = ''] = each.inputs;
    if (!isStandard(each) || each.op !== 'Reshape' || types.get(data)?.shape[0] !== fixed) return each;
    const sizes = rowsOf(constants.get(shape));
    if (sizes?.[0] !== fixed || each.attributes['allowzero']?.value === 1) return each;
    const name = `${each.outputs[0]}.twinscope.shape`;
    // In a Reshape, 0 stands for the size there is.
    initializers.set(name, makeTensor('int64', [sizes.length], [0, ...sizes.slice(1)]));
    return { ...each, inputs: [data, name] };
  });
  const open = (shape: Dim[] | null): Dim[] | null =>
    shape !== null && shape[0] === fixed ? [openBatch, ...shape.slice(1)] : shape;
  return {
    ...graph,
    nodes,
    initializers,
    // What the file says of them holds for the fixed batch only.
    values: [],
    inputs: graph.inputs.map((input) => (input.name === picture ? { ...input, shape: open(input.shape) } : input)),
    outputs: graph.outputs.map((output) => ({ ...output, shape: open(output.shape) })),
  };
}

function rowsOf(tensor: Tensor | undefined): number[] | null {
  if (tensor?.dtype !== 'int64' || tensor.external !== undefined) return null;
  return [...numbersOf(tensor)].map(Number);
}
