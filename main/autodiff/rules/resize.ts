/**
 * Resizing along axes is a product with one matrix per axis, whatever the interpolation, so its gradient is the product
 * with the transposed matrices. The matrices are made by the operator itself: it resizes the identity. The runtime folds
 * that where the sizes are fixed.
 */
import { intsAttribute, stringAttribute, type Attributes, type Dim } from '../../onnx/index.ts';
import { positiveAxis, sameDim } from '../../onnx/shapes/dims.ts';
import type { GradientRule, RuleContext } from '../rule.ts';
import { sizeAlong } from './indexing.ts';

interface ResizedAxis {
  axis: number;
  /** Where the axis stands in the node's lists of scales, sizes and regions. */
  at: number;
  from: Dim;
  to: Dim;
  /** How many times longer it becomes, where that is a whole number. */
  factor: number | undefined;
}

const resize: GradientRule = (context) => {
  const { node } = context;
  const policy = stringAttribute(node, 'keep_aspect_ratio_policy', 'stretch');
  if (policy !== 'stretch') context.refuse(`it keeps the aspect ratio ("${policy}"), and there is no rule for that`);
  const resized = resizedAxes(context);
  if (resized.length === 0) return [context.gradient];
  const repeats = repeatsElements(context);
  if (repeats && resized.every(({ axis, factor }) => axis >= 2 && factor !== undefined)) {
    return [sumOfCopies(context, resized)];
  }
  let { gradient } = context;
  // The axis that shrinks most goes first, which leaves least to do for the others.
  for (const item of byShrinkage(resized)) gradient = throughMatrix(context, gradient, item);
  return [gradient];
};

function resizedAxes(context: RuleContext): ResizedAxis[] {
  const { emit, node } = context;
  const { shape } = context.inputType(0);
  const result = emit.typeOrUndefined(context.output(0))?.shape;
  const axes = intsAttribute(node, 'axes')?.map((axis) => positiveAxis(axis, shape.length)) ?? [...shape.keys()];
  const scaled = byScales(context);
  const scales = scaled ? emit.constantNumbers(node.inputs[2]) : undefined;
  const cropped = stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel') === 'tf_crop_and_resize';
  const items = axes.map((axis, at): ResizedAxis => {
    const [from, to] = [shape[axis]!, result?.[axis] ?? '?'];
    const ratio = scaled ? scales?.[at] : typeof from === 'number' && typeof to === 'number' ? to / from : undefined;
    return { axis, at, from, to, factor: Number.isInteger(ratio) ? ratio : undefined };
  });
  // A scale close to 1 may leave the size as it is and still move every element.
  return items.filter(({ from, to, factor }) => cropped || !(factor === 1 || (!scaled && sameDim(from, to))));
}

function byScales({ emit, node }: RuleContext): boolean {
  return !node.inputs[3] || emit.typeOrUndefined(node.inputs[3])?.shape[0] === 0;
}

/** True where a whole factor makes every element a run of copies of itself. */
function repeatsElements({ node }: RuleContext): boolean {
  if (stringAttribute(node, 'mode', 'nearest') !== 'nearest') return false;
  const rounding = stringAttribute(node, 'nearest_mode', 'round_prefer_floor');
  const coordinates = stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel');
  if (coordinates === 'asymmetric') return rounding === 'floor';
  return coordinates === 'half_pixel' && rounding.startsWith('round');
}

/** The mean over each run of copies, times their number. */
function sumOfCopies(context: RuleContext, resized: readonly ResizedAxis[]): string {
  const { emit, gradient } = context;
  const { dtype, shape } = context.inputType(0);
  const kernel = shape.slice(2).map((_, axis) => resized.find((item) => item.axis === axis + 2)?.factor ?? 1);
  const mean = emit.node('AveragePool', [gradient], { kernel_shape: kernel, strides: kernel });
  const copies = kernel.reduce((product, size) => product * size, 1);
  return emit.node('Mul', [mean, emit.scalar(copies, dtype)]);
}

function byShrinkage(items: readonly ResizedAxis[]): ResizedAxis[] {
  const growth = ({ from, to }: ResizedAxis): number =>
    typeof from === 'number' && typeof to === 'number' ? from / to : 1;
  return items.toSorted((a, b) => growth(a) - growth(b));
}

/** The gradient along one axis: multiplied by the transposed matrix, from the side where the axis lies. */
function throughMatrix(context: RuleContext, gradient: string, item: ResizedAxis): string {
  const { emit } = context;
  const last = context.inputType(0).shape.length - 1;
  const transposed = transposedMatrix(context, item);
  if (item.axis === last - 1) return emit.node('MatMul', [transposed, gradient]);
  const matrix = emit.node('Transpose', [transposed]);
  if (item.axis === last) return emit.node('MatMul', [gradient, matrix]);
  const order = Array.from({ length: last + 1 }, (_, at) => at);
  [order[item.axis], order[last]] = [last, item.axis];
  const product = emit.node('MatMul', [emit.node('Transpose', [gradient], { perm: order }), matrix]);
  return emit.node('Transpose', [product], { perm: order });
}

/**
 * The transposed matrix of the interpolation along one axis, [old size, new size]: image e of a batch is 1 in row e and 0
 * elsewhere, so its resized rows hold what every place takes from element e. Images of this form suit every interpolation
 * of the runtime. They are one pixel wide and become two wide, because the runtime copies images whose size stays the
 * same even where the scale is not 1.
 */
function transposedMatrix(context: RuleContext, item: ResizedAxis): string {
  const { emit, node } = context;
  const { dtype } = context.inputType(0);
  const size = sizeAlong(emit, context.input(0), item.axis, item.from);
  const one = emit.ints([1]);
  const square = emit.node('Expand', [emit.scalar(0, 'float32'), emit.node('Concat', [size, size], { axis: 0 })]);
  const images = emit.node('Unsqueeze', [emit.node('EyeLike', [square]), emit.ints([1, 3])]);
  const inputs = [images, regionOf(context, item)];
  if (byScales(context)) {
    const ones = emit.floats('float32', [2], [1, 1]);
    const scales = [ones, emit.element(node.inputs[2]!, item.at), emit.floats('float32', [1], [2])];
    inputs.push(emit.node('Concat', scales, { axis: 0 }));
  } else {
    const wanted = emit.element(emit.cast(node.inputs[3]!, 'int64'), item.at);
    inputs.push('', emit.node('Concat', [size, one, wanted, emit.ints([2])], { axis: 0 }));
  }
  const resized = emit.node('Resize', inputs, interpolation(node.attributes));
  const matrix = emit.squeeze(emit.slice(resized, 3, 0, 1), [1, 3]);
  return dtype === 'float32' ? matrix : emit.cast(matrix, dtype);
}

/** The region of tf_crop_and_resize for those images: whole along every axis but the third. Starts, then ends. */
function regionOf({ emit, node }: RuleContext, item: ResizedAxis): string {
  const region = node.inputs[1];
  if (!region || stringAttribute(node, 'coordinate_transformation_mode', '') !== 'tf_crop_and_resize') return '';
  const count = emit.typeOrUndefined(region)?.shape[0] as number;
  const bound = (index: number): string => emit.cast(emit.element(region, index), 'float32');
  const whole = (value: number, length: number): string =>
    emit.floats(
      'float32',
      [length],
      Array.from({ length }, () => value),
    );
  const side = (value: string, other: number): string[] => [whole(other, 2), value, whole(other, 1)];
  return emit.node('Concat', [...side(bound(item.at), 0), ...side(bound(item.at + count / 2), 1)], { axis: 0 });
}

/** The node's attributes without its axes; what lies outside the image does not depend on the image. */
function interpolation(attributes: Attributes): Attributes {
  const { axes: _, extrapolation_value: __, ...rest } = attributes;
  return rest;
}

export const resizeRules: Record<string, GradientRule> = { Resize: resize };
