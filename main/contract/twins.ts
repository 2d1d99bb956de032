/** The manifest of a twin package (`twin.json`) and what the library says about a twin. */
import { z } from 'zod';
import { gradientForms } from './devices.ts';
import { sha256 } from './stimuli.ts';

const axis = z.object({
  name: z.string(),
  /** A fixed size, or null where the graph leaves it open (the batch). */
  size: z.int().positive().nullable(),
});

const inputCommon = {
  tensor: z.string(),
  axes: z.array(axis).min(1),
  dtype: z.enum(['float32', 'float16', 'float64', 'int64']).default('float32'),
};

/** Pictures, or clips of them where an axis is called `time`. */
export const stimulusInput = z.object({
  ...inputCommon,
  role: z.literal('stimulus'),
  /** Values of display black and white, before `mean` is taken off and `std` divided by: [0, 1] or [0, 255]. */
  range: z.tuple([z.number(), z.number()]),
  /** grey-linear: one channel of linear-light luminance, display white at 1. */
  encoding: z.enum(['srgb', 'linear', 'grey-linear']),
  /** One for every channel, in the units of `range`. */
  mean: z.array(z.number()).optional(),
  std: z.array(z.number()).optional(),
  fieldOfViewDeg: z.number().positive(),
  /** Linear-light luminance of the background the stimuli stand on. */
  background: z.number().min(0).max(1).default(0.5),
  /** Frames per second; required where there is a `time` axis. */
  frameRateHz: z.number().positive().optional(),
});

/** What the animal does while it looks: one row of the tensor's `channel` axis for each channel. */
export const behaviourInput = z.object({
  ...inputCommon,
  role: z.literal('behaviour'),
  channels: z
    .array(
      z.object({
        name: z.string().min(1),
        /** E.g. cm/s; '' for pure numbers. */
        units: z.string(),
        /** The value while a plan says nothing else. */
        default: z.number(),
        /** The range the twin was made or tested in. */
        range: z.tuple([z.number(), z.number()]).optional(),
      }),
    )
    .min(1),
});

/** What a recurrent graph remembers; each stimulus begins from the state that the background leaves behind. */
export const stateInput = z.object({
  ...inputCommon,
  role: z.literal('state'),
  /** The output tensor of the same shape that holds the state after the clip. */
  from: z.string(),
});

/** Words or word pieces; kept, not run yet. */
export const tokensInput = z.object({ ...inputCommon, role: z.literal('tokens') });

export const twinInput = z.discriminatedUnion('role', [stimulusInput, behaviourInput, stateInput, tokensInput]);

export const twinOutput = z.object({
  tensor: z.string(),
  area: z.string(),
  layer: z.string().optional(),
  /** Batch first, then `unit`; a clip's output may have `time` before or behind the units. */
  axes: z.array(axis).min(1),
  /**
   * Time bins [from, to) whose mean is the response to a stimulus; earlier ones are burn-in. All bins when left out.
   */
  window: z.object({ from: z.int().min(0), to: z.int().positive() }).optional(),
});

export const twinArea = z.object({
  name: z.string(),
  label: z.string(),
  atlas: z.string().optional(),
  hemisphere: z.string().optional(),
  units: z.int().positive(),
  /** The area whose fixed colour is used on every page, e.g. V1 for V1-simple. */
  colourOf: z.string().optional(),
});

export const testedDomain = z.object({
  /** Types of stimulus descriptions, e.g. grating, image. */
  stimuli: z.array(z.string()),
  spatialFrequencyCpd: z.tuple([z.number(), z.number()]).optional(),
  temporalFrequencyHz: z.tuple([z.number(), z.number()]).optional(),
  contrast: z.tuple([z.number(), z.number()]).optional(),
});
export type TestedDomain = z.infer<typeof testedDomain>;

const licences = z.object({ code: z.string(), weights: z.string(), data: z.string() });

export const twinManifest = z.object({
  format: z.literal(1),
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{1,63}$/),
  version: z.string().regex(/^\d+\.\d+\.\d+$/),
  title: z.string().min(1),
  summary: z.string().min(1),
  authors: z.array(z.string()).default([]),
  references: z.array(z.object({ text: z.string(), doi: z.string().optional() })).default([]),
  source: z.object({ url: z.string().optional(), revision: z.string().optional() }).optional(),
  licences,
  /** Left out where nobody has said; `commerceOf` tells what follows from the licences then. */
  commercialUse: z.boolean().optional(),
  /** SHA-256 of every other file of the package, by its path in the package. */
  files: z.record(z.string(), sha256),
  species: z.string(),
  subjects: z.array(z.string()).default([]),
  modality: z.string(),
  recording: z.string(),
  responseUnits: z.string(),
  areas: z.array(twinArea).min(1),
  inputs: z.array(twinInput).min(1),
  outputs: z.array(twinOutput).min(1),
  commitments: z.array(z.object({ layer: z.string(), area: z.string(), basis: z.string() })).default([]),
  capabilities: z.object({
    inputGradient: z.enum(['derived', 'shipped', 'none']),
    deterministic: z.boolean(),
    opset: z.int().positive(),
    memoryMiB: z.number().positive().optional(),
  }),
  performance: z
    .array(
      z.object({
        metric: z.string(),
        raw: z.number(),
        ceiling: z.number().optional(),
        ceilingEstimator: z.string().optional(),
        n: z.int().optional(),
        dataSet: z.string(),
      }),
    )
    .optional(),
  validity: z.object({
    domains: z.array(z.string()).default([]),
    knownFailures: z.array(z.string()).default([]),
    /** Stimuli the twin was tested with; predictions for others carry a mark. Left out: nothing is stated. */
    tested: testedDomain.optional(),
    /** What the twin must reproduce, and what it showed when it was measured. */
    acceptance: z
      .array(
        z.object({
          check: z.string(),
          published: z.string(),
          /** Citation of the published value. */
          source: z.string(),
          measured: z.string(),
          /** What `measured` must satisfy. */
          tolerance: z.string(),
          passed: z.boolean(),
          /** Units or stimuli measured. */
          n: z.int(),
        }),
      )
      .optional(),
  }),
});
export type TwinManifest = z.infer<typeof twinManifest>;
export type TwinInput = z.infer<typeof twinInput>;
export type StimulusInput = z.infer<typeof stimulusInput>;
export type BehaviourInput = z.infer<typeof behaviourInput>;
export type StateInput = z.infer<typeof stateInput>;

/** The input that takes the pictures; undefined where the manifest has none. */
export const stimulusInputOf = (manifest: Pick<TwinManifest, 'inputs'>): StimulusInput | undefined =>
  manifest.inputs.find((input) => input.role === 'stimulus');
export type TwinOutput = z.infer<typeof twinOutput>;

/** One row of `units.csv`. Columns beyond these are kept in `extra`. */
export const twinUnit = z.object({
  unit: z.string(),
  area: z.string(),
  /** Position of the unit on its area's output axis. */
  index: z.int().min(0),
  xDeg: z.number().nullable(),
  yDeg: z.number().nullable(),
  /** Diameter of the receptive field (for a Gabor: ±2 standard deviations, mean of both axes). */
  sizeDeg: z.number().nullable(),
  extra: z.record(z.string(), z.union([z.string(), z.number()])),
});
export type TwinUnit = z.infer<typeof twinUnit>;

/** What the finite-difference check of a twin's gradient has shown on this machine. */
export const gradientOutcome = z.object({
  /**
   * none: no gradient can be derived. contradicted: finite differences show another one. refused: it is not finite, or
   * zero everywhere. A gradient search starts from none of these three.
   */
  verdict: z.enum(['verified', 'inconclusive', 'contradicted', 'refused', 'none']),
  /** The verdict with its figures, or the operator that stands in the way and what still works. */
  sentence: z.string(),
  /** Largest error over eight random directions and the error along the gradient, relative to ‖g‖‖u‖; null without a gradient. */
  randomError: z.number().nullable(),
  ownError: z.number().nullable(),
  device: z.string(),
  /** Version of ONNX Runtime. */
  runtime: z.string(),
  /** Version of Twinscope, whose rules made the gradient. */
  twinscope: z.string(),
  /** The forms that were checked; null: those of the device. */
  gradientForms: gradientForms.nullable(),
  at: z.string(),
});
export type GradientOutcome = z.infer<typeof gradientOutcome>;

/** A gradient that was shown to be of no use. */
export const gradientFailed = (verdict: GradientOutcome['verdict']): boolean =>
  verdict === 'contradicted' || verdict === 'refused';

/** What the golden checks of a twin have shown on a device of this machine. */
export const reproduction = z.object({
  device: z.string(),
  /** Relative to the largest response of the output, as `tolerance` is. */
  maxError: z.number(),
  tolerance: z.number(),
  passed: z.boolean(),
  at: z.string(),
});
export type Reproduction = z.infer<typeof reproduction>;

export const twinSummary = z.object({
  id: z.string(),
  version: z.string(),
  sha256,
  title: z.string(),
  summary: z.string(),
  species: z.string(),
  modality: z.string(),
  areas: z.array(twinArea),
  units: z.int(),
  gradient: z.enum(['derived', 'shipped', 'none']),
  authors: z.array(z.string()),
  /** That of the weights. */
  licence: z.string(),
  licences,
  /** By the twin's own statement; null where it makes none. */
  commercialUse: z.boolean().nullable(),
  /** Null where its author states none. */
  tested: testedDomain.nullable(),
  builtIn: z.boolean(),
  sizeBytes: z.int(),
  fieldOfViewDeg: z.number(),
  rasterPx: z.int(),
  /** The latest outcome; null until the golden checks have been run on this machine. */
  reproduces: reproduction.nullable(),
  /** The latest outcome on every device, the latest first. */
  reproductions: z.array(reproduction),
  /** Null until the gradient has been checked on this machine with these versions of Twinscope and its runtime. */
  gradientCheck: gradientOutcome.nullable(),
});
export type TwinSummary = z.infer<typeof twinSummary>;

/** A twin just imported or verified; `gradientCheck` is what this check has shown, never an older outcome. */
export const checkedTwin = twinSummary.extend({
  /** Why nothing could be found out about the gradient this time; null where the check was made. */
  gradientUnchecked: z.string().nullable(),
});
export type CheckedTwin = z.infer<typeof checkedTwin>;

/** A package that was written to a place outside the library. */
export const writtenTwin = z.object({
  id: z.string(),
  version: z.string(),
  title: z.string(),
  sha256,
  /** Absolute; an archive or a folder. */
  path: z.string(),
  /** How many files the package has. */
  files: z.int(),
  sizeBytes: z.int(),
});
export type WrittenTwin = z.infer<typeof writtenTwin>;

export const packedTwin = writtenTwin.extend({
  goldenChecks: z.enum(['of the folder', 'made', 'none']),
  /** About the golden checks, and what the package lacks. */
  notices: z.array(z.string()),
  /** Files of the folder that are not in the package. */
  leftOut: z.array(z.string()),
});
export type PackedTwin = z.infer<typeof packedTwin>;

export const twinDetails = z.object({
  summary: twinSummary,
  manifest: twinManifest,
  card: z.string(),
  units: z.array(twinUnit),
  graph: z.object({
    opset: z.int(),
    nodes: z.int(),
    parameters: z.int(),
    inputs: z.array(z.object({ name: z.string(), type: z.string(), shape: z.array(z.string()) })),
    outputs: z.array(z.object({ name: z.string(), type: z.string(), shape: z.array(z.string()) })),
    operators: z.array(z.object({ operator: z.string(), count: z.int() })),
  }),
});
export type TwinDetails = z.infer<typeof twinDetails>;

/** A twin's graph node by node; asked for on its own, since a large one is a megabyte of names. */
export const twinGraph = z.object({
  opset: z.int(),
  /** The program that exported the graph, as far as it said. */
  producer: z.string(),
  /** Elements of all constants. */
  parameters: z.int(),
  inputs: z.array(z.string()),
  outputs: z.array(z.string()),
  /** In running order. */
  nodes: z.array(
    z.object({
      operator: z.string(),
      name: z.string(),
      /** '' marks an optional input that is left out. */
      inputs: z.array(z.string()),
      outputs: z.array(z.string()),
      /** Floating-point constants that this node reads; one that several nodes read counts at each. */
      parameters: z.int(),
      attributes: z.array(z.object({ name: z.string(), value: z.string() })),
    }),
  ),
  /** Type and shape of every value, by name, where they can be worked out. */
  values: z.record(z.string(), z.object({ dtype: z.string(), shape: z.array(z.string()), constant: z.boolean() })),
  /** Areas that stand at a node, by its place in `nodes`: outputs of the twin and layers its author committed to an area. */
  commitments: z.array(
    z.object({
      node: z.int(),
      area: z.string(),
      colourOf: z.string().optional(),
      output: z.boolean(),
      /** What the layer was chosen on; null where nothing is stated. */
      basis: z.string().nullable(),
    }),
  ),
});
export type TwinGraph = z.infer<typeof twinGraph>;

export interface NamedArray {
  shape: number[];
  data: Float32Array;
}

/** Inputs with the outputs they must give, by tensor name; `checks.npz` of a package. */
export interface GoldenChecks {
  inputs: Record<string, NamedArray>;
  /** `tolerance`: largest allowed |difference| as a part of the output's largest |value|. */
  outputs: Record<string, NamedArray & { tolerance: number }>;
}

/** What the builder of a built-in twin hands over; `scripts/build-twins.ts` packs it. */
export interface TwinDraft {
  manifest: Omit<TwinManifest, 'files'>;
  model: Uint8Array;
  units: TwinUnit[];
  checks: GoldenChecks;
}
