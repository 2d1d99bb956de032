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

async function functionOf(graph: Graph): Promise<CheckedFunction> {
  const vjp = deriveVjp(graph, { wrt: 'x', outputs: ['y'] });
  const session = await InferenceSession.create(writeGraph(vjp.graph));
  const run = async (name: string, x: Float32Array, v: Float32Array): Promise<Float32Array> => {
    const feeds = {
      x: new RuntimeTensor('float32', x, [1, size]),
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
