/**
 * What a search makes large, as a function of one stimulus's responses (science.md §4). All of it is computed here in
 * float64; the twin is asked for responses and for products with its Jacobian.
 */
import type { SimpleObjective } from '../../contract/plans.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { exp, log } from '../../platform/exactMath.ts';
import { ensembleObjective } from './ensemble.ts';
import { activityOf, type GroupActivity, groupActivity } from './normalisation.ts';
import type { ObjectiveTerm } from './resolve.ts';
import type { TargetGroup } from './target.ts';

export interface Objective {
  /** Larger is better. */
  value(responses: Float32Array): number;
  /** ∂value/∂responses, units. */
  cotangent(responses: Float32Array): Float32Array;
  /** The cotangent is the same whatever the responses: one pass gives both them and the gradient. */
  readonly linear: boolean;
}

/** What the reference set says: per unit, and per group (all groups of all terms in order) the sd of its mean z. */
export type ObjectiveScale = { mean: Float64Array; sd: Float64Array; groupSd: Float64Array };

/** `goals` are the responses to the plan's goal stimuli. Throws 'bad-input' where a target has no modulated unit. */
export function createObjective(
  terms: readonly ObjectiveTerm[],
  scale: ObjectiveScale,
  goals: readonly Float32Array[],
): Objective {
  let group = 0;
  const activities = (groups: readonly TargetGroup[]): (GroupActivity | null)[] =>
    groups.map(({ units }) => groupActivity(units, scale.sd, scale.groupSd[group++] as number));
  const parts = terms.map((term) => {
    const targets = activities(term.groups);
    const rivals = activities(term.against);
    for (const [i, target] of targets.entries()) {
      if (target === null && term.objective.type !== 'match') throw unmodulated(term.groups[i] as TargetGroup);
    }
    return { weight: term.weight, objective: createPart(term, targets, rivals, scale, goals) };
  });
  const [only] = parts;
  if (parts.length === 1 && only?.weight === 1) return only.objective;
  return {
    linear: parts.every(({ objective }) => objective.linear),
    value: (responses) => parts.reduce((sum, { weight, objective }) => sum + weight * objective.value(responses), 0),
    cotangent: (responses) => {
      const total = new Float64Array(scale.mean.length);
      for (const { weight, objective } of parts) {
        for (const [u, value] of objective.cotangent(responses).entries())
          total[u] = (total[u] as number) + weight * value;
      }
      return Float32Array.from(total);
    },
  };
}

function createPart(
  term: ObjectiveTerm,
  targets: readonly (GroupActivity | null)[],
  rivals: readonly (GroupActivity | null)[],
  scale: ObjectiveScale,
  goals: readonly Float32Array[],
): Objective {
  const { objective, groups } = term;
  switch (objective.type) {
    case 'drive':
    // Its groups on the second twin have negative weights.
    case 'controversial':
      return linearObjective(targets, (i) => (groups[i] as TargetGroup).weight, scale.mean);
    case 'suppress':
      return linearObjective(targets, (i) => -(groups[i] as TargetGroup).weight, scale.mean);
    case 'selective':
      return selectiveObjective(
        targets as GroupActivity[],
        groups.map(({ weight }) => weight),
        rivals.filter((rival) => rival !== null),
        objective,
        scale.mean,
      );
    case 'match':
      return matchObjective(term, scale, goals);
    case 'ensemble': {
      const members = [...new Set(groups.map(({ member }) => member))];
      const drives = members.map((member) => {
        const own = [...groups.keys()].filter((i) => groups[i]?.member === member);
        return linearObjective(
          own.map((i) => targets[i] as GroupActivity),
          (i) => (groups[own[i] as number] as TargetGroup).weight,
          scale.mean,
        );
      });
      return ensembleObjective(drives, objective.kappa);
    }
  }
}

/** drive = Σ weight · activity, as one weight per unit: the same vector is the cotangent of the gradient. */
function linearObjective(
  activities: readonly (GroupActivity | null)[],
  weightOf: (index: number) => number,
  mean: Float64Array,
): Objective {
  const weight = new Float64Array(mean.length);
  for (const [i, activity] of activities.entries()) {
    for (const [j, u] of (activity?.units ?? []).entries()) {
      weight[u] = (weight[u] as number) + weightOf(i) * (activity?.coefficient[j] as number);
    }
  }
  const cotangent = Float32Array.from(weight);
  return {
    linear: true,
    value: (responses) => {
      let sum = 0;
      for (let u = 0; u < weight.length; u++) {
        if (weight[u] !== 0) sum += (weight[u] as number) * ((responses[u] as number) - (mean[u] as number));
      }
      return sum;
    },
    cotangent: () => cotangent,
  };
}

/** Σ_t p_t·a_t/T − log[(1/K)·Σ_k e^{a_k/T}] over targets and rivals. */
function selectiveObjective(
  targets: readonly GroupActivity[],
  weights: readonly number[],
  rivals: readonly GroupActivity[],
  { temperature }: Extract<SimpleObjective, { type: 'selective' }>,
  mean: Float64Array,
): Objective {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const groups = [...targets, ...rivals];
  const share = groups.map((_, k) => (k < targets.length ? (weights[k] as number) / total : 0));
  const sharpened = (
    responses: Float32Array,
  ): { scaled: number[]; largest: number; exponentials: number[]; sum: number } => {
    const scaled = groups.map((group) => activityOf(group, mean, responses) / temperature);
    const largest = Math.max(...scaled);
    const exponentials = scaled.map((value) => exp(value - largest));
    return { scaled, largest, exponentials, sum: exponentials.reduce((a, b) => a + b, 0) };
  };
  return {
    linear: false,
    value: (responses) => {
      const { scaled, largest, sum } = sharpened(responses);
      const driven = scaled.reduce((a, value, k) => a + (share[k] as number) * value, 0);
      return driven - (largest + log(sum / groups.length));
    },
    cotangent: (responses) => {
      const { exponentials, sum } = sharpened(responses);
      const result = new Float64Array(mean.length);
      for (const [k, group] of groups.entries()) {
        const slope = ((share[k] as number) - (exponentials[k] as number) / sum) / temperature;
        for (const [j, u] of group.units.entries()) {
          result[u] = (result[u] as number) + slope * (group.coefficient[j] as number);
        }
      }
      return Float32Array.from(result);
    },
  };
}

/** −Σ w·(z − z*)²/Σ w over the modulated units of the target. */
function matchObjective(
  { groups, pattern }: ObjectiveTerm,
  { mean, sd }: ObjectiveScale,
  goals: readonly Float32Array[],
): Objective {
  const wanted = new Map<number, number>();
  if (pattern === null) throw new Error('a match needs a pattern');
  const zOf = (responses: Float32Array, u: number): number =>
    ((responses[u] as number) - (mean[u] as number)) / (sd[u] as number);
  const weightOf = new Map<number, number>();
  for (const { units, weight } of groups)
    for (const u of units) weightOf.set(u, (weightOf.get(u) ?? 0) + Math.abs(weight));
  for (const u of weightOf.keys()) {
    if (!((sd[u] as number) > 0)) continue;
    if (pattern.type === 'given') {
      const z = pattern.z.get(u);
      if (z !== undefined) wanted.set(u, z);
    } else {
      wanted.set(u, zOf(goals[pattern.goal] as Float32Array, u));
    }
  }
  let total = 0;
  for (const u of wanted.keys()) total += weightOf.get(u) as number;
  if (!(total > 0)) {
    throw new TwinscopeError(
      'bad-input',
      'None of the units whose responses are to be matched varies over the reference set, so there is no scale to match on. ' +
        'Nothing was found yet. Choose other units, or a reference set that drives them.',
    );
  }
  return {
    linear: false,
    value: (responses) => {
      let sum = 0;
      for (const [u, z] of wanted) {
        const error = zOf(responses, u) - z;
        sum += (weightOf.get(u) as number) * error * error;
      }
      return -sum / total;
    },
    cotangent: (responses) => {
      const result = new Float32Array(mean.length);
      for (const [u, z] of wanted) {
        result[u] = (-2 * (weightOf.get(u) as number) * (zOf(responses, u) - z)) / ((sd[u] as number) * total);
      }
      return result;
    },
  };
}

function unmodulated({ label, units }: TargetGroup): TwinscopeError {
  return new TwinscopeError(
    'bad-input',
    `${label}: ${units.length === 1 ? 'its response is' : `the responses of all ${units.length} units are`} ` +
      'the same to every stimulus of the reference set, so there is no scale to drive on. ' +
      'Nothing was found yet. Choose other units, or a reference set that drives them.',
  );
}
