/** What a search moves through, and the constraints that its candidates meet. */
import { z } from 'zod';
import { setRef, stimulusRef, type StimulusRef } from './planParts.ts';

export const aperture = z.strictObject({
  xDeg: z.number().default(0),
  yDeg: z.number().default(0),
  diameterDeg: z.number().positive(),
  /** Width of the raised-cosine edge; the diameter is measured at half height. */
  edgeDeg: z.number().min(0).default(0.25),
});
export type Aperture = z.infer<typeof aperture>;

/** Held equal to a number, or between two. */
const bounded = (number: z.ZodNumber) =>
  z.union([
    number,
    z
      .strictObject({ min: number.optional(), max: number.optional() })
      .refine(({ min = 0, max = Infinity }) => min < max, {
        message: 'needs a smallest value below the largest',
      }),
  ]);
export type Bounded = number | { min?: number | undefined; max?: number | undefined };

/** The two ends of what is allowed. */
export function endsOf(value: Bounded | null | undefined): [number, number] {
  if (value === null || value === undefined) return [0, Infinity];
  return typeof value === 'number' ? [value, value] : [value.min ?? 0, value.max ?? Infinity];
}

const shape = {
  xDeg: z.number().default(0),
  yDeg: z.number().default(0),
  widthDeg: z.number().positive(),
  heightDeg: z.number().positive(),
  /** Counter-clockwise. */
  angleDeg: z.number().default(0),
};

/** Only the pixels of the foreground are free; the others keep the background: an image, or the twin's uniform one. */
export const foregroundMask = z.strictObject({
  foreground: z.union([
    /** Pixels where the luminance of that stimulus exceeds the threshold. */
    z.strictObject({ ...stimulusRef.shape, threshold: z.number().min(0).max(1).default(0.5) }),
    z.strictObject({ shape: z.enum(['ellipse', 'rectangle']), ...shape }),
  ]),
  background: stimulusRef.optional(),
});
export type ForegroundMask = z.infer<typeof foregroundMask>;

/**
 * Amplitude of the Fourier transform of every frame over the whole field, but for its mean: proportional to that of a
 * stimulus (equal to it where no contrast is held), proportional to 1/f^exponent, or zero outside a band.
 */
export const spectrum = z.union([
  stimulusRef,
  z.strictObject({ exponent: z.number().min(0).max(4) }),
  z
    .strictObject({ lowCpd: z.number().min(0).optional(), highCpd: z.number().positive().optional() })
    .refine(({ lowCpd = 0, highCpd = Infinity }) => lowCpd < highCpd, { message: 'needs lowCpd below highCpd' }),
]);
export type SpectrumConstraint = z.infer<typeof spectrum>;

/**
 * Hard constraints, met exactly by every candidate of a search over pixels. Mean and RMS contrast are weighted by the
 * aperture; outside it stands the twin's background. Gratings use the range alone and stand on the background, which
 * must be the mean luminance; a set is shown as it is. `unusableConstraints` names what a plan states in vain.
 */
export const constraints = z
  .strictObject({
    meanLuminance: z.number().gt(0).lt(1).default(0.5),
    /** sd(L)/mean(L); null: not held. .15 when left out, unless `normL2` is held instead. */
    contrastRms: bounded(z.number().gt(0).max(1)).nullable().optional(),
    /** √∫c² of the contrast image c = (L − mean)/mean over the field, in degrees; for a clip the root mean square over frames. */
    normL2: bounded(z.number().positive()).optional(),
    range: z.tuple([z.number().min(0), z.number().max(1)]).default([0, 1]),
    aperture: aperture.optional(),
    mask: foregroundMask.optional(),
    spectrum: spectrum.optional(),
    /** RMS distance to a stimulus over the free pixels: as luminance, or relative to the mean luminance. */
    distance: z
      .strictObject({
        ...stimulusRef.shape,
        rms: bounded(z.number().positive()),
        unit: z.enum(['luminance', 'relative']).default('relative'),
      })
      .optional(),
    /** Largest RMS change from one frame of a clip to the next, relative to the mean luminance. */
    temporal: z.strictObject({ maxChangeRms: z.number().positive() }).optional(),
  })
  .refine(({ contrastRms, normL2 }) => normL2 === undefined || contrastRms === undefined || contrastRms === null, {
    message: 'can hold contrastRms or normL2, not both',
  })
  .transform(({ contrastRms, ...others }) => ({
    ...others,
    contrastRms: contrastRms === undefined ? (others.normL2 === undefined ? 0.15 : null) : contrastRms,
  }));
export type Constraints = z.infer<typeof constraints>;

export const constraintRoles = ['foreground', 'background', 'spectrum', 'distance'] as const;
export type ConstraintRole = (typeof constraintRoles)[number];

/** The stimuli that constraints speak of, by what they are for. */
export function constraintStimuli({
  mask,
  spectrum,
  distance,
}: Constraints): { role: ConstraintRole; stimulus: StimulusRef }[] {
  const found: [ConstraintRole, object | undefined][] = [
    ['foreground', mask?.foreground],
    ['background', mask?.background],
    ['spectrum', spectrum],
    ['distance', distance],
  ];
  return found.flatMap(([role, value]) =>
    value !== undefined && 'from' in value ? [{ role, stimulus: value as StimulusRef }] : [],
  );
}

/** Under which the set of such a stimulus is kept beside the others of a search. */
export const constraintRole = (role: ConstraintRole): string => `constraint ${role}`;

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
