/** The projection of one set of constraints, without the explanation of what it cannot meet. */
import { type Constraints, endsOf } from '../../contract/plans.ts';
import { pow } from '../../platform/exactMath.ts';
import { nyquistCpd, rasterPxPerDeg } from '../../stimuli/geometry.ts';
import { formatNumber } from '../../stimuli/words.ts';
import type { SearchField } from '../model.ts';
import { squareTransform } from './halfSpectrum.ts';
import { type JointProblem, type JointVolume, projectJointly, type Unmet } from './joint.ts';
import { amplitudeSet, amplitudesOf, bandSet, type Distance, type JointSet } from './jointSets.ts';
import { requireMeanInside, requireReachable, statedContrast } from './limits.ts';
import { nearestWithin } from './projection.ts';
import { type ConstraintImages, createRegion, refusal, type Region } from './region.ts';
import { nudgeToTargets } from './rounding.ts';
import { temporalSet } from './temporal.ts';

/** Of a set measured on the stored float32, relative. */
const storedTolerance = 1e-6;
/**
 * Smallest standard deviation in luminance at which a spectrum is held where the plan allows smaller ones: rounding to float32
 * near white (sd 2⁻²⁴/√12) spoils a spectrum by 4e-7 of it, and by more than that tolerance below half of it.
 */
const leastSpectralSd = 0.04;

/** What a projection needs of the pixels inside the aperture, frame behind frame; sums of squares are over all frames. */
type Volume = { weight: Float64Array; below: Float64Array; above: Float64Array; least: number; most: number };

/** A set of constraints that says where it fails instead of explaining it. */
export type BareConstraints = {
  region: Region;
  /** Whether anything is asked that the closed form does not hold. */
  joint: boolean;
  /** The largest and smallest RMS contrast that is allowed. */
  contrast: [number, number];
  /** The stored image, or what could not be met; `ladder` as in `projectJointly`, `seed` null: without noise. */
  project(
    deviation: Float64Array,
    seed: number | null,
    ladder?: readonly number[],
  ): { image: Float32Array; unmet: null } | { image: null; unmet: Unmet };
};

/** Throws 'bad-input' where range, mean, contrast, aperture and mask alone cannot hold together, or a stimulus does not fit. */
export function bareConstraints(
  constraints: Constraints,
  field: SearchField,
  images: ConstraintImages,
): BareConstraints {
  const { meanLuminance: mean } = constraints;
  requireMeanInside(constraints, field);
  const region = createRegion(constraints, field, images);
  const stated = statedContrast(constraints, region, field);
  requireReachable(constraints, field, region, stated);
  const { weights, background, pixels, total, low32, high32 } = region;
  const plane = weights.length;
  const squares = (rms: number): number => rms * mean * (rms * mean) * total;
  const { spectrum } = constraints;
  const free =
    spectrum !== undefined &&
    (!('from' in spectrum) || constraints.contrastRms !== null || constraints.normL2 !== undefined);
  const [smallest, largest] = stated.ends;
  const least = free ? Math.max(smallest, Math.min(largest, leastSpectralSd / mean)) : smallest;
  const still: Volume = { ...region, least: squares(least), most: squares(largest) };

  // Clips of one search are of one length, and the arrays of a long one are large.
  let moving: Volume | null = null;
  const volumeOf = (frames: number): Volume => {
    if (frames === 1) return still;
    if (moving?.weight.length !== frames * pixels.length) {
      moving = {
        weight: repeated(still.weight, frames),
        below: repeated(still.below, frames),
        above: repeated(still.above, frames),
        least: frames * still.least,
        most: frames * still.most,
      };
    }
    return moving;
  };

  const others = otherSets(constraints, field, images, region);
  const fixed = background.map((behind) => behind - mean);
  const jointProblem = (deviation: Float64Array, volume: Volume, seed: number | null): JointProblem => {
    const frames = deviation.length / plane;
    const joint: JointVolume = { ...volume, frames, plane, pixels, background: fixed };
    const { least, most } = volume;
    return {
      target: deviation,
      volume: joint,
      least,
      most,
      seed,
      ...others,
      distance: others.distance?.(frames) ?? null,
    };
  };

  /** Luminances of the pixels inside the aperture, as they are stored. */
  const stored = (deviation: Float64Array, volume: Volume): Float32Array => {
    const values = new Float32Array(deviation.length);
    for (let k = 0; k < values.length; k++) {
      values[k] = Math.min(Math.max(Math.fround(mean + (deviation[k] as number)), low32), high32);
    }
    nudgeToTargets({ values, mean, ...volume, sumOfSquares: withinEnds(deviation, volume) });
    const frames = deviation.length / pixels.length;
    const image = new Float32Array(frames * plane);
    for (let frame = 0; frame < frames; frame++) {
      image.set(background, frame * plane);
      const from = frame * pixels.length;
      const to = frame * plane;
      for (let k = 0; k < pixels.length; k++) image[to + (pixels[k] as number)] = values[from + k] as number;
    }
    return image;
  };
  const inside = (deviation: Float64Array): Float64Array => {
    const frames = deviation.length / plane;
    const target = new Float64Array(frames * pixels.length);
    for (let frame = 0; frame < frames; frame++) {
      const from = frame * plane;
      const to = frame * pixels.length;
      for (let k = 0; k < pixels.length; k++) target[to + k] = deviation[from + (pixels[k] as number)] as number;
    }
    return target;
  };

  return {
    region,
    joint: others.any,
    contrast: stated.ends,
    project(deviation, seed, ladder) {
      const volume = volumeOf(deviation.length / plane);
      const { least, most, ...bounds } = volume;
      if (!others.any) {
        return {
          image: stored(nearestWithin({ target: inside(deviation), ...bounds, seed }, least, most), volume),
          unmet: null,
        };
      }
      // Fewer free pixels than numbers that the spectrum fixes: no picture but a uniform one has this spectrum.
      if (pixels.length < plane && pixels.length <= (others.spectrum?.conditions ?? 0)) {
        return { image: null, unmet: { name: 'spectrum', violation: 1 } };
      }
      const problem = jointProblem(deviation, volume, seed);
      const { point, unmet } = projectJointly(problem, ladder);
      if (point === null) return { image: null, unmet };
      const image = stored(inside(point), volume);
      const missed = unmetAsStored(image, mean, problem);
      return missed === null ? { image, unmet: null } : { image: null, unmet: missed };
    },
  };
}

type OtherSets = {
  any: boolean;
  spectrum: JointSet | null;
  temporal: JointSet | null;
  distance: ((frames: number) => Distance) | null;
};

function otherSets(constraints: Constraints, field: SearchField, images: ConstraintImages, region: Region): OtherSets {
  const { meanLuminance: mean, distance, temporal } = constraints;
  const { weights, total } = region;
  const spectrum = spectrumSet(constraints, field, images);
  const scale = (value: number): number => {
    const luminance = distance?.unit === 'luminance' ? value : value * mean;
    return luminance * luminance * total;
  };
  const [least, most] = endsOf(distance?.rms);
  const near = images.distance;
  if (distance !== undefined && near === undefined) throw new Error('the distance of a constraint needs its image');
  return {
    any: spectrum !== null || distance !== undefined || temporal !== undefined,
    spectrum,
    temporal: temporal === undefined ? null : temporalSet(weights, squareOf(temporal.maxChangeRms * mean) * total),
    distance:
      near === undefined || distance === undefined
        ? null
        : (frames) => {
            const shown = framesOf(near, frames, weights.length);
            return {
              given: Float64Array.from(shown, (l) => l - mean),
              weights,
              least: frames * scale(least),
              most: frames * scale(most),
            };
          },
  };
}

const squareOf = (value: number): number => value * value;

/** A still picture in every frame; a clip needs the length that is asked for. */
export function framesOf(image: Float32Array, frames: number, plane: number): Float32Array {
  if (image.length === frames * plane) return image;
  if (image.length !== plane) {
    throw refusal(
      `The image of the distance is a clip of ${image.length / plane} frames, and ${frames === 1 ? 'still pictures are' : `clips of ${frames} frames are`} searched.`,
      'Choose a still picture, or a clip of that length.',
      'distance',
    );
  }
  const clip = new Float32Array(frames * plane);
  for (let t = 0; t < frames; t++) clip.set(image, t * plane);
  return clip;
}

function spectrumSet(constraints: Constraints, field: SearchField, images: ConstraintImages): JointSet | null {
  const { spectrum, contrastRms, normL2 } = constraints;
  if (spectrum === undefined) return null;
  const { sizePx, fieldOfViewDeg } = field;
  if ('from' in spectrum) {
    const image = images.spectrum;
    if (image === undefined) throw new Error('the spectrum of a constraint needs its image');
    const amplitudes = amplitudesOf(image, sizePx);
    const bright = image.reduce((sum, luminance) => sum + luminance, 0);
    if (!amplitudes.some((frame) => frame.some((amplitude) => amplitude > 1e-9 * bright))) {
      throw refusal(
        'The stimulus of the spectrum is uniform, so it has no spectrum.',
        'Choose another stimulus.',
        'spectrum',
      );
    }
    return amplitudeSet(sizePx, amplitudes, contrastRms !== null || normL2 !== undefined);
  }
  if ('exponent' in spectrum) return amplitudeSet(sizePx, [lawAmplitudes(sizePx, spectrum.exponent)], true);
  const { lowCpd = 0, highCpd = Infinity } = spectrum;
  const corner = Math.SQRT2 * nyquistCpd(rasterPxPerDeg(field));
  const slowest = 1 / fieldOfViewDeg;
  if (highCpd < slowest || lowCpd > corner) {
    throw refusal(
      `The band of ${formatNumber(lowCpd)} to ${highCpd === Infinity ? 'any' : formatNumber(highCpd)} cpd holds no frequency of this ` +
        `twin's raster, which shows ${formatNumber(slowest)} to ${formatNumber(corner)} cpd.`,
      highCpd < slowest ? `Raise highCpd to ${formatNumber(slowest)}.` : `Lower lowCpd below ${formatNumber(corner)}.`,
      'spectrum',
      highCpd < slowest ? slowest : corner,
    );
  }
  return bandSet(sizePx, fieldOfViewDeg, lowCpd, highCpd);
}

function withinEnds(deviation: Float64Array, { weight, least, most }: Volume): number {
  if (least === most) return most;
  let sum = 0;
  for (let k = 0; k < deviation.length; k++) {
    sum += (weight[k] as number) * (deviation[k] as number) * (deviation[k] as number);
  }
  return Math.min(Math.max(sum, least), most);
}

/** The set that float32 holds worst, where that is beyond what is promised. */
function unmetAsStored(image: Float32Array, mean: number, problem: JointProblem): Unmet | null {
  const point = Float64Array.from(image, (luminance) => luminance - mean);
  let worst: Unmet | null = null;
  for (const set of [problem.spectrum, problem.temporal]) {
    const violation = set?.violation(point) ?? 0;
    if (set !== null && violation > Math.max(storedTolerance, worst?.violation ?? 0))
      worst = { name: set.name, violation };
  }
  return worst;
}

function repeated(values: Float64Array, times: number): Float64Array {
  const all = new Float64Array(times * values.length);
  for (let i = 0; i < times; i++) all.set(values, i * values.length);
  return all;
}

/** Amplitudes of 1/f^a for every bin of a half spectrum; 0 for the mean. */
function lawAmplitudes(sizePx: number, exponent: number): Float64Array {
  const { columns } = squareTransform(sizePx);
  const amplitudes = new Float64Array(columns * sizePx);
  for (let at = 1; at < amplitudes.length; at++) {
    const fx = Math.floor(at / sizePx);
    const v = at % sizePx;
    const fy = v <= sizePx / 2 ? v : v - sizePx;
    amplitudes[at] = pow(fx * fx + fy * fy, -exponent / 2);
  }
  return amplitudes;
}
