/** How a search moves. */
import { z } from 'zod';

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
