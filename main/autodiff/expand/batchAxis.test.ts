import { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { GraphBuilder, writeGraph, type Dim } from '../../onnx/index.ts';
import { deriveVjp } from '../index.ts';

/** The gradient of Σ softmax(squeeze(x))·(1, 2), along the last axis. */
async function gradientOf(shape: Dim[], axes: number[] | undefined, x: number[], sizes: number[]): Promise<number[]> {
  const builder = new GraphBuilder();
  builder.input('x', 'float32', shape);
  const list = axes ? [builder.constant('axes', 'int64', [axes.length], axes)] : [];
  builder.node('Softmax', [builder.node('Squeeze', ['x', ...list], {}, 'rows')], { axis: -1 }, 'y');
  builder.output('y', 'float32', null);
  const vjp = deriveVjp(builder.build(), { wrt: 'x', outputs: ['y'] });
  const session = await InferenceSession.create(writeGraph(vjp.graph), { logSeverityLevel: 3 });
  const weights = Float32Array.from(x, (_, index) => 1 + (index % 2));
  const results = await session.run({
    x: new RuntimeTensor('float32', Float32Array.from(x), sizes),
    [vjp.cotangents['y']!]: new RuntimeTensor('float32', weights, [sizes[0]!, 2]),
  });
  await session.release();
  expect(results['y']!.dims).toEqual([sizes[0], 2]);
  expect(results[vjp.gradient]!.dims).toEqual(sizes);
  return [...(results[vjp.gradient]!.data as Float32Array)];
}

test.each<[string, Dim[], number[] | undefined]>([
  ['without a list', ['batch', 1, 2], undefined],
  ['by an empty list', ['batch', 1, 2], []],
  ['with nothing to take away', ['batch', 2], undefined],
])('a Squeeze %s keeps a batch of one', async (_, shape, axes) => {
  const inner = shape.slice(1) as number[];
  // p₀·p₁ = σ(1)·σ(−1), the slope of p₁ − p₀ by either logit but for its sign.
  const slope = 1 / (2 + Math.exp(1) + Math.exp(-1));
  const one = await gradientOf(shape, axes, [0, 1], [1, ...inner]);
  one.forEach((value, index) => expect(value).toBeCloseTo([-slope, slope][index]!, 6));
  const two = await gradientOf(shape, axes, [0, 1, 1, 0], [2, ...inner]);
  two.forEach((value, index) => expect(value).toBeCloseTo([-slope, slope, -slope, slope][index]!, 6));
});
