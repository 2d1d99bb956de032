/** Plans: the declarative documents that the workbench edits, the command line runs and every result stores. */
import { z } from 'zod';
import { deviceChoice } from './devices.ts';
import { sha256, stimulusDesign } from './stimuli.ts';

/** `id` names a twin in the library; version and hash pin it. A stored plan always carries all three. */
export const twinRef = z.union([
  z
    .string()
    .min(1)
    .transform((text) => {
      const [id, version] = text.split('@');
      return version === undefined ? { id: id as string } : { id: id as string, version };
    }),
  z.strictObject({ id: z.string().min(1), version: z.string().optional(), sha256: sha256.optional() }),
]);
export type TwinRef = { id: string; version?: string | undefined; sha256?: string | undefined };

/** A set stored in the project, by name or id; or a design written out in the plan; or a folder of photographs. */
export const setRef = z.union([
  z.strictObject({ set: z.string().min(1) }),
  z.strictObject({ design: stimulusDesign, name: z.string().optional() }),
  z.strictObject({
    imageFolder: z.string().min(1),
    sizeDeg: z.number().positive().optional(),
    fit: z.enum(['cover', 'contain']).optional(),
    name: z.string().optional(),
  }),
]);
export type SetRef = z.infer<typeof setRef>;

/** Left out, they are what was fastest for the twin on the device; results may depend on them in the last bits. */
const session = {
  device: deviceChoice.default('auto'),
  batchSize: z.int().min(1).max(4096).optional(),
  threads: z.int().min(1).max(256).optional(),
  /** What the animal does meanwhile, by behaviour channel of the twin; channels left out keep their default. */
  behaviour: z.record(z.string(), z.number()).optional(),
};

const header = { format: z.literal(1), name: z.string().min(1).max(200).optional() };
const seed = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

export const runPlan = z.strictObject({
  ...header,
  kind: z.literal('run'),
  twin: twinRef,
  stimuli: setRef,
  /** Areas to keep; all when left out. */
  areas: z.array(z.string()).min(1).optional(),
  ...session,
});
export type RunPlan = z.infer<typeof runPlan>;

export const targetTerm = z.strictObject({
  area: z.string().min(1),
  /** Unit ids; the whole area when left out. */
  units: z.array(z.string()).min(1).optional(),
  /** Positive drives, negative suppresses. */
  weight: z.number().default(1),
});
export type TargetTerm = z.infer<typeof targetTerm>;

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
export const setSpace = z.strictObject({ type: z.literal('set'), stimuli: setRef });

export const searchSpace = z.discriminatedUnion('type', [pixelSpace, gratingSpace, setSpace]);
export type SearchSpace = z.infer<typeof searchSpace>;
export type PixelSpace = z.infer<typeof pixelSpace>;
export type GratingSpace = z.infer<typeof gratingSpace>;

export const gradientOptimiser = z.strictObject({
  type: z.literal('gradient'),
  steps: z.int().min(1).max(100_000).default(120),
  /**
   * Nominal step length relative to the norm of the current contrast image, both weighted by the aperture, at the first
   * and the last step (geometric between them). Steps that fail shorten it, steps that succeed lengthen it.
   */
  stepSize: z.tuple([z.number().positive(), z.number().positive()]).default([0.5, 0.02]),
});
export const cmaOptimiser = z.strictObject({
  type: z.literal('cma-es'),
  evaluations: z.int().min(1).max(10_000_000).default(4000),
  population: z.int().min(4).optional(),
  /** Initial step in units of the (scaled) parameter range. */
  sigma: z.number().positive().max(1).default(0.25),
});
export const screeningOptimiser = z.strictObject({ type: z.literal('screening'), keep: z.int().min(1).default(16) });
export const searchOptimiser = z.discriminatedUnion('type', [gradientOptimiser, cmaOptimiser, screeningOptimiser]);
export type SearchOptimiser = z.infer<typeof searchOptimiser>;

export const searchPlan = z.strictObject({
  ...header,
  kind: z.literal('search'),
  twin: twinRef,
  /** drive = Σ weight · group activity; a group is an area (mean z over the sd of that mean) or a list of units. */
  target: z.array(targetTerm).min(1),
  space: searchSpace,
  optimiser: searchOptimiser,
  constraints: constraints.prefault({}),
  /** Responses are z-scored over this set; left out: half A of TSR-1, of TSR-1V for twins that see clips, or gratings where the twin cannot see it. */
  reference: setRef.optional(),
  /** Independent starts, run in one batch. */
  starts: z.int().min(1).max(256).default(4),
  seed: seed.default(1),
  controls: z
    .strictObject({
      /**
       * Random images of the same mean, RMS contrast and aperture. A search over gratings is also compared with random
       * gratings, as many as it has evaluations; 0 leaves out both.
       */
      random: z.int().min(0).max(100_000).default(999),
      /** Best image of this set, re-projected onto the constraints. */
      bestOf: setRef.optional(),
    })
    .prefault({}),
  ...session,
});
export type SearchPlan = z.infer<typeof searchPlan>;

/**
 * Names of the constraints that differ from their defaults although the plan's space cannot use them. A plan with any
 * is refused, because it asks for something that would not happen.
 */
export function unusableConstraints(plan: Pick<SearchPlan, 'space' | 'constraints'>): (keyof Constraints)[] {
  const unused = {
    pixels: [],
    gratings: ['contrastRms', 'aperture'],
    set: ['meanLuminance', 'contrastRms', 'range', 'aperture'],
  } as const satisfies Record<SearchSpace['type'], readonly (keyof Constraints)[]>;
  const defaults = constraints.parse({});
  return unused[plan.space.type].filter(
    (name) => JSON.stringify(plan.constraints[name]) !== JSON.stringify(defaults[name]),
  );
}

export const display = z.strictObject({
  widthPx: z.int().min(100).max(16384).default(1920),
  heightPx: z.int().min(100).max(16384).default(1080),
  widthCm: z.number().positive().default(53),
  distanceCm: z.number().positive().default(57),
  refreshHz: z.number().positive().max(1000).default(60),
  /** Exponent of the display's luminance curve; 1 for a linearised display. */
  gamma: z.number().min(1).max(4).default(2.2),
  minLuminanceCdM2: z.number().min(0).default(0.5),
  maxLuminanceCdM2: z.number().positive().default(100),
});
export type Display = z.infer<typeof display>;

export const protocolItem = z.union([
  z.strictObject({ stimuli: setRef }),
  /** The best candidates of a search and, beside them, the controls it beat. */
  z.strictObject({
    search: z.string().min(1),
    candidates: z.int().min(1).default(1),
    controls: z.boolean().default(true),
  }),
]);
export type ProtocolItem = z.infer<typeof protocolItem>;

export const protocolPlan = z.strictObject({
  ...header,
  kind: z.literal('protocol'),
  display: display.prefault({}),
  items: z.array(protocolItem).min(1),
  timing: z
    .strictObject({
      stimulusFrames: z.int().min(1).default(12),
      blankFrames: z.int().min(0).default(18),
      preBlockFrames: z.int().min(0).default(60),
    })
    .prefault({}),
  blocks: z.int().min(1).max(10_000).default(2),
  /** Presentations of every stimulus in each block. */
  repeats: z.int().min(1).max(10_000).default(5),
  /** Background-only trials in each block, added to the stimuli. */
  blanksPerBlock: z.int().min(0).max(100_000).default(5),
  order: z
    .strictObject({ method: z.enum(['shuffle', 'sequential']).default('shuffle'), seed: seed.default(1) })
    .prefault({}),
});
export type ProtocolPlan = z.infer<typeof protocolPlan>;

export const plan = z.discriminatedUnion('kind', [runPlan, searchPlan, protocolPlan]);
export type Plan = z.infer<typeof plan>;
export type PlanKind = Plan['kind'];
