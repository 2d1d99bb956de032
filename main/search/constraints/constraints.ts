/**
 * Hard constraints on an image or a clip, met exactly: mean luminance and RMS contrast (both weighted by the aperture), luminance
 * range, and fading into the field's background, |L − background| ≤ A · (distance from the background to the range
 * bound). Outside the aperture, and outside the foreground of a mask, stands the background, whatever the mean, so that no
 * image shows more of a surround than another. These have one closed form; a spectrum, a distance or a limit on changes
 * over time is projected together with it by `joint.ts`.
 */
import type { Constraints } from '../../contract/plans.ts';
import { isTwinscopeError } from '../../platform/errors.ts';
import type { SearchField } from '../model.ts';
import { bareConstraints } from './bare.ts';
import { conflictBeforeStart, conflictOfImage } from './conflicts.ts';
import type { ConstraintImages } from './region.ts';

export type { ConstraintImages } from './region.ts';

/** Contrast of noise where no contrast is held. */
const freeNoiseContrast = 0.15;
/** Standard deviation in luminance below which magnifying an image would show the rounding of float32 (6e-8) in its place. */
const leastStructure = 1e-5;
export interface ConstraintSet {
  readonly constraints: Constraints;
  readonly field: SearchField;
  /** The stimuli that the constraints speak of. */
  readonly images: ConstraintImages;
  /** Aperture weight of every pixel; 0 outside the foreground of a mask. */
  readonly weights: Float64Array;
  /**
   * The feasible image nearest to `image` (linear luminance, sizePx²) in the aperture-weighted least-squares sense. A feasible
   * image near to it under an amplitude spectrum, and under a spectrum with an aperture, which project in two metrics.
   * A clip (frames × sizePx²) is projected as one volume: mean and RMS contrast over all its frames, the range per pixel.
   * `seed` decides the noise that is used where an image has too little structure to be scaled, e.g. a uniform one.
   * Throws 'bad-input' naming the constraints in conflict where no such image is found.
   */
  project(image: Float32Array | Float64Array, seed: number): Float32Array;
  /** As `project` for a deviation from the mean luminance, in luminance units, sizePx² or frames × sizePx². */
  projectDeviation(deviation: Float64Array, seed: number): Float32Array;
  /**
   * As `projectDeviation` where the image is to stay itself: no noise stands in for structure that it lacks. Null where it cannot
   * be brought to the constraints so.
   */
  bringDeviation(deviation: Float64Array): Float32Array | null;
  /** As `projectDeviation` for noise of any scale: where no contrast is held, noise has one of its own. */
  projectNoise(deviation: Float64Array, seed: number): Float32Array;
}

/**
 * `images`: the stimuli that the constraints speak of; `frames`: of the clips that will be projected; `feasible`: that they can
 * be met is known, so that it is not tried. Throws 'bad-input' naming
 * the constraints that cannot be met and the nearest value that can.
 */
export function createConstraints(
  constraints: Constraints,
  field: SearchField,
  images: ConstraintImages = {},
  frames = 1,
  feasible = false,
): ConstraintSet {
  const bare = bareConstraints(constraints, field, images);
  if (bare.joint && !feasible) {
    const conflict = conflictBeforeStart({ constraints, field, images, frames });
    if (conflict !== null) throw conflict;
  }
  const { weights } = bare.region;
  const mean = constraints.meanLuminance;
  const projected = (deviation: Float64Array, seed: number): Float32Array => {
    const { image, unmet } = bare.project(deviation, seed);
    if (image !== null) return image;
    throw conflictOfImage({ constraints, field, images, frames: deviation.length / weights.length }, deviation, unmet);
  };
  return {
    constraints,
    field,
    images,
    weights,
    project: (image, seed) =>
      projected(
        Float64Array.from(image, (luminance) => luminance - mean),
        seed,
      ),
    projectDeviation: projected,
    bringDeviation: (deviation) => {
      const [least] = bare.contrast;
      if (least > 0 && spreadOf(deviation, weights) < leastStructure) return null;
      try {
        return bare.project(deviation, null).image;
      } catch (error) {
        if (isTwinscopeError(error)) return null;
        throw error;
      }
    },
    projectNoise: (deviation, seed) => projected(scaledNoise(deviation, weights, mean, bare.contrast), seed),
  };
}

/** Weighted standard deviation. */
function spreadOf(deviation: Float64Array, weights: Float64Array): number {
  let [total, sum, squares] = [0, 0, 0];
  for (let i = 0; i < deviation.length; i++) {
    const a = weights[i % weights.length] as number;
    const d = deviation[i] as number;
    total += a;
    sum += a * d;
    squares += a * d * d;
  }
  return Math.sqrt(Math.max(0, squares / total - (sum / total) * (sum / total)));
}

/** Noise at the largest contrast that is allowed; as it is where the contrast is fixed, which scales it. */
function scaledNoise(
  deviation: Float64Array,
  weights: Float64Array,
  mean: number,
  [least, most]: [number, number],
): Float64Array {
  if (least === most) return deviation;
  let total = 0;
  let squares = 0;
  for (let i = 0; i < deviation.length; i++) {
    const a = weights[i % weights.length] as number;
    total += a;
    squares += a * (deviation[i] as number) * (deviation[i] as number);
  }
  if (squares === 0) return deviation;
  const wanted = Number.isFinite(most) ? most : Math.max(least, freeNoiseContrast);
  const factor = (wanted * mean) / Math.sqrt(squares / total);
  return deviation.map((d) => factor * d);
}
