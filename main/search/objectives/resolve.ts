/** The objective of a plan with its targets resolved to the units of a twin. */
import {
  goalsOf,
  objectiveTerms,
  type SearchPlan,
  type SimpleObjective,
  type TargetTerm,
} from '../../contract/plans.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import type { ModelUnit, SearchField } from '../model.ts';
import { resolveTarget, type TargetGroup } from './target.ts';

/** What a match aims at: z by unit, or the responses to a goal stimulus of the plan. */
export type Pattern = { type: 'given'; z: Map<number, number> } | { type: 'goal'; goal: number };

export type ObjectiveTerm = {
  weight: number;
  objective: SimpleObjective;
  groups: TargetGroup[];
  /** Of a selective objective: what competes with the target. */
  against: TargetGroup[];
  /** Of a match. */
  pattern: Pattern | null;
};

type Plan = Pick<SearchPlan, 'target' | 'objective' | 'include'>;

/** Throws 'bad-input' where the plan asks for areas or units that the twin lacks, or for a competition without a rival. */
export function resolveObjective(
  plan: Plan,
  units: readonly ModelUnit[],
  field: Pick<SearchField, 'fieldOfViewDeg'>,
): ObjectiveTerm[] {
  const limits = { include: plan.include, field };
  const goals = goalsOf(plan).map((goal) => JSON.stringify(goal));
  return objectiveTerms(plan).map(({ weight, objective, target }) => {
    const groups = resolveTarget(target, units, limits);
    if (objective.type === 'selective')
      return { weight, objective, pattern: null, ...selection(objective, target, groups, units) };
    if (objective.type !== 'match') return { weight, objective, groups, against: [], pattern: null };
    const { goal } = objective;
    const pattern: Pattern =
      'from' in goal
        ? { type: 'goal', goal: goals.indexOf(JSON.stringify(goal)) }
        : { type: 'given', z: new Map(goal.z.map(({ area, unit, z }) => [unitOf(area, unit, units, groups), z])) };
    return { weight, objective, groups, against: [], pattern };
  });
}

/** All groups in the order in which their scales are kept. */
export const groupsOf = (terms: readonly ObjectiveTerm[]): TargetGroup[] =>
  terms.flatMap(({ groups, against }) => [...groups, ...against]);

function unitOf(area: string, unit: string, units: readonly ModelUnit[], groups: readonly TargetGroup[]): number {
  const [group] = resolveTarget([{ area, units: [unit] }], units);
  const index = group?.units[0] as number;
  if (!groups.some((target) => target.units.includes(index))) {
    throw new TwinscopeError(
      'bad-input',
      `A response of ${area} unit ${unit} is to be matched, and the target does not contain this unit. Nothing was started. ` +
        'Add it to the target, or leave it out of the pattern.',
    );
  }
  return index;
}

function selection(
  { over, against }: Extract<SimpleObjective, { type: 'selective' }>,
  target: readonly TargetTerm[],
  resolved: readonly TargetGroup[],
  units: readonly ModelUnit[],
): { groups: TargetGroup[]; against: TargetGroup[] } {
  if (resolved.some(({ weight }) => weight <= 0)) {
    throw new TwinscopeError(
      'bad-input',
      'A selective search drives its target against others, so the weights of the target must be above 0. Nothing was ' +
        'started. Move what must stay quiet from the target to `against`.',
    );
  }
  const areas = [...new Set(units.map(({ area }) => area))];
  const own = new Set(target.map(({ area }) => area));
  const groups = over === 'areas' ? [...resolved] : resolved.flatMap((group) => singles(group, units));
  const driven = new Set(resolved.flatMap((group) => group.units));
  const rivals = against ?? areas.filter((area) => (over === 'units') === own.has(area)).map((area) => ({ area }));
  const open = resolveTarget(rivals, units)
    .map((group) => ({ ...group, units: group.units.filter((u) => !driven.has(u)) }))
    .filter((group) => group.units.length > 0);
  const others = over === 'areas' ? open : open.flatMap((group) => singles(group, units));
  if (others.length === 0) {
    throw new TwinscopeError(
      'bad-input',
      `There is nothing that ${resolved.map(({ label }) => label).join(' and ')} could be driven against: ` +
        (over === 'areas' ? 'this twin has no other area. ' : 'these are all units of their area. ') +
        'Nothing was started. Name what must stay quiet in `against`, or use the objective drive.',
    );
  }
  return { groups, against: others };
}

const singles = ({ weight, units: members }: TargetGroup, units: readonly ModelUnit[]): TargetGroup[] =>
  members.map((u) => {
    const { area, unit } = units[u] as ModelUnit;
    return { label: `${area} unit ${unit}`, weight, units: [u] };
  });
