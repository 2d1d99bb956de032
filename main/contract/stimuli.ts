/**
 * Stimuli as they cross every border: physical descriptions, never pixels. Conventions (shared by every module):
 * degrees of visual angle from fixation, x right, y up; orientation is the counter-clockwise angle of the bars from
 * horizontal; luminance is linear light with the display's white at 1 and the background at .5; contrast is Michelson.
 */
import { z } from 'zod';

const deg = z.number().min(-90).max(90);
const angle = z.number();
const contrast = z.number().min(0).max(1);
const positive = z.number().positive();
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits');

export const gratingSpec = z.strictObject({
  type: z.literal('grating'),
  orientationDeg: angle,
  spatialFrequencyCpd: positive,
  phaseDeg: angle.default(0),
  contrast: contrast.default(1),
  /** Diameter of the circular aperture, measured at half height of its raised-cosine edge. */
  diameterDeg: positive,
  edgeDeg: z.number().min(0).default(0.25),
  xDeg: deg.default(0),
  yDeg: deg.default(0),
});

export const gaborSpec = z.strictObject({
  type: z.literal('gabor'),
  orientationDeg: angle,
  spatialFrequencyCpd: positive,
  phaseDeg: angle.default(0),
  contrast: contrast.default(1),
  /** Standard deviation of the Gaussian envelope across the bars; along the bars it is sigmaDeg × aspectRatio. */
  sigmaDeg: positive,
  aspectRatio: positive.default(1),
  xDeg: deg.default(0),
  yDeg: deg.default(0),
});

export const blankSpec = z.strictObject({ type: z.literal('blank') });

/** An imported photograph, converted to linear-light luminance and scaled to a square of `sizeDeg`. */
export const imageSpec = z.strictObject({
  type: z.literal('image'),
  imageSha256: sha256,
  sizeDeg: positive,
  /** cover: fill the square and crop the longer side; contain: show all of it on the background. */
  fit: z.enum(['cover', 'contain']).default('cover'),
  xDeg: deg.default(0),
  yDeg: deg.default(0),
});

/** A linear-light raster stored in the project (search candidates and their controls): float32 NPY, square. */
export const rasterSpec = z.strictObject({
  type: z.literal('raster'),
  arraySha256: sha256,
  sizeDeg: positive,
  /** Of a clip, stored as frames × size × size; shown over and over where it is shown for longer than it lasts. */
  clip: z.strictObject({ frames: z.int().min(2), frameRateHz: positive }).optional(),
});

/** Gaussian noise with exactly the stated mean and RMS contrast inside a circular aperture. */
export const noiseSpec = z.strictObject({
  type: z.literal('noise'),
  spectrum: z.enum(['white', 'pink']),
  contrastRms: z.number().min(0).max(1),
  diameterDeg: positive,
  edgeDeg: z.number().min(0).default(0),
  xDeg: deg.default(0),
  yDeg: deg.default(0),
  seed: z.int().min(0),
});

/** Images of the reference set TSR-1; see main/stimuli/tsr1/classes.ts. */
export const tsr1Images = 1024;

/** One image of TSR-1, 8° × 8° around fixation; its number says everything. */
export const tsr1Spec = z.strictObject({
  type: z.literal('tsr1'),
  index: z
    .int()
    .min(0)
    .max(tsr1Images - 1),
});

const frequencyHz = z.number().min(0);
const place = { edgeDeg: z.number().min(0).default(0.25), xDeg: deg.default(0), yDeg: deg.default(0) };

/*
 * Moving stimuli. Directions: 0° is rightward, 90° upward. Time runs from 0 at the first frame, without an end; a
 * frequency of 0 Hz stands still.
 */

/** Bars perpendicular to the direction; temporalFrequencyHz cycles a second pass every point towards it. */
export const driftingGratingSpec = z.strictObject({
  type: z.literal('drifting-grating'),
  directionDeg: angle,
  spatialFrequencyCpd: positive,
  temporalFrequencyHz: frequencyHz,
  /** At the centre and time 0. */
  phaseDeg: angle.default(0),
  contrast: contrast.default(1),
  diameterDeg: positive,
  ...place,
});

/** Standing bars whose contrast follows cos(2π·temporalFrequencyHz·t): the sum of two opposite drifts of half of it. */
export const counterphaseGratingSpec = z.strictObject({
  type: z.literal('counterphase-grating'),
  orientationDeg: angle,
  spatialFrequencyCpd: positive,
  temporalFrequencyHz: frequencyHz,
  /** Of the bars, at the centre. */
  phaseDeg: angle.default(0),
  /** At its highest. */
  contrast: contrast.default(1),
  diameterDeg: positive,
  ...place,
});

/**
 * The sum of two gratings that drift in directionDeg ± plaidAngleDeg/2. The pattern moves in directionDeg at
 * temporalFrequencyHz / (spatialFrequencyCpd · cos(plaidAngleDeg/2)) degrees per second.
 */
export const driftingPlaidSpec = z.strictObject({
  type: z.literal('drifting-plaid'),
  directionDeg: angle,
  plaidAngleDeg: z.number().gt(0).lt(180).default(120),
  /** Of each component. */
  spatialFrequencyCpd: positive,
  /** Of each component. */
  temporalFrequencyHz: frequencyHz,
  /** Of both components, at the centre and time 0. */
  phaseDeg: angle.default(0),
  /** Of each component; the plaid reaches twice as much. */
  componentContrast: z.number().min(0).max(0.5).default(0.5),
  diameterDeg: positive,
  ...place,
});

/** Seconds until a dot is born again at another place; no display shows a frame for less than the least. */
const lifetimeS = z.number().min(0.001).default(0.2);

/** Black and white dots of limited lifetime in a circular aperture; see main/stimuli/dots.ts. */
export const randomDotsSpec = z.strictObject({
  type: z.literal('random-dots'),
  directionDeg: angle,
  speedDegPerS: z.number().min(0),
  /** Chance of a dot, drawn at every birth, to move in directionDeg; the others move in any direction, as fast. */
  coherence: z.number().min(0).max(1),
  dotsPerDeg2: positive.max(1000).default(4),
  dotDiameterDeg: positive.default(0.15),
  lifetimeS,
  contrast: contrast.default(1),
  diameterDeg: positive,
  ...place,
  seed: z.int().min(0),
});

/** Clips of the reference set TSR-1V; see main/stimuli/tsr1v/classes.ts. */
export const tsr1vClips = 256;

/** One clip of TSR-1V, 8° × 8° around fixation; its number says everything. */
export const tsr1vSpec = z.strictObject({
  type: z.literal('tsr1v'),
  index: z
    .int()
    .min(0)
    .max(tsr1vClips - 1),
});

export const stimulusSpec = z.discriminatedUnion('type', [
  gratingSpec,
  gaborSpec,
  blankSpec,
  imageSpec,
  rasterSpec,
  noiseSpec,
  tsr1Spec,
  driftingGratingSpec,
  counterphaseGratingSpec,
  driftingPlaidSpec,
  randomDotsSpec,
  tsr1vSpec,
]);
export type StimulusSpec = z.infer<typeof stimulusSpec>;
export type GratingSpec = z.infer<typeof gratingSpec>;
export type GaborSpec = z.infer<typeof gaborSpec>;
export type ImageSpec = z.infer<typeof imageSpec>;
export type RasterSpec = z.infer<typeof rasterSpec>;
export type NoiseSpec = z.infer<typeof noiseSpec>;
export type Tsr1Spec = z.infer<typeof tsr1Spec>;
export type DriftingGratingSpec = z.infer<typeof driftingGratingSpec>;
export type CounterphaseGratingSpec = z.infer<typeof counterphaseGratingSpec>;
export type DriftingPlaidSpec = z.infer<typeof driftingPlaidSpec>;
export type RandomDotsSpec = z.infer<typeof randomDotsSpec>;
export type Tsr1vSpec = z.infer<typeof tsr1vSpec>;

const levels = (item: z.ZodNumber) => z.array(item).min(1).max(1000);

export const gratingDesign = z.strictObject({
  type: z.literal('gratings'),
  factors: z.strictObject({
    orientationDeg: levels(angle),
    spatialFrequencyCpd: levels(positive),
    phaseDeg: levels(angle).default([0, 90, 180, 270]),
    contrast: levels(contrast).default([1]),
    diameterDeg: levels(positive).default([4]),
  }),
  edgeDeg: z.number().min(0).default(0.25),
  xDeg: deg.default(0),
  yDeg: deg.default(0),
  /** Adds one background-only condition; indices are measured against it. */
  blank: z.boolean().default(true),
});

export const gaborDesign = z.strictObject({
  type: z.literal('gabors'),
  factors: z.strictObject({
    orientationDeg: levels(angle),
    spatialFrequencyCpd: levels(positive),
    phaseDeg: levels(angle).default([0, 90, 180, 270]),
    contrast: levels(contrast).default([1]),
    sigmaDeg: levels(positive).default([0.5]),
    xDeg: levels(deg).default([0]),
    yDeg: levels(deg).default([0]),
  }),
  aspectRatio: positive.default(1),
  blank: z.boolean().default(true),
});

export const imageDesign = z.strictObject({
  type: z.literal('images'),
  imageSha256s: z.array(sha256).min(1),
  /** What people call each photograph, usually its file's name; no part of any stimulus hash. */
  labels: z.array(z.string()).optional(),
  sizeDeg: positive.default(8),
  fit: z.enum(['cover', 'contain']).default('cover'),
  xDeg: deg.default(0),
  yDeg: deg.default(0),
  blank: z.boolean().default(true),
});

export const noiseDesign = z.strictObject({
  type: z.literal('noise'),
  n: z.int().min(1).max(1_000_000),
  spectrum: z.enum(['white', 'pink']).default('white'),
  contrastRms: z.number().min(0).max(1).default(0.2),
  diameterDeg: positive.default(8),
  edgeDeg: z.number().min(0).default(0.5),
  xDeg: deg.default(0),
  yDeg: deg.default(0),
  seed: z.int().min(0).default(0),
  blank: z.boolean().default(true),
});

/** The reference set TSR-1: half A for z-scores and matching, half B for "best of reference". */
export const tsr1Design = z.strictObject({
  type: z.literal('tsr1'),
  half: z.enum(['A', 'B', 'all']).default('all'),
  blank: z.boolean().default(true),
});

export const driftingGratingDesign = z.strictObject({
  type: z.literal('drifting-gratings'),
  factors: z.strictObject({
    directionDeg: levels(angle),
    spatialFrequencyCpd: levels(positive),
    temporalFrequencyHz: levels(frequencyHz),
    phaseDeg: levels(angle).default([0]),
    contrast: levels(contrast).default([1]),
    diameterDeg: levels(positive).default([4]),
  }),
  ...place,
  blank: z.boolean().default(true),
});

export const counterphaseGratingDesign = z.strictObject({
  type: z.literal('counterphase-gratings'),
  factors: z.strictObject({
    orientationDeg: levels(angle),
    spatialFrequencyCpd: levels(positive),
    temporalFrequencyHz: levels(frequencyHz),
    phaseDeg: levels(angle).default([0, 90]),
    contrast: levels(contrast).default([1]),
    diameterDeg: levels(positive).default([4]),
  }),
  ...place,
  blank: z.boolean().default(true),
});

export const driftingPlaidDesign = z.strictObject({
  type: z.literal('drifting-plaids'),
  factors: z.strictObject({
    directionDeg: levels(angle),
    plaidAngleDeg: levels(z.number().gt(0).lt(180)).default([120]),
    spatialFrequencyCpd: levels(positive),
    temporalFrequencyHz: levels(frequencyHz),
    phaseDeg: levels(angle).default([0]),
    componentContrast: levels(z.number().min(0).max(0.5)).default([0.5]),
    diameterDeg: levels(positive).default([4]),
  }),
  ...place,
  blank: z.boolean().default(true),
});

export const randomDotsDesign = z.strictObject({
  type: z.literal('random-dots'),
  factors: z.strictObject({
    directionDeg: levels(angle),
    speedDegPerS: levels(z.number().min(0)),
    coherence: levels(z.number().min(0).max(1)),
    dotDiameterDeg: levels(positive).default([0.15]),
    contrast: levels(contrast).default([1]),
    diameterDeg: levels(positive).default([4]),
  }),
  /** Samples of every combination, each with dots of its own. */
  n: z.int().min(1).max(10_000).default(5),
  seed: z.int().min(0).default(0),
  dotsPerDeg2: positive.max(1000).default(4),
  lifetimeS,
  ...place,
  blank: z.boolean().default(true),
});

/** The reference set TSR-1V for twins that see clips: half A for z-scores, half B for "best of reference". */
export const tsr1vDesign = z.strictObject({
  type: z.literal('tsr1v'),
  half: z.enum(['A', 'B', 'all']).default('all'),
  blank: z.boolean().default(true),
});

/** An explicit list, e.g. candidates of a search with their controls. */
export const listDesign = z.strictObject({
  type: z.literal('list'),
  stimuli: z.array(stimulusSpec).min(1),
  labels: z.array(z.string()).optional(),
});

export const stimulusDesign = z.discriminatedUnion('type', [
  gratingDesign,
  gaborDesign,
  imageDesign,
  noiseDesign,
  tsr1Design,
  driftingGratingDesign,
  counterphaseGratingDesign,
  driftingPlaidDesign,
  randomDotsDesign,
  tsr1vDesign,
  listDesign,
]);
export type StimulusDesign = z.infer<typeof stimulusDesign>;
export type GratingDesign = z.infer<typeof gratingDesign>;
export type GaborDesign = z.infer<typeof gaborDesign>;
export type ImageDesign = z.infer<typeof imageDesign>;
export type NoiseDesign = z.infer<typeof noiseDesign>;
export type Tsr1Design = z.infer<typeof tsr1Design>;
export type RandomDotsDesign = z.infer<typeof randomDotsDesign>;
export type Tsr1vDesign = z.infer<typeof tsr1vDesign>;
export type ListDesign = z.infer<typeof listDesign>;
