/**
 * Windows of pooling, one axis at a time: where their taps read, and how what belongs to the taps goes back.
 *
 * Tap t of position j reads element s·j + t·d − before, with stride s and dilation d. With the elements counted from the
 * first padded one and written as s·row + phase, tap t reads phase (t·d mod s) at row j + (t·d div s): every tap is a
 * contiguous piece of one phase, and going back is padding and adding. No scattering, so it runs on every device.
 */
import type { AttributeValues, Dim, Dtype } from '../../onnx/index.ts';
import { convolutionKernel, windowOf, type Window } from '../../onnx/shapes/spatial.ts';
import { sliceEnd, type Emitter } from '../emitter.ts';
import type { RuleContext } from '../rule.ts';

/** Explicit pads of a window over spatial axes, with those that auto_pad stands for worked out. */
export function padsOf(context: RuleContext, window: Window, spatial: readonly Dim[]): number[] {
  if (window.autoPad === 'NOTSET' || window.autoPad === 'VALID') return window.pads;
  const totals = window.kernel.map((kernel, axis) => {
    const size = spatial[axis];
    const stride = window.strides[axis]!;
    const extent = (kernel - 1) * window.dilations[axis]! + 1;
    if (window.dilations[axis] !== 1) {
      return context.refuse('it pads by auto_pad with dilations, which runtimes understand differently');
    }
    if (stride === 1) return extent - 1;
    if (kernel === 1 && stride === 2) return 0;
    if (typeof size !== 'number') {
      return context.refuse('it pads by auto_pad, and the size of the image is fixed only at run time');
    }
    const total = (Math.ceil(size / stride) - 1) * stride + extent - size;
    // One element too many is left out at the end. Of more, runtimes leave out some at the begin.
    if (total < -1) return context.refuse('it pads by auto_pad with gaps, which runtimes understand differently');
    return Math.max(0, total);
  });
  const less = totals.map((total) => Math.floor(total / 2));
  const more = totals.map((total, axis) => total - less[axis]!);
  return window.autoPad === 'SAME_UPPER' ? [...less, ...more] : [...more, ...less];
}

/** The window of a pool with its explicit pads, and the spatial sizes before and after. */
export interface Pool {
  window: Window;
  /** Begin of every spatial axis, then end of every one. */
  pads: number[];
  input: readonly Dim[];
  output: readonly Dim[];
}

export function poolOf(context: RuleContext): Pool {
  const kernel = convolutionKernel(context.node, undefined);
  if (!kernel) return context.refuse('it states no kernel_shape');
  const window = windowOf(context.node, kernel);
  const input = context.inputType(0).shape.slice(2);
  return { window, pads: padsOf(context, window, input), input, output: context.outputType(0).shape.slice(2) };
}

/**
 * Attributes of a pool that moves along the chosen spatial axes as the given one does. Where the sizes are known its pads
 * are those its positions need, instead of ceil_mode.
 */
export function poolAttributes(context: RuleContext, pool: Pool, chosen: readonly number[]): AttributeValues {
  const { window, pads, output } = pool;
  const rank = window.kernel.length;
  const after = window.kernel.map((kernel, axis) => {
    const size = pool.input[axis];
    const positions = output[axis];
    if (typeof size !== 'number' || typeof positions !== 'number') return undefined;
    const reach = (positions - 1) * window.strides[axis]! + (kernel - 1) * window.dilations[axis]! + 1;
    return Math.max(0, reach - size - pads[axis]!);
  });
  // The runtime takes no pads as large as the kernel, which dilated windows may need.
  const explicit = after.every((pad, axis) => pad !== undefined && pad < window.kernel[axis]!);
  if (!explicit && leavesOutWindow(pool)) context.refuse('its dilated windows reach beyond the padding');
  const only = (values: readonly number[], otherwise: number): number[] =>
    values.map((value, at) => (chosen.includes(at % rank) ? value : otherwise));
  return {
    kernel_shape: only(window.kernel, 1),
    strides: only(window.strides, 1),
    dilations: only(window.dilations, 1),
    pads: only(explicit ? [...pads.slice(0, rank), ...(after as number[])] : pads, 0),
    ceil_mode: window.ceil && !explicit ? 1 : 0,
  };
}

/**
 * True where ceil_mode would place a window wholly behind the data, which is left out. ONNX's shape inference counts it,
 * so that the output of such a node must not meet tensors of its real size.
 */
export function leavesOutWindow({ window, pads, input, output }: Pool): boolean {
  const rank = window.kernel.length;
  return (
    window.ceil &&
    window.kernel.some((kernel, axis) => {
      const [size, count] = [input[axis], output[axis]];
      if (typeof size !== 'number' || typeof count !== 'number') return false;
      const room = size + pads[axis]! + pads[axis + rank]! - ((kernel - 1) * window.dilations[axis]! + 1);
      return Math.ceil(room / window.strides[axis]!) + 1 !== count;
    })
  );
}

/** A window along one axis of a tensor. */
export interface AxisWindow {
  axis: number;
  kernel: number;
  stride: number;
  dilation: number;
  /** Padding before the first element. */
  before: number;
  /** Elements along the axis, and positions of the window. */
  size: Dim;
  positions: Dim;
  /** Shape of the tensor the window moves over. */
  shape: readonly Dim[];
}

/** The window along one spatial axis of a tensor of the given shape. */
export function axisWindow({ window, pads, input, output }: Pool, spatial: number, shape: readonly Dim[]): AxisWindow {
  return {
    axis: spatial + 2,
    kernel: window.kernel[spatial]!,
    stride: window.strides[spatial]!,
    dilation: window.dilations[spatial]!,
    before: pads[spatial]!,
    size: input[spatial]!,
    positions: output[spatial]!,
    shape,
  };
}

/** True where the window only copies: one tap at every element. */
export function isIdle({ kernel, stride, before, size, positions }: AxisWindow): boolean {
  return kernel === 1 && stride === 1 && before === 0 && size === positions;
}

interface Tap {
  phase: number;
  row: number;
}

function tapsOf({ kernel, stride, dilation }: AxisWindow): Tap[] {
  return Array.from({ length: kernel }, (_, tap) => {
    const offset = tap * dilation;
    return { phase: offset % stride, row: Math.floor(offset / stride) };
  });
}

/** Rows of phases beyond the positions of the window. */
function extraRows(window: AxisWindow): number {
  return Math.floor(((window.kernel - 1) * window.dilation) / window.stride);
}

/**
 * What every tap reads, as tensors with one element per position; `padding` stands outside.
 * `over` is the tensor the window moves over, `like` one with the size of its positions.
 */
export function readTaps(emit: Emitter, window: AxisWindow, over: string, like: string, padding: string): string[] {
  const { axis, stride } = window;
  const extra = extraRows(window);
  const padded = padToRows(emit, window, over, like, padding);
  const taps = tapsOf(window);
  const phases = stride === 1 ? [padded] : splitPhases(emit, window, padded);
  return taps.map(({ phase, row }) => {
    const source = phases[phase]!;
    if (extra === 0) return source;
    return emit.slice(source, axis, row, row === extra ? sliceEnd : row - extra);
  });
}

/** Sums what belongs to every tap at the element the tap reads; the tensors have one element per position. */
export function spreadTaps(
  emit: Emitter,
  dtype: Dtype,
  window: AxisWindow,
  parts: readonly string[],
  over: string,
): string {
  const { axis, stride, shape } = window;
  const extra = extraRows(window);
  const pieces: string[][] = Array.from({ length: stride }, () => []);
  tapsOf(window).forEach(({ phase, row }, tap) => {
    const pads = shape.flatMap((_, at) => (at === axis ? [row] : [0]));
    const ends = shape.flatMap((_, at) => (at === axis ? [extra - row] : [0]));
    const part = parts[tap]!;
    pieces[phase]!.push(extra === 0 ? part : emit.node('Pad', [part, emit.ints([...pads, ...ends])]));
  });
  const sums = pieces.map((list) => (list.length > 1 ? emit.node('Sum', list) : list[0]));
  const present = sums.find((sum) => sum !== undefined)!;
  const phases = sums.map((sum) => sum ?? emit.node('Expand', [emit.scalar(0, dtype), emit.node('Shape', [present])]));
  return cropToSize(emit, window, stride === 1 ? phases[0]! : joinPhases(emit, window, phases), over);
}

/** Rows × stride elements where both are known. */
function paddedSize({ positions, stride }: AxisWindow, extra: number): number | undefined {
  return typeof positions === 'number' ? (positions + extra) * stride : undefined;
}

function padToRows(emit: Emitter, window: AxisWindow, over: string, like: string, padding: string): string {
  const { axis, before, size, shape, stride } = window;
  const extra = extraRows(window);
  const whole = paddedSize(window, extra);
  const zeros = shape.map(() => 0);
  const begins = zeros.with(axis, before);
  if (whole !== undefined && typeof size === 'number') {
    const after = whole - size - before;
    if (before === 0 && after === 0) return over;
    return emit.node('Pad', [over, emit.ints([...begins, ...zeros.with(axis, after)]), padding]);
  }
  const rows = emit.node('Add', [emit.element(emit.node('Shape', [like]), axis), emit.ints([extra])]);
  const length = emit.node('Mul', [rows, emit.ints([stride])]);
  const used = emit.node('Add', [emit.element(emit.node('Shape', [over]), axis), emit.ints([before])]);
  const parts = [emit.ints([...begins, ...zeros.slice(0, axis)]), emit.node('Sub', [length, used])];
  if (axis + 1 < shape.length) parts.push(emit.ints(zeros.slice(axis + 1)));
  return emit.node('Pad', [over, emit.node('Concat', parts, { axis: 0 }), padding]);
}

function splitPhases(emit: Emitter, { axis, stride, shape }: AxisWindow, padded: string): string[] {
  const rows = emit.node('Reshape', [padded, sizesAfter(emit, padded, shape, axis, [-1, stride])]);
  const each = Array.from({ length: stride }, () => 1);
  return emit.pieces(rows, each, axis + 1).map((phase) => emit.squeeze(phase, [axis + 1]));
}

function joinPhases(emit: Emitter, { axis, shape }: AxisWindow, phases: readonly string[]): string {
  const columns = phases.map((phase) => emit.unsqueeze(phase, [axis + 1]));
  const rows = emit.node('Concat', columns, { axis: axis + 1 });
  return emit.node('Reshape', [rows, sizesAfter(emit, phases[0]!, shape, axis, [-1])]);
}

/** Sizes for Reshape: those before `axis` stay, `instead` stands for it, those behind it are read where they are open. */
function sizesAfter(
  emit: Emitter,
  like: string,
  shape: readonly Dim[],
  axis: number,
  instead: readonly number[],
): string {
  const head = [...shape.slice(0, axis).map(() => 0), ...instead];
  const tail = shape.slice(axis + 1);
  if (tail.every((size) => typeof size === 'number')) return emit.ints([...head, ...tail]);
  const sizes = emit.node('Slice', [emit.node('Shape', [like]), emit.ints([axis + 1]), emit.ints([sliceEnd])]);
  return emit.node('Concat', [emit.ints(head), sizes], { axis: 0 });
}

function cropToSize(emit: Emitter, window: AxisWindow, spread: string, over: string): string {
  const { axis, before, size, shape } = window;
  const whole = paddedSize(window, extraRows(window));
  if (whole !== undefined && typeof size === 'number') {
    if (before === 0 && whole === size) return spread;
    if (whole >= before + size) return emit.slice(spread, axis, before, before + size);
    // The last elements are read by no window.
    const pads = shape.map((_, at) => (at === axis ? -before : 0));
    const ends = shape.map((_, at) => (at === axis ? size + before - whole : 0));
    return emit.node('Pad', [spread, emit.ints([...pads, ...ends])]);
  }
  const length = emit.element(emit.node('Shape', [over]), axis);
  const missing = emit.node('Sub', [
    emit.node('Add', [length, emit.ints([before])]),
    emit.element(emit.node('Shape', [spread]), axis),
  ]);
  const zeros = shape.map(() => 0);
  const parts = [emit.ints([...zeros.with(axis, -before), ...zeros.slice(0, axis)]), missing];
  if (axis + 1 < shape.length) parts.push(emit.ints(zeros.slice(axis + 1)));
  return emit.node('Pad', [spread, emit.node('Concat', parts, { axis: 0 })]);
}
