/** Layer taps against ONNX Runtime, and the list of nodes. */
import { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { GraphBuilder, listNodes, nearestNames, withOutputs, writeGraph, type Graph } from './index.ts';

function network(): Graph {
  const builder = new GraphBuilder();
  builder.input('x', 'float32', ['batch', 2]);
  builder.input('other', 'float32', ['batch', 3]);
  builder.constant('w', 'float32', [2, 3], [1, 2, 3, 4, 5, 6]);
  builder.constant('v', 'float32', [3, 1], [1, 1, 1]);
  builder.node('MatMul', ['x', 'w'], {}, 'hidden');
  builder.node('Relu', ['hidden'], {}, 'rate');
  builder.node('Add', ['rate', 'other'], {}, 'joined');
  builder.node('MatMul', ['joined', 'v'], {}, 'y');
  builder.output('y', 'float32', ['batch', 1]);
  return builder.build();
}

describe('withOutputs', () => {
  test('gives several tensors in one pass, in the order asked for, from the nodes and inputs they need', async () => {
    const tapped = withOutputs(network(), ['rate', 'hidden', 'rate']);
    expect(tapped.nodes.map(({ op }) => op)).toEqual(['MatMul', 'Relu']);
    expect([...tapped.initializers.keys()]).toEqual(['w']);
    expect(tapped.inputs.map(({ name }) => name)).toEqual(['x']);
    expect(tapped.outputs).toEqual([
      { name: 'rate', dtype: 'float32', shape: ['batch', 3] },
      { name: 'hidden', dtype: 'float32', shape: ['batch', 3] },
    ]);
    const session = await InferenceSession.create(writeGraph(tapped));
    const { rate, hidden } = await session.run({ x: new RuntimeTensor('float32', Float32Array.of(1, -1), [1, 2]) });
    expect(hidden!.data).toEqual(Float32Array.of(-3, -3, -3));
    expect(rate!.data).toEqual(Float32Array.of(0, 0, 0));
  });

  test('the graph given is not changed, and its own outputs can be asked for', () => {
    const graph = network();
    expect(withOutputs(graph, ['y', 'joined']).outputs.map(({ name }) => name)).toEqual(['y', 'joined']);
    expect(graph).toEqual(network());
  });

  test('an unknown name is refused with the nearest', () => {
    expect(() => withOutputs(network(), ['rates'])).toThrow(
      'This graph has no tensor "rates". The nearest names: "rate", ',
    );
    expect(() => withOutputs(network(), [])).toThrow('Name at least one');
  });

  test('nearest names: those that contain the text first, then few edits', () => {
    const names = ['/layer1/conv/Conv_output_0', '/layer2/conv/Conv_output_0', 'layer1', 'logits'];
    expect(nearestNames('layer2', names, 2)).toEqual(['/layer2/conv/Conv_output_0', 'layer1']);
    expect(nearestNames('logit', names, 1)).toEqual(['logits']);
  });
});

describe('listNodes', () => {
  test('gives operators, shapes, inputs and parameters', () => {
    expect(listNodes(network())[0]).toEqual({
      op: 'MatMul',
      name: 'hidden',
      inputs: ['x', 'w'],
      outputs: [{ name: 'hidden', dtype: 'float32', shape: ['batch', '3'] }],
      parameters: 6,
    });
    expect(listNodes(network()).map(({ parameters }) => parameters)).toEqual([6, 0, 0, 3]);
  });

  test('operators of other domains keep theirs, and unknown shapes are null', () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['batch']);
    builder.nodes('Special', ['x'], {}, ['y'], 'com.example');
    builder.output('y', 'undefined', null);
    expect(listNodes(builder.build())[0]).toMatchObject({
      op: 'com.example.Special',
      outputs: [{ name: 'y', dtype: 'undefined', shape: null }],
    });
  });

  test('constants of branches count for the node that holds them', () => {
    const inner = new GraphBuilder();
    inner.constant('c', 'float32', [5], [1, 2, 3, 4, 5]);
    inner.node('Relu', ['c'], {}, 'out');
    inner.output('out', 'float32', null);
    const branch = { kind: 'graph', value: inner.build() } as const;
    const builder = new GraphBuilder();
    builder.input('yes', 'bool', []);
    builder.node('If', ['yes'], { then_branch: branch, else_branch: branch }, 'y');
    builder.output('y', 'float32', null);
    expect(listNodes(builder.build())[0]!.parameters).toBe(10);
  });
});
