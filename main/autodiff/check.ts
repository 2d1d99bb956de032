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

/** Largest change of any element, relative to the root mean square of x. */
const steps = [1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4];

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

  /** Signed errors from the longest step on, up to one that leaves no doubt. */
  const slopes = async (direction: ArrayLike<number>, tolerance: number): Promise<number[]> => {
    const errors: number[] = [];
    for (const step of steps) {
      errors.push(await errorAt(checked, request, gradient, gradientNorm, direction, step));
      if (best(errors) <= tolerance / 10) break;
    }
    return errors;
  };
  const own = await slopes(gradient, ownTolerance);
  const random = Random.fromSeed(request.seed, 'directions of a gradient check');
  const others: number[][] = [];
  for (let index = 0; index < randomDirections; index++) {
    const direction = Float64Array.from(x, () => random.normal());
    others.push(await slopes(direction, randomTolerance));
    request.onDirection?.(index + 1, randomDirections);
  }
  const ownError = best(own);
  const randomError = Math.max(...others.map(best));
  const figures =
    `error ${ownError.toExponential(1)} along the gradient (tolerance ${ownTolerance}), ` +
    `${randomError.toExponential(1)} in ${randomDirections} random directions (tolerance ${randomTolerance})`;
  if (ownError <= ownTolerance && randomError <= randomTolerance) {
    return judge('verified', `The gradient agrees with finite differences: ${figures}.`, randomError, ownError);
  }
  if (contradicts(own, ownTolerance) || others.some((errors) => contradicts(errors, randomTolerance))) {
    return judge('contradicted', `The gradient disagrees with finite differences: ${figures}.`, randomError, ownError);
  }
  return judge(
    'inconclusive',
    `Finite differences could neither confirm nor refute the gradient here: ${figures}.`,
    randomError,
    ownError,
  );
}

/** Signed error of one central difference, relative to ‖g‖·‖δ‖; NaN where the function is not finite. */
async function errorAt<A extends FloatArray>(
  checked: CheckedFunction<A>,
  { x, cotangent }: GradientCheckRequest<A>,
  gradient: A,
  gradientNorm: number,
  direction: ArrayLike<number>,
  step: number,
): Promise<number> {
  let largest = 0;
  for (let index = 0; index < direction.length; index++) largest = Math.max(largest, Math.abs(direction[index]!));
  const size = (step * (norm(x) / Math.sqrt(x.length) || 1)) / largest;
  const round = (values: A): A => checked.round?.(values) ?? values;
  const above = round(x.map((value, index) => value + size * direction[index]!) as A);
  const below = round(x.map((value, index) => value - size * direction[index]!) as A);
  const yAbove = await checked.outputs(above);
  const yBelow = await checked.outputs(below);
  let difference = 0;
  for (let index = 0; index < cotangent.length; index++)
    difference += cotangent[index]! * (yAbove[index]! - yBelow[index]!);
  let predicted = 0;
  let length = 0;
  for (let index = 0; index < x.length; index++) {
    const delta = above[index]! - below[index]!;
    predicted += gradient[index]! * delta;
    length += delta * delta;
  }
  return (difference - predicted) / (gradientNorm * Math.sqrt(length));
}

function best(errors: readonly number[]): number {
  return Math.min(...errors.map((error) => (Number.isFinite(error) ? Math.abs(error) : Infinity)));
}

/** Two neighbouring steps find the same slope, and it is not the gradient's. */
function contradicts(errors: readonly number[], tolerance: number): boolean {
  return (
    best(errors) > tolerance &&
    errors.some((error, index) => index > 0 && Math.abs(error - errors[index - 1]!) <= tolerance / 2)
  );
}

function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index]! * values[index]!;
  return Math.sqrt(sum);
}
