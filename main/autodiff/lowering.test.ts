/** Every form that a gradient can take gives the same numbers as the plain one, which is held against references elsewhere. */
import { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { GraphBuilder, writeGraph, type Graph } from '../onnx/index.ts';
import { Random } from '../platform/random.ts';
import { deriveVjp } from './index.ts';
import { defaultLowering, stridedChoices, strideSignature, type Lowering, type StridedLowering } from './lowering.ts';

interface Layer {
  inputs: number;
  outputs: number;
  size: [number, number];
  kernel: [number, number];
  stride: number;
  pads: [number, number, number, number];
  group?: number;
}

const random = Random.fromSeed(5, 'lowering');
const values = (count: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: count }, () => random.normal());

function networkOf({ inputs, outputs, size, kernel, stride, pads, group = 1 }: Layer): Graph {
  const builder = new GraphBuilder();
  builder.input('x', 'float32', ['batch', inputs, ...size]);
  const shape = [outputs, inputs / group, ...kernel];
  builder.constant('w', 'float32', shape, values(shape.reduce((product, n) => product * n, 1)));
  builder.node('Conv', ['x', 'w'], { kernel_shape: kernel, strides: [stride, stride], pads, group }, 'y');
  builder.output('y', 'float32', null);
  return builder.build();
}

async function gradientOf(
  graph: Graph,
  size: number[],
  lowering: Lowering,
): Promise<{ gradient: Float32Array; operators: string[] }> {
  const vjp = deriveVjp(graph, { wrt: 'x', outputs: ['y'], lowering });
  const session = await InferenceSession.create(writeGraph(vjp.graph), { logSeverityLevel: 3, intraOpNumThreads: 1 });
  const wave = (shape: number[], step: number): RuntimeTensor => {
    const data = Float32Array.from({ length: shape.reduce((product, n) => product * n, 1) }, (_, i) =>
      Math.sin(i * step),
    );
    return new RuntimeTensor('float32', data, shape);
  };
  const forward = await InferenceSession.create(writeGraph(graph), { logSeverityLevel: 3, intraOpNumThreads: 1 });
  const x = wave(size, 0.7);
  const y = (await forward.run({ x }))['y']!;
  const results = await session.run({ x, [vjp.cotangents['y']!]: wave([...y.dims], 1.3) });
  return {
    gradient: results[vjp.gradient]!.data as Float32Array,
    operators: vjp.graph.nodes.map(({ op }) => op),
  };
}

function largestError(found: Float32Array, expected: Float32Array): number {
  expect(found.length).toBe(expected.length);
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return found.reduce((most, value, index) => Math.max(most, Math.abs(value - expected[index]!)), 0) / scale;
}

const layers: [string, Layer][] = [
  ['3 × 3, stride 2', { inputs: 4, outputs: 6, size: [8, 8], kernel: [3, 3], stride: 2, pads: [1, 1, 1, 1] }],
  [
    '7 × 7, stride 2, few channels',
    { inputs: 3, outputs: 8, size: [16, 12], kernel: [7, 7], stride: 2, pads: [3, 3, 3, 3] },
  ],
  [
    '5 × 4, stride 3, uneven pads',
    { inputs: 2, outputs: 3, size: [9, 12], kernel: [5, 4], stride: 3, pads: [0, 2, 1, 0] },
  ],
  [
    '4 × 4, stride 4 (patches)',
    { inputs: 3, outputs: 5, size: [16, 16], kernel: [4, 4], stride: 4, pads: [0, 0, 0, 0] },
  ],
  ['no pads, last rows unread', { inputs: 2, outputs: 4, size: [8, 8], kernel: [3, 3], stride: 2, pads: [0, 0, 0, 0] }],
  ['wide pads', { inputs: 2, outputs: 4, size: [6, 6], kernel: [3, 3], stride: 2, pads: [2, 2, 2, 2] }],
  ['two groups', { inputs: 4, outputs: 6, size: [8, 8], kernel: [3, 3], stride: 2, pads: [1, 1, 1, 1], group: 2 }],
  ['depthwise', { inputs: 16, outputs: 16, size: [8, 8], kernel: [3, 3], stride: 2, pads: [1, 1, 1, 1], group: 16 }],
  ['1 × 1, stride 2', { inputs: 16, outputs: 32, size: [8, 8], kernel: [1, 1], stride: 2, pads: [0, 0, 0, 0] }],
  [
    '1 × 1, stride 2, two groups',
    { inputs: 4, outputs: 8, size: [8, 8], kernel: [1, 1], stride: 2, pads: [0, 0, 0, 0], group: 2 },
  ],
];

describe('strided convolutions', () => {
  test.each(layers)('%s', async (_, layer) => {
    const graph = networkOf(layer);
    const described = {
      weightShape: [layer.outputs, layer.inputs / (layer.group ?? 1), ...layer.kernel],
      group: layer.group ?? 1,
      window: {
        kernel: layer.kernel,
        strides: [layer.stride, layer.stride],
        dilations: [1, 1],
        pads: layer.pads,
        autoPad: 'NOTSET' as const,
        ceil: false,
      },
      pads: layer.pads,
      inputSpatial: layer.size,
    };
    const choices = stridedChoices(described);
    expect(choices.length).toBeGreaterThan(1);
    const signature = strideSignature(described);
    const size = [2, layer.inputs, ...layer.size];
    const with_ = (choice: StridedLowering) =>
      gradientOf(graph, size, { ...defaultLowering('cpu'), strided: { [signature]: choice } });
    const plain = await with_('transposed');
    expect(plain.operators).toContain('ConvTranspose');
    for (const choice of choices.filter((item) => item !== 'transposed')) {
      const { gradient, operators } = await with_(choice);
      expect(operators.includes('DepthToSpace')).toBe(choice !== 'stuffed');
      expect(largestError(gradient, plain.gradient), choice).toBeLessThan(1e-6);
    }
  });
});

/** Convolutions, a residual sum and a pool that takes the gradient out of the blocked layout. */
function residualNetwork(): Graph {
  const builder = new GraphBuilder();
  builder.input('x', 'float32', ['batch', 3, 12, 12]);
  const convolution = (x: string, inputs: number, outputs: number, kernel: number, stride = 1): string => {
    const weights = builder.constant(
      builder.freshName('w'),
      'float32',
      [outputs, inputs, kernel, kernel],
      values(outputs * inputs * kernel * kernel).map((value) => value / Math.sqrt(inputs * kernel * kernel)),
    );
    const pad = (kernel - 1) / 2;
    return builder.node('Conv', [x, weights], {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
    });
  };
  const relu = (x: string): string => builder.node('Relu', [x]);
  const stem = relu(convolution('x', 3, 32, 3));
  const inner = relu(convolution(stem, 32, 16, 3, 2));
  const sum = relu(builder.node('Add', [convolution(inner, 16, 32, 1), convolution(stem, 32, 32, 1, 2)]));
  const last = relu(builder.node('Add', [convolution(sum, 32, 32, 3), sum]));
  builder.node('GlobalAveragePool', [last], {}, 'y');
  builder.output('y', 'float32', ['batch', 32, 1, 1]);
  return builder.build();
}

describe('the blocked layout', () => {
  test('identity convolutions change no number', async () => {
    const graph = residualNetwork();
    const inside = await gradientOf(graph, [3, 3, 12, 12], defaultLowering('cpu'));
    const outside = await gradientOf(graph, [3, 3, 12, 12], { ...defaultLowering('cpu'), blockedLayout: false });
    expect(inside.operators.filter((op) => op === 'Conv').length).toBeGreaterThan(
      outside.operators.filter((op) => op === 'Conv').length,
    );
    expect(largestError(inside.gradient, outside.gradient)).toBeLessThan(1e-6);
  });

  test('masks by Sign and by HardSigmoid agree', async () => {
    const graph = residualNetwork();
    const steep = await gradientOf(graph, [2, 3, 12, 12], { ...defaultLowering('cpu'), blockedLayout: false });
    const sign = await gradientOf(graph, [2, 3, 12, 12], defaultLowering('webgpu'));
    expect(sign.operators).toContain('Sign');
    expect(steep.operators).toContain('HardSigmoid');
    expect(largestError(steep.gradient, sign.gradient)).toBe(0);
  });
});
