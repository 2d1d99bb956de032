/** Results with their provenance. */
import { z } from 'zod';
import { deviceId, gradientForms } from './devices.ts';
import { sha256, stimulusDesign, stimulusSpec } from './stimuli.ts';
import { controlKind, searchEvidence } from './searchEvidence.ts';
import { aperture, constraints, display, plan, protocolPlan, runPlan, searchPlan } from './plans.ts';

const referenceOrigin = z.object({ from: z.enum(['search', 'cache']), measuredAt: z.string(), sha256 });

/** Everything needed to make a result again, and to know whether it is the same. */
export const provenance = z.object({
  plan,
  planSha256: sha256,
  twin: z.object({ id: z.string(), version: z.string(), sha256 }),
  /** Hash over the ordered stimulus hashes. */
  stimuliSha256: sha256.nullable(),
  /** Every stimulus set that went in, by what it was for: 'stimuli', 'reference', 'bestOf', 'screening'. */
  sets: z.record(z.string(), z.object({ name: z.string(), sha256 })),
  seeds: z.array(z.number()),
  device: z.string(),
  /** At the start; halved from each of `segments` on, where memory did not suffice. */
  batchSize: z.int(),
  /**
   * `first`: the first stimulus of a run, or step of a search, counted from 0, that the batch size holds for. The steps of a
   * search go on as they were at the start; what is smaller are the batches that the twin is given within them.
   */
  segments: z.array(z.object({ first: z.int(), batchSize: z.int() })).optional(),
  threads: z.int(),
  /** Null: the usual forms of the device. */
  gradientForms: gradientForms.nullable().default(null),
  versions: z.record(z.string(), z.string()),
  /**
   * Of a search, once it has its reference: whether the responses to the reference set were measured by the search itself,
   * or before it on this machine in the same way, when, and the hash over them.
   */
  reference: referenceOrigin.optional(),
  /** Of a search over several twins or states of behaviour: every one but the twin above in its first state. */
  others: z
    .array(
      z.object({
        /** Its label in the plan, or 'state 2' … */
        as: z.string(),
        twin: z.object({ id: z.string(), version: z.string(), sha256 }),
        behaviour: z.record(z.string(), z.number()).optional(),
        device: z.string(),
        threads: z.int(),
        gradientForms: gradientForms.nullable(),
        versions: z.record(z.string(), z.string()),
        reference: referenceOrigin.optional(),
      }),
    )
    .optional(),
});
export type Provenance = z.infer<typeof provenance>;

export const setSummary = z.object({
  id: z.string(),
  name: z.string(),
  type: z.enum([
    'gratings',
    'gabors',
    'images',
    'noise',
    'tsr1',
    'drifting-gratings',
    'counterphase-gratings',
    'drifting-plaids',
    'random-dots',
    'tsr1v',
    'list',
  ]),
  /** e.g. '8 orientations × 6 SF × 4 phases + blank = 193'. */
  description: z.string(),
  count: z.int(),
  createdAt: z.string(),
});
export type SetSummary = z.infer<typeof setSummary>;

export const setDetails = setSummary.extend({
  design: stimulusDesign,
  stimuliSha256: sha256,
  warnings: z.array(z.string()),
});
export type SetDetails = z.infer<typeof setDetails>;

/** How moving stimuli are shown: a second of frames of the 8° field. */
export const clipStrip = { sizePx: 112, frames: 30, frameRateHz: 30 } as const;

export const stimulusItem = z.object({
  index: z.int(),
  label: z.string(),
  sha256,
  spec: stimulusSpec,
  /** Path for handleResource: an 8-bit sRGB PNG of the 8° field. */
  thumbnail: z.string(),
  /** Path of the frames of `clipStrip`, one below the other; null for what stands still. */
  clip: z.string().nullable(),
});
export type StimulusItem = z.infer<typeof stimulusItem>;

export const stimulusInspection = z.object({
  item: stimulusItem,
  meanLuminance: z.number(),
  contrastRms: z.number(),
  minLuminance: z.number(),
  maxLuminance: z.number(),
  /** Fraction of pixels in 32 bins of linear luminance over 0…1. */
  histogram: z.array(z.number()),
  /** Radially averaged amplitude spectrum: cycles per degree and amplitude relative to its maximum. */
  spectrum: z.array(z.object({ cpd: z.number(), amplitude: z.number() })),
  warnings: z.array(z.string()),
});
export type StimulusInspection = z.infer<typeof stimulusInspection>;

export const runArea = z.object({ area: z.string(), units: z.array(z.string()), responseUnits: z.string() });

export const runSummary = z.object({
  id: z.string(),
  name: z.string(),
  twinId: z.string(),
  twinVersion: z.string(),
  setName: z.string(),
  stimuli: z.int(),
  units: z.int(),
  state: z.enum(['partial', 'complete']),
  contentSha256: sha256.nullable(),
  createdAt: z.string(),
});
export type RunSummary = z.infer<typeof runSummary>;

export const runDetails = runSummary.extend({
  plan: runPlan,
  provenance,
  areas: z.array(runArea),
  design: stimulusDesign,
  /** Path for handleResource: float32 little-endian, stimuli × units in the order of `areas`. */
  responses: z.string(),
});
export type RunDetails = z.infer<typeof runDetails>;

export const control = z.object({
  kind: controlKind,
  label: z.string(),
  n: z.int(),
  best: z.number(),
  median: z.number(),
  /** Objective values of every sample, for the band behind the trajectory. */
  values: z.array(z.number()),
  beaten: z.boolean(),
  /**
   * The best of these controls, kept as a stimulus so that it can go into the protocol beside the candidate. Null where it
   * is a clip, whose frames are not kept: `sourceSpec` says what it was made from.
   */
  spec: stimulusSpec.nullable(),
  /** What it was before it was brought to the constraints: which photograph, which grating; null for noise. */
  sourceSpec: stimulusSpec.nullable(),
  sha256: sha256.nullable(),
  thumbnail: z.string().nullable(),
});
export type Control = z.infer<typeof control>;

/**
 * How far a candidate is from its constraints: relative to what was asked, but for `range` and `background` (luminance).
 * What was not asked for is left out.
 */
export const residuals = z.object({
  meanLuminance: z.number(),
  contrastRms: z.number().optional(),
  range: z.number(),
  normL2: z.number().optional(),
  background: z.number().optional(),
  spectrum: z.number().optional(),
  distance: z.number().optional(),
  temporal: z.number().optional(),
});
export type Residuals = z.infer<typeof residuals>;

export const candidate = z.object({
  /** From 1, best first. */
  rank: z.int(),
  start: z.int(),
  /** In the units of the plan's objective, computed on exactly this stimulus. */
  objective: z.number(),
  spec: stimulusSpec,
  sha256,
  thumbnail: z.string(),
  /** Mean activity of every area, z units, and every targeted unit's response in response units. */
  areas: z.array(z.object({ area: z.string(), z: z.number() })),
  units: z.array(
    z.object({ area: z.string(), unit: z.string(), response: z.number(), z: z.number(), blank: z.number() }),
  ),
  /** Null for stimuli made by a generator or taken from a set, and where the plan leaves mean luminance and RMS contrast free. */
  residuals: residuals.nullable(),
  /** Of the same pixels after 8-bit sRGB encoding. */
  residuals8Bit: residuals.nullable().optional(),
});
export type Candidate = z.infer<typeof candidate>;

export const searchReport = z.object({
  id: z.string(),
  name: z.string(),
  plan: searchPlan,
  provenance,
  state: z.enum(['partial', 'complete']),
  referenceName: z.string(),
  referenceStimuli: z.int(),
  /**
   * The stored array of what every response is expressed in: float64 NPY, 5 × units in the twin's order, those of other states
   * and twins behind them: mean, sd (0 for an unmodulated unit), response to the blank, coefficient in the area's activity,
   * largest response. Absent until the set was measured.
   */
  referenceStatistics: sha256.optional(),
  candidates: z.array(candidate),
  controls: z.array(control),
  /** Absent until the candidate was checked. */
  evidence: searchEvidence.optional(),
  trajectory: z.array(z.object({ step: z.int(), best: z.number(), median: z.number() })),
  /** Images shown to the twin, those of the reference set and of the controls included. */
  evaluations: z.int(),
  controlEvaluations: z.int(),
  /** What the twin's responses are in, by its manifest when the search was made. */
  responseUnits: z.string(),
  seconds: z.number(),
  contentSha256: sha256.nullable(),
  createdAt: z.string(),
});
export type SearchReport = z.infer<typeof searchReport>;

/** The reference set that a search would use, and what is known of it on this machine. */
export const referenceState = z.object({
  twin: z.object({ id: z.string(), version: z.string() }),
  name: z.string(),
  /** Without blanks. */
  stimuli: z.int(),
  /** Why it is another set than the usual one, in one sentence. */
  notice: z.string().nullable(),
  device: deviceId,
  deviceLabel: z.string(),
  /** Null: the next search measures it first. */
  measured: z.object({ at: z.string(), seconds: z.number() }).nullable(),
  /** Roughly; null where the speed of the twin on the device is not known. */
  secondsToMeasure: z.number().nullable(),
});
export type ReferenceState = z.infer<typeof referenceState>;

export const searchSummary = z.object({
  id: z.string(),
  name: z.string(),
  twinId: z.string(),
  /** In words, e.g. `drive V4 alone, against IT`. */
  target: z.string(),
  objective: z.enum(['drive', 'suppress', 'selective', 'match', 'controversial', 'ensemble', 'sum']),
  space: z.string(),
  /** Objective of the best candidate and of the best control, in the units of the objective. */
  best: z.number().nullable(),
  bestControl: z.number().nullable(),
  state: z.enum(['partial', 'complete']),
  thumbnail: z.string().nullable(),
  /** Where in the picture the stimulus lies; null for all of it. */
  aperture: aperture.nullable(),
  createdAt: z.string(),
});
export type SearchSummary = z.infer<typeof searchSummary>;

export const protocolSummary = z.object({
  id: z.string(),
  name: z.string(),
  trials: z.int(),
  minutes: z.number(),
  updatedAt: z.string(),
});
export type ProtocolSummary = z.infer<typeof protocolSummary>;

export const trial = z.object({
  index: z.int(),
  block: z.int(),
  /** Index into `stimuli`; null for a blank. */
  stimulus: z.int().nullable(),
  onsetFrame: z.int(),
  durationFrames: z.int(),
  blankFrames: z.int(),
});
export type Trial = z.infer<typeof trial>;

/** A candidate of a search, or a control that it was measured against. */
export const searchSource = z.object({
  type: z.literal('search'),
  searchId: z.string(),
  searchName: z.string(),
  searchContentSha256: sha256.nullable(),
  role: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('candidate'), rank: z.int(), start: z.int() }),
    /** The best of `n` controls. */
    z.object({ kind: z.literal('control'), control: controlKind, label: z.string(), n: z.int() }),
  ]),
  /** In the units of the objective of the search's plan. */
  objective: z.number(),
  /** What its pixels were held to; null where a generator or a set made it, or a control was matched to such a one. */
  constraints: constraints.nullable(),
  /** Where mean and RMS contrast are measured; null for the whole field. */
  aperture: aperture.nullable(),
  /** The search's own, as it was stored, also by another version; its plan stands once in `searchPlans`. */
  provenance: z.record(z.string(), z.unknown()),
});
export const setSource = z.object({
  type: z.literal('set'),
  /** Null for a set that is written out in the plan. */
  setId: z.string().nullable(),
  name: z.string(),
  description: z.string(),
  stimuliSha256: sha256,
});
/** Where a stimulus of a protocol came from, as it was when the protocol was saved. */
export const stimulusSource = z.discriminatedUnion('type', [searchSource, setSource]);
export type StimulusSource = z.infer<typeof stimulusSource>;

export const protocolStimulus = z.object({
  index: z.int(),
  /** Safe file name without extension, unique in the protocol. */
  name: z.string(),
  condition: z.string(),
  spec: stimulusSpec,
  sha256,
  thumbnail: z.string(),
  /** Side of the picture. */
  sizeDeg: z.number(),
  /** Side of the part of it that differs from the background, where that was measured and is smaller. */
  patternDeg: z.number().optional(),
  source: stimulusSource.optional(),
});
export type ProtocolStimulus = z.infer<typeof protocolStimulus>;

/** Side of the square of the screen that a stimulus needs, degrees: without the background around it. */
export const neededDeg = ({ sizeDeg, patternDeg }: Pick<ProtocolStimulus, 'sizeDeg' | 'patternDeg'>): number =>
  patternDeg ?? sizeDeg;

export const expandedProtocol = z.object({
  id: z.string().nullable(),
  name: z.string(),
  plan: protocolPlan,
  display,
  stimuli: z.array(protocolStimulus),
  /** Plans of the searches that stimuli came from, by search id, as they were stored. */
  searchPlans: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
  trials: z.array(trial),
  totalFrames: z.int(),
  minutes: z.number(),
  pixelsPerDegCentre: z.number(),
  generator: z.string(),
  warnings: z.array(z.string()),
});
export type ExpandedProtocol = z.infer<typeof expandedProtocol>;

export const exportRecord = z.object({
  id: z.string(),
  protocolId: z.string(),
  format: z.enum(['bundle', 'psychopy']),
  folder: z.string(),
  files: z.array(z.object({ path: z.string(), bytes: z.int(), sha256 })),
  /** What our own validator checked, as sentences. */
  checks: z.array(z.object({ passed: z.boolean(), text: z.string() })),
  /** Path for handleResource: the folder as a zip. */
  download: z.string(),
  createdAt: z.string(),
});
export type ExportRecord = z.infer<typeof exportRecord>;
