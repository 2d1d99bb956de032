/**
 * What the numbers that an optimiser changes mean. Images are linear luminance, sizePx²; clips frames × sizePx², with the
 * parameters of their frames one behind the other. Without a sigmoid the parameters are linear in the deviation from the
 * mean luminance; with it, in u where luminance is low + (high − low)/(1 + e^−u) of the range.
 */
import type { Constraints, PixelParameterisation } from '../../contract/plans.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { exp, log } from '../../platform/exactMath.ts';
import { formatNumber } from '../../stimuli/words.ts';
import type { SearchField } from '../model.ts';
import { fourierMap } from './fourier.ts';
import { bandLimitedMatrix, bilinearMatrix, separableMap } from './lowResolution.ts';

/** A linear map from the parameters of one frame to its sizePx² values. */
export type LinearMap = {
  /** Parameters of one frame. */
  readonly size: number;
  forward(theta: ArrayLike<number>): Float64Array;
  /** ⟨forward(θ), v⟩ = ⟨θ, adjoint(v)⟩. */
  adjoint(values: ArrayLike<number>): Float64Array;
  /** Parameters whose values are these, or the nearest in least squares where none are. */
  inverse(values: ArrayLike<number>): Float64Array;
};

export interface Parameterisation {
  /** Parameters of one frame. */
  readonly size: number;
  /** Parameters of an image that shows exactly this, or the nearest thing it can show. */
  encode(image: ArrayLike<number>): Float64Array;
  /** Luminances; the range may be left where there is no sigmoid. */
  decode(theta: Float64Array): Float64Array;
  /** Gradient with respect to the parameters at θ, from that with respect to the luminances. */
  pullback(gradient: ArrayLike<number>, theta: Float64Array): Float64Array;
}

/** A luminance this close to a bound, as a share of the range, is as far as a sigmoid is asked to reach. */
const margin = 1e-6;

/** Throws 'bad-input' for a grid finer than the raster or coarser than one sample. */
export function createParameterisation(
  options: PixelParameterisation,
  constraints: Pick<Constraints, 'meanLuminance' | 'range'>,
  field: SearchField,
): Parameterisation {
  const map = linearMap(options, field);
  const pixels = field.sizePx ** 2;
  const { meanLuminance } = constraints;
  if (!('squash' in options) || options.squash === 'clip') {
    return {
      size: map.size,
      encode: (image) => eachFrame(image, pixels, (frame) => map.inverse(frame.map((value) => value - meanLuminance))),
      decode: (theta) => eachFrame(theta, map.size, map.forward).map((value) => value + meanLuminance),
      pullback: (gradient) => eachFrame(gradient, pixels, map.adjoint),
    };
  }
  const [low, high] = constraints.range;
  const span = high - low;
  const sigmoid = (u: number): number => 1 / (1 + exp(-u));
  return {
    size: map.size,
    encode: (image) =>
      eachFrame(image, pixels, (frame) =>
        map.inverse(
          frame.map((value) => {
            const share = Math.min(Math.max((value - low) / span, margin), 1 - margin);
            return log(share / (1 - share));
          }),
        ),
      ),
    decode: (theta) => eachFrame(theta, map.size, map.forward).map((u) => low + span * sigmoid(u)),
    pullback: (gradient, theta) => {
      const slope = eachFrame(theta, map.size, map.forward).map((u) => {
        const share = sigmoid(u);
        return span * share * (1 - share);
      });
      return eachFrame(
        slope.map((by, i) => by * (gradient[i] as number)),
        pixels,
        map.adjoint,
      );
    },
  };
}

function linearMap(options: PixelParameterisation, field: SearchField): LinearMap {
  const { sizePx, fieldOfViewDeg } = field;
  switch (options.type) {
    case 'pixels': {
      const copy = (values: ArrayLike<number>): Float64Array => Float64Array.from(values);
      return { size: sizePx ** 2, forward: copy, adjoint: copy, inverse: copy };
    }
    case 'fourier':
      return fourierMap(sizePx, options.exponent);
    case 'low-resolution': {
      const samples = gridOf(options, field);
      const matrix = options.upsampling === 'bilinear' ? bilinearMatrix : bandLimitedMatrix;
      if (samples < 2 || samples > sizePx) {
        const finest = formatNumber(sizePx / fieldOfViewDeg / (options.cutoffCpd === undefined ? 1 : 2));
        const asked =
          options.cutoffCpd === undefined ? `${options.pxPerDeg} samples per degree` : `${options.cutoffCpd} cpd`;
        throw new TwinscopeError(
          'bad-input',
          `A grid for ${asked} would have ${samples} × ${samples} samples on this twin's ${sizePx} × ${sizePx} pixels over ` +
            `${formatNumber(fieldOfViewDeg)}°. Nothing was started. Choose less than ${finest}` +
            `${options.cutoffCpd === undefined ? ' samples per degree' : ' cpd'} and at least 2 samples across the field.`,
        );
      }
      return separableMap(matrix(sizePx, samples), sizePx, samples);
    }
  }
}

/** Samples along one side. A band-limited grid is odd, so that its highest frequency has both of its phases. */
function gridOf(
  { pxPerDeg, cutoffCpd, upsampling }: Extract<PixelParameterisation, { type: 'low-resolution' }>,
  { fieldOfViewDeg }: SearchField,
): number {
  if (upsampling === 'bilinear') {
    return Math.round((pxPerDeg ?? 2 * (cutoffCpd as number)) * fieldOfViewDeg);
  }
  const cycles = Math.floor((cutoffCpd ?? (pxPerDeg as number) / 2) * fieldOfViewDeg + 1e-9);
  return 2 * cycles + 1;
}

/** One frame after the other through a map from `from` values to as many as it likes. */
function eachFrame(values: ArrayLike<number>, from: number, map: (frame: Float64Array) => Float64Array): Float64Array {
  const all = Float64Array.from(values);
  if (all.length === from) return map(all);
  const parts = Array.from({ length: all.length / from }, (_, frame) =>
    map(all.subarray(frame * from, (frame + 1) * from)),
  );
  const size = parts[0]?.length ?? 0;
  const result = new Float64Array(parts.length * size);
  for (const [frame, part] of parts.entries()) result.set(part, frame * size);
  return result;
}
