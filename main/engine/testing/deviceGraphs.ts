/** Small graphs in the styles of twins, for comparing devices: at most 32 × 32 pixels, seeded weights. */
import { float, GraphBuilder, type Graph } from '../../onnx/index.ts';
import { Random } from '../../platform/random.ts';

export type DeviceGraph = { name: string; graph: Graph; inputShape: number[] };

const batch = 2;
const padded = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] };

/** A builder with an input `x` and seeded normal weights of a given scale. */
function start(name: string, inputShape: readonly number[]) {
  const builder = new GraphBuilder({ name });
  const random = Random.fromSeed(7, name);
  builder.input('x', 'float32', ['batch', ...inputShape.slice(1)]);
  const weights = (label: string, shape: number[]): string => {
    const size = shape.reduce((product, n) => product * n, 1);
    const scale = 1 / Math.sqrt(shape.length > 1 ? size / (shape[0] as number) : 4);
    return builder.constant(
      label,
      'float32',
      shape,
      Float32Array.from({ length: size }, () => scale * random.normal()),
    );
  };
  const ints = (label: string, values: number[]): string =>
    builder.constant(
      label,
      'int64',
      [values.length],
      values.map((value) => BigInt(value)),
    );
  const finish = (value: string): DeviceGraph => {
    builder.node('Identity', [value], {}, 'y');
    builder.output('y', 'float32', null);
    return { name, graph: builder.build(), inputShape: [...inputShape] };
  };
  return { builder, weights, ints, finish };
}

/** Convolution, activation and overlapping pooling, twice, and a linear readout. */
function convolutional(pool: 'MaxPool' | 'AveragePool'): DeviceGraph {
  const { builder, weights, finish } = start(`convolution with ${pool}`, [batch, 3, 32, 32]);
  const pooling = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] };
  const first = builder.node('Conv', ['x', weights('w1', [8, 3, 3, 3]), weights('b1', [8])], padded);
  const pooled = builder.node(pool, [builder.node('Relu', [first])], pooling);
  const second = builder.node('Conv', [pooled, weights('w2', [12, 8, 3, 3]), weights('b2', [12])], padded);
  const again = builder.node(pool, [builder.node('Sigmoid', [second])], pooling);
  const flat = builder.node('Flatten', [again], { axis: 1 });
  return finish(builder.node('Gemm', [flat, weights('w3', [10, 12 * 64]), weights('b3', [10])], { transB: 1 }));
}

/** One head of self-attention over 16 patches of 8 × 8 pixels, with a residual connection. */
function attention(): DeviceGraph {
  const { builder, weights, ints, finish } = start('attention', [batch, 1, 32, 32]);
  const width = 16;
  const patches = builder.node('Conv', ['x', weights('patches', [width, 1, 8, 8])], {
    kernel_shape: [8, 8],
    strides: [8, 8],
  });
  const flat = builder.node('Reshape', [patches, ints('tokens', [-1, width, 16])]);
  const tokens = builder.node('Transpose', [flat], { perm: [0, 2, 1] });
  const project = (label: string): string => builder.node('MatMul', [tokens, weights(label, [width, width])]);
  const [query, key, value] = [project('query'), project('key'), project('value')];
  const scale = builder.constant('scale', 'float32', [], [1 / Math.sqrt(width)]);
  const scores = builder.node('MatMul', [query, builder.node('Transpose', [key], { perm: [0, 2, 1] })]);
  const weighting = builder.node('Softmax', [builder.node('Mul', [scores, scale])], { axis: -1 });
  const attended = builder.node('MatMul', [weighting, value]);
  const mixed = builder.node('Add', [tokens, builder.node('MatMul', [attended, weights('out', [width, width])])]);
  return finish(builder.node('Tanh', [mixed]));
}

/** Quadrature pairs of oriented filters, their energy, and division by the pooled energy of all. */
function energyModel(): DeviceGraph {
  const { builder, finish } = start('energy model with normalisation', [batch, 1, 32, 32]);
  const [orientations, size] = [4, 7];
  const filters = new Float32Array(2 * orientations * size * size);
  for (let i = 0; i < filters.length; i++) {
    const at = i % (size * size);
    const filter = Math.floor(i / (size * size));
    const angle = ((filter % orientations) * Math.PI) / orientations;
    const [x, y] = [(at % size) - 3, Math.floor(at / size) - 3];
    const phase = filter < orientations ? 0 : Math.PI / 2;
    const along = x * Math.cos(angle) + y * Math.sin(angle);
    filters[i] = Math.exp(-(x * x + y * y) / 8) * Math.cos(1.2 * along + phase);
  }
  const number = (name: string, value: number): string => builder.constant(name, 'float32', [], [value]);
  const contrast = builder.node('Sub', ['x', number('grey', 0.5)]);
  const kernel = builder.constant('filters', 'float32', [2 * orientations, 1, size, size], filters);
  const linear = builder.node('Conv', [contrast, kernel], { kernel_shape: [size, size], strides: [2, 2] });
  const [even, odd] = builder.nodes('Split', [linear], { axis: 1, num_outputs: 2 }, 2) as [string, string];
  const energy = builder.node('Add', [builder.node('Mul', [even, even]), builder.node('Pow', [odd, number('two', 2)])]);
  const root = builder.node('Sqrt', [builder.node('Add', [energy, number('epsilon', 1e-3)])]);
  const pool = builder.node('ReduceMean', [root, builder.constant('channels', 'int64', [1], [1n])], { keepdims: 1 });
  return finish(builder.node('Div', [root, builder.node('Add', [pool, number('semisaturation', 0.2)])]));
}

/** Reflections at the border, a smaller picture, and one filter: how a twin with its own front end begins. */
function frontEnd(): DeviceGraph {
  const { builder, weights, ints, finish } = start('padding and resizing', [batch, 1, 24, 24]);
  const wider = builder.node('Pad', ['x', ints('pads', [0, 0, 2, 2, 0, 0, 2, 2])], { mode: 'reflect' });
  const sizes = builder.constant('scales', 'float32', [4], [1, 1, 0.5, 0.5]);
  const smaller = builder.node('Resize', [wider, '', sizes], {
    mode: 'linear',
    coordinate_transformation_mode: 'half_pixel',
  });
  const filtered = builder.node('Conv', [smaller, weights('filter', [4, 1, 3, 3])], padded);
  return finish(builder.node('LeakyRelu', [filtered], { alpha: float(0.1) }));
}

/** Twenty windows at different places, each with filters of its own, side by side: more than a shader has buffers for. */
function windows(): DeviceGraph {
  const { builder, weights, ints, finish } = start('many windows', [batch, 1, 32, 32]);
  const answers = Array.from({ length: 20 }, (_, i) => {
    const [row, column] = [Math.floor(i / 5) * 5, (i % 5) * 4];
    const bounds = ['from', 'to', 'axes'].map((label, at) =>
      ints(
        `${label}${i}`,
        [
          [row, column],
          [row + 12, column + 12],
          [2, 3],
        ][at] as number[],
      ),
    );
    const flat = builder.node('Flatten', [builder.node('Slice', ['x', ...bounds])], { axis: 1 });
    return builder.node('MatMul', [flat, weights(`filters${i}`, [144, 3 + (i % 3)])]);
  });
  return finish(builder.node('Tanh', [builder.node('Concat', answers, { axis: 1 })]));
}

export const deviceGraphs = (): DeviceGraph[] => [
  convolutional('MaxPool'),
  convolutional('AveragePool'),
  attention(),
  energyModel(),
  frontEnd(),
  windows(),
];

export function noise(name: string, shape: readonly number[]): Float32Array {
  const random = Random.fromSeed(3, name);
  return Float32Array.from({ length: shape.reduce((product, n) => product * n, 1) }, () => random.uniform());
}
