/** The largest of a window. Of equal elements the first in reading order takes the whole gradient, as in PyTorch. */
import type { GradientRule, RuleContext } from '../rule.ts';
import { inSinglePrecision } from './singlePrecision.ts';
import {
  axisWindow,
  isIdle,
  leavesOutWindow,
  poolAttributes,
  poolOf,
  readTaps,
  spreadTaps,
  type AxisWindow,
  type Pool,
} from './windows.ts';

/**
 * A maximum over a box is a maximum along one axis after another, the last axis first. Going back, the first axis comes
 * first, so that among equal elements the one in the first row is chosen, and within it the one in the first column.
 */
const maxPool: GradientRule = (context) => {
  const pool = poolOf(context);
  const { shape } = context.inputType(0);
  if (coversEverything(pool)) return globalMaxPool(context);
  const stages: { window: AxisWindow; over: string; pooled: string }[] = [];
  let over = context.input(0);
  let sizes = [...shape];
  const spatialAxes = pool.window.kernel.map((_, axis) => axis);
  const busy = spatialAxes.filter((axis) => !isIdle(axisWindow(pool, axis, shape)));
  for (const axis of busy.toReversed()) {
    const last = axis === busy[0] && !leavesOutWindow(pool);
    const pooled = last
      ? context.output(0)
      : context.emit.node('MaxPool', [over], poolAttributes(context, pool, [axis]));
    stages.push({ window: axisWindow(pool, axis, sizes), over, pooled });
    sizes = sizes.with(axis + 2, pool.output[axis]!);
    over = pooled;
  }
  const gradient = stages
    .toReversed()
    .reduce(
      (current, { window, over: from, pooled }) => firstLargest(context, window, from, pooled, current),
      context.gradient,
    );
  return [gradient];
};

/** Gives the gradient of every position to the first of its taps that equals the maximum. */
function firstLargest(
  { emit, inputType }: RuleContext,
  window: AxisWindow,
  over: string,
  pooled: string,
  gradient: string,
): string {
  const { dtype } = inputType(0);
  const zero = emit.scalar(0, dtype);
  const taps = readTaps(emit, window, over, pooled, emit.scalar(-Infinity, dtype));
  let rest = gradient;
  const parts = taps.map((tap, index) => {
    // What no earlier tap took belongs to the last.
    if (index === taps.length - 1) return rest;
    const taken = emit.node('Equal', [tap, pooled]);
    const part = emit.node('Where', [taken, rest, zero]);
    // An infinite gradient less itself would be no number.
    rest = emit.steepSlopes ? emit.node('Where', [taken, zero, rest]) : emit.node('Sub', [rest, part]);
    return part;
  });
  return spreadTaps(emit, dtype, window, parts, over);
}

function coversEverything({ window, pads, input, output }: Pool): boolean {
  return input.every((size, axis) => {
    const [kernel, before] = [window.kernel[axis]!, pads[axis]!];
    const whole = typeof size === 'number' && window.dilations[axis] === 1 && kernel - before >= size;
    return output[axis] === 1 && whole;
  });
}

/** The first largest element of every channel, found by ArgMax over its elements in reading order. */
function globalMaxPool(context: RuleContext): string[] {
  const { emit, gradient } = context;
  const { dtype, shape } = context.inputType(0);
  const flat = emit.node('Reshape', [context.input(0), emit.ints([0, 0, -1])]);
  const largest = emit.node('ArgMax', [flat], { axis: 2, keepdims: 1 });
  const chosen = emit.node('Equal', [places(context, flat), largest]);
  const share = emit.node('Reshape', [gradient, emit.ints([0, 0, 1])]);
  const spread = emit.node('Where', [chosen, share, emit.scalar(0, dtype)]);
  return [emit.reshapeLike(spread, context.input(0), shape)];
}

/** 0, 1, 2 … along the last axis of `flat`. */
function places({ emit, inputType }: RuleContext, flat: string): string {
  const sizes = inputType(0).shape.slice(2);
  if (sizes.every((size) => typeof size === 'number')) {
    const count = sizes.reduce((total, size) => total * size, 1);
    return emit.ints(Array.from({ length: count }, (_, place) => place));
  }
  const scalar = (vector: string): string => emit.squeeze(vector, [0]);
  const count = emit.element(emit.node('Shape', [flat]), 2);
  return emit.node('Range', [scalar(emit.ints([0])), scalar(count), scalar(emit.ints([1]))]);
}

export const maxPoolingRules: Record<string, GradientRule> = {
  MaxPool: inSinglePrecision(maxPool),
  GlobalMaxPool: globalMaxPool,
};
