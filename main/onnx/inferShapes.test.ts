/** Inferred shapes against what ONNX Runtime makes of the same graphs. */
import { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { TwinscopeError } from '../platform/errors.ts';
import { Random } from '../platform/random.ts';
import { makeTensor } from './tensor.ts';
import { evaluateDim, product } from './shapes/dims.ts';
import {
  float,
  GraphBuilder,
  inferShapes,
  readGraph,
  type AttributeValues,
  type Dim,
  type Dtype,
  type Graph,
} from './index.ts';
import { writeGraph } from './write.ts';

/** Sizes the names of open axes take when the graph runs. */
const sizes: Record<string, number> = { batch: 3, h: 11, w: 8, n: 5 };

function sizeOf(dim: Dim): number {
  return evaluateDim(dim, sizes)!;
}

interface Value {
  shape: Dim[];
  dtype?: 'float32' | 'int64' | 'bool';
  /** Makes it a constant. */
  data?: number[];
}

const open = (...shape: Dim[]): Value => ({ shape });
const ints = (...data: number[]): Value => ({ shape: [data.length], dtype: 'int64', data });
const scalar = (data: number): Value => ({ shape: [], dtype: 'int64', data: [data] });
const weights = (...shape: number[]): Value => ({
  shape,
  data: Array.from({ length: sizeOf(product(shape)) }, () => 0.5),
});
const left: Value = { shape: [0], data: [] };

type Case = [op: string, inputs: Value[], attributes: AttributeValues, expected: Dim[][], dtype?: Dtype];

const image = open('batch', 4, 12, 10);
const cases: Case[] = [
  ['Relu', [open('batch', 3)], {}, [['batch', 3]]],
  ['Add', [open('batch', 1, 4), open(3, 1)], {}, [['batch', 3, 4]]],
  ['Add', [open('batch', 3), open('batch', 1)], {}, [['batch', 3]]],
  ['Add', [open('n'), open(5)], {}, [[5]]],
  ['Greater', [open('batch', 3), open(3)], {}, [['batch', 3]], 'bool'],
  ['EyeLike', [{ shape: ['n', 3], dtype: 'int64' }], { dtype: 1 }, [['n', 3]], 'float32'],
  ['RandomNormalLike', [{ shape: ['n', 3], dtype: 'int64' }], { dtype: 1 }, [['n', 3]], 'float32'],
  ['Where', [{ shape: ['batch', 1], dtype: 'bool' }, open(1, 3), open(2, 1, 1)], {}, [[2, 'batch', 3]]],
  ['Cast', [open('batch', 3)], { to: 7 }, [['batch', 3]], 'int64'],
  ['Shape', [open('batch', 3, 4)], {}, [[3]], 'int64'],
  ['Shape', [open('batch', 3, 4)], { start: 1 }, [[2]], 'int64'],
  ['Size', [open('batch', 3)], {}, [[]], 'int64'],
  ['MatMul', [open('batch', 3, 4), weights(4, 5)], {}, [['batch', 3, 5]]],
  ['MatMul', [open('batch', 1, 3, 4), open(2, 4, 5)], {}, [['batch', 2, 3, 5]]],
  ['MatMul', [open(4), weights(4, 5)], {}, [[5]]],
  ['MatMul', [open('batch', 4), weights(4)], {}, [['batch']]],
  ['Gemm', [open('batch', 4), weights(6, 4)], { transB: 1 }, [['batch', 6]]],
  ['Einsum', [open('batch', 'n', 4), weights(6, 4)], { equation: 'bnc,dc->bdn' }, [['batch', 6, 'n']]],
  ['Conv', [image, weights(6, 4, 3, 3)], {}, [['batch', 6, 10, 8]]],
  [
    'Conv',
    [image, weights(6, 2, 3, 3)],
    { group: 2, strides: [2, 3], pads: [1, 0, 1, 2], dilations: [2, 1] },
    [['batch', 6, 5, 4]],
  ],
  ['Conv', [image, weights(6, 4, 3, 3)], { auto_pad: 'SAME_UPPER', strides: [2, 3] }, [['batch', 6, 6, 4]]],
  ['Conv', [open('batch', 4, 'h', 'w'), weights(6, 4, 3, 3)], { pads: [1, 1, 1, 1] }, [['batch', 6, 'h', 'w']]],
  [
    'ConvTranspose',
    [image, weights(4, 3, 3, 3)],
    { group: 2, strides: [2, 2], pads: [1, 1, 0, 1], output_padding: [1, 0] },
    [['batch', 6, 25, 19]],
  ],
  [
    'ConvTranspose',
    [open('batch', 4, 'h', 'w'), weights(4, 3, 2, 2)],
    { strides: [2, 2] },
    [['batch', 3, '2*h', '2*w']],
  ],
  ['MaxPool', [image], { kernel_shape: [3, 3], strides: [2, 2] }, [['batch', 4, 5, 4]]],
  ['MaxPool', [image], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }, [['batch', 4, 6, 5]]],
  ['AveragePool', [image], { kernel_shape: [2, 2], strides: [2, 2], pads: [1, 1, 1, 1] }, [['batch', 4, 7, 6]]],
  ['GlobalAveragePool', [open('batch', 4, 'h', 'w')], {}, [['batch', 4, 1, 1]]],
  ['BatchNormalization', [image, weights(4), weights(4), weights(4), weights(4)], {}, [['batch', 4, 12, 10]]],
  ['LayerNormalization', [open('batch', 3, 4), weights(4)], {}, [['batch', 3, 4]]],
  ['Softmax', [open('batch', 3)], {}, [['batch', 3]]],
  ['DepthToSpace', [image], { blocksize: 2 }, [['batch', 1, 24, 20]]],
  ['SpaceToDepth', [image], { blocksize: 2 }, [['batch', 16, 6, 5]]],
  ['Resize', [image, left, { shape: [4], data: [1, 1, 2, 0.5] }], {}, [['batch', 4, 24, 5]]],
  ['ReduceSum', [open('batch', 3, 4), ints(-1)], { keepdims: 0 }, [['batch', 3]]],
  ['ReduceMean', [open('batch', 3, 4), ints(0, 2)], {}, [[1, 3, 1]]],
  ['ReduceMax', [open('batch', 3, 4)], { keepdims: 0 }, [[]]],
  ['ArgMax', [open('batch', 3, 4)], { axis: 1, keepdims: 0 }, [['batch', 4]], 'int64'],
  [
    'TopK',
    [open('batch', 9), ints(2)],
    {},
    [
      ['batch', 2],
      ['batch', 2],
    ],
  ],
  ['Reshape', [open('batch', 3, 4), ints(0, -1)], {}, [['batch', 12]]],
  ['Reshape', [open('batch', 3, 4), ints(-1, 2)], {}, [['6*batch', 2]]],
  ['Reshape', [open(2, 'batch', 3), ints(2, -1)], {}, [[2, '3*batch']]],
  ['Flatten', [open('batch', 3, 'n')], {}, [['batch', '3*n']]],
  ['Flatten', [open('batch', 3, 'n')], { axis: 2 }, [['3*batch', 'n']]],
  ['Squeeze', [open('batch', 1, 3), ints(1)], {}, [['batch', 3]]],
  ['Unsqueeze', [open('batch', 3), ints(0, -1)], {}, [[1, 'batch', 3, 1]]],
  ['Transpose', [open('batch', 3, 4)], { perm: [2, 0, 1] }, [[4, 'batch', 3]]],
  ['Transpose', [open('batch', 3, 4)], {}, [[4, 3, 'batch']]],
  ['Concat', [open('batch', 3), open('batch', 4)], { axis: 1 }, [['batch', 7]]],
  ['Slice', [open('batch', 9), ints(1), ints(2 ** 40), ints(1), ints(3)], {}, [['batch', 3]]],
  ['Slice', [open('batch', 9), ints(-2), ints(-7), ints(1), ints(-2)], {}, [['batch', 3]]],
  ['Slice', [open('batch', 9), ints(-4), ints(-1), ints(1)], {}, [['batch', 3]]],
  [
    'Split',
    [open('batch', 9), ints(2, 7)],
    { axis: 1 },
    [
      ['batch', 2],
      ['batch', 7],
    ],
  ],
  [
    'Split',
    [open('batch', 7)],
    { axis: 1, num_outputs: 2 },
    [
      ['batch', 4],
      ['batch', 3],
    ],
  ],
  ['Gather', [open('batch', 9, 2), ints(4, 0, 1)], { axis: 1 }, [['batch', 3, 2]]],
  ['Gather', [open('batch', 9, 2), scalar(4)], { axis: 1 }, [['batch', 2]]],
  ['GatherElements', [open(3, 4), { shape: [2, 4], dtype: 'int64', data: [0, 1, 2, 0, 0, 1, 2, 0] }], {}, [[2, 4]]],
  ['GatherND', [open(3, 4, 5), { shape: [2, 2], dtype: 'int64', data: [0, 1, 2, 3] }], {}, [[2, 5]]],
  ['Pad', [open('batch', 3, 4), ints(0, 1, 0, 0, 2, 1)], {}, [['batch', 6, 5]]],
  ['Pad', [open('batch', 3, 4), ints(1, -2), left, ints(2)], {}, [['batch', 3, 3]]],
  ['Expand', [open('batch', 1), ints(2, 1, 4)], {}, [[2, 'batch', 4]]],
  ['Tile', [open('batch', 3), ints(2, 3)], {}, [['2*batch', 9]]],
  ['OneHot', [{ shape: ['batch'], dtype: 'int64' }, ints(6), weights(2)], {}, [['batch', 6]]],
  ['ConstantOfShape', [ints(2, 3)], {}, [[2, 3]]],
  ['Einsum', [open('batch', 3, 'n', 4), weights(4, 5)], { equation: '...nc,cd->...nd' }, [['batch', 3, 'n', 5]]],
  ['Einsum', [open('batch', 'n', 4), open('n', 'batch')], { equation: 'bnc,nb' }, [[4]]],
  [
    'LSTM',
    [open('n', 'batch', 4), weights(2, 12, 4), weights(2, 12, 3)],
    { hidden_size: 3, direction: 'bidirectional' },
    [
      ['n', 2, 'batch', 3],
      [2, 'batch', 3],
      [2, 'batch', 3],
    ],
  ],
  [
    'GRU',
    [open('n', 'batch', 4), weights(1, 9, 4), weights(1, 9, 3)],
    { hidden_size: 3 },
    [
      ['n', 1, 'batch', 3],
      [1, 'batch', 3],
    ],
  ],
  ['Range', [scalar(3), scalar(11), scalar(3)], {}, [[3]], 'int64'],
  ['CumSum', [open('batch', 3), scalar(1)], {}, [['batch', 3]]],
  ['Trilu', [open('batch', 3, 3)], { upper: 0 }, [['batch', 3, 3]]],
  ['ScatterND', [open(4, 3), { shape: [2, 1], dtype: 'int64', data: [0, 2] }, weights(2, 3)], {}, [[4, 3]]],
  [
    'AveragePool',
    [open('batch', 4, 'h', 'w')],
    { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceil_mode: 1 },
    [['batch', 4, 'slideUp(h,3,2,1,1)', 'slideUp(w,3,2,1,1)']],
  ],
  ['Conv', [open('batch', 4, 'h', 'w'), weights(6, 4, 3, 3)], {}, [['batch', 6, 'sum(h,-2)', 'sum(w,-2)']]],
  [
    'Conv',
    [open('batch', 4, 'h', 'w'), weights(6, 4, 3, 3)],
    { strides: [2, 3], pads: [1, 0, 1, 1] },
    [['batch', 6, 'slide(h,1,2)', 'slide(w,2,3)']],
  ],
  [
    'ConvTranspose',
    [open('batch', 4, 'h', 'w'), weights(4, 3, 3, 3)],
    { strides: [2, 2], pads: [1, 1, 1, 1] },
    [['batch', 3, 'spread(h,2,1)', 'spread(w,2,1)']],
  ],
  [
    'Resize',
    [open('batch', 4, 'h', 'w'), left, { shape: [4], data: [1, 1, 1.5, 0.7] }],
    {},
    [['batch', 4, 'scale(h,1.5)', `scale(w,${Math.fround(0.7)})`]],
  ],
  [
    'Split',
    [open('h', 2)],
    { num_outputs: 2 },
    [
      ['part(h,2,0)', 2],
      ['part(h,2,1)', 2],
    ],
  ],
  ['Slice', [open('h', 9), ints(-3), ints(2 ** 40), ints(0), ints(2)], {}, [['slice(h,-3,2147483648,2)', 9]]],
  ['Concat', [open('h', 2), open('w', 2), open(3, 2)], { axis: 0 }, [['sum(h,w,3)', 2]]],
  ['LeakyRelu', [open('batch')], { alpha: float(0.1) }, [['batch']]],
  ['DFT', [open('batch', 6, 5, 1)], { axis: 2 }, [['batch', 6, 5, 2]]],
  ['DFT', [open('batch', 6, 1)], { onesided: 1 }, [['batch', 4, 2]]],
  ['DFT', [open('batch', 'h', 2), { shape: [], dtype: 'int64', data: [7] }], {}, [['batch', 7, 2]]],
  [
    'DFT',
    [open('batch', 4, 2), { shape: [], dtype: 'int64', data: [6] }],
    { onesided: 1, inverse: 1 },
    [['batch', 6, 1]],
  ],
  [
    'Col2Im',
    [open('batch', 18, 6), ints(5, 4), ints(3, 3)],
    { strides: [2, 2], pads: [1, 1, 1, 1] },
    [['batch', 2, 5, 4]],
  ],
];

function build([op, inputs, attributes, expected]: Case): Graph {
  const builder = new GraphBuilder();
  const names = inputs.map(({ shape, dtype = 'float32', data }, index) => {
    if (data?.length === 0) return '';
    if (data) return builder.constant(`c${index}`, dtype, shape.map(sizeOf), data);
    return builder.input(`x${index}`, dtype, shape);
  });
  const outputs = expected.map((_, index) => `y${index}`);
  builder.nodes(op, names, attributes, outputs);
  outputs.forEach((name) => builder.output(name, 'undefined', null));
  return builder.build();
}

function zeros({ shape, dtype = 'float32' }: Value): RuntimeTensor {
  const dims = shape.map(sizeOf);
  const { bytes } = makeTensor(
    dtype,
    dims,
    Array.from({ length: sizeOf(product(dims)) }, () => 0),
  );
  if (dtype === 'int64') return new RuntimeTensor('int64', new BigInt64Array(bytes.buffer as ArrayBuffer), dims);
  if (dtype === 'bool') return new RuntimeTensor('bool', bytes, dims);
  return new RuntimeTensor('float32', new Float32Array(bytes.buffer as ArrayBuffer), dims);
}

describe('operators', () => {
  test.each(cases)('%s', async (...item) => {
    const [, inputs, , expected, dtype] = item;
    const graph = build(item);
    const types = inferShapes(graph);
    expect(expected.map((_, index) => types.get(`y${index}`)?.shape)).toEqual(expected);
    const session = await InferenceSession.create(writeGraph(graph), { logSeverityLevel: 3 });
    const feeds = Object.fromEntries(
      inputs.flatMap((input, index) => (input.data ? [] : [[`x${index}`, zeros(input)]])),
    );
    const results = await session.run(feeds);
    expected.forEach((shape, index) => expect(results[`y${index}`]!.dims).toEqual(shape.map(sizeOf)));
    expect(types.get('y0')?.dtype).toBe(dtype ?? 'float32');
    expect(results['y0']!.type).toBe(dtype ?? 'float32');
  });
});

describe('graphs', () => {
  test('shapes computed by the graph itself are followed', () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['batch', 4, 6]);
    const shape = builder.node('Shape', ['x']);
    const batch = builder.node('Gather', [shape, builder.constant('zero', 'int64', [1], [0])]);
    const rest = builder.node('ReduceProd', [
      builder.node('Slice', [
        shape,
        builder.constant('one', 'int64', [1], [1]),
        builder.constant('three', 'int64', [1], [3]),
      ]),
    ]);
    const halved = builder.node('Div', [rest, builder.constant('two', 'int64', [1], [2])]);
    const wanted = builder.node('Concat', [batch, halved, builder.constant('pair', 'int64', [1], [2])], { axis: 0 });
    builder.node('Reshape', ['x', wanted], {}, 'y');
    builder.output('y', 'float32', null);
    expect(inferShapes(builder.build()).get('y')?.shape).toEqual(['batch', 12, 2]);
  });

  test('the largest of three sizes, and reductions of a shape over no axes', () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['batch', 2, 7]);
    const [two, seven] = [1, 2].map((axis) =>
      builder.node('Gather', [builder.node('Shape', ['x']), builder.constant(`at${axis}`, 'int64', [1], [axis])]),
    ) as [string, string];
    const four = builder.constant('four', 'int64', [1], [4]);
    const largest = builder.node('Max', [four, two, seven]);
    const ones = builder.constant('one', 'float32', [1], [1]);
    builder.node('Expand', [ones, largest], {}, 'most');
    builder.node('Expand', [ones, builder.node('Min', [four, seven, two])], {}, 'least');
    const kept = builder.node('ReduceMax', [builder.node('Shape', ['x'])], { noop_with_empty_axes: 1 });
    builder.node('Expand', [ones, kept], {}, 'same');
    ['most', 'least', 'same'].forEach((name) => builder.output(name, 'float32', null));
    const types = inferShapes(builder.build());
    expect(['most', 'least', 'same'].map((name) => types.get(name)?.shape)).toEqual([[7], [2], ['batch', 2, 7]]);
  });

  test('equal windows over an open image give equal sizes', () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', [1, 1, 'h', 'w']);
    const attributes = { kernel_shape: [3, 3], strides: [2, 2] };
    const a = builder.node('MaxPool', ['x'], attributes);
    const b = builder.node('AveragePool', ['x'], attributes);
    builder.node('Add', [a, b], {}, 'y');
    builder.output('y', 'float32', null);
    const types = inferShapes(builder.build());
    expect(types.get('y')?.shape).toEqual(types.get(a)?.shape);
    expect(types.get('y')?.shape.slice(2)).not.toContain('?');
  });

  test('open sizes without a name are called after their input, and unknown operators take what the file says', () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['?', 3]);
    builder.node('Relu', ['x'], {}, 'r');
    builder.nodes('Special', ['r'], {}, ['y'], 'com.example');
    builder.nodes('Special', ['r'], {}, ['z'], 'com.example');
    builder.output('y', 'float32', ['batch', 7]);
    builder.output('z', 'float32', null);
    const types = inferShapes(builder.build());
    expect(types.get('r')?.shape).toEqual(['x.0', 3]);
    expect(types.get('y')?.shape).toEqual(['batch', 7]);
    expect(types.has('z')).toBe(false);
  });

  test('a node that contradicts its inputs has no shape, and the others keep theirs', () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', [2, 3]);
    builder.nodes('Split', ['x'], { axis: 7 }, ['a', 'b']);
    builder.node('Gather', ['x', builder.constant('i', 'int64', [1], [0])], { axis: -9 }, 'c');
    builder.node('Relu', ['x'], {}, 'y');
    builder.output('y', 'float32', null);
    const types = inferShapes(builder.build());
    expect(types.has('a')).toBe(false);
    expect(types.get('y')?.shape).toEqual([2, 3]);
  });

  test('damaged models have fewer shapes, not faults', () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['batch', 1, 9, 9]);
    builder.constant('w', 'float32', [2, 1, 3, 3], new Float32Array(18));
    const wanted = builder.nodes(
      'Constant',
      [],
      { value: { kind: 'tensor', value: makeTensor('int64', [2], [0, -1]) } },
      1,
    );
    const pool = builder.node('MaxPool', [builder.node('Conv', ['x', 'w'])], { kernel_shape: [2, 2], strides: [2, 2] });
    const flat = builder.node('Reshape', [builder.node('Concat', [pool, pool], { axis: 1 }), wanted[0]!]);
    builder.node('ReduceMean', [flat, builder.constant('axes', 'int64', [1], [1])], {}, 'y');
    builder.output('y', 'float32', null);
    const bytes = writeGraph(builder.build());
    const random = Random.fromSeed(6, 'damage');
    const faults: unknown[] = [];
    let readable = 0;
    for (let trial = 0; trial < 2000; trial++) {
      const damaged = Uint8Array.from(bytes);
      damaged[random.int(damaged.length)] = random.int(256);
      try {
        inferShapes(readGraph(damaged));
        readable += 1;
      } catch (error) {
        if (!(error instanceof TwinscopeError)) faults.push(error);
      }
    }
    expect(faults).toEqual([]);
    expect(readable).toBeGreaterThan(500);
  });

  test('branches agree or are unknown', () => {
    const branch = (columns: number) => {
      const builder = new GraphBuilder();
      builder.constant('c', 'float32', [2, columns], new Float32Array(2 * columns));
      builder.node('Identity', ['c'], {}, 'out');
      builder.output('out', 'float32', null);
      return { kind: 'graph', value: builder.build() } as const;
    };
    const builder = new GraphBuilder();
    builder.input('yes', 'bool', []);
    builder.node('If', ['yes'], { then_branch: branch(3), else_branch: branch(4) }, 'y');
    builder.output('y', 'float32', null);
    expect(inferShapes(builder.build()).get('y')?.shape).toEqual([2, '?']);
  });
});
