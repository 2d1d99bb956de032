/**
 * Checks a gradient against finite differences of the function it belongs to.
 *
 * In float32 a finite difference cannot be compared with the directional derivative itself, which is tiny in most
 * directions: the error is taken relative to the largest slope a direction of that length could have,
 * |FD − g·δ| / (‖g‖·‖δ‖), with central differences, FD and all sums in float64, δ the step that float32 really made, and
 * the best of up to six step sizes, and of six more where those show nothing. The noise of the responses is measured first: a step that does not stand above it
 * shows nothing, neither for the gradient nor against it.
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
  /** Largest change that any step made to an element of x; 0 where none was made. */
  longestStep: number;
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
    longestStep = 0,
  ): GradientCheck => ({
    verdict,
    sentence,
    randomError,
    randomTolerance,
    ownError,
    ownTolerance,
    gradientNorm,
    longestStep,
  });
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
  const all = [own, ...others];
  const longest = Math.max(...all.map((compared) => compared.longest));
  const judged = (verdict: GradientCheck['verdict'], said: string): GradientCheck =>
    judge(verdict, `${said}: ${figures}.`, randomError, ownError, longest);
  // Beyond a kink nearer than the steps can reach, a random direction finds the mean of two slopes.
  const counted = smooth || !own.agrees ? all : all.filter((compared) => compared === own || !compared.lengthened);
  if (counted.some(({ contradicts }) => contradicts)) {
    return judged('contradicted', 'The gradient disagrees with finite differences');
  }
  if (all.every(({ agrees }) => agrees)) return judged('verified', 'The gradient agrees with finite differences');
  return judged('inconclusive', 'Finite differences could neither confirm nor refute the gradient here');
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
  /** ‖δ‖. */
  length: number;
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
  /** Largest change of any element, and whether it is more than the size of x would give. */
  longest: number;
  lengthened: boolean;
}

/**
 * Compares along one direction. The steps follow the size of x; where that shows nothing, they follow the noise. A small x
 * does not mean that the function changes within so short a distance, nor a large one that it is smooth over a long one.
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
  const wide = tolerance > randomTolerance;
  let differences = await climbDown(point, direction, tolerance, usual);
  let longest = usual;
  const tooShort = 10 * quiet > usual;
  const tooLong = quiet < usual * ladder.at(-1)!;
  const enough = wide ? tolerance / 2 : tolerance;
  if (least(heardOf(differences)) > enough && (tooShort || tooLong) && Number.isFinite(quiet)) {
    const other = (tooShort ? 10 : 30) * quiet;
    longest = Math.max(usual, other);
    differences = [...differences, ...(await climbDown(point, direction, tolerance, other))];
    differences.sort((a, b) => b.length - a.length);
  }
  const heard = heardOf(differences);
  return {
    best: least(heard.length > 0 ? heard : differences),
    agrees: least(heard) <= tolerance,
    contradicts: contradicts(heard, tolerance, request.smooth),
    longest,
    lengthened: longest > usual,
  };
}

/** Those that stand above the noise. */
function heardOf(differences: readonly Difference[]): Difference[] {
  return differences.filter(({ noise }) => noise <= randomTolerance);
}

function least(differences: readonly Difference[]): number {
  return Math.min(...differences.map(({ error }) => Math.abs(error)));
}

/** Differences from the longest step on, up to one that leaves no doubt or is lost in noise. */
async function climbDown<A extends FloatArray>(
  point: Point<A>,
  direction: ArrayLike<number>,
  tolerance: number,
  longest: number,
): Promise<Difference[]> {
  const differences: Difference[] = [];
  /** Under the wide tolerance one error may be small by chance: those of kinks change their sign. */
  const sufficient = tolerance > randomTolerance ? 2 : 1;
  for (const part of ladder) {
    const found = await centralDifference(point, direction, (part * longest) / largestOf(direction));
    if (!Number.isFinite(found.error)) continue;
    differences.push(found);
    const clear = differences.slice(-sufficient).filter(({ error }) => Math.abs(error) <= tolerance / 10);
    if (found.noise > randomTolerance || clear.length === sufficient) break;
  }
  return differences;
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
  const length = Math.sqrt(squared);
  const unit = gradientNorm * length;
  return {
    length,
    error: (difference - predicted) / unit,
    slope: difference / unit,
    noise: (Math.SQRT2 * noise) / unit,
  };
}

/**
 * Two neighbouring steps find the same slope, and it is not the gradient's. Where no step comes within the tolerance any
 * two count that stand far above the noise; beside kinks two of the three shortest. Under the wide tolerance those count
 * also where a longer step came within it: an error by kinks would have changed from one to the other.
 */
function contradicts(differences: readonly Difference[], tolerance: number, smooth: boolean): boolean {
  const wide = tolerance > randomTolerance;
  const quiet = differences.filter(({ noise }) => noise <= (wide ? tolerance / 20 : tolerance / 5));
  const neighbours = quiet.slice(1).map((found, index): [Difference, Difference] => [quiet[index]!, found]);
  // Steps that reach far beyond a kink agree on the mean of its two slopes.
  const pairs = smooth ? neighbours : neighbours.slice(-2);
  if (differences.every(({ error }) => Math.abs(error) > tolerance)) {
    if (smooth && converges(quiet.slice(-3), tolerance)) return true;
    if (pairs.some((pair) => sameSlope(pair, tolerance, (error) => Math.min(tolerance / 2, error / 4)))) return true;
  }
  if (!wide || quiet.length < 2) return false;
  const beyond = (index: number): boolean =>
    quiet.slice(index).every(({ error }) => Math.abs(error) > tolerance / 2) &&
    sameSlope([quiet[index]!, quiet[index + 1]!], tolerance / 2, (error) => error / 10);
  return [quiet.length - 2, quiet.length - 3].some((index) => index >= 0 && beyond(index));
}

/** The errors of a smooth function change with the square of the step: these are about to end beyond the tolerance. */
function converges([first, second, third]: readonly Difference[], tolerance: number): boolean {
  if (first === undefined || second === undefined || third === undefined) return false;
  const change = Math.abs(second.error - third.error);
  return change <= Math.abs(first.error - second.error) / 4 && Math.abs(third.error) > tolerance + change / 2;
}

/**
 * Both errors lie above a bound and near to one another. The slopes must agree among themselves too: those of a function
 * that has levelled off are all small, and fall as the step grows.
 */
function sameSlope([a, b]: [Difference, Difference], above: number, within: (error: number) => number): boolean {
  const error = Math.min(Math.abs(a.error), Math.abs(b.error));
  const slope = Math.max(Math.abs(a.slope), Math.abs(b.slope));
  return (
    error > above &&
    Math.abs(a.error - b.error) <= within(error) &&
    Math.abs(a.slope - b.slope) <= slope / 5 + 4 * Math.max(a.noise, b.noise)
  );
}

/** Points in a row for the noise, and how often they are set wider apart where the responses do not change. */
const rowLength = 6;
const rowAttempts = 4;

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
  const own = await checked.outputs(x);
  const size = norm(Float64Array.from(cotangent, (weight, index) => weight * own[index]!));
  /** Half a unit in the last place: a row must not change by less. */
  const least = size * (x instanceof Float64Array ? 2 ** -53 : 2 ** -24);
  let apart = Math.max((5e-6 * scaleOf(x)) / largestOf(direction), least / (norm(gradient) * norm(direction)));
  let values: number[] = [];
  for (let attempt = 0; attempt < rowAttempts; attempt++, apart *= 100) {
    values = [];
    const responses = new Set<number>();
    for (let place = 0; place < rowLength; place++) {
      const at = moved(checked, x, direction, place * apart);
      const outputs = await checked.outputs(at);
      let value = 0;
      for (const [index, weight] of cotangent.entries()) value += weight * outputs[index]!;
      responses.add(value);
      // What rounding has done to the point itself is no noise: the differences count it exactly.
      for (let index = 0; index < at.length; index++)
        value -= gradient[index]! * (at[index]! - x[index]! - place * apart * direction[index]!);
      values.push(value);
    }
    if (responses.size > rowLength / 2) break;
  }
  let row = values;
  for (let order = 0; order < 3; order++) row = row.slice(1).map((value, index) => value - row[index]!);
  const noise = norm(row) / Math.sqrt(20 * row.length);
  return noise > size / 100 ? Infinity : Math.max(noise, least);
}

function moved<A extends FloatArray>(checked: CheckedFunction<A>, x: A, direction: ArrayLike<number>, size: number): A {
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
