import { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { GraphBuilder, writeGraph, type Graph } from '../onnx/index.ts';
import { Random } from '../platform/random.ts';
import { checkGradient, deriveVjp, type CheckedFunction } from './index.ts';

const size = 400;
const hidden = 30;

function randomValues(count: number, name: string, scale = 1): Float32Array<ArrayBuffer> {
  const random = Random.fromSeed(1, name);
  return Float32Array.from({ length: count }, () => scale * random.normal());
}

/** Two layers with the given non-linearity between them. */
function network(op: string): Graph {
  const builder = new GraphBuilder();
  builder.input('x', 'float32', [1, size]);
  builder.constant('w1', 'float32', [size, hidden], randomValues(size * hidden, 'w1', 0.05));
  builder.constant('w2', 'float32', [hidden, 5], randomValues(hidden * 5, 'w2', 0.2));
  builder.node('MatMul', [builder.node(op, [builder.node('MatMul', ['x', 'w1'])]), 'w2'], {}, 'y');
  builder.output('y', 'float32', [1, 5]);
  return builder.build();
}

async function functionOf(graph: Graph, length = size): Promise<CheckedFunction> {
  const vjp = deriveVjp(graph, { wrt: 'x', outputs: ['y'] });
  const session = await InferenceSession.create(writeGraph(vjp.graph));
  const run = async (name: string, x: Float32Array, v: Float32Array): Promise<Float32Array> => {
    const feeds = {
      x: new RuntimeTensor('float32', x, [1, length]),
      [vjp.cotangents['y']!]: new RuntimeTensor('float32', v, [1, 5]),
    };
    return (await session.run(feeds))[name]!.data as Float32Array;
  };
  return {
    outputs: (x) => run('y', x, new Float32Array(5)),
    gradient: (x, v) => run(vjp.gradient, x, v),
  };
}

const request = { x: randomValues(size, 'x', 0.3), cotangent: randomValues(5, 'v'), seed: 7 };

/** The same function with a gradient spoilt on purpose. */
function spoilt(checked: CheckedFunction, spoil: (value: number, index: number) => number): CheckedFunction {
  return { ...checked, gradient: async (x, v) => (await checked.gradient(x, v)).map(spoil) };
}

describe('the finite-difference check', () => {
  test('a derived gradient of a smooth network is verified', async () => {
    const check = await checkGradient(await functionOf(network('Tanh')), { ...request, smooth: true });
    expect(check).toMatchObject({ verdict: 'verified', ownTolerance: 1e-3, randomTolerance: 1e-3 });
    expect(check.ownError).toBeLessThan(1e-4);
    expect(check.sentence).toContain('agrees with finite differences');
  });

  test('a derived gradient of a rectifying network is verified', async () => {
    const check = await checkGradient(await functionOf(network('Relu')), { ...request, smooth: false });
    expect(check).toMatchObject({ verdict: 'verified', ownTolerance: 1e-2 });
  });

  test.each([
    ['too long by 2 %', (value: number) => 1.02 * value],
    ['of the wrong sign', (value: number) => -value],
    ['missing a tenth of the pixels', (value: number, index: number) => (index % 10 === 0 ? 0 : value)],
    ['overwritten at 40 pixels', (value: number, index: number) => (index < 40 ? 0.5 : value)],
  ])('a gradient %s is contradicted', async (_, spoil) => {
    const check = await checkGradient(spoilt(await functionOf(network('Tanh')), spoil), { ...request, smooth: true });
    expect(check.verdict).toBe('contradicted');
    expect(check.sentence).toContain('disagrees with finite differences');
  });

  test('a gradient that is not finite is refused', async () => {
    const checked = spoilt(await functionOf(network('Tanh')), (value, index) => (index === 3 ? Number.NaN : value));
    expect(await checkGradient(checked, { ...request, smooth: true })).toMatchObject({
      verdict: 'refused',
      sentence: 'The gradient holds values that are not finite numbers at the image it was checked at.',
    });
  });

  test('a zero gradient and a noisy function are inconclusive', async () => {
    const checked = await functionOf(network('Tanh'));
    const zero = await checkGradient(
      spoilt(checked, () => 0),
      { ...request, smooth: true },
    );
    expect(zero.verdict).toBe('inconclusive');
    const random = Random.fromSeed(3, 'noise');
    const noisy = {
      ...checked,
      outputs: async (x: Float32Array) => (await checked.outputs(x)).map((y) => y + random.normal()),
    };
    expect((await checkGradient(noisy, { ...request, smooth: true })).verdict).toBe('inconclusive');
  });
});

const side = 24;
const pixels = side * side;

/** Convolutions over one picture, pooled to 64 values and weighted into five responses with offsets. */
function convolutions(first: string, second: string): Graph {
  const builder = new GraphBuilder();
  builder.input('x', 'float32', [1, pixels]);
  const weights = (name: string, shape: number[], scale: number): string => {
    const count = shape.reduce((product, length) => product * length, 1);
    return builder.constant(name, 'float32', shape, randomValues(count, name, scale));
  };
  const picture = builder.node('Reshape', ['x', builder.constant('image', 'int64', [4], [1n, 1n, 24n, 24n])]);
  const pads = [1, 1, 1, 1];
  const one = builder.node('Conv', [picture, weights('k1', [8, 1, 3, 3], 0.3), weights('b1', [8], 0.3)], { pads });
  const two = [builder.node(first, [one]), weights('k2', [4, 8, 3, 3], 0.1), weights('b2', [4], 0.1)];
  const three = builder.node(second, [builder.node('Conv', two, { pads, strides: [2, 2] })]);
  const pooled = builder.node('AveragePool', [three], { kernel_shape: [3, 3], strides: [3, 3] });
  const flat = builder.node('Reshape', [pooled, builder.constant('flat', 'int64', [2], [1n, 64n])]);
  const weighted = builder.node('MatMul', [flat, weights('w', [64, 5], 0.2)]);
  builder.node('Add', [weighted, weights('b', [5], 0.5)], {}, 'y');
  builder.output('y', 'float32', [1, 5]);
  return builder.build();
}

describe.each([
  ['smooth', 'Tanh', 'Softplus'],
  ['rectifying', 'Relu', 'Relu'],
])('a %s network at inputs of any size', (kind, first, second) => {
  const smooth = kind === 'smooth';
  test.each([1e-30, 1e-6, 1e-5, 1e-4, 1e-3, 0.1, 255])('%d', async (scale) => {
    // Where many kinks are near, one hundredth is what the wide tolerance allows.
    const part = smooth || scale < 1 ? 0.01 : 0.02;
    const wrong: [string, (value: number, index: number) => number][] = [
      ['too long', (value) => (1 + part) * value],
      ['too short', (value) => (1 - part) * value],
      ['of the wrong sign in a quarter', (value, index) => (index % side < side / 4 ? -value : value)],
    ];
    const checked = await functionOf(convolutions(first, second), pixels);
    const at = { ...request, x: randomValues(pixels, 'picture', scale), smooth };
    expect((await checkGradient(checked, at)).verdict).toBe('verified');
    for (const [name, spoil] of wrong) {
      expect([name, (await checkGradient(spoilt(checked, spoil), at)).verdict]).toEqual([name, 'contradicted']);
    }
  });
});

test('steps reach beyond a small input where it is lost in noise, and say how far', async () => {
  const checked = await functionOf(convolutions('Relu', 'Relu'), pixels);
  const check = await checkGradient(checked, { ...request, x: randomValues(pixels, 'picture', 1e-6), smooth: false });
  // Far beyond x: a tenth of its size would be lost in the rounding of the responses.
  expect(check.longestStep).toBeGreaterThan(1e-4);
});
