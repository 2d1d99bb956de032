/** What range, mean, contrast, aperture and mask allow by themselves: told in closed form before anything is started. */
import { type Constraints, endsOf } from '../../contract/plans.ts';
import type { SearchField } from '../model.ts';
import { smallestSumOfSquares } from './projection.ts';
import { refusal, type Region } from './region.ts';

/** Of the largest RMS contrast that the range allows; beyond it almost every pixel would stand at a bound. */
const usableFraction = 0.995;

/** A contrast as the plan states it: RMS, or the L2 norm of the contrast image, which is RMS times `perRms`. */
export type StatedContrast = { key: 'contrastRms' | 'normL2'; noun: string; perRms: number; ends: [number, number] };

/** Smallest and largest RMS contrast in `ends`; [0, ∞] where none is held. */
export function statedContrast(
  { contrastRms, normL2 }: Constraints,
  { total }: Region,
  { fieldOfViewDeg, sizePx }: SearchField,
): StatedContrast {
  if (normL2 === undefined) {
    return { key: 'contrastRms', noun: 'RMS contrast', perRms: 1, ends: endsOf(contrastRms) };
  }
  const perRms = (Math.sqrt(total) * fieldOfViewDeg) / sizePx;
  const [least, most] = endsOf(normL2);
  return { key: 'normL2', noun: 'L2 norm (°) of the contrast image', perRms, ends: [least / perRms, most / perRms] };
}

/** Throws 'bad-input' naming the range where the mean, or the background around an aperture, lies outside it. */
export function requireMeanInside(constraints: Constraints, { background }: SearchField): void {
  const { meanLuminance: mean, aperture, mask } = constraints;
  const [low, high] = constraints.range;
  if (!(low < mean && mean < high)) {
    throw refusal(
      `A mean luminance of ${mean} does not lie inside the range ${low} to ${high}.`,
      low < high ? `Choose a mean luminance near ${(low + high) / 2}, or widen the range.` : 'Widen the range.',
      'meanLuminance',
    );
  }
  const around = mask !== undefined && mask.background === undefined ? 'mask' : 'aperture';
  const shown = aperture !== undefined || around === 'mask';
  if (shown && mask?.background === undefined && !(low <= background && background <= high)) {
    throw refusal(
      `The background of ${background} around the ${around} lies outside the range ${low} to ${high}.`,
      'Widen the range.',
      'range',
    );
  }
}

/** Throws 'bad-input' naming mean or contrast and the nearest value that this region can hold. */
export function requireReachable(
  constraints: Constraints,
  field: SearchField,
  region: Region,
  { noun, perRms, ends: [least, most], key }: StatedContrast,
): void {
  const { meanLuminance: mean, aperture, range } = constraints;
  const [low, high] = range;
  const { background } = field;
  const within = `a range of ${low} to ${high}${
    aperture === undefined ? '' : ` and this aperture on a background of ${region.uniform ? background : 'its own'}`
  }${region.uniform ? '' : ' and this mask'}`;
  const extremes = region.uniform
    ? uniformMoments(region.weights, mean, background, low, high)
    : boundMoments(region, mean);
  if (!extremes.reachable) {
    const nearest = [extremes.lowestMean, extremes.highestMean].map((value) => Math.round(value * 1000) / 1000);
    throw refusal(
      `A mean luminance of ${mean} cannot be reached: with ${within} it lies between ${nearest.join(' and ')}.`,
      'Choose a mean luminance between these, or a narrower edge.',
      'meanLuminance',
    );
  }
  const limit = extremes.contrastRms * usableFraction;
  const stated = (rms: number): number => Math.round(rms * perRms * 1e9) / 1e9;
  if (least > limit + 1e-9) {
    const feasible = Math.floor(limit * perRms * 1000 + 1e-6) / 1000;
    throw refusal(
      `An ${noun} of ${stated(least)} cannot be reached: with a mean luminance of ${mean}, ${within} it is at most ${feasible}.`,
      `Lower the ${noun} to ${feasible}, or widen the range.`,
      key,
      feasible,
    );
  }
  if (most === Infinity) return;
  const { weight, below, above, total } = region;
  const smallest = Math.sqrt(smallestSumOfSquares(weight, below, above) / total) / mean;
  if (most < smallest) {
    const feasible = Math.ceil(smallest * perRms * 1000) / 1000;
    const instead = region.uniform ? `, or set the mean luminance to ${background}` : '';
    throw refusal(
      `An ${noun} of ${stated(most)} cannot be reached: fading from a mean luminance of ${mean} into the background ` +
        `${region.uniform ? `of ${background}` : 'of the mask'} alone gives at least ${feasible}.`,
      `Raise the ${noun} to ${feasible}${instead}.`,
      key,
      feasible,
    );
  }
}

/** RMS contrast up to which images of this region can be made, by range and mean. */
export function largestContrast(
  { meanLuminance, range: [low, high] }: Constraints,
  field: SearchField,
  region: Region,
): number {
  const extremes = region.uniform
    ? uniformMoments(region.weights, meanLuminance, field.background, low, high)
    : boundMoments(region, meanLuminance);
  return extremes.contrastRms * usableFraction;
}

export type Moments = { reachable: boolean; contrastRms: number; lowestMean: number; highestMean: number };

/**
 * Largest RMS contrast with every pixel at one of its bounds, a share p of the squared weights at the upper one,
 * whichever these are. The mean M asks for p·ΣA²·(high − low) = ΣA²·(bg − low) + (M − bg)·ΣA; the deviation from M is
 * A·(high − bg) − (M − bg) at the upper bound and −A·(bg − low) − (M − bg) at the lower one. On a background equal to
 * the mean the variance is (M − low)(high − M)·ΣA³/ΣA.
 */
function uniformMoments(weights: Float64Array, mean: number, background: number, low: number, high: number): Moments {
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
    reachable: share > 0 && share < 1,
    contrastRms: Math.sqrt(Math.max(0, atLower + share * gained) / first) / mean,
    lowestMean: background - (below * second) / first,
    highestMean: background + ((high - background) * second) / first,
  };
}

/**
 * The same for bounds of any kind. Moving a pixel from its lower to its upper bound adds A·(u − l) to Σ A d and (u + l)
 * times as much to Σ A d²: the largest sum of squares takes those of the largest u + l first (Dantzig 1957).
 */
export function boundMoments({ weight, below, above, total }: Region, mean: number): Moments {
  let first = 0;
  let second = 0;
  let highest = 0;
  const order: number[] = [];
  for (let k = 0; k < weight.length; k++) {
    const a = weight[k] as number;
    const lower = below[k] as number;
    first -= a * lower;
    second += a * lower * lower;
    highest += a * (above[k] as number);
    order.push(k);
  }
  const means = { lowestMean: mean + first / total, highestMean: mean + highest / total };
  const slope = (k: number): number => (above[k] as number) - (below[k] as number);
  order.sort((i, j) => slope(j) - slope(i) || i - j);
  for (const k of order) {
    const step = (weight[k] as number) * ((above[k] as number) + (below[k] as number));
    if (first >= 0) break;
    const moved = Math.min(step, -first);
    first += moved;
    second += moved * slope(k);
  }
  return {
    ...means,
    reachable: means.lowestMean < mean && mean < means.highestMean,
    contrastRms: Math.sqrt(Math.max(0, second) / total) / mean,
  };
}
