/**
 * Projection onto {d : Σ A d = 0, Σ A d² = S, −below ≤ d ≤ above} in the norm Σ A d². By the Karush–Kuhn–Tucker
 * conditions the nearest point to z is d = clip(b·z − β, −below, above) for two scalars b > 0 and β; both sums are
 * monotone in them, so they are found by Newton steps on the piecewise quadratic, guarded by bisection.
 */
import { TwinscopeError } from '../../platform/errors.ts';
import { Random } from '../../platform/random.ts';

export type Problem = {
  /** The point to be projected. */
  target: Float64Array;
  weight: Float64Array;
  below: Float64Array;
  above: Float64Array;
  sumOfSquares: number;
  /** Of the noise that replaces missing structure; null: none does. */
  seed: number | null;
};

type Scalars = { b: number; beta: number };

/** Noise added, in standard deviations of the target, when the target alone cannot be scaled to the wanted contrast. */
const noiseLadder = [0, 1e-3, 1];
/** Scale beyond which a pixel can no longer be placed between its bounds in float64. */
const largestScale = 1e9;

export function projectDeviation(problem: Problem): Float64Array {
  const { weight, below, above, seed } = problem;
  const base = standardise(problem.target, weight);
  let noise: Random | null = null;
  for (const amount of noiseLadder) {
    let z = base;
    if (amount > 0) {
      if (seed === null) break;
      noise ??= Random.fromSeed(seed, 'projection');
      const source = noise;
      const mixed = Float64Array.from(
        weight,
        (_, k) => (base === null ? 0 : (base[k] as number)) + amount * source.normal(),
      );
      z = standardise(mixed, weight);
    }
    if (z === null) continue;
    const scalars = solve(z, problem);
    if (scalars === null) continue;
    const { b, beta } = scalars;
    const deviation = new Float64Array(z.length);
    for (let k = 0; k < z.length; k++) {
      deviation[k] = Math.min(Math.max(b * (z[k] as number) - beta, -(below[k] as number)), above[k] as number);
    }
    return deviation;
  }
  throw new TwinscopeError(
    'bad-input',
    'The RMS contrast cannot be reached within the luminance range for this image. What was found before is safe. ' +
      'Lower the RMS contrast a little, or widen the range.',
  );
}

/**
 * The nearest point to the target with Σ A d = 0 and least ≤ Σ A d² ≤ most within the bounds. On a sphere only the direction
 * of the target counts; a target in between the two is only moved to its mean and clipped.
 */
export function nearestWithin(problem: Omit<Problem, 'sumOfSquares'>, least: number, most: number): Float64Array {
  if (least === most) return projectDeviation({ ...problem, sumOfSquares: most });
  const { target, weight, below, above } = problem;
  const whole = { ...problem, sumOfSquares: most };
  const beta = centre(target, whole, 1, 0);
  const { second } = sums(target, whole, { b: 1, beta });
  if (second > most) return projectDeviation(whole);
  if (second < least) return projectDeviation({ ...problem, sumOfSquares: least });
  const deviation = new Float64Array(target.length);
  for (let k = 0; k < weight.length; k++) {
    deviation[k] = Math.min(Math.max((target[k] as number) - beta, -(below[k] as number)), above[k] as number);
  }
  return deviation;
}

/** Smallest Σ A d² with Σ A d = 0 within the bounds: 0 where they all include 0. */
export function smallestSumOfSquares(weight: Float64Array, below: Float64Array, above: Float64Array): number {
  const problem = { target: weight, weight, below, above, sumOfSquares: 0, seed: 0 };
  const flat = new Float64Array(weight.length);
  return sums(flat, problem, { b: 0, beta: centre(flat, problem, 0, 0) }).second;
}

/** Weighted mean 0 and standard deviation 1; null for a uniform image. */
function standardise(values: Float64Array, weight: Float64Array): Float64Array | null {
  let total = 0;
  let sum = 0;
  let largest = 0;
  for (let k = 0; k < values.length; k++) {
    total += weight[k] as number;
    sum += (weight[k] as number) * (values[k] as number);
    largest = Math.max(largest, Math.abs(values[k] as number));
  }
  const mean = sum / total;
  let squares = 0;
  for (let k = 0; k < values.length; k++) {
    const d = (values[k] as number) - mean;
    squares += (weight[k] as number) * d * d;
  }
  const sd = Math.sqrt(squares / total);
  if (!Number.isFinite(sd)) {
    throw new TwinscopeError('bad-input', 'An image holds values that are not numbers, so it cannot be adjusted.');
  }
  // Below this the remaining structure is rounding error of a uniform image.
  if (sd <= 1e-7 * largest) return null;
  return values.map((value) => (value - mean) / sd);
}

function solve(z: Float64Array, problem: Problem): Scalars | null {
  let total = 0;
  for (const a of problem.weight) total += a;
  const start = Math.sqrt(problem.sumOfSquares / total);
  const direct = polish(z, problem, { b: start, beta: 0 });
  if (direct !== null) return direct;

  // The sum of squares rises with b; bounds that force pixels away from 0 can make it too large at the unclipped scale.
  let low = 0;
  let high = start;
  let beta = 0;
  for (;;) {
    beta = centre(z, problem, high, beta);
    if (sums(z, problem, { b: high, beta }).second >= problem.sumOfSquares) break;
    if (high > largestScale) return null;
    low = high;
    high *= 2;
  }
  for (let i = 0; i < 80; i++) {
    const b = (low + high) / 2;
    if (b <= low || b >= high) break;
    beta = centre(z, problem, b, beta);
    const polished = polish(z, problem, { b, beta });
    if (polished !== null) return polished;
    if (sums(z, problem, { b, beta }).second < problem.sumOfSquares) low = b;
    else high = b;
  }
  const scalars = { b: high, beta: centre(z, problem, high, beta) };
  const { first, second } = sums(z, problem, scalars);
  const close =
    Math.abs(second - problem.sumOfSquares) <= 1e-8 * problem.sumOfSquares &&
    Math.abs(first) <= 1e-8 * Math.sqrt(problem.sumOfSquares * total);
  return close ? scalars : null;
}

/** Σ A d and Σ A d² at (b, β), and the weighted moments of z over the pixels between their bounds. */
function sums(z: Float64Array, { weight, below, above }: Problem, { b, beta }: Scalars) {
  let clippedFirst = 0;
  let clippedSecond = 0;
  let f0 = 0;
  let f1 = 0;
  let f2 = 0;
  for (let k = 0; k < z.length; k++) {
    const a = weight[k] as number;
    const value = z[k] as number;
    const d = b * value - beta;
    const high = above[k] as number;
    const low = -(below[k] as number);
    if (d > high) {
      clippedFirst += a * high;
      clippedSecond += a * high * high;
    } else if (d < low) {
      clippedFirst += a * low;
      clippedSecond += a * low * low;
    } else {
      f0 += a;
      f1 += a * value;
      f2 += a * value * value;
    }
  }
  return {
    clippedFirst,
    clippedSecond,
    f0,
    f1,
    f2,
    first: clippedFirst + b * f1 - beta * f0,
    second: clippedSecond + b * b * f2 - 2 * b * beta * f1 + beta * beta * f0,
  };
}

/**
 * Newton's iteration: with the clipped pixels held at their bounds both equations have a closed solution. Null when it
 * does not settle.
 */
function polish(z: Float64Array, problem: Problem, start: Scalars): Scalars | null {
  const wanted = problem.sumOfSquares;
  let { b, beta } = start;
  for (let i = 0; i < 24; i++) {
    const { clippedFirst, clippedSecond, f0, f1, f2, first, second } = sums(z, problem, { b, beta });
    if (Math.abs(second - wanted) <= 1e-12 * wanted && first * first <= 1e-24 * wanted * f0) return { b, beta };
    const spread = f2 - (f1 * f1) / f0;
    const left = wanted - clippedSecond - (clippedFirst * clippedFirst) / f0;
    if (!(f0 > 0 && left > 0 && spread > 1e-14 * f2)) return null;
    b = Math.sqrt(left / spread);
    beta = (b * f1 + clippedFirst) / f0;
  }
  return null;
}

/** β at which Σ A d = 0 for a given b: the sum falls monotonically with β. */
function centre(z: Float64Array, problem: Problem, b: number, guess: number): number {
  let low = Infinity;
  let high = -Infinity;
  for (let k = 0; k < z.length; k++) {
    const scaled = b * (z[k] as number);
    low = Math.min(low, scaled - (problem.above[k] as number));
    high = Math.max(high, scaled + (problem.below[k] as number));
  }
  let beta = Math.min(Math.max(guess, low), high);
  for (let i = 0; i < 100; i++) {
    const { first, f0, second } = sums(z, problem, { b, beta });
    if (first * first <= 1e-26 * second * f0) return beta;
    if (first > 0) low = beta;
    else high = beta;
    const newton = beta + first / f0;
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    if (next === beta) return beta;
    beta = next;
  }
  return beta;
}
