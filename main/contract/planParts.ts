/** What plans of several kinds share: the twin, the stimuli, how the twin is run. */
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

/** One stimulus: number `index` of a set. */
export const stimulusRef = z.strictObject({ from: setRef, index: z.int().min(0).default(0) });
export type StimulusRef = z.infer<typeof stimulusRef>;

/** Left out, they are what was fastest for the twin on the device; results may depend on them in the last bits. */
export const session = {
  device: deviceChoice.default('auto'),
  batchSize: z.int().min(1).max(4096).optional(),
  threads: z.int().min(1).max(256).optional(),
  /** What the animal does meanwhile, by behaviour channel of the twin; channels left out keep their default. */
  behaviour: z.record(z.string(), z.number()).optional(),
};

export const header = { format: z.literal(1), name: z.string().min(1).max(200).optional() };
export const seed = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
