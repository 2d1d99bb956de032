/** Published procedures, as the workbench is told of them. */
import { z } from 'zod';
import {
  constraints,
  searchObjective,
  searchOptimiser,
  searchSpace,
  type Constraints,
  type SearchObjective,
  type SearchOptimiser,
  type SearchSpace,
} from './plans.ts';

/** A procedure with its source; what its plan leaves out stays as it is in the plan that it is applied to. */
export interface PresetSummary {
  id: string;
  title: string;
  citation: string;
  /** What is from memory, or changed so that it suits other twins. */
  uncertain: string | null;
  plan: PresetPlan;
}
export interface PresetPlan {
  objective?: SearchObjective | undefined;
  space: SearchSpace;
  optimiser: SearchOptimiser;
  constraints?: Constraints | undefined;
  starts?: number | undefined;
}

// Named types: written out, they would make the table of methods too large for the compiler.
export const presetPlan: z.ZodType<PresetPlan> = z.object({
  objective: searchObjective.optional(),
  space: searchSpace,
  optimiser: searchOptimiser,
  constraints: constraints.optional(),
  starts: z.int().optional(),
});
export const presetSummary: z.ZodType<PresetSummary> = z.object({
  id: z.string(),
  title: z.string(),
  citation: z.string(),
  uncertain: z.string().nullable(),
  plan: presetPlan,
});
