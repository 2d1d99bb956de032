/** The objective of a plan with its targets resolved to the units of a twin. */
import {
  goalsOf,
  type Member,
  memberArea,
  objectiveTerms,
  type SearchMembers,
  searchMembers,
  type SearchPlan,
  type SimpleObjective,
  type TargetTerm,
} from '../../contract/plans.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import type { ModelUnit, SearchField } from '../model.ts';
import { memberOf, resolveTarget, type TargetGroup, type TermNames } from './target.ts';

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

type Plan = Pick<SearchPlan, 'target' | 'objective' | 'include' | 'as' | 'with' | 'states'>;

type Given = {
  units: readonly ModelUnit[];
  limits: { include: SearchPlan['include']; field: Pick<SearchField, 'fieldOfViewDeg'> };
  goals: readonly string[];
  members: SearchMembers;
  names: TermNames;
};

/**
 * Of a plan with several states the terms of each, weighted by its share: their sum is the mean over the states. Throws
 * 'bad-input' where the plan asks for twins, areas or units that are not there, or for a competition without a rival.
 */
export function resolveObjective(
  plan: Plan,
  units: readonly ModelUnit[],
  field: Pick<SearchField, 'fieldOfViewDeg'>,
): ObjectiveTerm[] {
  const members = searchMembers(plan);
  const limits = { include: plan.include, field };
  const goals = goalsOf(plan).map((goal) => JSON.stringify(goal));
  return members.states.flatMap(({ member, share }) => {
    const given: Given = { units, limits, goals, members, names: { own: members.own, member } };
    return objectiveTerms(plan).map(({ weight, objective, target }) => ({
      weight: share * weight,
      objective,
      ...resolveOne(objective, target, given),
    }));
  });
}

function resolveOne(
  objective: SimpleObjective,
  target: readonly TargetTerm[],
  given: Given,
): Pick<ObjectiveTerm, 'groups' | 'against' | 'pattern'> {
  const { units, limits, goals, members, names } = given;
  const plain = { against: [], pattern: null };
  switch (objective.type) {
    case 'drive':
    case 'suppress':
      return { groups: resolveTarget(target, units, limits, names), ...plain };
    case 'selective':
      return { pattern: null, ...selection(objective, target, resolveTarget(target, units, limits, names), given) };
    case 'match': {
      const groups = resolveTarget(target, units, limits, names);
      const { goal } = objective;
      if ('from' in goal)
        return { groups, against: [], pattern: { type: 'goal', goal: goals.indexOf(JSON.stringify(goal)) } };
      const z = new Map(goal.z.map(({ z: wanted, ...named }) => [unitOf(named, given, groups), wanted]));
      return { groups, against: [], pattern: { type: 'given', z } };
    }
    case 'controversial': {
      const [first, second] = twinsOf(objective.between, target, given, 'controversial').slice(0, 2) as [
        string,
        string,
      ];
      const groups = [first, second].flatMap((twin, side) =>
        resolveTarget(on(target, twin), units, limits, names).map((group) => ({
          ...group,
          weight: side === 0 ? group.weight : -group.weight,
        })),
      );
      return { groups, ...plain };
    }
    case 'ensemble': {
      const twins = twinsOf(objective.twins, target, given, 'ensemble');
      const groups = twins.flatMap((twin) => resolveTarget(on(target, twin), units, limits, names));
      // Terms without a twin mean this state of the plan's own, which counts as one member.
      return { groups: groups.map((group) => ({ ...group, member: group.member ?? members.own })), ...plain };
    }
  }
}

const on = (target: readonly TargetTerm[], twin: string): TargetTerm[] => target.map((term) => ({ ...term, twin }));

/** Labels of the twins that the same target is looked up on. */
function twinsOf(
  named: readonly string[] | undefined,
  target: readonly TargetTerm[],
  { members: { own, others }, units, names }: Given,
  type: string,
): string[] {
  const refuse = (what: string): TwinscopeError => new TwinscopeError('bad-input', `The objective ${type} ${what}`);
  if (target.some(({ twin }) => twin !== undefined)) {
    throw refuse(
      'looks for its target on each of its twins, so the target terms must not name one. Nothing was started. Leave out ' +
        '`twin` there, or write the objective drive with a weight for each term.',
    );
  }
  const twins = named ?? [own, ...others.map(({ member }) => member)];
  for (const twin of twins) memberOf(twin, units, names);
  if (new Set(twins).size < Math.max(2, twins.length)) {
    throw refuse(
      twins.length < 2
        ? 'is about several twins, and this plan has one. Nothing was started. Name the others in `with`.'
        : 'names a twin twice. Nothing was started. Name each once.',
    );
  }
  return [...twins];
}

/** All groups in the order in which their scales are kept. */
export const groupsOf = (terms: readonly ObjectiveTerm[]): TargetGroup[] =>
  terms.flatMap(({ groups, against }) => [...groups, ...against]);

function unitOf(
  { area, unit, twin }: { area: string; unit: string; twin?: string | undefined },
  { units, names }: Given,
  groups: readonly TargetGroup[],
): number {
  const [group] = resolveTarget([{ area, units: [unit], twin }], units, undefined, names);
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
  { units, names }: Given,
): { groups: TargetGroup[]; against: TargetGroup[] } {
  if (resolved.some(({ weight }) => weight <= 0)) {
    throw new TwinscopeError(
      'bad-input',
      'A selective search drives its target against others, so the weights of the target must be above 0. Nothing was ' +
        'started. Move what must stay quiet from the target to `against`.',
    );
  }
  const everyArea = areasOfTwins(target, units, names);
  const groups = over === 'areas' ? [...resolved] : resolved.flatMap((group) => singles(group, units));
  const driven = new Set(resolved.flatMap((group) => group.units));
  const rivals = against ?? everyArea.filter(({ targeted }) => (over === 'units') === targeted);
  const open = resolveTarget(rivals, units, undefined, names)
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

/** Of every twin that the target is about, by the names that the twin itself gives them. */
function areasOfTwins(
  target: readonly TargetTerm[],
  units: readonly ModelUnit[],
  names: TermNames,
): { twin: string | undefined; area: string; targeted: boolean }[] {
  const twins = new Map<Member, string | undefined>();
  for (const { twin } of target) twins.set(memberOf(twin, units, names), twin);
  return [...twins].flatMap(([member, twin]) => {
    const prefix = memberArea(member, '');
    const areas = new Set(
      units.flatMap((unit) => ((unit.member ?? null) === member ? [unit.area.slice(prefix.length)] : [])),
    );
    const own = new Set(target.flatMap((term) => (memberOf(term.twin, units, names) === member ? [term.area] : [])));
    return [...areas].map((area) => ({ twin, area, targeted: own.has(area) }));
  });
}

const singles = ({ weight, units: members }: TargetGroup, units: readonly ModelUnit[]): TargetGroup[] =>
  members.map((u) => {
    const { area, unit } = units[u] as ModelUnit;
    return { label: `${area} unit ${unit}`, weight, units: [u] };
  });
