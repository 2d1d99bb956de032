import { expect, test } from 'vitest';
import { GraphBuilder } from '../onnx/index.ts';
import type { TapArray } from './computeContract.ts';
import { stack, tapGraph } from './taps.ts';

function graph() {
  const builder = new GraphBuilder();
  builder.input('x', 'float32', ['batch', 4]);
  const weights = builder.constant(
    'w',
    'float32',
    [3, 4],
    Array.from({ length: 12 }, (_, i) => i),
  );
  builder.node('Transpose', ['x'], { perm: [1, 0] }, 'turned');
  builder.node('MatMul', [weights, 'turned'], {}, 'features');
  builder.node('Mul', [weights, weights], {}, 'squares');
  builder.node('ReduceSum', ['features'], { keepdims: 0 }, 'y');
  builder.output('y', 'float32', []);
  return builder.build();
}

test('finds the axis of the pictures, wherever it is', () => {
  const tapped = tapGraph(graph(), ['turned', 'features', 'squares', 'features']);
  expect(tapped.taps.map(({ name, axis }) => [name, axis])).toEqual([
    ['turned', 1],
    ['features', 1],
    ['squares', null],
  ]);
  expect(tapped.graph.outputs.map(({ name }) => name)).toEqual(['turned', 'features', 'squares']);
});

test('a node is called by its name too, and a misspelt tensor has a nearest name', () => {
  const named = graph();
  Object.assign(named.nodes[1] as object, { name: 'layer1/MatMul' });
  expect(tapGraph(named, ['layer1/MatMul']).taps[0]?.name).toBe('features');
  expect(() => tapGraph(named, ['fetures'])).toThrow('The nearest names: "features"');
  expect(() => tapGraph(named, [])).toThrow('Name at least one');
});

test('values that are no numbers are refused by name', () => {
  const builder = new GraphBuilder();
  builder.input('x', 'string', ['batch', 4]);
  builder.node('Identity', ['x'], {}, 'y');
  builder.output('y', 'string', ['batch', 4]);
  expect(() => tapGraph(builder.build(), ['y'])).toThrow('"y" holds string values, which no array file takes');
});

test('batches are laid behind each other along their axis', () => {
  const part = (axis: number | null, shape: number[], data: number[]): TapArray => ({
    name: 't',
    dtype: 'float32',
    axis,
    shape,
    data: Float32Array.from(data),
  });
  expect(stack([part(0, [2, 2], [1, 2, 3, 4]), part(0, [1, 2], [5, 6])])).toEqual(part(0, [3, 2], [1, 2, 3, 4, 5, 6]));
  expect(stack([part(1, [2, 2], [1, 2, 4, 5]), part(1, [2, 1], [3, 6])])).toEqual(part(1, [2, 3], [1, 2, 3, 4, 5, 6]));
  expect(stack([part(null, [2], [1, 2]), part(null, [2], [1, 2])])).toEqual(part(null, [2], [1, 2]));
  expect(() => stack([part(0, [1, 2], [1, 2]), part(0, [1, 3], [1, 2, 3])])).toThrow('no axis for the pictures');
});
