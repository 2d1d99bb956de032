/** What a search moves through, and the constraints that its candidates meet. */
import { z } from 'zod';
import { setRef } from './planParts.ts';

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

export const pixelSpace = z.strictObject({
  type: z.literal('pixels'),
  /** Starting point: noise of this spectrum, projected onto the constraints. */
  start: z.enum(['white', 'pink']).default('pink'),
});

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
/**
 * How one parameter of a generator is searched: a value stands fixed; [low, high] is continuous (whole numbers for a seed);
 * of `values` one is taken.
 */
export const parameterRange = z.union([
  z.number(),
  z.string(),
  z.tuple([z.number(), z.number()]),
  z.strictObject({
    values: z
      .array(z.union([z.number(), z.string()]))
      .min(1)
      .max(10_000),
  }),
]);
export type ParameterRange = z.infer<typeof parameterRange>;

/** Generators whose parameters can be searched; the names of `main/contract/stimuli.ts`. */
export const parametricStimulus = z.enum([
  'grating',
  'gabor',
  'noise',
  'drifting-grating',
  'counterphase-grating',
  'drifting-plaid',
  'random-dots',
]);
export type ParametricStimulus = z.infer<typeof parametricStimulus>;

/** The parameters of one generator. Those left out have the generator's defaults. */
export const parametricSpace = z.strictObject({
  type: z.literal('parametric'),
  stimulus: parametricStimulus,
  parameters: z.record(z.string(), parameterRange).default({}),
  /**
   * Centre and size are those of this unit's receptive field, by the twin's table of units: the diameter, or ± 2 standard
   * deviations of a Gabor, is `scale` times that of the field.
   */
  place: z.strictObject({ area: z.string(), unit: z.string(), scale: z.number().positive().default(1) }).optional(),
});
export type ParametricSpace = z.infer<typeof parametricSpace>;

export const setSpace = z.strictObject({ type: z.literal('set'), stimuli: setRef });

export const searchSpace = z.discriminatedUnion('type', [pixelSpace, gratingSpace, parametricSpace, setSpace]);
export type SearchSpace = z.infer<typeof searchSpace>;
export type PixelSpace = z.infer<typeof pixelSpace>;
export type GratingSpace = z.infer<typeof gratingSpace>;
