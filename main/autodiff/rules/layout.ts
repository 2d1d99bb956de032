/** Operators that move elements without changing them, each to one place. */
import { intAttribute, intsAttribute, type Dim } from '../../onnx/index.ts';
import { positiveAxis, product } from '../../onnx/shapes/dims.ts';
import { clampSlice, listed, sliceBounds } from '../../onnx/shapes/layout.ts';
import { toInput } from '../broadcast.ts';
import { sliceEnd } from '../emitter.ts';
import { type GradientRule, type RuleContext } from '../rule.ts';
import { gatherAlong, spreadAlong } from './indexing.ts';

const reshape: GradientRule = ({ emit, gradient, input, inputType }) => [
  emit.reshapeLike(gradient, input(0), inputType(0).shape),
];

const transpose: GradientRule = ({ emit, gradient, node, inputType }) => {
  const order = intsAttribute(node, 'perm');
  if (!order) return [emit.node('Transpose', [gradient])];
  return [emit.node('Transpose', [gradient], { perm: inputType(0).shape.map((_, axis) => order.indexOf(axis)) })];
};

const concat: GradientRule = (context) => {
  const { emit, gradient, node } = context;
  const axis = positiveAxis(intAttribute(node, 'axis', 0), context.outputType(0).shape.length);
  const sizes = node.inputs.map((_, input) => context.inputType(input).shape[axis]!);
  const inputs = [...node.inputs.keys()];
  if (sizes.every((size) => typeof size === 'number')) {
    const starts = inputs.map((input) => sizes.slice(0, input).reduce((total, size) => total + size, 0));
    // Cutting all pieces at once is one pass over the gradient; single pieces are cut out one by one.
    if (inputs.every((input) => context.wanted(input)) && emit.opset >= 13 && inputs.length > 1) {
      return emit.split('Split', [gradient, emit.ints(sizes)], { axis }, inputs.length);
    }
    return inputs.map((input) =>
      context.wanted(input) ? emit.slice(gradient, axis, starts[input]!, starts[input]! + sizes[input]!) : undefined,
    );
  }
  // Bounds that are known only when the graph runs: running totals of the sizes along the axis.
  let start = emit.ints([0]);
  return inputs.map((input) => {
    const size = emit.element(emit.node('Shape', [context.input(input)]), axis);
    const end = emit.node('Add', [start, size]);
    const piece = context.wanted(input) ? emit.node('Slice', [gradient, start, end, emit.ints([axis])]) : undefined;
    start = end;
    return piece;
  });
};

const slice: GradientRule = (context) => {
  const { emit, gradient, node } = context;
  const { shape } = context.inputType(0);
  const bounds = sliceBounds(node, emit.inference.context, shape.length);
  if (!bounds) return context.refuse('it cuts at positions that are computed while it runs');
  const cuts = bounds.axes.map((axis, at) => ({
    axis,
    start: bounds.starts[at]!,
    end: bounds.ends[at]!,
    step: bounds.steps[at]!,
  }));
  const fixed = cuts.filter(({ axis }) => typeof shape[axis] === 'number');
  let current = gradient;
  for (const cut of cuts.filter((item) => !fixed.includes(item))) current = padOpenAxis(context, current, cut);
  const window = [];
  for (const { axis, start, end, step } of fixed) {
    const size = shape[axis] as number;
    const [from, to] = clampSlice(size, start, end, step);
    const length = Math.max(0, Math.ceil((to - from) / step));
    if (step === 1) {
      if (length !== size) window.push({ axis, start: from, size: length });
    } else {
      const places = Array.from({ length }, (_, index) => from + index * step);
      current = spreadAlong(context, current, axis, size, places);
    }
  }
  return [window.length === 0 ? current : { gradient: current, window }];
};

/** Zeros around a slice of an axis whose size is known only when the graph runs. */
function padOpenAxis(
  context: RuleContext,
  gradient: string,
  cut: { axis: number; start: number; end: number; step: number },
): string {
  const { emit } = context;
  const rank = context.inputType(0).shape.length;
  if (cut.step !== 1) context.refuse('it takes every n-th element of an axis whose size is fixed only at run time');
  if (cut.start === 0 && cut.end >= 2 ** 31) return gradient;
  const size = (name: string): string => emit.element(emit.node('Shape', [name]), cut.axis);
  const missing = emit.node('Sub', [size(context.input(0)), size(gradient)]);
  // A start counted from the end lies at size + start, but not before the first element.
  const before =
    cut.start >= 0
      ? emit.node('Min', [emit.ints([cut.start]), size(context.input(0))])
      : emit.node('Max', [emit.node('Add', [size(context.input(0)), emit.ints([cut.start])]), emit.ints([0])]);
  const after = emit.node('Sub', [missing, before]);
  const zeros = (count: number): string[] => (count > 0 ? [emit.ints(Array.from({ length: count }, () => 0))] : []);
  const around = [...zeros(cut.axis), before, ...zeros(rank - 1), after, ...zeros(rank - 1 - cut.axis)];
  return emit.node('Pad', [gradient, emit.node('Concat', around, { axis: 0 })]);
}

const split: GradientRule = (context) => {
  const { emit, gradients, node } = context;
  const type = context.inputType(0);
  const axis = positiveAxis(intAttribute(node, 'axis', 0), type.shape.length);
  const asked = gradients.flatMap((gradient, part) => (gradient === undefined ? [] : [{ gradient, part }]));
  if (asked.length === 1 && typeof type.shape[axis] === 'number') {
    const sizes = node.outputs.map((_, part) => context.outputType(part).shape[axis]!);
    if (sizes.every((size) => typeof size === 'number')) {
      const { gradient, part } = asked[0]!;
      const start = sizes.slice(0, part).reduce((total, size) => total + size, 0);
      return [{ gradient, window: [{ axis, start, size: sizes[part]! }] }];
    }
  }
  const pieces = gradients.map((gradient, part) => {
    if (gradient !== undefined) return gradient;
    const shape = emit.shapeOf(context.output(part), context.outputType(part).shape);
    return emit.node('Expand', [emit.scalar(0, type.dtype), shape]);
  });
  return [emit.node('Concat', pieces, { axis })];
};

/** Constant padding is taken off again; the other modes copy elements from inside. */
const pad: GradientRule = (context) => {
  const { emit, node } = context;
  const { shape } = context.inputType(0);
  const amounts = listed(node, emit.inference.context, 1, 'pads');
  const axes = node.inputs[3] ? emit.constantNumbers(node.inputs[3]) : shape.map((_, axis) => axis);
  if (!amounts || !axes) return context.refuse('it pads by amounts that are computed while it runs');
  const mode = node.attributes['mode'];
  const kind = mode?.kind === 'string' ? mode.value : 'constant';
  const sides = axes.map((axis, at) => ({
    axis: positiveAxis(axis, shape.length),
    before: amounts[at]!,
    after: amounts[at + axes.length]!,
  }));
  let gradient = context.gradient;
  if (kind === 'constant') {
    const pads = Array.from({ length: 2 * shape.length }, () => 0);
    const cut = sides.filter(({ before, after }) => before > 0 || after > 0);
    if (cut.length > 0) {
      const list = (values: number[]): string => emit.ints(values);
      gradient = emit.node('Slice', [
        gradient,
        list(cut.map(({ before }) => Math.max(before, 0))),
        list(cut.map(({ after }) => (after > 0 ? -after : sliceEnd))),
        list(cut.map(({ axis }) => axis)),
      ]);
    }
    // Negative amounts cropped: what was cropped gets zero.
    for (const { axis, before, after } of sides) {
      pads[axis] = Math.max(-before, 0);
      pads[axis + shape.length] = Math.max(-after, 0);
    }
    return [pads.some((amount) => amount > 0) ? emit.node('Pad', [gradient, emit.ints(pads)]) : gradient];
  }
  for (const { axis, before, after } of sides) {
    const size = shape[axis];
    if (before === 0 && after === 0) continue;
    if (typeof size !== 'number')
      return context.refuse(`it pads by "${kind}" an axis whose size is fixed only at run time`);
    const places = Array.from({ length: before + size + after }, (_, index) => sourceOf(index - before, size, kind));
    gradient = spreadAlong(context, gradient, axis, size, places);
  }
  return [gradient];
};

/** Which element of an axis of `size` elements stands at `index` after padding. */
function sourceOf(index: number, size: number, mode: string): number {
  if (mode === 'edge') return Math.min(Math.max(index, 0), size - 1);
  if (mode === 'wrap') return ((index % size) + size) % size;
  const period = Math.max(2 * (size - 1), 1);
  const within = ((index % period) + period) % period;
  return within < size ? within : period - within;
}

const expand: GradientRule = (context) => [toInput(context, context.gradient, 0)];

/** Every axis becomes a pair (copies, elements); the copies are summed. */
const tile: GradientRule = (context) => {
  const { emit } = context;
  const { shape } = context.inputType(0);
  const repeats = emit.constantNumbers(context.input(1));
  if (!repeats) return context.refuse('it repeats by counts that are computed while it runs');
  const pairs: Dim[] = shape.flatMap((dim, axis) => [repeats[axis]!, dim]);
  const open = pairs.filter((dim) => typeof dim !== 'number');
  if (open.length > 1) return context.refuse('more than one of its axes has a size fixed only at run time');
  const paired = emit.node('Reshape', [
    context.gradient,
    emit.ints(pairs.map((dim) => (typeof dim === 'number' ? dim : -1))),
  ]);
  return [
    emit.reduceSum(
      paired,
      shape.map((_, axis) => 2 * axis),
      false,
    ),
  ];
};

const gather: GradientRule = (context) => {
  const { emit, node } = context;
  const type = context.inputType(0);
  const axis = positiveAxis(intAttribute(node, 'axis', 0), type.shape.length);
  const size = type.shape[axis]!;
  const indexShape = context.inputType(1).shape;
  const indices = emit.constantNumbers(context.input(1));
  if (!indices || typeof size !== 'number') return [gatherAlong(context, axis)];
  const flat = type.shape.with(axis, product(indexShape));
  const gradient = indexShape.length === 1 ? context.gradient : flattened(context, flat, axis);
  return [
    spreadAlong(
      context,
      gradient,
      axis,
      size,
      indices.map((index) => positiveAxis(index, size)),
    ),
  ];
};

/** The gradient with the axes of the indices made one. */
function flattened(context: RuleContext, shape: readonly Dim[], axis: number): string {
  const { emit, gradient } = context;
  const open = shape.filter((dim) => typeof dim !== 'number').length;
  if (open <= 1)
    return emit.node('Reshape', [gradient, emit.ints(shape.map((dim) => (typeof dim === 'number' ? dim : -1)))]);
  const rank = context.inputType(0).shape.length;
  const whole = emit.node('Shape', [context.input(0)]);
  const pieces = shape.map((_, at) => (at === axis ? emit.ints([shape[axis] as number]) : emit.element(whole, at)));
  return emit.node('Reshape', [gradient, emit.node('Concat', pieces.slice(0, rank), { axis: 0 })]);
}

export const layoutRules: Record<string, GradientRule> = {
  Reshape: reshape,
  Flatten: reshape,
  Squeeze: reshape,
  Unsqueeze: reshape,
  Transpose: transpose,
  Concat: concat,
  Slice: slice,
  Split: split,
  Pad: pad,
  Expand: expand,
  Tile: tile,
  Gather: gather,
};
