/** Where searches over pixels begin: seeded noise, or a given stimulus with noise upon it. */
import type { Constraints, PixelSpace, SearchPlan } from '../../contract/plans.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { type ConstraintSet, createConstraints } from '../constraints/constraints.ts';
import { formatNumber } from '../../stimuli/words.ts';
import type { SearchField, StimulusSource } from '../model.ts';
import { NoiseImages } from './noise.ts';
import { blurTime, temporalSigmaS } from './smoothing.ts';

export interface StartImages {
  /** To be awaited before the first image. */
  prepare(): Promise<void>;
  /** Image `index` of the family (frames × sizePx²), the same at every call; `inverted` reverses its contrast. */
  image(index: number, inverted: boolean): Float32Array;
}

/** Frames of what a space searches: 1, or those of the twin's clips. Throws 'bad-input' where the two do not fit. */
export function framesSearched(space: PixelSpace, field: SearchField): number {
  const frames = field.frames ?? 1;
  if (space.motion === 'still') {
    if (space.temporalCutoffHz === undefined) return 1;
    throw new TwinscopeError(
      'bad-input',
      'The plan smooths over time (temporalCutoffHz), and still pictures have no time. Nothing was started. Set motion ' +
        'to moving, or leave the cutoff out.',
    );
  }
  if (frames > 1) return frames;
  throw new TwinscopeError(
    'bad-input',
    'This twin sees still pictures, so a moving one cannot be searched for. Nothing was started. Set motion to still, ' +
      'or choose a twin that sees clips.',
  );
}

/** Standard deviation in frames of the smoothing over time that a space asks for; null where it asks for none. */
export function temporalSigmaFrames(space: PixelSpace, field: SearchField): number | null {
  if (space.temporalCutoffHz === undefined) return null;
  if (!field.frameRateHz) throw new Error('a field with frames needs their rate');
  const sigma = temporalSigmaS(space.temporalCutoffHz) * field.frameRateHz;
  const frames = field.frames ?? 1;
  if (sigma <= frames / 2) return sigma;
  throw new TwinscopeError(
    'bad-input',
    `Smoothing at ${formatNumber(space.temporalCutoffHz)} Hz would make still pictures of this twin's clips of ` +
      `${formatNumber(frames / field.frameRateHz)} s. Nothing was started. Raise temporalCutoffHz to at least ` +
      `${formatNumber(temporalSigmaS(1) / (frames / 2 / field.frameRateHz))} Hz, or set motion to still.`,
  );
}

/** The constraints of the noise from which starts begin. */
function ofStart(held: Constraints, { startMeanLuminance, startContrastRms }: PixelSpace): Constraints {
  const meanLuminance = startMeanLuminance ?? held.meanLuminance;
  if (startContrastRms === undefined) return { ...held, meanLuminance };
  const { normL2: _, ...others } = held;
  return { ...others, meanLuminance, contrastRms: startContrastRms };
}

/**
 * `finish` brings an image to what the search can show and holds from its first step; `noiseIsFinished` where noise on the
 * constraints is that already; `feasible` as for `createConstraints`. Throws 'bad-input' where the given stimulus is not in its
 * set, and where several starts would be one.
 */
export function createStartImages(
  space: PixelSpace,
  { seed, starts }: Pick<SearchPlan, 'seed' | 'starts'>,
  constraints: ConstraintSet,
  given: StimulusSource | undefined,
  finish: (image: Float64Array, seed: number) => Float32Array,
  noiseIsFinished: boolean,
  feasible = false,
): StartImages {
  const { field } = constraints;
  const frames = framesSearched(space, field);
  const sigmaFrames = temporalSigmaFrames(space, field);
  const ownNoise = space.startMeanLuminance !== undefined || space.startContrastRms !== undefined;
  const own = ownNoise
    ? createConstraints(ofStart(constraints.constraints, space), field, constraints.images, frames, feasible)
    : constraints;
  const noise = new NoiseImages(own, space.start, seed, 'start', frames);
  const finished = (image: Float64Array): Float32Array => {
    if (sigmaFrames !== null) blurTime(image, field.sizePx ** 2, sigmaFrames);
    return finish(image, seed);
  };
  if (space.startFrom === undefined) {
    const asIs = noiseIsFinished && sigmaFrames === null && !ownNoise;
    return {
      prepare: async () => {},
      image: (index, inverted) => {
        const image = noise.image(index, inverted);
        return asIs ? image : finished(new Float64Array(image));
      },
    };
  }
  if (given === undefined) throw new Error('a given start needs sources.start');
  const { index: number } = space.startFrom;
  if (number >= given.count) {
    throw new TwinscopeError(
      'bad-input',
      `The stimulus to start from is number ${number} (from 0) of a set of ${given.count}. Nothing was started. Choose one that it has.`,
    );
  }
  if (space.startNoise === 0 && starts > 1) {
    throw new TwinscopeError(
      'bad-input',
      `Without noise (startNoise 0) all ${starts} starts would begin from the same image and find the same. Nothing was started. ` +
        'Set starts to 1, or raise startNoise.',
    );
  }
  const { meanLuminance } = own.constraints;
  let base: Float32Array | null = null;
  return {
    prepare: async () => {
      if (base !== null) return;
      const drawn = await given.render(number);
      base = finished(new Float64Array(inFrames(drawn, frames, field.sizePx ** 2)));
    },
    image: (index, inverted) => {
      if (base === null) throw new Error('not prepared');
      // The first of all is the stimulus itself.
      if ((index === 0 && !inverted) || space.startNoise === 0) return base;
      const image = new Float64Array(base);
      for (const [i, value] of noise.image(index, inverted).entries()) {
        image[i] = (image[i] as number) + space.startNoise * (value - meanLuminance);
      }
      return finished(image);
    },
  };
}

/** A still picture in every frame; throws 'bad-input' for a clip where a still picture is searched. */
function inFrames(image: Float32Array, frames: number, pixels: number): Float32Array {
  if (image.length === frames * pixels) return image;
  if (image.length !== pixels) {
    throw new TwinscopeError(
      'bad-input',
      'The stimulus to start from moves, and the search is for still pictures. The reference statistics are kept. Set ' +
        'motion to moving, or start from a stimulus that stands still.',
    );
  }
  const clip = new Float32Array(frames * pixels);
  for (let frame = 0; frame < frames; frame++) clip.set(image, frame * pixels);
  return clip;
}
