/** Operators that move elements without changing them, each to one place. */
import { intAttribute, intsAttribute, stringAttribute, type Dim } from '../../onnx/index.ts';
import { knownIntegers } from '../../onnx/shapes/context.ts';
import { positiveAxis } from '../../onnx/shapes/dims.ts';
import { clampSlice, listed, sliceBounds, squeezedAxes } from '../../onnx/shapes/layout.ts';
import { toInput } from '../broadcast.ts';
import { sliceEnd } from '../emitter.ts';
import { type GradientRule, type RuleContext } from '../rule.ts';
import { countUp, scatterAlong, sizeAlong, spreadAlong } from './indexing.ts';

const reshape: GradientRule = ({ emit, gradient, input, inputType }) => [
  emit.reshapeLike(gradient, input(0), inputType(0).shape),
];

/** Putting back axes of size 1, or taking them away, keeps the other sizes known to the runtime. */
const squeeze: GradientRule = (context) => {
  const { emit, gradient } = context;
  const { shape } = context.inputType(0);
  const removed = squeezedAxes(context.node, emit.inference.context, shape);
  return removed && removed.length > 0 ? [emit.unsqueeze(gradient, removed)] : reshape(context);
};

const unsqueeze: GradientRule = (context) => {
  const { emit, gradient } = context;
  const added = listed(context.node, emit.inference.context, 1, 'axes');
  const rank = context.inputType(0).shape.length + (added?.length ?? 0);
  return added
    ? [
        emit.squeeze(
          gradient,
          added.map((axis) => positiveAxis(axis, rank)),
        ),
      ]
    : reshape(context);
};

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
    if (inputs.every((input) => context.wanted(input)) && inputs.length > 1) {
      return emit.pieces(gradient, sizes, axis);
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

interface Cut {
  axis: number;
  /** Undefined where they are computed while the graph runs. */
  start: number | undefined;
  end: number | undefined;
  step: number | undefined;
  /** Which element of the node's lists of bounds this is. */
  at: number;
}

const slice: GradientRule = (context) => {
  const { emit, gradient } = context;
  const { shape } = context.inputType(0);
  const cuts = cutsOf(context);
  let current = gradient;
  const window = [];
  for (const cut of cuts) {
    const { axis, start, end, step } = cut;
    const size = shape[axis]!;
    if (typeof size !== 'number' || start === undefined || end === undefined || step === undefined) {
      current = uncutAtRunTime(context, current, cut);
      continue;
    }
    const [from, to] = clampSlice(size, start, end, step);
    const length = Math.max(0, Math.ceil((to - from) / step));
    if (step === 1) {
      if (length !== size) window.push({ axis, start: from, size: length });
    } else if (step === -1 && length === size) {
      current = emit.node('Slice', [current, ...reversal(context, axis)]);
    } else {
      const places = Array.from({ length }, (_, index) => from + index * step);
      current = spreadAlong(context, current, axis, size, places);
    }
  }
  return [window.length === 0 ? current : { gradient: current, window }];
};

function cutsOf(context: RuleContext): Cut[] {
  const { emit, node } = context;
  const rank = context.inputType(0).shape.length;
  const inference = emit.inference.context;
  const bounds = sliceBounds(node, inference, rank);
  const [starts, ends] = [
    bounds?.starts ?? knownIntegers(inference, node.inputs[1]),
    bounds?.ends ?? knownIntegers(inference, node.inputs[2]),
  ];
  const steps = node.inputs[4] ? knownIntegers(inference, node.inputs[4]) : undefined;
  const stated = node.inputs[3] ? knownIntegers(inference, node.inputs[3]) : undefined;
  const count = [node.inputs[1], node.inputs[2]]
    .map((name) => emit.typeOrUndefined(name ?? '')?.shape[0])
    .find((size) => typeof size === 'number');
  const axes =
    bounds?.axes ??
    stated ??
    (node.inputs[3] || count === undefined ? undefined : Array.from({ length: count }, (_, axis) => axis));
  if (!axes) return context.refuse('the axes it cuts are computed while it runs');
  return axes.map((axis, at) => ({
    axis: positiveAxis(axis, rank),
    start: starts?.[at],
    end: ends?.[at],
    step: node.inputs[4] || bounds ? (bounds?.steps ?? steps)?.[at] : 1,
    at,
  }));
}

/** Starts, ends, axes and steps of a Slice that turns an axis round. */
function reversal({ emit }: RuleContext, axis: number): string[] {
  return [emit.ints([-1]), emit.ints([-sliceEnd]), emit.ints([axis]), emit.ints([-1])];
}

/** Zeros around a slice of an axis whose size, or the slice's bounds, are known only when the graph runs. */
function uncutAtRunTime(context: RuleContext, gradient: string, { axis, start, end, step, at }: Cut): string {
  const { emit, node } = context;
  const { shape } = context.inputType(0);
  if (start === 0 && end !== undefined && end >= 2 ** 31 && step === 1) return gradient;
  if (step === -1 && start === -1 && end !== undefined && end <= -(2 ** 31)) {
    return emit.node('Slice', [gradient, ...reversal(context, axis)]);
  }
  const bound = (input: number, known: number | undefined): string =>
    known === undefined ? emit.element(emit.cast(node.inputs[input]!, 'int64'), at) : emit.ints([known]);
  const size = sizeAlong(emit, context.input(0), axis, shape[axis]);
  // Cutting positions instead of elements clamps the bounds as the operator itself does.
  const positions = countUp(emit, size);
  const first = emit.ints([0]);
  if (step !== 1) {
    const bounds = [bound(1, start), bound(2, end), first, bound(4, step)];
    return scatterAlong(context, gradient, axis, emit.node('Slice', [positions, ...bounds]), size);
  }
  const before =
    start !== undefined && start >= 0
      ? emit.node('Min', [emit.ints([start]), size])
      : emit.node('Shape', [emit.node('Slice', [positions, first, bound(1, start), first])]);
  return padAlong(context, gradient, axis, before, size);
}

/** Zeros before and behind a part of an axis, so that it is `size` elements long. */
function padAlong(context: RuleContext, gradient: string, axis: number, before: string, size: string): string {
  const { emit } = context;
  const rank = context.inputType(0).shape.length;
  const taken = emit.node('Add', [before, emit.element(emit.node('Shape', [gradient]), axis)]);
  const zeros = (count: number): string[] => (count > 0 ? [emit.ints(Array.from({ length: count }, () => 0))] : []);
  const after = emit.node('Sub', [size, taken]);
  const around = [...zeros(axis), before, ...zeros(rank - 1), after, ...zeros(rank - 1 - axis)];
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
  const mode = stringAttribute(node, 'mode', 'constant');
  const amounts = listed(node, emit.inference.context, 1, 'pads');
  const axes = node.inputs[3] ? emit.constantNumbers(node.inputs[3]) : shape.map((_, axis) => axis);
  if (mode === 'constant' && (!amounts || !axes)) {
    const removal = emit.node('Neg', [context.input(1)]);
    return [emit.node('Pad', [context.gradient, removal, ...(node.inputs[3] ? ['', node.inputs[3]] : [])])];
  }
  if (!amounts || !axes) return context.refuse('it pads by amounts that are computed while it runs');
  const sides = axes.map((axis, at) => ({
    axis: positiveAxis(axis, shape.length),
    before: amounts[at]!,
    after: amounts[at + axes.length]!,
  }));
  if (mode === 'constant') return [unpadded(context, sides)];
  if (amounts.some((amount) => amount < 0)) context.refuse(`it crops and pads by "${mode}" at once`);
  let gradient = context.gradient;
  for (const side of sides) {
    if (side.before > 0 || side.after > 0) gradient = foldBack(context, gradient, side, mode);
  }
  return [gradient];
};

interface Side {
  axis: number;
  before: number;
  after: number;
}

function unpadded(context: RuleContext, sides: readonly Side[]): string {
  const { emit } = context;
  const rank = context.inputType(0).shape.length;
  let { gradient } = context;
  const cut = sides.filter(({ before, after }) => before > 0 || after > 0);
  if (cut.length > 0) {
    gradient = emit.node('Slice', [
      gradient,
      emit.ints(cut.map(({ before }) => Math.max(before, 0))),
      emit.ints(cut.map(({ after }) => (after > 0 ? -after : sliceEnd))),
      emit.ints(cut.map(({ axis }) => axis)),
    ]);
  }
  // Negative amounts cropped: what was cropped gets zero.
  const pads = Array.from({ length: 2 * rank }, () => 0);
  for (const { axis, before, after } of sides) {
    pads[axis] = Math.max(-before, 0);
    pads[axis + rank] = Math.max(-after, 0);
  }
  return pads.some((amount) => amount > 0) ? emit.node('Pad', [gradient, emit.ints(pads)]) : gradient;
}

/** Adds what stands in the padding of one axis to the elements it was copied from. */
function foldBack(context: RuleContext, gradient: string, { axis, before, after }: Side, mode: string): string {
  const { emit } = context;
  const size = context.inputType(0).shape[axis];
  if (typeof size === 'number') {
    const places = Array.from({ length: before + size + after }, (_, index) => sourceOf(index - before, size, mode));
    return spreadAlong(context, gradient, axis, size, places);
  }
  // Positions are padded as the elements were, which says where each came from.
  const whole = sizeAlong(emit, context.input(0), axis, size);
  const places = emit.node('Pad', [countUp(emit, whole), emit.ints([before, after])], { mode });
  return scatterAlong(context, gradient, axis, places, whole);
}

/** Which element of an axis of `size` elements stands at `index` after padding. */
function sourceOf(index: number, size: number, mode: string): number {
  if (mode === 'edge') return Math.min(Math.max(index, 0), size - 1);
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
  const pairs: Dim[] = shape.flatMap((dim, axis) => [repeats?.[axis] ?? '?', dim]);
  const open = pairs.filter((dim) => typeof dim !== 'number').length;
  let sizes: string;
  if (open <= 1 && !pairs.includes(0)) {
    sizes = emit.ints(pairs.map((dim) => (typeof dim === 'number' ? dim : -1)));
  } else {
    const column = (name: string): string => emit.unsqueeze(name, [1]);
    const table = [column(emit.cast(context.input(1), 'int64')), column(emit.shapeOf(context.input(0), shape))];
    sizes = emit.node('Reshape', [emit.node('Concat', table, { axis: 1 }), emit.ints([-1])]);
  }
  const copies = shape.map((_, axis) => 2 * axis);
  return [emit.reduceSum(emit.node('Reshape', [context.gradient, sizes]), copies, false)];
};

/** The second input only says which type the first is turned into. */
const castLike: GradientRule = (context) => [context.emit.cast(context.gradient, context.inputType(0).dtype)];

export const layoutRules: Record<string, GradientRule> = {
  Reshape: reshape,
  Flatten: reshape,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Concat: concat,
  Slice: slice,
  Split: split,
  Pad: pad,
  Expand: expand,
  Tile: tile,
  CastLike: castLike,
};
