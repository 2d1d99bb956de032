/**
 * Hard constraints on an image, met exactly: mean luminance and RMS contrast (both weighted by the aperture), luminance
 * range, and fading into the background, |L − mean| ≤ A · (distance from the mean to the range bound).
 */
import type { Constraints } from '../contract/plans.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { searchAperture } from './aperture.ts';
import type { SearchField } from './model.ts';
import { projectDeviation } from './projection.ts';
import { nearestFloat32, nudgeToTargets } from './rounding.ts';

/** Of the largest RMS contrast that the range allows; beyond it almost every pixel would stand at a bound. */
const usableFraction = 0.995;

export interface ConstraintSet {
  readonly constraints: Constraints;
  readonly field: SearchField;
  /** Aperture weight of every pixel. */
  readonly weights: Float64Array;
  /** Luminance outside the aperture. */
  readonly background: number;
  /**
   * The feasible image nearest to `image` (linear luminance, sizePx²) in the aperture-weighted least-squares sense.
   * `seed` decides the noise that is used where an image has too little structure to be scaled, e.g. a uniform one.
   */
  project(image: Float32Array | Float64Array, seed: number): Float32Array;
  /** As `project` for a deviation from the mean luminance, in luminance units. */
  projectDeviation(deviation: Float64Array, seed: number): Float32Array;
}

/** Throws 'bad-input' naming the constraint that cannot be met and the nearest value that can. */
export function createConstraints(constraints: Constraints, field: SearchField): ConstraintSet {
  const { meanLuminance: mean, contrastRms, range } = constraints;
  const [low, high] = range;
  if (!(low < mean && mean < high)) {
    throw new TwinscopeError(
      'bad-input',
      `A mean luminance of ${mean} does not lie inside the range ${low} to ${high}. Nothing was started. ` +
        (low < high ? `Choose a mean luminance near ${(low + high) / 2}, or widen the range.` : 'Widen the range.'),
    );
  }
  const weights = searchAperture(constraints.aperture, field);
  const limit = largestContrastRms(weights, mean, low, high) * usableFraction;
  if (contrastRms > limit + 1e-9) {
    const feasible = Math.floor(limit * 1000 + 1e-6) / 1000;
    throw new TwinscopeError(
      'bad-input',
      `An RMS contrast of ${contrastRms} cannot be reached: with a mean luminance of ${mean}, a range of ${low} to ` +
        `${high}${constraints.aperture === undefined ? '' : ' and this aperture'} it is at most ${feasible}. ` +
        `Nothing was started. Lower the RMS contrast to ${feasible}, or widen the range.`,
      { constraint: 'contrastRms', feasible },
    );
  }

  // Bounds that float32 can hold, rounded towards the inside so that no stored value leaves the range.
  const low32 = nearestFloat32(low, 'up');
  const high32 = nearestFloat32(high, 'down');
  const inside: number[] = [];
  for (let i = 0; i < weights.length; i++) if ((weights[i] as number) > 0) inside.push(i);
  const pixels = Int32Array.from(inside);
  const weight = Float64Array.from(inside, (i) => weights[i] as number);
  const below = weight.map((a) => a * (mean - low32));
  const above = weight.map((a) => a * (high32 - mean));
  let total = 0;
  for (const a of weight) total += a;
  const sumOfSquares = contrastRms * mean * (contrastRms * mean) * total;
  const background = Math.fround(mean);

  const projectWithin = (target: Float64Array, seed: number): Float32Array => {
    const deviation = projectDeviation({ target, weight, below, above, sumOfSquares, seed });
    const image = new Float32Array(weights.length).fill(background);
    const values = new Float32Array(pixels.length);
    for (let k = 0; k < pixels.length; k++) {
      values[k] = Math.min(Math.max(Math.fround(mean + (deviation[k] as number)), low32), high32);
    }
    nudgeToTargets({ values, mean, weight, below, above, sumOfSquares });
    for (let k = 0; k < pixels.length; k++) image[pixels[k] as number] = values[k] as number;
    return image;
  };

  return {
    constraints,
    field,
    weights,
    background,
    project: (image, seed) => {
      const target = new Float64Array(pixels.length);
      for (let k = 0; k < pixels.length; k++) target[k] = (image[pixels[k] as number] as number) - mean;
      return projectWithin(target, seed);
    },
    projectDeviation: (deviation, seed) => {
      const target = new Float64Array(pixels.length);
      for (let k = 0; k < pixels.length; k++) target[k] = deviation[pixels[k] as number] as number;
      return projectWithin(target, seed);
    },
  };
}

/**
 * With every pixel at one of its bounds, a share p of the squared weights at the upper one, the mean asks for
 * p·(high − mean) = (1 − p)·(mean − low); the variance is then (mean − low)(high − mean)·ΣA³/ΣA.
 */
function largestContrastRms(weights: Float64Array, mean: number, low: number, high: number): number {
  let first = 0;
  let third = 0;
  for (const a of weights) {
    first += a;
    third += a * a * a;
  }
  return Math.sqrt(((mean - low) * (high - mean) * third) / first) / mean;
}
