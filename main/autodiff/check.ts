/**
 * Checks a gradient against finite differences of the function it belongs to.
 *
 * In float32 a finite difference cannot be compared with the directional derivative itself, which is tiny in most
 * directions: the error is taken relative to the largest slope a direction of that length could have,
 * |FD − g·δ| / (‖g‖·‖δ‖), with central differences, FD and all sums in float64, δ the step that float32 really made, and
 * the best of up to six step sizes.
 */
import { Random } from '../platform/random.ts';

/** Values in the precision of the function under test. */
export type FloatArray = Float32Array | Float64Array;

/** The function under test; arrays are flattened. Runs may be on any device. */
export interface CheckedFunction<A extends FloatArray = Float32Array> {
  outputs(x: A): Promise<A>;
  /** Gradient of Σ cotangent · outputs at x. */
  gradient(x: A, cotangent: A): Promise<A>;
  /** What x becomes in the function's own precision, where that is coarser than the array's. */
  round?(x: A): A;
}

export interface GradientCheckRequest<A extends FloatArray = Float32Array> {
  /** Where to check; away from blank images, where many models have a kink. */
  x: A;
  cotangent: A;
  seed: number;
  /** False for piecewise-linear models, whose kinks the longer steps cross. */
  smooth: boolean;
  /** Told after each random direction. */
  onDirection?: ((done: number, total: number) => void) | undefined;
}

export interface GradientCheck {
  /**
   * verified: all directions agree. contradicted: finite differences agree with each other and not with the gradient.
   * refused: the gradient is not finite. inconclusive: nothing could be shown here.
   */
  verdict: 'verified' | 'inconclusive' | 'contradicted' | 'refused';
  /** Largest error over the random directions, and its tolerance. */
  randomError: number;
  randomTolerance: number;
  /** Error along the gradient itself, and its tolerance. */
  ownError: number;
  ownTolerance: number;
  gradientNorm: number;
  /** The verdict as a sentence with its figures. */
  sentence: string;
}

const randomDirections = 8;
const randomTolerance = 1e-3;
const smoothTolerance = 1e-3;
const kinkedTolerance = 1e-2;

/** Longest usual step: largest change of any element, relative to the root mean square of x. */
const usualStep = 1e-1;

/** The six steps of a ladder, relative to its longest. */
const ladder = [1, 3e-1, 1e-1, 3e-2, 1e-2, 3e-3];

export async function checkGradient<A extends FloatArray>(
  checked: CheckedFunction<A>,
  request: GradientCheckRequest<A>,
): Promise<GradientCheck> {
  const { x, cotangent, smooth } = request;
  const ownTolerance = smooth ? smoothTolerance : kinkedTolerance;
  const gradient = await checked.gradient(x, cotangent);
  const gradientNorm = norm(gradient);
  const judge = (
    verdict: GradientCheck['verdict'],
    sentence: string,
    randomError = Number.NaN,
    ownError = Number.NaN,
  ): GradientCheck => ({ verdict, sentence, randomError, randomTolerance, ownError, ownTolerance, gradientNorm });
  if (!Number.isFinite(gradientNorm)) {
    return judge('refused', 'The gradient holds values that are not finite numbers at the image it was checked at.');
  }
  if (gradientNorm === 0) {
    return judge(
      'inconclusive',
      'The gradient is zero at the image it was checked at, so there is nothing to compare.',
    );
  }

  const random = Random.fromSeed(request.seed, 'directions of a gradient check');
  const directions = Array.from({ length: randomDirections }, () => Float64Array.from(x, () => random.normal()));
  const noise = await measureNoise(checked, request, gradient, directions[0]!);
  const point: Point<A> = { checked, request, gradient, gradientNorm, noise };

  const own = await compare(point, gradient, ownTolerance);
  const others: Comparison[] = [];
  for (const [index, direction] of directions.entries()) {
    others.push(await compare(point, direction, randomTolerance));
    request.onDirection?.(index + 1, randomDirections);
  }
  const ownError = own.best;
  const randomError = Math.max(...others.map(({ best }) => best));
  const figures =
    `error ${ownError.toExponential(1)} along the gradient (tolerance ${ownTolerance}), ` +
    `${randomError.toExponential(1)} in ${randomDirections} random directions (tolerance ${randomTolerance})`;
  if ([own, ...others].some(({ contradicts }) => contradicts)) {
    return judge('contradicted', `The gradient disagrees with finite differences: ${figures}.`, randomError, ownError);
  }
  if ([own, ...others].every(({ agrees }) => agrees)) {
    return judge('verified', `The gradient agrees with finite differences: ${figures}.`, randomError, ownError);
  }
  return judge(
    'inconclusive',
    `Finite differences could neither confirm nor refute the gradient here: ${figures}.`,
    randomError,
    ownError,
  );
}

/** What is differentiated, where, and how far its responses scatter there. */
interface Point<A extends FloatArray> {
  checked: CheckedFunction<A>;
  request: GradientCheckRequest<A>;
  gradient: A;
  gradientNorm: number;
  noise: number;
}

interface Difference {
  /** (FD − g·δ) / (‖g‖·‖δ‖). */
  error: number;
  /** FD alone, and its standard deviation by noise, in the same unit. */
  slope: number;
  noise: number;
}

interface Comparison {
  /** Least error of a step that stands above the noise; of any step where none does, which then shows nothing. */
  best: number;
  agrees: boolean;
  contradicts: boolean;
}

/**
 * Compares along one direction. The steps follow the size of x, and where they are lost in noise, the noise: a small x
 * does not mean that the function changes within so short a distance. Where all usual steps are far above the noise and
 * do not agree, shorter ones may: then it is the function that changes within a short distance.
 */
async function compare<A extends FloatArray>(
  point: Point<A>,
  direction: ArrayLike<number>,
  tolerance: number,
): Promise<Comparison> {
  const { gradientNorm, noise, request } = point;
  const usual = usualStep * scaleOf(request.x);
  const length = norm(direction) / largestOf(direction);
  /** Here the noise of a central difference is a tenth of the tolerance in random directions. */
  const quiet = (10 * noise) / (randomTolerance * gradientNorm * Math.SQRT2 * length);
  const first = await climbDown(point, direction, tolerance, Number.isFinite(quiet) ? Math.max(usual, 10 * quiet) : usual);
  const quietBelow = 10 * quiet < usual * ladder.at(-1)!;
  if (first.agrees || !quietBelow || quiet === 0) return first;
  const second = await climbDown(point, direction, tolerance, 30 * quiet);
  if (second.agrees) return second;
  return { ...first, contradicts: first.contradicts || second.contradicts };
}

/** Differences from the longest step on, up to one that leaves no doubt. */
async function climbDown<A extends FloatArray>(
  point: Point<A>,
  direction: ArrayLike<number>,
  tolerance: number,
  longest: number,
): Promise<Comparison> {
  const differences: Difference[] = [];
  let best = Infinity;
  let loud = Infinity;
  for (const part of ladder) {
    const found = await centralDifference(point, direction, (part * longest) / largestOf(direction));
    if (!Number.isFinite(found.error)) continue;
    loud = Math.min(loud, Math.abs(found.error));
    if (found.noise > tolerance / 3) continue;
    differences.push(found);
    best = Math.min(best, Math.abs(found.error));
    if (best <= tolerance / 10) break;
  }
  const agrees = best <= tolerance;
  return { best: differences.length > 0 ? best : loud, agrees, contradicts: contradicts(differences, best, tolerance) };
}

async function centralDifference<A extends FloatArray>(
  { checked, request, gradient, gradientNorm, noise }: Point<A>,
  direction: ArrayLike<number>,
  size: number,
): Promise<Difference> {
  const above = moved(checked, request.x, direction, size);
  const below = moved(checked, request.x, direction, -size);
  const yAbove = await checked.outputs(above);
  const yBelow = await checked.outputs(below);
  let difference = 0;
  for (const [index, weight] of request.cotangent.entries()) difference += weight * (yAbove[index]! - yBelow[index]!);
  let predicted = 0;
  let squared = 0;
  for (let index = 0; index < above.length; index++) {
    const delta = above[index]! - below[index]!;
    predicted += gradient[index]! * delta;
    squared += delta * delta;
  }
  const unit = gradientNorm * Math.sqrt(squared);
  return { error: (difference - predicted) / unit, slope: difference / unit, noise: (Math.SQRT2 * noise) / unit };
}

/**
 * Neighbouring steps find the same slope, far above the noise, and it is not the gradient's. The slopes must agree among
 * themselves too: those of a function that has levelled off are all small, and fall with the step. Between half of the
 * wide tolerance and all of it three steps must agree closely: an error by kinks changes with the step.
 */
function contradicts(differences: readonly Difference[], best: number, tolerance: number): boolean {
  const agree = (count: number, within: number, above: number): boolean =>
    differences.some((_, index) => {
      const run = differences.slice(index, index + count);
      const spread = (values: number[]): number => Math.max(...values) - Math.min(...values);
      const slopes = run.map(({ slope }) => slope);
      const noise = Math.max(...run.map((found) => found.noise));
      return (
        run.length === count &&
        run.every(({ error }) => Math.abs(error) > above) &&
        noise <= within / 3 &&
        spread(run.map(({ error }) => error)) <= within &&
        spread(slopes) <= 0.2 * Math.max(...slopes.map(Math.abs)) + 4 * noise
      );
    });
  if (best > tolerance) return agree(2, tolerance / 2, tolerance);
  return tolerance > randomTolerance && best > tolerance / 2 && agree(3, tolerance / 20, tolerance / 2);
}

/** Points in a row for the noise, and how often they are set wider apart where the responses do not change. */
const rowLength = 6;
const rowAttempts = 6;

/**
 * Standard deviation of cotangent · outputs by rounding: third differences of a row of points that are too near to one
 * another for the function to bend (Moré and Wild, Estimating computational noise, 2011; γ₃ = (3!)²/6! = 1/20). Infinite
 * where the responses scatter by more than a hundredth of themselves: that is not rounding.
 */
async function measureNoise<A extends FloatArray>(
  checked: CheckedFunction<A>,
  { x, cotangent }: GradientCheckRequest<A>,
  gradient: A,
  direction: ArrayLike<number>,
): Promise<number> {
  let apart = (5e-6 * scaleOf(x)) / largestOf(direction);
  let values: number[] = [];
  let size = 0;
  for (let attempt = 0; attempt < rowAttempts; attempt++, apart *= 100) {
    values = [];
    const responses = new Set<number>();
    for (let place = 0; place < rowLength; place++) {
      const at = moved(checked, x, direction, place * apart);
      const outputs = await checked.outputs(at);
      let value = 0;
      let squares = 0;
      for (const [index, weight] of cotangent.entries()) {
        value += weight * outputs[index]!;
        squares += (weight * outputs[index]!) ** 2;
      }
      responses.add(value);
      // What rounding has done to the point itself is no noise: the differences count it exactly.
      for (let index = 0; index < at.length; index++)
        value -= gradient[index]! * (at[index]! - x[index]! - place * apart * direction[index]!);
      values.push(value);
      size = Math.sqrt(squares);
    }
    if (responses.size > rowLength / 2) break;
  }
  let row = values;
  for (let order = 0; order < 3; order++) row = row.slice(1).map((value, index) => value - row[index]!);
  const noise = norm(row) / Math.sqrt(20 * row.length);
  return noise > size / 100 ? Infinity : noise;
}

function moved<A extends FloatArray>(
  checked: CheckedFunction<A>,
  x: A,
  direction: ArrayLike<number>,
  size: number,
): A {
  const there = x.map((value, index) => value + size * direction[index]!) as A;
  return checked.round?.(there) ?? there;
}

/** Root mean square; 1 for a blank. */
function scaleOf(x: ArrayLike<number>): number {
  return norm(x) / Math.sqrt(x.length) || 1;
}

function largestOf(values: ArrayLike<number>): number {
  let largest = 0;
  for (let index = 0; index < values.length; index++) largest = Math.max(largest, Math.abs(values[index]!));
  return largest;
}

function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index]! * values[index]!;
  return Math.sqrt(sum);
}
