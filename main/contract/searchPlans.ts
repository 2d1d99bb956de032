/** The plan of a stimulus search. */
import { z } from 'zod';
import { header, seed, session, setRef, twinRef } from './planParts.ts';
import { inclusion, searchObjective, targetTerm } from './searchObjectives.ts';
import { leavesContrastFree, searchOptimiser, usesGradient } from './searchOptimisers.ts';
import { constraints, type Constraints, searchSpace, type SearchSpace } from './searchSpaces.ts';
import { sha256 } from './stimuli.ts';
import { behaviourState, otherTwin, responseWindow, twinLabel } from './searchTwins.ts';

export const searchPlan = z.strictObject({
  ...header,
  kind: z.literal('search'),
  twin: twinRef,
  /** What target terms call it; A when left out. */
  as: twinLabel.optional(),
  /** Other twins that are shown every stimulus. */
  with: z.array(otherTwin).min(1).max(8).optional(),
  /** The objective is its weighted mean over these states of the plan's own twin; responses are z-scored in each for itself. */
  states: z.array(behaviourState).min(1).max(16).optional(),
  /** Instead of the window that a twin's manifest states, for twins with responses over time. */
  window: responseWindow.optional(),
  /** What the objective is about. A term is an area (mean z over the sd of that mean) or a list of units. */
  target: z.array(targetTerm).min(1),
  include: inclusion.prefault({}),
  objective: searchObjective.default({ type: 'drive' }),
  space: searchSpace,
  optimiser: searchOptimiser,
  constraints: constraints.prefault({}),
  /** Responses are z-scored over this set; left out: half A of TSR-1, of TSR-1V for twins that see clips, or gratings where the twin cannot see it. */
  reference: setRef.optional(),
  /** Independent starts, run in one batch. */
  starts: z.int().min(1).max(256).default(4),
  seed: seed.default(1),
  /** The earlier search whose plan this one was made from. */
  forkedFrom: z
    .strictObject({
      search: z.string().min(1),
      name: z.string(),
      /** The step that it had come to when it had not ended. */
      step: z.int().min(0).optional(),
      contentSha256: sha256.optional(),
    })
    .optional(),
  /**
   * The starts of a gradient search become one set: Σ objective − weight · mean pairwise cosine of their whitened pixels, or
   * of the z-scored responses of the target's areas.
   */
  diverse: z
    .strictObject({ weight: z.number().min(0), over: z.enum(['pixels', 'responses']).default('pixels') })
    .optional(),
  controls: z
    .strictObject({
      /**
       * Random images of the same mean, RMS contrast and aperture.
       */
      random: z.int().min(0).max(100_000).default(999),
      /** Best image of this set, re-projected onto the constraints. */
      bestOf: setRef.optional(),
      /** Phase scrambles of the best candidate: its amplitudes and histogram, in its aperture, brought to its constraints. */
      phaseScrambled: z.int().min(0).max(100_000).default(99),
      /**
       * Images drawn from the searched space: starting noise of pixels, random gratings. 'equal': as many as the search shows,
       * a step with a gradient counting as several, at most 10,000.
       */
      sameSpace: z.union([z.literal('equal'), z.int().min(0).max(1_000_000)]).default('equal'),
      /** Best of half B of the reference set, or of all of it where it is not half A of a set with halves. */
      bestOfReference: z.boolean().default(true),
    })
    .prefault({}),
  /** Show the best candidate at other contrasts, places and sizes, encoded in 8 bits and under fixational jitter. */
  checkCandidate: z.boolean().default(true),
  /** Twins that had no part in the search: how much of the candidate's gain over the reference they retain. */
  heldOut: z.array(twinRef).max(16).default([]),
  ...session,
});
export type SearchPlan = z.infer<typeof searchPlan>;

/** Whether the candidates are pixels under the plan's constraints, rather than what a generator or a set makes. */
export const endsInPixels = ({ space, optimiser }: Pick<SearchPlan, 'space' | 'optimiser'>): boolean =>
  space.type === 'pixels' || (optimiser.type === 'hybrid' && usesGradient(optimiser.refine));

/**
 * Names of the constraints that differ from their defaults although the plan's space cannot use them, or its optimiser holds
 * the range alone. A plan with any is refused, because it asks for something that would not happen.
 */
export function unusableConstraints(
  plan: Pick<SearchPlan, 'space' | 'constraints' | 'optimiser'>,
): (keyof Constraints)[] {
  const pixelsAlone = ['normL2', 'mask', 'spectrum', 'distance', 'temporal'] as const;
  const generated = ['contrastRms', 'aperture', ...pixelsAlone] as const;
  // Of what only binds all pixels together, the mean and the RMS contrast are those of the starting noise.
  const free = leavesContrastFree(plan.optimiser) ? (['normL2', 'spectrum', 'distance'] as const) : ([] as const);
  const still =
    'motion' in plan.space && plan.space.motion === 'moving' && free.length === 0
      ? ([] as const)
      : (['temporal'] as const);
  const unused = {
    pixels: [...free, ...still],
    gratings: generated,
    parametric: generated,
    set: ['meanLuminance', 'contrastRms', 'range', 'aperture', ...pixelsAlone],
  } as const satisfies Record<SearchSpace['type'], readonly (keyof Constraints)[]>;
  const defaults = constraints.parse({});
  return unused[endsInPixels(plan) ? 'pixels' : plan.space.type].filter(
    (name) => JSON.stringify(plan.constraints[name]) !== JSON.stringify(defaults[name]),
  );
}
