/** Operators that came after opset 18, in terms of older ones. */
import { float } from '../../attributes.ts';
import type { Dtype } from '../../elementTypes.ts';
import { floatAttribute, intAttribute, stringAttribute } from '../../graph.ts';
import { positiveAxis } from '../../shapes/dims.ts';
import { makeTensor } from '../../tensor.ts';
import type { Adapter, Rewriter } from '../rewriter.ts';
import { attention } from './attention.ts';

/** x/2 · (1 + erf(x/√2)), or the approximation by tanh of Hendrycks & Gimpel (2016). */
const gelu: Adapter = (node, rewrite) => {
  const x = node.inputs[0]!;
  const dtype = rewrite.dtype(x);
  const constant = (value: number): string => rewrite.scalar(value, dtype);
  const half = rewrite.node('Mul', [x, constant(0.5)]);
  let inner: string;
  if (stringAttribute(node, 'approximate', 'none') === 'tanh') {
    const cube = rewrite.node('Mul', [rewrite.node('Mul', [x, x]), x]);
    const bent = rewrite.node('Add', [x, rewrite.node('Mul', [cube, constant(0.044715)])]);
    inner = rewrite.node('Tanh', [rewrite.node('Mul', [bent, constant(Math.sqrt(2 / Math.PI))])]);
  } else {
    inner = rewrite.node('Erf', [rewrite.node('Mul', [x, constant(Math.SQRT1_2)])]);
  }
  rewrite.node('Mul', [half, rewrite.node('Add', [inner, constant(1)])], {}, node.outputs[0]);
  return true;
};

const swish: Adapter = (node, rewrite) => {
  const x = node.inputs[0]!;
  const alpha = floatAttribute(node, 'alpha', 1);
  const scaled = alpha === 1 ? x : rewrite.node('Mul', [x, rewrite.scalar(alpha, rewrite.dtype(x))]);
  rewrite.node('Mul', [x, rewrite.node('Sigmoid', [scaled])], {}, node.outputs[0]);
  return true;
};

/** Half precision is normalised in single precision unless the node says otherwise. */
function inPrecision(rewrite: Rewriter, x: string, stash: number): { name: string; back: (y: string) => string } {
  const dtype = rewrite.dtype(x);
  if ((dtype !== 'float16' && dtype !== 'bfloat16') || stash !== 1) return { name: x, back: (y) => y };
  return { name: rewrite.cast(x, 'float32'), back: (y) => rewrite.cast(y, dtype) };
}

/** x / √(mean(x²) + ε) over the axes from `axis` on, times the scale. */
const rmsNormalization: Adapter = (node, rewrite) => {
  const [x, scale] = [node.inputs[0]!, node.inputs[1]!];
  const rank = rewrite.rank(x);
  const from = positiveAxis(intAttribute(node, 'axis', -1), rank);
  if (from < 0 || from >= rank) rewrite.refuse('its axis is outside its input');
  const axes = Array.from({ length: rank - from }, (_, index) => from + index);
  const { name, back } = inPrecision(rewrite, x, intAttribute(node, 'stash_type', 1));
  const epsilon = rewrite.scalar(floatAttribute(node, 'epsilon', 1e-5), name === x ? rewrite.dtype(x) : 'float32');
  const power = rewrite.node('ReduceMean', [rewrite.node('Mul', [name, name]), rewrite.ints(axes)], { keepdims: 1 });
  const length = rewrite.node('Sqrt', [rewrite.node('Add', [power, epsilon])]);
  rewrite.node('Mul', [back(rewrite.node('Div', [name, length])), scale], {}, node.outputs[0]);
  return true;
};

/** Scales of one and biases of zero. */
function plainParameters(rewrite: Rewriter, groups: number, dtype: Dtype): string[] {
  return [1, 0].map((value) => {
    const constant = rewrite.tensor(makeTensor('float32', [groups], new Float32Array(groups).fill(value)));
    return dtype === 'float32' ? constant : rewrite.cast(constant, dtype);
  });
}

function instanceNormalised(rewrite: Rewriter, x: string, epsilon: number, parameters: readonly string[]): string {
  return rewrite.node('InstanceNormalization', [x, ...parameters], { epsilon: float(epsilon) });
}

/** The same over the last axis of three, part by part: the CPU has no instance normalisation in double precision. */
function standardised(rewrite: Rewriter, x: string, epsilon: number, parameters?: readonly string[]): string {
  const mean = (value: string): string => rewrite.node('ReduceMean', [value, rewrite.ints([2])], { keepdims: 1 });
  const centred = rewrite.node('Sub', [x, mean(x)]);
  const raised = rewrite.node('Add', [
    mean(rewrite.node('Mul', [centred, centred])),
    rewrite.scalar(epsilon, 'float64'),
  ]);
  const standard = rewrite.node('Div', [centred, rewrite.node('Sqrt', [raised])]);
  if (!parameters) return standard;
  const [scale, bias] = parameters.map((name) => rewrite.node('Reshape', [name, rewrite.ints([-1, 1])]));
  return rewrite.node('Add', [rewrite.node('Mul', [standard, scale!]), bias!]);
}

/** A count no network reaches, so that a damaged one is not made into a constant. */
const mostGroups = 1 << 20;

/**
 * Group normalisation as an instance normalisation of [batch, groups, rest]. In 18 scale and bias are per group, which
 * was a mistake; since 21 they are per channel.
 */
const groupNormalization: Adapter = (node, rewrite) => {
  const [x, scale, bias] = [node.inputs[0]!, node.inputs[1]!, node.inputs[2]!];
  const rank = rewrite.rank(x);
  const groups = intAttribute(node, 'num_groups', 1);
  if (groups < 1 || groups > mostGroups || rank < 2) rewrite.refuse('its groups do not fit its input');
  const perGroup = rewrite.from < 21;
  const { name, back } = inPrecision(rewrite, x, perGroup ? 0 : intAttribute(node, 'stash_type', 1));
  const dtype = name === x ? rewrite.dtype(x) : 'float32';
  const grouped = rewrite.node('Reshape', [name, rewrite.ints([0, groups, -1])]);
  const epsilon = floatAttribute(node, 'epsilon', 1e-5);
  const parameters = perGroup ? [scale, bias] : undefined;
  const normalised =
    dtype === 'float64'
      ? standardised(rewrite, grouped, epsilon, parameters)
      : instanceNormalised(rewrite, grouped, epsilon, parameters ?? plainParameters(rewrite, groups, dtype));
  const shape = rewrite.node('Shape', [x]);
  if (perGroup) {
    rewrite.node('Reshape', [normalised, shape], {}, node.outputs[0]);
    return true;
  }
  const restored = back(rewrite.node('Reshape', [normalised, shape]));
  const column = rewrite.ints([-1, ...Array.from({ length: rank - 2 }, () => 1)]);
  const scaled = rewrite.node('Mul', [restored, rewrite.node('Reshape', [scale, column])]);
  rewrite.node('Add', [scaled, rewrite.node('Reshape', [bias, column])], {}, node.outputs[0]);
  return true;
};

/** Places of a grid no image needs, so that a damaged size is not made into a constant. */
const mostPlaces = 1 << 22;

/** Every place of the image, from −1 to 1 with the last axis first and a 1 behind, times the transposed map. */
const affineGrid: Adapter = (node, rewrite) => {
  const map = node.inputs[0]!;
  const sizes = rewrite.context.sizes(node.inputs[1])?.slice(2) ?? [];
  const known = sizes.filter((size) => typeof size === 'number');
  const places = known.reduce((product, size) => product * size, 1);
  if (known.length === 0 || known.length < sizes.length) rewrite.refuse('the size of its grid is computed');
  if (places > mostPlaces) rewrite.refuse('its grid has too many places');
  const aligned = intAttribute(node, 'align_corners', 0) === 1;
  if (aligned && known.includes(1)) rewrite.refuse('it aligns the corners of a single place');
  const base = new Float32Array(places * (known.length + 1)).fill(1);
  known.forEach((size, axis) => {
    const stride = known.slice(axis + 1).reduce((product, other) => product * other, 1);
    const column = known.length - 1 - axis;
    for (let place = 0; place < places; place++) {
      const at = Math.floor(place / stride) % size;
      base[place * (known.length + 1) + column] = aligned ? (2 * at) / (size - 1) - 1 : (2 * at + 1) / size - 1;
    }
  });
  const constant = rewrite.tensor(makeTensor('float32', [places, known.length + 1], base));
  const dtype = rewrite.dtype(map);
  const grid = rewrite.node('MatMul', [
    dtype === 'float32' ? constant : rewrite.cast(constant, dtype),
    rewrite.node('Transpose', [map], { perm: [0, 2, 1] }),
  ]);
  rewrite.node('Reshape', [grid, rewrite.ints([0, ...known, known.length])], {}, node.outputs[0]);
  return true;
};

const refusal =
  (reason: string): Adapter =>
  (_node, rewrite) =>
    rewrite.refuse(reason);

const withoutForm =
  'BitCast CausalConvWithState CumProd DeformConv ImageDecoder LinearAttention RegexFullMatch RotaryEmbedding ' +
  'StringConcat StringSplit SwiGLU TensorScatter';

export const newerAdapters: Record<string, Adapter> = {
  ...Object.fromEntries(withoutForm.split(' ').map((op) => [op, refusal('the operator is newer')])),
  Gelu: gelu,
  Swish: swish,
  RMSNormalization: rmsNormalization,
  GroupNormalization: groupNormalization,
  AffineGrid: affineGrid,
  Attention: attention,
  Upsample: refusal('the operator was taken out of ONNX in opset 10'),
  Scatter: (node) => ({ ...node, op: 'ScatterElements' }),
};
