/** Averages and norms over windows: every element of a window gets its share of the gradient. */
import { intAttribute, type Dim } from '../../onnx/index.ts';
import type { GradientRule, RuleContext } from '../rule.ts';
import { maxPoolingRules } from './maxPooling.ts';
import { axisWindow, isIdle, leavesOutWindow, poolAttributes, poolOf, spreadTaps, type Pool } from './windows.ts';

/** How many elements each position of the window averages along one axis. */
function countsAlong({ window, pads, input, output }: Pool, axis: number, includePads: boolean): number[] {
  const before = pads[axis]!;
  const size = input[axis] as number;
  const low = includePads ? -before : 0;
  const high = includePads ? size + pads[axis + window.kernel.length]! : size;
  return Array.from({ length: output[axis] as number }, (_, position) => {
    const start = position * window.strides[axis]! - before;
    let count = 0;
    for (let tap = 0; tap < window.kernel[axis]!; tap++) {
      const at = start + tap * window.dilations[axis]!;
      if (at >= low && at < high) count += 1;
    }
    return count;
  });
}

const areaOf = ({ window }: Pool): number => window.kernel.reduce((product, size) => product * size, 1);

/** Divides the gradient by the number of elements averaged at each position. */
function shares(context: RuleContext, pool: Pool): string {
  const { emit, gradient, node } = context;
  const { dtype } = context.inputType(0);
  const { window, pads, input, output } = pool;
  const includePads = intAttribute(node, 'count_include_pad', 0) === 1;
  if (!window.ceil && (includePads || pads.every((pad) => pad === 0))) {
    return emit.node('Mul', [gradient, emit.scalar(1 / areaOf(pool), dtype)]);
  }
  if ([...input, ...output].every((size) => typeof size === 'number')) {
    const table = window.kernel.reduce<number[]>(
      (shared, _, axis) => {
        const counts = countsAlong(pool, axis, includePads);
        return shared.flatMap((share) => counts.map((count) => share / count));
      },
      [1],
    );
    return emit.node('Mul', [gradient, emit.floats(dtype, [1, 1, ...(output as number[])], table)]);
  }
  if (includePads) {
    return context.refuse(
      'with ceil_mode it averages over fewer elements at the border of an image whose size is fixed only at run time',
    );
  }
  return emit.node('Div', [gradient, countedAtRunTime(context, pool)]);
}

/** The number of elements in every window: the sum of ones, which a pool by the 1-norm is. */
function countedAtRunTime(context: RuleContext, pool: Pool): string {
  const { emit, input, inputType } = context;
  const rank = pool.window.kernel.length;
  const spatial = emit.node('Slice', [emit.node('Shape', [input(0)]), emit.ints([2]), emit.ints([2 + rank])]);
  const sizes = emit.node('Concat', [emit.ints([1, 1]), spatial], { axis: 0 });
  const ones = emit.node('Expand', [emit.scalar(1, inputType(0).dtype), sizes]);
  return emit.node('LpPool', [ones], { ...poolAttributes(context, pool, [...pool.window.kernel.keys()]), p: 1 });
}

/** Adds each position's share to all elements of its window, one axis after another. */
function spreadShares(context: RuleContext, share: string, pool: Pool): string {
  const { emit } = context;
  const { window, pads, output } = pool;
  const { shape } = context.inputType(0);
  if (slidesByOne(pool)) {
    // The windows an element lies in are a window themselves.
    const rank = window.kernel.length;
    const reach = pads.map((pad, side) => window.kernel[side % rank]! - 1 - pad);
    const pooled = emit.node('AveragePool', [share], {
      kernel_shape: window.kernel,
      pads: reach,
      count_include_pad: 1,
    });
    return emit.node('Mul', [pooled, emit.scalar(areaOf(pool), context.inputType(0).dtype)]);
  }
  if (tiles(pool)) return repeatShares(context, share, pool);
  let sizes: Dim[] = [...shape.slice(0, 2), ...output];
  return window.kernel.reduce((current, _, axis) => {
    const along = axisWindow(pool, axis, sizes);
    if (isIdle(along)) return current;
    sizes = sizes.with(axis + 2, shape[axis + 2]!);
    const parts = Array.from({ length: along.kernel }, () => current);
    return spreadTaps(emit, context.inputType(0).dtype, along, parts, context.input(0));
  }, share);
}

/** Repeats every share over its tile; what no tile covers gets zeros. */
function repeatShares(context: RuleContext, share: string, { window, input, output }: Pool): string {
  const { emit } = context;
  const scales = emit.floats('float32', [2 + window.kernel.length], [1, 1, ...window.kernel]);
  const repeated = emit.node('Resize', [share, '', scales], {
    mode: 'nearest',
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
  });
  const rests = input.map((size, axis) => {
    const positions = output[axis];
    return typeof size === 'number' && typeof positions === 'number' ? size - positions * window.kernel[axis]! : '?';
  });
  if (rests.every((rest) => rest === 0)) return repeated;
  const none = [0, 0, ...input.map(() => 0)];
  if (rests.every((rest) => rest !== '?')) {
    return emit.node('Pad', [repeated, emit.ints([...none, 0, 0, ...(rests as number[])])]);
  }
  const missing = emit.node('Sub', [emit.node('Shape', [context.input(0)]), emit.node('Shape', [repeated])]);
  return emit.node('Pad', [repeated, emit.node('Concat', [emit.ints(none), missing], { axis: 0 })]);
}

function tiles({ window, pads }: Pool): boolean {
  const begins = pads.slice(0, window.kernel.length);
  return window.kernel.every((kernel, axis) => {
    return kernel === window.strides[axis] && window.dilations[axis] === 1 && begins[axis] === 0;
  });
}

function slidesByOne({ window, pads }: Pool): boolean {
  const rank = window.kernel.length;
  const ones = [...window.strides, ...window.dilations].every((value) => value === 1);
  return ones && !window.ceil && pads.every((pad, side) => pad < window.kernel[side % rank]!);
}

const averagePool: GradientRule = (context) => {
  const pool = poolOf(context);
  if (coversOnce(pool)) {
    const share = shares(context, pool);
    return [context.emit.node('Expand', [share, context.emit.shapeOf(context.input(0), context.inputType(0).shape)])];
  }
  return [spreadShares(context, shares(context, pool), pool)];
};

/** True where there is one position, and it covers the whole image. */
function coversOnce({ window, pads, input, output }: Pool): boolean {
  return input.every((size, axis) => {
    const covered = typeof size === 'number' && window.kernel[axis]! - pads[axis]! >= size;
    return output[axis] === 1 && window.dilations[axis] === 1 && covered;
  });
}

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

/**
 * y = (Σ|x|^p)^(1/p): dy/dx = sign(x)·(|x|/y)^(p − 1), and 0 where the norm is 0. Returns the factor that belongs to the
 * position (g·y^(1 − p)) and the one that belongs to the element (sign(x)·|x|^(p − 1)).
 */
function normFactors(context: RuleContext, p: number, y: string): { share: string; slope: string } {
  const { emit, gradient } = context;
  const { dtype } = context.inputType(0);
  const x = context.input(0);
  if (p === 1) return { share: gradient, slope: emit.node('Sign', [x]) };
  const zero = emit.scalar(0, dtype);
  const raised = p === 2 ? y : emit.node('Pow', [y, emit.scalar(p - 1, dtype)]);
  const share = emit.node('Where', [emit.node('Equal', [y, zero]), zero, emit.node('Div', [gradient, raised])]);
  if (p === 2) return { share, slope: x };
  const magnitude = emit.node('Pow', [emit.node('Abs', [x]), emit.scalar(p - 1, dtype)]);
  return { share, slope: emit.node('Mul', [emit.node('Sign', [x]), magnitude]) };
}

const lpPool: GradientRule = (context) => {
  const pool = poolOf(context);
  const p = intAttribute(context.node, 'p', 2);
  const again = (): string => {
    const attributes = { ...poolAttributes(context, pool, [...pool.window.kernel.keys()]), p };
    return context.emit.node('LpPool', [context.input(0)], attributes);
  };
  const y = leavesOutWindow(pool) ? again() : context.output(0);
  const { share, slope } = normFactors(context, p, y);
  return [context.emit.node('Mul', [spreadShares(context, share, pool), slope])];
};

const globalLpPool: GradientRule = (context) => {
  const { share, slope } = normFactors(context, intAttribute(context.node, 'p', 2), context.output(0));
  return [context.emit.node('Mul', [slope, share])];
};

export const poolingRules: Record<string, GradientRule> = {
  ...maxPoolingRules,
  AveragePool: averagePool,
  GlobalAveragePool: globalAveragePool,
  LpPool: lpPool,
  GlobalLpPool: globalLpPool,
};
