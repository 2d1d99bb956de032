/** Where the terms of a plan stand: its target, what competes with it, and the same of every part of a sum. */
import type { SearchObjective, SearchPlan, SimpleObjective, TargetTerm } from '../../../main/contract/plans.ts';

export interface TermList {
  readonly list: 'target' | 'against';
  /** Number of a part of a sum, from 0; null for the plan's own target and objective. */
  readonly part: number | null;
}
export interface TermPlace extends TermList {
  readonly index: number;
}

export const samePlace = (a: TermPlace, b: TermPlace): boolean =>
  a.list === b.list && a.part === b.part && a.index === b.index;

/** What a part of the objective is; null where it is a sum itself. */
export function simpleObjectiveAt(plan: SearchPlan, part: number | null): SimpleObjective | null {
  const { objective } = plan;
  if (part === null) return objective.type === 'sum' ? null : objective;
  return objective.type === 'sum' ? (objective.terms[part]?.objective ?? null) : null;
}

export function withSimpleObjectiveAt(plan: SearchPlan, part: number | null, next: SimpleObjective): SearchPlan {
  const { objective } = plan;
  if (part === null) return { ...plan, objective: next };
  if (objective.type !== 'sum') return plan;
  const terms = objective.terms.map((term, i) => (i === part ? { ...term, objective: next } : term));
  return { ...plan, objective: { ...objective, terms } };
}

/** Terms of a list; none where the plan leaves them out (then it means all others, or the target of the plan). */
export function termsAt(plan: SearchPlan, { list, part }: TermList): TargetTerm[] {
  if (list === 'target') {
    if (part === null) return plan.target;
    return plan.objective.type === 'sum' ? (plan.objective.terms[part]?.target ?? []) : [];
  }
  const objective = simpleObjectiveAt(plan, part);
  return objective?.type === 'selective' ? (objective.against ?? []).map((term) => ({ ...term, weight: 1 })) : [];
}

/** An empty list means the same as one that is left out; the plan's own target stays as it is given. */
export function withTermsAt(plan: SearchPlan, { list, part }: TermList, terms: TargetTerm[]): SearchPlan {
  if (list === 'against') {
    const objective = simpleObjectiveAt(plan, part);
    if (objective?.type !== 'selective') return plan;
    const { against: _before, ...rest } = objective;
    const against = terms.map(({ weight: _weight, ...term }) => term);
    return withSimpleObjectiveAt(plan, part, against.length === 0 ? rest : { ...rest, against });
  }
  if (part === null) return { ...plan, target: terms };
  const { objective } = plan;
  if (objective.type !== 'sum') return plan;
  return {
    ...plan,
    objective: {
      ...objective,
      terms: objective.terms.map((each, i) => {
        if (i !== part) return each;
        const { target: _before, ...rest } = each;
        return terms.length === 0 ? rest : { ...rest, target: terms };
      }),
    },
  };
}

export const termAt = (plan: SearchPlan, place: TermPlace): TargetTerm | null =>
  termsAt(plan, place)[place.index] ?? null;

export const withTermAt = (plan: SearchPlan, place: TermPlace, term: TargetTerm): SearchPlan =>
  withTermsAt(
    plan,
    place,
    termsAt(plan, place).map((each, i) => (i === place.index ? term : each)),
  );

/** Every term of the plan, the target first. */
export function termPlaces(plan: SearchPlan): TermPlace[] {
  const parts = [null, ...(plan.objective.type === 'sum' ? plan.objective.terms.keys() : [])];
  return parts.flatMap((part) =>
    (['target', 'against'] as const).flatMap((list) =>
      termsAt(plan, { list, part }).map((_, index) => ({ list, part, index })),
    ),
  );
}

/** `Target 1`, `Against 2`, `Target 1 of part 3`. */
export const placeTitle = ({ list, part, index }: TermPlace): string =>
  `${list === 'target' ? 'Target' : 'Against'} ${index + 1}${part === null ? '' : ` of part ${part + 1}`}`;

/** The objective of another kind, with what of the present one still has a meaning. */
export function objectiveOfType(before: SearchObjective, type: SearchObjective['type'], goal: string): SearchObjective {
  if (before.type === type) return before;
  switch (type) {
    case 'drive':
    case 'suppress':
      return { type };
    case 'selective':
      return { type, over: 'areas', temperature: 1 };
    case 'match':
      return { type, goal: { from: { set: goal }, index: 0 } };
    case 'controversial':
      return { type };
    case 'ensemble':
      return { type, kappa: 0 };
    case 'sum': {
      const first = before.type === 'sum' ? [] : [{ weight: 1, objective: before }];
      return { type, terms: first };
    }
  }
}
