/** Estimates against sums made by hand. */
import { describe, expect, test } from 'vitest';
import { estimateMemory, GraphBuilder, type Graph } from './index.ts';

/** x → Conv (3 → 8 channels, stride 2) → Relu → Flatten → MatMul, 16 × 16. */
function network(size: number | string = 16): Graph {
  const builder = new GraphBuilder();
  builder.input('x', 'float32', ['batch', 3, size, size]);
  builder.constant('w', 'float32', [8, 3, 3, 3], new Float32Array(216));
  builder.constant('v', 'float32', [512, 10], new Float32Array(5120));
  const conv = builder.node('Conv', ['x', 'w'], { strides: [2, 2], pads: [1, 1, 1, 1] });
  const flat = builder.node('Flatten', [builder.node('Relu', [conv])]);
  builder.node('MatMul', [flat, 'v'], {}, 'y');
  builder.output('y', 'float32', null);
  return builder.build();
}

describe('estimateMemory', () => {
  test('counts weights, inputs and what is alive together', () => {
    expect(estimateMemory(network(), { batch: 4 })).toEqual({
      weightBytes: 4 * (216 + 5120),
      inputBytes: 4 * 4 * 3 * 256,
      // The convolution and its rectified copy; the flattened one is a view, the product is smaller.
      activationBytes: 4 * 4 * 2 * 512,
      unknownValues: [],
    });
  });

  test('open height and width are evaluated through strides', () => {
    const fixed = estimateMemory(network(), { batch: 2 });
    const open = estimateMemory(network('side'), { batch: 2, side: 16 });
    expect(open).toEqual(fixed);
  });

  test('values of unknown size are named and count as nothing', () => {
    const estimate = estimateMemory(network(), {});
    expect(estimate.activationBytes).toBe(0);
    expect(estimate.unknownValues).toContain('x');
    expect(estimate.unknownValues).toContain('y');
  });

  test('a value read again at the end is alive until then', () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['batch', 100]);
    const first = builder.node('Exp', ['x']);
    let chain = first;
    for (let layer = 0; layer < 5; layer++) chain = builder.node('Relu', [chain]);
    builder.node('Add', [chain, first], {}, 'y');
    builder.output('y', 'float32', null);
    expect(estimateMemory(builder.build(), { batch: 1 }).activationBytes).toBe(3 * 400);
  });

  test('a tensor that could never fit is seen without being made', () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['batch', 1, 1]);
    builder.constant('shape', 'int64', [3], [1, 1_000_000, 1_000_000]);
    builder.node('Expand', ['x', 'shape'], {}, 'y');
    builder.output('y', 'float32', null);
    expect(estimateMemory(builder.build(), { batch: 1 }).activationBytes).toBe(4e12);
  });
});
