/** Averages over windows. */
import { intAttribute, intsAttribute, type Dim } from '../../onnx/index.ts';
import { windowOf, type Window } from '../../onnx/shapes/spatial.ts';
import type { GradientRule, RuleContext } from '../rule.ts';
import { padsOf, transposedConvolution } from './convolution.ts';

/** How many elements each position of the window averages along one axis. */
function countsAlong(
  window: Window,
  pads: readonly number[],
  axis: number,
  size: number,
  positions: number,
  includePads: boolean,
): number[] {
  const before = pads[axis]!;
  const low = includePads ? -before : 0;
  const high = includePads ? size + pads[axis + window.kernel.length]! : size;
  return Array.from({ length: positions }, (_, position) => {
    const start = position * window.strides[axis]! - before;
    let count = 0;
    for (let tap = 0; tap < window.kernel[axis]!; tap++) {
      const at = start + tap * window.dilations[axis]!;
      if (at >= low && at < high) count += 1;
    }
    return count;
  });
}

/** Divides the gradient by the number of elements averaged at each position. */
function divided(
  context: RuleContext,
  window: Window,
  pads: readonly number[],
  input: readonly Dim[],
  output: readonly Dim[],
): string {
  const { emit, gradient, node } = context;
  const { dtype } = context.inputType(0);
  const includePads = intAttribute(node, 'count_include_pad', 0) === 1;
  const area = window.kernel.reduce((product, size) => product * size, 1);
  if (!window.ceil && (includePads || pads.every((pad) => pad === 0))) {
    return emit.node('Mul', [gradient, emit.scalar(1 / area, dtype)]);
  }
  if (![...input, ...output].every((size) => typeof size === 'number')) {
    return context.refuse(
      'it averages over fewer elements at the border of an image whose size is fixed only at run time',
    );
  }
  const shares = window.kernel.reduce<number[]>(
    (table, _, axis) => {
      const counts = countsAlong(window, pads, axis, input[axis] as number, output[axis] as number, includePads);
      return table.flatMap((share) => counts.map((count) => share / count));
    },
    [1],
  );
  return emit.node('Mul', [gradient, emit.floats(dtype, [1, 1, ...(output as number[])], shares)]);
}

/**
 * Spreads each position's share over its window by a ConvTranspose with weights of one. Channels are independent, so
 * they join the batch and one kernel serves all.
 */
const averagePool: GradientRule = (context) => {
  const { emit, node } = context;
  const type = context.inputType(0);
  const kernel = intsAttribute(node, 'kernel_shape');
  if (!kernel) return context.refuse('it states no kernel_shape');
  const window = windowOf(node, kernel);
  const inputSpatial = type.shape.slice(2);
  const outputSpatial = context.outputType(0).shape.slice(2);
  const pads = padsOf(context, window, inputSpatial);
  const share = divided(context, window, pads, inputSpatial, outputSpatial);
  const merge = (name: string, spatial: readonly Dim[]): string => {
    if (spatial.every((size) => typeof size === 'number'))
      return emit.node('Reshape', [name, emit.ints([-1, 1, ...spatial])]);
    const sizes = emit.node('Slice', [emit.node('Shape', [name]), emit.ints([2]), emit.ints([2 + kernel.length])]);
    return emit.node('Reshape', [name, emit.node('Concat', [emit.ints([-1, 1]), sizes], { axis: 0 })]);
  };
  const area = kernel.reduce((product, size) => product * size, 1);
  const spread = transposedConvolution(emit, {
    gradient: merge(share, outputSpatial),
    weights: emit.floats(
      type.dtype,
      [1, 1, ...kernel],
      Array.from({ length: area }, () => 1),
    ),
    group: 1,
    window,
    pads,
    inputSpatial,
    outputSpatial,
    input: context.input(0),
  });
  return [emit.reshapeLike(spread, context.input(0), type.shape)];
};

const globalAveragePool: GradientRule = (context) => {
  const { emit, gradient } = context;
  const { dtype, shape } = context.inputType(0);
  const spatial = shape.slice(2);
  const target = emit.shapeOf(context.input(0), shape);
  if (spatial.every((size) => typeof size === 'number')) {
    const area = spatial.reduce((product, size) => product * size, 1);
    return [emit.node('Expand', [emit.node('Mul', [gradient, emit.scalar(1 / area, dtype)]), target])];
  }
  const ratio = emit.node('Div', [emit.node('Size', [context.input(0)]), emit.node('Size', [context.output(0)])]);
  return [emit.node('Expand', [emit.node('Div', [gradient, emit.cast(ratio, dtype)]), target])];
};

export const poolingRules: Record<string, GradientRule> = {
  AveragePool: averagePool,
  GlobalAveragePool: globalAveragePool,
};
