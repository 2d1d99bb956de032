/** Plans: the declarative documents that the workbench edits, the command line runs and every result stores. */
import { z } from 'zod';
import { header, seed, session, setRef, twinRef } from './planParts.ts';
import { searchPlan } from './searchPlans.ts';

export { setRef, twinRef, type SetRef, type TwinRef } from './planParts.ts';
export * from './searchObjectives.ts';
export * from './searchOptimisers.ts';
export * from './searchPlans.ts';
export * from './searchSpaces.ts';
export * from './searchTwins.ts';

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
