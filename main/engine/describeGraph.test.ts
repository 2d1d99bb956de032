import { expect, test } from 'vitest';
import { float, GraphBuilder } from '../onnx/index.ts';
import { describeGraph } from './describeGraph.ts';

test('nodes in running order, with types, parameters and attributes', () => {
  const builder = new GraphBuilder({ producer: 'a program' });
  builder.input('x', 'float32', ['batch', 3, 8, 8]);
  builder.constant('w', 'float32', [4, 3, 3, 3], new Float32Array(108));
  builder.constant('b', 'float32', [4], new Float32Array(4));
  builder.node('Conv', ['x', 'w', 'b'], { pads: [1, 1, 1, 1], group: 1 }, 'conv');
  builder.node('LeakyRelu', ['conv'], { alpha: float(0.1) }, 'act');
  builder.node('Flatten', ['act'], { axis: 1 }, 'flat');
  builder.node('Reshape', ['flat', builder.constant('to', 'int64', [2], [-1n, 64n])], {}, 'y');
  builder.output('y', 'float32', null);
  const graph = describeGraph(builder.build());
  expect(graph).toMatchObject({ opset: 18, producer: 'a program', parameters: 114, inputs: ['x'], outputs: ['y'] });
  expect(graph.nodes.map(({ operator, parameters }) => [operator, parameters])).toEqual([
    ['Conv', 112],
    ['LeakyRelu', 0],
    ['Flatten', 0],
    // The shape is no parameter.
    ['Reshape', 0],
  ]);
  expect(graph.nodes[0]?.attributes).toEqual([
    { name: 'pads', value: '1, 1, 1, 1' },
    { name: 'group', value: '1' },
  ]);
  expect(graph.nodes[1]?.attributes).toEqual([{ name: 'alpha', value: '0.1' }]);
  expect(graph.values['w']).toEqual({ dtype: 'float32', shape: ['4', '3', '3', '3'], constant: true });
  expect(graph.values['act']).toEqual({ dtype: 'float32', shape: ['batch', '4', '8', '8'], constant: false });
});
