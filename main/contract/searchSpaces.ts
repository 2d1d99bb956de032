/** What a search moves through, and the constraints that its candidates meet. */
import { z } from 'zod';
import { setRef, stimulusRef } from './planParts.ts';

export const aperture = z.strictObject({
  xDeg: z.number().default(0),
  yDeg: z.number().default(0),
  diameterDeg: z.number().positive(),
  /** Width of the raised-cosine edge; the diameter is measured at half height. */
  edgeDeg: z.number().min(0).default(0.25),
});
export type Aperture = z.infer<typeof aperture>;

/**
 * Hard constraints, met exactly by every candidate of a search over pixels. Mean and RMS contrast are weighted by the
 * aperture; outside it stands the twin's background. Gratings use the range alone and stand on the background, which
 * must be the mean luminance; a set is shown as it is. `unusableConstraints` names what a plan states in vain.
 */
export const constraints = z.strictObject({
  meanLuminance: z.number().gt(0).lt(1).default(0.5),
  contrastRms: z.number().gt(0).max(1).default(0.15),
  range: z.tuple([z.number().min(0), z.number().max(1)]).default([0, 1]),
  aperture: aperture.optional(),
});
export type Constraints = z.infer<typeof constraints>;

/** 'sigmoid' reaches luminances through low + (high − low)/(1 + e^−u) of the range, 'clip' leaves them to the constraints. */
const squash = z.enum(['clip', 'sigmoid']).default('clip');
/** What the numbers of a search over pixels mean. All are linear maps to deviations from the mean luminance, or to u. */
export const parameterisation = z.discriminatedUnion('type', [
  /** The deviation of every pixel. */
  z.strictObject({ type: z.literal('pixels'), squash }),
  /**
   * Coefficients of the orthonormal two-dimensional Fourier transform of each frame (the half plane of a real image),
   * multiplied by max(f, 1/n)^−exponent, f in cycles per pixel of n; scaled so that unit noise stays unit noise.
   */
  z.strictObject({ type: z.literal('fourier'), exponent: z.number().min(0).max(3).default(1), squash }),
  /** A coarse grid of samples over the field, either this fine or just fine enough for this spatial frequency. */
  z
    .strictObject({
      type: z.literal('low-resolution'),
      pxPerDeg: z.number().positive().optional(),
      cutoffCpd: z.number().positive().optional(),
      /** How samples become pixels; band-limited: the trigonometric polynomial through them. */
      upsampling: z.enum(['bilinear', 'band-limited']).default('band-limited'),
    })
    .refine(({ pxPerDeg, cutoffCpd }) => (pxPerDeg === undefined) !== (cutoffCpd === undefined), {
      message: 'give either pxPerDeg or cutoffCpd',
    }),
]);
export type PixelParameterisation = z.infer<typeof parameterisation>;

export const pixelSpace = z.strictObject({
  type: z.literal('pixels'),
  /** Starting point: noise of this spectrum, projected onto the constraints. */
  start: z.enum(['white', 'pink']).default('pink'),
  parameterisation: parameterisation.prefault({ type: 'pixels' }),
  /** 'moving' searches every frame of a clip, for twins that see clips; one volume under the constraints. */
  motion: z.enum(['still', 'moving']).default('still'),
  /**
   * Smooths the start and every step of a moving picture in time, with a Gaussian that halves the amplitude at this
   * frequency.
   */
  temporalCutoffHz: z.number().positive().optional(),
  /** Starts from this stimulus, brought to the constraints, instead of noise. */
  startFrom: stimulusRef.optional(),
  /** Noise that is added to it for all starts but the first, as a share of the contrast of the constraints. */
  startNoise: z.number().min(0).max(10).default(0.1),
  /** Of the noise where the optimiser does not hold the constraints from the first step; those of the constraints when left out. */
  startMeanLuminance: z.number().gt(0).lt(1).optional(),
  startContrastRms: z.number().gt(0).max(1).optional(),
});

/** Under which the set of `startFrom` is kept beside the others of a search. */
export const startRole = 'start';

const bounds = (low: number, high: number) => z.tuple([z.number(), z.number()]).default([low, high]);
export const gratingSpace = z.strictObject({
  type: z.literal('gratings'),
  orientationDeg: bounds(0, 180),
  spatialFrequencyCpd: bounds(0.5, 8),
  phaseDeg: bounds(0, 360),
  diameterDeg: bounds(0.25, 6),
  xDeg: bounds(-2, 2),
  yDeg: bounds(-2, 2),
  contrast: z.number().gt(0).max(1).default(1),
});
export const setSpace = z.strictObject({ type: z.literal('set'), stimuli: setRef });

export const searchSpace = z.discriminatedUnion('type', [pixelSpace, gratingSpace, setSpace]);
export type SearchSpace = z.infer<typeof searchSpace>;
export type PixelSpace = z.infer<typeof pixelSpace>;
export type GratingSpace = z.infer<typeof gratingSpace>;
