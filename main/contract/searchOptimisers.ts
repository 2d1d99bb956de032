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
/** Evaluations are shown to every start. */
const evaluations = z.int().min(1).max(10_000_000).default(4000);

export const cmaOptimiser = z.strictObject({
  type: z.literal('cma-es'),
  evaluations,
  population: z.int().min(4).optional(),
  /** Initial step in units of the (scaled) parameter range. */
  sigma: z.number().positive().max(1).default(0.25),
  /** What is learned of the landscape: all covariances, the variances of single parameters, or one step size. */
  covariance: z.enum(['full', 'diagonal', 'spherical']).default('full'),
});

/** Real-coded genetic algorithm; see main/search/optimisers/genetic.ts. */
export const geneticOptimiser = z.strictObject({
  type: z.literal('genetic'),
  evaluations,
  population: z.int().min(4).max(10_000).default(32),
  /** So many of the best are shown again in the next generation as they are. */
  elite: z.int().min(0).default(2),
  crossover: z
    .strictObject({
      /** Chance that a child mixes two parents; it is a copy of the first otherwise. */
      rate: z.number().min(0).max(1).default(0.9),
      /** α of the blend crossover: how far a child may lie beyond its parents, in units of their distance. */
      blend: z.number().min(0).max(2).default(0.5),
    })
    .prefault({}),
  mutation: z
    .strictObject({
      /** Chance of each parameter; 1/number of parameters when left out. */
      rate: z.number().min(0).max(1).optional(),
      /** Standard deviation in units of the (scaled) parameter range. */
      sd: z.number().positive().max(1).default(0.1),
    })
    .prefault({}),
});

/** A stimulus is kept only while no better one is more similar to it than this. */
export const diversityLimit = z.strictObject({
  /** Largest cosine between two kept stimuli. */
  limit: z.number().gt(-1).lt(1).default(0.9),
  /** Of whitened pixels, or of the z-scored responses of the target's areas. */
  over: z.enum(['pixels', 'responses']).default('pixels'),
});
export type DiversityLimit = z.infer<typeof diversityLimit>;

/** Of a screening that does not say. */
export const usualSamples = 10_000;

export const screeningOptimiser = z.strictObject({
  type: z.literal('screening'),
  keep: z.int().min(1).default(16),
  /** Stimuli drawn from a parametric space; 10,000 when left out. A set is shown whole. */
  samples: z.int().min(1).max(100_000_000).optional(),
  /** 'halton': a randomised Halton sequence, which fills the space evenly. */
  sampling: z.enum(['halton', 'random']).default('halton'),
  diversity: diversityLimit.optional(),
});

/** Screens the space, and goes on from the best that it finds: one for each start of the plan. */
export const hybridOptimiser = z.strictObject({
  type: z.literal('hybrid'),
  screen: screeningOptimiser.omit({ type: true, keep: true }).prefault({}),
  /** A gradient moves pixels, under the plan's constraints; the others stay in the parametric space. */
  refine: z.discriminatedUnion('type', [gradientOptimiser, cmaOptimiser, geneticOptimiser]),
});

export const searchOptimiser = z.discriminatedUnion('type', [
  gradientOptimiser,
  cmaOptimiser,
  geneticOptimiser,
  screeningOptimiser,
  hybridOptimiser,
]);
export type SearchOptimiser = z.infer<typeof searchOptimiser>;
