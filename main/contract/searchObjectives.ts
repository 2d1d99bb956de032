/** What a search drives, and what it makes large. */
import { z } from 'zod';
import { stimulusRef, type StimulusRef } from './planParts.ts';

export const targetTerm = z.strictObject({
  area: z.string().min(1),
  /** Unit ids; the whole area when left out. */
  units: z.array(z.string()).min(1).optional(),
  /** Only units whose receptive-field centre lies within this circle, by the twin's table of units. */
  within: z.strictObject({ xDeg: z.number(), yDeg: z.number(), radiusDeg: z.number().positive() }).optional(),
  /** Positive drives, negative suppresses. */
  weight: z.number().default(1),
});
export type TargetTerm = z.infer<typeof targetTerm>;

/** Which units of the target terms take part; units that the twin's table says nothing of are left out by a limit. */
export const inclusion = z.strictObject({
  /** At least this noise ceiling. */
  minNoiseCeiling: z.number().min(0).max(1).optional(),
  /** At least this prediction score. */
  minPredictionScore: z.number().min(-1).max(1).optional(),
  /** The whole receptive field (centre ± half its size) lies in the field of view. */
  fieldInside: z.boolean().default(false),
});
export type Inclusion = z.infer<typeof inclusion>;

/** Σ weight · activity of the target terms; a negative weight λ makes it the contrast drive(A) − λ·drive(B). */
const drive = z.strictObject({ type: z.literal('drive') });
/** −Σ weight · activity of the target terms. */
const suppress = z.strictObject({ type: z.literal('suppress') });
/**
 * Drives the target alone (one-hot): Σ_t p_t·a_t/T − log[(1/K)·Σ_k e^{a_k/T}], with activities a in z, the positive
 * weights of the target terms scaled to Σ p = 1, and K groups: the target terms and `against`.
 */
const selective = z.strictObject({
  type: z.literal('selective'),
  /** Where the target's single units compete with each other and with `against` unit by unit, 'units'. */
  over: z.enum(['areas', 'units']).default('areas'),
  /** What must stay quiet; every other area of the twin (over units: every other unit of the target's areas) when left out. */
  against: z
    .array(targetTerm.omit({ weight: true }))
    .min(1)
    .optional(),
  /** T, in z. */
  temperature: z.number().positive().default(1),
});
/**
 * −mean over the units of w·(z − z*)²: the responses of the target become those to a stimulus, or given ones. `weight` of a
 * term weighs its units.
 */
const match = z.strictObject({
  type: z.literal('match'),
  goal: z.union([
    stimulusRef,
    z.strictObject({ z: z.array(z.strictObject({ area: z.string(), unit: z.string(), z: z.number() })).min(1) }),
  ]),
});

export const simpleObjective = z.discriminatedUnion('type', [drive, suppress, selective, match]);
export type SimpleObjective = z.infer<typeof simpleObjective>;

/** Σ weight · objective, each over the plan's target or one of its own. */
const sum = z.strictObject({
  type: z.literal('sum'),
  terms: z
    .array(
      z.strictObject({
        weight: z.number().default(1),
        objective: simpleObjective,
        target: z.array(targetTerm).min(1).optional(),
      }),
    )
    .min(1),
});

export const searchObjective = z.discriminatedUnion('type', [drive, suppress, selective, match, sum]);
export type SearchObjective = z.infer<typeof searchObjective>;

/** Every simple objective of a plan with what it is about. */
export function objectiveTerms(plan: {
  target: TargetTerm[];
  objective: SearchObjective;
}): { weight: number; objective: SimpleObjective; target: TargetTerm[] }[] {
  const { objective, target } = plan;
  return objective.type === 'sum'
    ? objective.terms.map((term) => ({ ...term, target: term.target ?? target }))
    : [{ weight: 1, objective, target }];
}

/** The stimuli whose responses are matched, each once, in the order of the plan. */
export function goalsOf(plan: { target: TargetTerm[]; objective: SearchObjective }): StimulusRef[] {
  const goals = new Map<string, StimulusRef>();
  for (const { objective } of objectiveTerms(plan)) {
    if (objective.type === 'match' && 'from' in objective.goal) {
      goals.set(JSON.stringify(objective.goal), objective.goal);
    }
  }
  return [...goals.values()];
}

/** Under which the set of a goal stimulus is kept beside the others of a search. */
export const goalRole = (index: number): string => `goal ${index}`;
