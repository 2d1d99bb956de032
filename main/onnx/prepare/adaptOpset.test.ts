/** Every adapter against ONNX Runtime's reading of the newer or older operator set. */
import { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { isTwinscopeError } from '../../platform/errors.ts';
import type { AttributeValues } from '../attributes.ts';
import {
  float,
  GraphBuilder,
  makeTensor,
  prepareGraph,
  writeGraph,
  type Dim,
  type Dtype,
  type Graph,
} from '../index.ts';
import { expectSame, randomFeeds, runGraph } from '../testing/runGraph.ts';

interface Value {
  dtype: 'float32' | 'float64' | 'int64' | 'bool';
  shape: Dim[];
  /** Makes it a constant. */
  data?: number[];
}

const x = (...shape: Dim[]): Value => ({ dtype: 'float32', shape });
const doubles = (...shape: Dim[]): Value => ({ dtype: 'float64', shape });
const bools = (...shape: Dim[]): Value => ({ dtype: 'bool', shape });
const ints = (...data: number[]): Value => ({ dtype: 'int64', shape: [data.length], data });
const numbers = (...data: number[]): Value => ({ dtype: 'float32', shape: [data.length], data });
const left: Value = { dtype: 'float32', shape: [0] };

function oneNode(opset: number, op: string, inputs: Value[], attributes: AttributeValues, outputs = 1): Graph {
  const builder = new GraphBuilder({ opset, irVersion: 10 });
  const names = inputs.map((value, index) => {
    if (value === left) return '';
    const { dtype, shape, data } = value;
    return data
      ? builder.constant(`c${index}`, dtype, shape as number[], data)
      : builder.input(`x${index}`, dtype, shape);
  });
  const made = Array.from({ length: outputs }, (_, index) => `y${index}`);
  builder.nodes(op, names, attributes, made);
  made.forEach((name) => builder.output(name, 'undefined' as Dtype, null));
  return builder.build();
}

type Case = [opset: number, op: string, inputs: Value[], attributes: AttributeValues, outputs?: number];

const image = x('batch', 4, 6, 5);
const empty = numbers();
const head = x('batch', 2, 5, 4);
const flat = x('batch', 5, 8);

const cases: Case[] = [
  [11, 'Softmax', [x('batch', 3, 4)], {}],
  [12, 'Softmax', [x('batch', 3, 4)], { axis: 0 }],
  [11, 'Softmax', [x('batch', 3, 4)], { axis: 2 }],
  [11, 'LogSoftmax', [x('batch', 3, 4)], { axis: -2 }],
  [12, 'Hardmax', [x('batch', 3, 4)], {}],
  [13, 'Softmax', [x('batch', 3, 4)], { axis: 1 }],
  [11, 'Squeeze', [x('batch', 1, 4)], { axes: [1] }],
  [12, 'Squeeze', [x(3, 1, 4)], {}],
  [11, 'Unsqueeze', [x('batch', 4)], { axes: [0, -1] }],
  [12, 'ReduceSum', [x('batch', 3, 4)], { axes: [-1], keepdims: 0 }],
  [11, 'ReduceMean', [x('batch', 3, 4)], { axes: [1, 2] }],
  [17, 'ReduceL2', [x('batch', 3, 4)], { axes: [2], keepdims: 0 }],
  [17, 'ReduceMax', [x('batch', 3, 4)], {}],
  [20, 'ReduceMax', [bools('batch', 3, 4), ints(1)], {}],
  [20, 'ReduceMin', [bools('batch', 3, 4), ints(1)], { keepdims: 0 }],
  [11, 'Split', [x('batch', 6)], { axis: 1, split: [2, 4] }, 2],
  [12, 'Split', [x('batch', 6)], { axis: 1 }, 3],
  [13, 'Split', [x('batch', 6)], { axis: 1 }, 2],
  [18, 'Split', [x('batch', 7)], { axis: 1, num_outputs: 2 }, 2],
  [11, 'Dropout', [x('batch', 4)], { ratio: float(0.4) }],
  [
    11,
    'BatchNormalization',
    [image, numbers(1, 2, 3, 4), numbers(0, 1, 0, 1), numbers(1, 0, 1, 0), numbers(1, 2, 1, 2)],
    {},
  ],
  [11, 'Resize', [image, empty, numbers(1, 1, 2, 1.5)], { mode: 'linear' }],
  [12, 'Resize', [image, empty, empty, ints(2, 4, 12, 5)], { mode: 'nearest' }],
  [
    11,
    'Resize',
    [image, empty, numbers(1, 1, 2, 3)],
    { coordinate_transformation_mode: 'tf_half_pixel_for_nn', nearest_mode: 'floor' },
  ],
  [
    11,
    'Resize',
    [image, empty, numbers(1, 1, 0.5, 0.6)],
    { coordinate_transformation_mode: 'tf_half_pixel_for_nn', nearest_mode: 'floor' },
  ],
  [
    19,
    'Resize',
    [image, left, numbers(1, 1, 2, 1.2)],
    { mode: 'linear', coordinate_transformation_mode: 'half_pixel_symmetric' },
  ],
  [
    11,
    'RoiAlign',
    [x(2, 3, 8, 8), { dtype: 'float32', shape: [1, 4], data: [0, 1, 5, 6] }, ints(1)],
    { output_height: 2, output_width: 3 },
  ],
  [19, 'AveragePool', [image], { kernel_shape: [2, 2], dilations: [2, 1] }],
  [
    19,
    'AveragePool',
    [image],
    { kernel_shape: [3, 2], dilations: [2, 3], strides: [2, 1], pads: [2, 1, 2, 1], count_include_pad: 1 },
  ],
  [22, 'AveragePool', [image], { kernel_shape: [3, 3], dilations: [1, 1], pads: [1, 1, 1, 1] }],
  [19, 'Pad', [image, ints(0, 0, 2, 1, 0, 0, 3, 0)], { mode: 'wrap' }],
  [19, 'Pad', [image, ints(1, 0), left, ints(-1)], { mode: 'wrap' }],
  [16, 'GridSample', [image, x('batch', 3, 2, 2)], { mode: 'bilinear' }],
  [20, 'GridSample', [image, x('batch', 3, 2, 2)], { mode: 'linear', align_corners: 1 }],
  [20, 'GridSample', [image, x('batch', 3, 2, 2)], { mode: 'cubic', padding_mode: 'border' }],
  [20, 'GridSample', [image, x('batch', 3, 2, 2)], { mode: 'nearest' }],
  [20, 'Gelu', [image], {}],
  [20, 'Gelu', [image], { approximate: 'tanh' }],
  [
    21,
    'GroupNormalization',
    [image, numbers(1, 2, 3, 4), numbers(0, 1, 0, 1)],
    { num_groups: 2, epsilon: float(1e-3) },
  ],
  [23, 'RMSNormalization', [flat, numbers(1, 2, 3, 4, 5, 6, 7, 8)], { epsilon: float(1e-4) }],
  [
    23,
    'RMSNormalization',
    [x('batch', 3, 2), { dtype: 'float32', shape: [3, 2], data: [1, 2, 3, 4, 5, 6] }],
    { axis: 1 },
  ],
  [23, 'Attention', [head, head, head], {}],
  [23, 'Attention', [head, x('batch', 2, 7, 4), x('batch', 2, 7, 3)], { scale: float(0.3) }],
  [23, 'Attention', [flat, flat, flat], { q_num_heads: 2, kv_num_heads: 2, is_causal: 1 }],
  [
    23,
    'Attention',
    [
      head,
      head,
      head,
      { dtype: 'bool', shape: [5, 5], data: Array.from({ length: 25 }, (_, at) => Number(at % 3 !== 1)) },
    ],
    {},
  ],
  [23, 'Attention', [head, head, head, x('batch', 2, 5, 5)], { softcap: float(2) }],
  [20, 'AffineGrid', [x('batch', 2, 3), ints(2, 3, 4, 5)], {}],
  [20, 'AffineGrid', [x('batch', 2, 3), ints(2, 3, 4, 5)], { align_corners: 1 }],
  [20, 'AffineGrid', [x('batch', 3, 4), ints(2, 1, 2, 4, 3)], {}],
  [20, 'DFT', [x('batch', 6, 2), left, { dtype: 'int64', shape: [], data: [1] }], {}],
  [17, 'DFT', [x('batch', 6, 2)], { axis: 1 }],
  [21, 'Cast', [image], { to: 7, saturate: 1 }],
  [21, 'Reshape', [image, ints(0, 2, -1)], {}],
  [22, 'Elu', [image], { alpha: float(0.5) }],
  [22, 'Conv', [image, { dtype: 'float32', shape: [2, 4, 1, 1], data: [1, 2, 3, 4, 5, 6, 7, 8] }], {}],
];

describe('adapters give what the runtime gives', () => {
  test.each(cases)('opset %i: %s', async (opset, op, inputs, attributes, outputs) => {
    await expectSame(oneNode(opset, op, inputs, attributes, outputs), { batch: 2 });
  });
});

describe('adapters against values worked out by hand', () => {
  test('group normalisation of opset 18 scales per group', async () => {
    const graph = oneNode(18, 'GroupNormalization', [x(1, 4, 2), numbers(1, 10), numbers(0, 5)], { num_groups: 2 });
    const feeds = randomFeeds(graph, {});
    const data = [...new Float32Array(feeds['x0']!.bytes.buffer as ArrayBuffer)];
    const expected = [0, 1].flatMap((group) => {
      const part = data.slice(4 * group, 4 * group + 4);
      const mean = part.reduce((sum, value) => sum + value, 0) / 4;
      const variance = part.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 4;
      return part.map((value) => ((value - mean) / Math.sqrt(variance + 1e-5)) * [1, 10][group]! + [0, 5][group]!);
    });
    const { y0 } = await runGraph(prepareGraph(graph), feeds);
    y0!.data.forEach((value, index) => expect(value).toBeCloseTo(expected[index]!, 4));
  });

  test.each([
    [18, numbers(1, 10), numbers(0, 5)],
    [21, numbers(1, 1, 10, 10), numbers(0, 0, 5, 5)],
  ])('group normalisation of opset %i in double precision', async (opset, scale, bias) => {
    const wide = [scale, bias].map((value): Value => ({ ...value, dtype: 'float64' }));
    const [doubled, single] = [
      [doubles(1, 4, 2), ...wide],
      [x(1, 4, 2), scale, bias],
    ].map((inputs) => oneNode(opset, 'GroupNormalization', inputs, { num_groups: 2 }));
    const feeds = randomFeeds(single!, {});
    const values = [...new Float32Array(feeds['x0']!.bytes.buffer as ArrayBuffer)];
    const given = { x0: makeTensor('float64', [1, 4, 2], values) };
    const [expected, found] = [
      await runGraph(prepareGraph(single!), feeds),
      await runGraph(prepareGraph(doubled!), given),
    ];
    expect(found['y0']!.type).toBe('float64');
    expected['y0']!.data.forEach((value, index) => expect(found['y0']!.data[index]).toBeCloseTo(value, 4));
  });

  test('an axis too short to wrap around ends the run', async () => {
    const graph = prepareGraph(oneNode(19, 'Pad', [x('n'), ints(3, 2)], { mode: 'wrap' }));
    const run = (...values: number[]): Promise<unknown> =>
      runGraph(graph, { x0: makeTensor('float32', [values.length], values) });
    expect(await run(1, 2, 3)).toMatchObject({ y0: { data: [1, 2, 3, 1, 2, 3, 1, 2] } });
    await expect(run(1, 2)).rejects.toThrow('Reshape');
  });

  test('swish has a slope inside', async () => {
    const graph = oneNode(24, 'Swish', [x(5)], { alpha: float(0.5) });
    const feeds = randomFeeds(graph, {});
    const { y0 } = await runGraph(prepareGraph(graph), feeds);
    const data = [...new Float32Array(feeds['x0']!.bytes.buffer as ArrayBuffer)];
    y0!.data.forEach((value, index) => expect(value).toBeCloseTo(data[index]! / (1 + Math.exp(-data[index]! / 2)), 5));
  });
});

describe('refusals', () => {
  const refused: [string, Graph, string][] = [
    ['volumes to sample', oneNode(20, 'GridSample', [x(1, 1, 3, 3, 3), x(1, 2, 2, 2, 3)], {}), 'a tensor of 5 axes'],
    ['newer operators', oneNode(19, 'DeformConv', [image, x(2, 4, 1, 1), x(1, 2, 6, 5)], {}), 'the operator is newer'],
    ['cached attention', oneNode(23, 'Attention', [head, head, head, left, head, head], {}), 'caches keys'],
    ['grouped attention', oneNode(23, 'Attention', [head, x(1, 1, 5, 4), x(1, 1, 5, 4)], {}), 'fewer heads'],
    [
      'coordinates that were taken out',
      oneNode(11, 'Resize', [image, empty, numbers(1, 1, 2, 2)], {
        mode: 'linear',
        coordinate_transformation_mode: 'tf_half_pixel_for_nn',
      }),
      'taken out of ONNX',
    ],
    [
      'symmetric coordinates that differ',
      oneNode(19, 'Resize', [image, left, numbers(1, 1, 1.3, 1)], {
        mode: 'linear',
        coordinate_transformation_mode: 'half_pixel_symmetric',
      }),
      'not whole',
    ],
    [
      'samples in double',
      oneNode(20, 'GridSample', [doubles(1, 1, 3, 3), doubles(1, 2, 2, 2)], {}),
      'double precision',
    ],
    ...[18, 19].map((opset): [string, Graph, string] => [
      'wrapping more than once',
      oneNode(opset, 'Pad', [x(4), ints(5, 0)], { mode: 'wrap' }),
      'wraps around more than once',
    ]),
    ['wrapping computed', oneNode(19, 'Pad', [x(4), { dtype: 'int64', shape: [2] }], { mode: 'wrap' }), 'is computed'],
    ['old opsets', oneNode(10, 'Relu', [image], {}), 'uses opset 10, which is older'],
    ['unknown opsets', oneNode(40, 'Relu', [image], {}), 'uses opset 40, which is newer'],
  ];
  test.each(refused)('%s', (_, graph, sentence) => {
    const refusal = (() => {
      try {
        prepareGraph(graph);
      } catch (error) {
        return isTwinscopeError(error) ? `${error.code}: ${error.message}` : String(error);
      }
      return 'nothing';
    })();
    expect(refusal).toContain(sentence);
    expect(refusal).toMatch(/^unsupported: /);
  });

  test('an operator nobody needs is not refused', () => {
    const builder = new GraphBuilder({ opset: 20 });
    builder.input('x', 'float32', [2]);
    builder.node('StringConcat', ['x', 'x']);
    builder.node('Relu', ['x'], {}, 'y');
    builder.output('y', 'float32', [2]);
    expect(prepareGraph(builder.build()).nodes.map(({ op }) => op)).toEqual(['Relu']);
  });

  test('training-mode normalisation stays what it is, for whoever refuses it', () => {
    const statistics = [numbers(1), numbers(0), numbers(0), numbers(1)];
    const graph = oneNode(11, 'BatchNormalization', [x(2, 1, 3, 3), ...statistics], { momentum: float(0.9) }, 3);
    expect(prepareGraph(graph).nodes[0]!.attributes['training_mode']).toEqual({ kind: 'int', value: 1 });
  });

  test('random numbers in the shape of a constant are not fixed', () => {
    const builder = new GraphBuilder({ opset: 15 });
    const noise = builder.node('RandomNormalLike', [builder.constant('w', 'float32', [1, 1, 2], [1, 2])]);
    const one = builder.constant('one', 'float32', [1], [1]);
    builder.nodes('BatchNormalization', [noise, one, one, one, one], { training_mode: 1 }, ['y']);
    builder.output('y', 'float32', [1, 1, 2]);
    expect(prepareGraph(builder.build()).nodes.map(({ op }) => op)).toEqual(['RandomNormalLike', 'BatchNormalization']);
  });

  test.each([12, 15])('weights standardised by a training-mode normalisation, opset %i', async (opset) => {
    const weights = [1, 2, 3, 6, -1, 0, 4, 5];
    const builder = new GraphBuilder({ opset });
    builder.input('x', 'float32', ['batch', 4]);
    builder.constant('w', 'float32', [1, 2, 4], weights);
    const [gain, shift] = [
      builder.constant('gain', 'float32', [2], [2, 0.5]),
      builder.constant('shift', 'float32', [2], [0.25, -1]),
    ];
    const ones = builder.constant('ones', 'float32', [2], [1, 1]);
    const training = opset < 14 ? {} : { training_mode: 1 };
    const [standard] = builder.nodes(
      'BatchNormalization',
      ['w', gain, shift, ones, ones],
      { epsilon: float(0), ...training },
      opset < 14 ? 5 : 3,
    );
    const matrix = builder.node('Reshape', [standard!, builder.constant('flat', 'int64', [2], [2, 4])]);
    builder.node('Gemm', ['x', matrix], { transB: 1 }, 'y');
    builder.output('y', 'float32', ['batch', 2]);
    const session = await InferenceSession.create(writeGraph(prepareGraph(builder.build())), { logSeverityLevel: 3 });
    const x = [0.5, -1, 2, 3];
    const { y } = await session.run({ x: new RuntimeTensor('float32', Float32Array.from(x), [1, 4]) });
    [0, 1].forEach((unit) => {
      const row = weights.slice(4 * unit, 4 * unit + 4);
      const mean = row.reduce((sum, value) => sum + value, 0) / 4;
      const sd = Math.sqrt(row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 4);
      const expected = row.reduce(
        (sum, value, i) => sum + x[i]! * (((value - mean) / sd) * [2, 0.5][unit]! + [0.25, -1][unit]!),
        0,
      );
      expect((y!.data as Float32Array)[unit]).toBeCloseTo(expected, 5);
    });
  });
});
