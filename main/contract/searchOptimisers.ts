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
/**
 * Images shown by all starts together: in rounds of equal shares, into each of which half of the starts go on, the best by
 * then, but at least one generation of each round's starts.
 */
const evaluations = z.int().min(1).max(10_000_000).default(4000);

/** A number, or the values at the first step and behind the last one. */
const schedule = (value: z.ZodNumber) => z.union([value, z.tuple([value, value])]);

/** Gradient steps without taking any back, as most published procedures make them. Steps raise the objective. */
export const firstOrderOptimiser = z.strictObject({
  type: z.literal('first-order'),
  /**
   * As in torch.optim: sgd (with momentum), adam, adamw; normalised: sgd on the gradient over its mean absolute value.
   * Parameters are luminances unless the space has others.
   */
  rule: z.enum(['sgd', 'adam', 'adamw', 'normalised']),
  steps: z.int().min(1).max(100_000).default(500),
  rate: schedule(z.number().positive()).default(0.01),
  /** Between two values of `rate`, by step/steps; the blur goes linearly. */
  schedule: z.enum(['linear', 'geometric', 'cosine']).default('linear'),
  /** sgd and normalised. */
  momentum: z.number().min(0).lt(1).default(0),
  /** adam and adamw. */
  beta1: z.number().min(0).lt(1).default(0.9),
  beta2: z.number().min(0).lt(1).default(0.999),
  epsilon: z.number().min(0).default(1e-8),
  weightDecay: z.number().min(0).default(0),
  /** Standard deviation of the Gaussian that blurs every frame after each step. */
  blurSigmaDeg: schedule(z.number().min(0)).default(0),
  /** The gradient is divided by max(1, (fx² + fy²)^exponent), f in cycles per image, over the mean of that factor. */
  preconditionerExponent: z.number().min(0).max(2).default(0),
  /** The gradient is that at a random displacement of up to so much along either axis, another at every step and start. */
  jitterDeg: z.number().min(0).default(0),
  /**
   * When the constraints bind. at-end: until the last step only the range and the aperture do. range: so to the end, mean
   * luminance and RMS contrast are free.
   */
  hold: z.enum(['every-step', 'at-end', 'range']).default('every-step'),
  /** A start ends when its best objective has not risen by `minGain` for `patience` steps. */
  earlyStopping: z
    .strictObject({ patience: z.int().min(1).default(50), minGain: z.number().min(0).default(1e-3) })
    .optional(),
});
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
  /** So many of the best live on in the next generation with the values they have; they are not shown again. */
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
  keep: z.int().min(1).max(10_000).default(16),
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
  refine: z.discriminatedUnion('type', [gradientOptimiser, firstOrderOptimiser, cmaOptimiser, geneticOptimiser]),
});

export const searchOptimiser = z.discriminatedUnion('type', [
  gradientOptimiser,
  firstOrderOptimiser,
  cmaOptimiser,
  geneticOptimiser,
  screeningOptimiser,
  hybridOptimiser,
]);
export type FirstOrderOptimiser = z.infer<typeof firstOrderOptimiser>;
export type SearchOptimiser = z.infer<typeof searchOptimiser>;

/** Whether it needs the gradient of a twin. */
export const usesGradient = (
  optimiser: SearchOptimiser,
): optimiser is Extract<SearchOptimiser, { type: 'gradient' | 'first-order' }> =>
  optimiser.type === 'gradient' || optimiser.type === 'first-order';

/** Steps of an optimiser that uses a gradient: constraints that bind at the end take one more. */
export const gradientSteps = (optimiser: Extract<SearchOptimiser, { type: 'gradient' | 'first-order' }>): number =>
  optimiser.steps + (optimiser.type === 'first-order' && optimiser.hold === 'at-end' ? 1 : 0);

/** Whether mean luminance and RMS contrast of what it finds are free. */
export const leavesContrastFree = (optimiser: SearchOptimiser): boolean =>
  optimiser.type === 'hybrid'
    ? leavesContrastFree(optimiser.refine)
    : optimiser.type === 'first-order' && optimiser.hold === 'range';
