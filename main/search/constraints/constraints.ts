/**
 * Hard constraints on an image or a clip, met exactly: mean luminance and RMS contrast (both weighted by the aperture), luminance
 * range, and fading into the field's background, |L − background| ≤ A · (distance from the background to the range
 * bound). Outside the aperture stands the background, whatever the mean, so that no image shows more of a surround than
 * another.
 */
import type { Constraints } from '../../contract/plans.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { searchAperture } from './aperture.ts';
import type { SearchField } from '../model.ts';
import { projectDeviation, smallestSumOfSquares } from './projection.ts';
import { nearestFloat32, nudgeToTargets } from './rounding.ts';

/** Of the largest RMS contrast that the range allows; beyond it almost every pixel would stand at a bound. */
const usableFraction = 0.995;

export interface ConstraintSet {
  readonly constraints: Constraints;
  readonly field: SearchField;
  /** Aperture weight of every pixel. */
  readonly weights: Float64Array;
  /**
   * The feasible image nearest to `image` (linear luminance, sizePx²) in the aperture-weighted least-squares sense.
   * A clip (frames × sizePx²) is projected as one volume: mean and RMS contrast over all its frames, the range per pixel.
   * `seed` decides the noise that is used where an image has too little structure to be scaled, e.g. a uniform one.
   */
  project(image: Float32Array | Float64Array, seed: number): Float32Array;
  /** As `project` for a deviation from the mean luminance, in luminance units, sizePx² or frames × sizePx². */
  projectDeviation(deviation: Float64Array, seed: number): Float32Array;
}

/** What a projection needs of the pixels inside the aperture, frame behind frame. */
type Volume = { weight: Float64Array; below: Float64Array; above: Float64Array; sumOfSquares: number };

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
  const { background } = field;
  const around = constraints.aperture === undefined ? '' : ` and this aperture on a background of ${background}`;
  if (constraints.aperture !== undefined && !(low <= background && background <= high)) {
    throw new TwinscopeError(
      'bad-input',
      `The background of ${background} around the aperture lies outside the range ${low} to ${high}. Nothing was ` +
        'started. Widen the range.',
    );
  }
  const extremes = boundMoments(weights, mean, background, low, high);
  if (!(extremes.share > 0 && extremes.share < 1)) {
    const nearest = [extremes.lowestMean, extremes.highestMean].map((value) => Math.round(value * 1000) / 1000);
    throw new TwinscopeError(
      'bad-input',
      `A mean luminance of ${mean} cannot be reached: with a range of ${low} to ${high}${around} it lies between ` +
        `${nearest.join(' and ')}. Nothing was started. Choose a mean luminance between these, or a narrower edge.`,
      { constraint: 'meanLuminance' },
    );
  }
  const limit = extremes.contrastRms * usableFraction;
  if (contrastRms > limit + 1e-9) {
    const feasible = Math.floor(limit * 1000 + 1e-6) / 1000;
    throw new TwinscopeError(
      'bad-input',
      `An RMS contrast of ${contrastRms} cannot be reached: with a mean luminance of ${mean}, a range of ${low} to ` +
        `${high}${around} it is at most ${feasible}. ` +
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
  // Bounds of the deviation from the mean: those of the deviation from the background, moved.
  const offset = mean - background;
  const below = weight.map((a) => a * (background - low32) + offset);
  const above = weight.map((a) => a * (high32 - background) - offset);
  let total = 0;
  for (const a of weight) total += a;
  const sumOfSquares = contrastRms * mean * (contrastRms * mean) * total;
  const least = smallestSumOfSquares(weight, below, above);
  if (sumOfSquares < least) {
    const feasible = Math.ceil((Math.sqrt(least / total) / mean) * 1000) / 1000;
    throw new TwinscopeError(
      'bad-input',
      `An RMS contrast of ${contrastRms} cannot be reached: fading from a mean luminance of ${mean} into the background ` +
        `of ${background} alone gives at least ${feasible}. Nothing was started. Raise the RMS contrast to ${feasible}, ` +
        `or set the mean luminance to ${background}.`,
      { constraint: 'contrastRms', feasible },
    );
  }

  const still: Volume = { weight, below, above, sumOfSquares };
  // Clips of one search are of one length, and the arrays of a long one are large.
  let moving: Volume | null = null;
  const volumeOf = (frames: number): Volume => {
    if (frames === 1) return still;
    if (moving?.weight.length !== frames * pixels.length) {
      moving = {
        weight: repeated(weight, frames),
        below: repeated(below, frames),
        above: repeated(above, frames),
        sumOfSquares: frames * sumOfSquares,
      };
    }
    return moving;
  };

  /** `shown` less `subtracted` at the pixels inside the aperture, frame behind frame, projected. */
  const projectWithin = (shown: Float32Array | Float64Array, subtracted: number, seed: number): Float32Array => {
    const frames = shown.length / weights.length;
    const target = new Float64Array(frames * pixels.length);
    for (let frame = 0; frame < frames; frame++) {
      const from = frame * weights.length;
      const to = frame * pixels.length;
      for (let k = 0; k < pixels.length; k++) {
        target[to + k] = (shown[from + (pixels[k] as number)] as number) - subtracted;
      }
    }
    const volume = volumeOf(frames);
    const deviation = projectDeviation({ target, ...volume, seed });
    const values = new Float32Array(target.length);
    for (let k = 0; k < values.length; k++) {
      values[k] = Math.min(Math.max(Math.fround(mean + (deviation[k] as number)), low32), high32);
    }
    nudgeToTargets({ values, mean, ...volume });
    const image = new Float32Array(shown.length).fill(Math.fround(background));
    for (let frame = 0; frame < frames; frame++) {
      const from = frame * pixels.length;
      const to = frame * weights.length;
      for (let k = 0; k < pixels.length; k++) image[to + (pixels[k] as number)] = values[from + k] as number;
    }
    return image;
  };

  return {
    constraints,
    field,
    weights,
    project: (image, seed) => projectWithin(image, mean, seed),
    projectDeviation: (deviation, seed) => projectWithin(deviation, 0, seed),
  };
}

function repeated(values: Float64Array, times: number): Float64Array {
  const all = new Float64Array(times * values.length);
  for (let i = 0; i < times; i++) all.set(values, i * values.length);
  return all;
}

/**
 * Largest RMS contrast with every pixel at one of its bounds, a share p of the squared weights at the upper one,
 * whichever these are. The mean M asks for p·ΣA²·(high − low) = ΣA²·(bg − low) + (M − bg)·ΣA; the deviation from M is
 * A·(high − bg) − (M − bg) at the upper bound and −A·(bg − low) − (M − bg) at the lower one. On a background equal to
 * the mean the variance is (M − low)(high − M)·ΣA³/ΣA.
 */
function boundMoments(weights: Float64Array, mean: number, background: number, low: number, high: number) {
  let first = 0;
  let second = 0;
  let third = 0;
  for (const a of weights) {
    first += a;
    second += a * a;
    third += a * a * a;
  }
  const offset = mean - background;
  const below = background - low;
  const span = high - low;
  const share = (second * below + offset * first) / (second * span);
  const atLower = third * below * below + 2 * offset * second * below + offset * offset * first;
  const gained = span * ((high + low - 2 * background) * third - 2 * offset * second);
  return {
    share,
    contrastRms: Math.sqrt(Math.max(0, atLower + share * gained) / first) / mean,
    lowestMean: background - (below * second) / first,
    highestMean: background + ((high - background) * second) / first,
  };
}
