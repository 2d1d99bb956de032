/** What a search makes large, in words: the same in the workbench, on the command line and in the report. */
import {
  termArea,
  type Inclusion,
  type MembersPlan,
  type SearchObjective,
  type SearchPlan,
  type SimpleObjective,
  type TargetTerm,
} from '../contract/plans.ts';
import { formatNumber as number } from './words.ts';

export type ObjectiveType = SearchObjective['type'];

export const objectiveNames: Record<ObjectiveType, string> = {
  drive: 'Drive',
  suppress: 'Suppress',
  selective: 'Selective',
  match: 'Match',
  controversial: 'Controversial',
  ensemble: 'Ensemble',
  sum: 'Sum',
};

/** What each of them does, in one sentence. */
export const objectiveSentences: Record<ObjectiveType, string> = {
  drive: 'Makes the weighted activity of the target as large as it can; what has a negative weight is kept down.',
  suppress: 'Makes the weighted activity of the target as small as it can.',
  selective: 'Drives the target while the others stay quiet: what counts is how far it stands out among them.',
  match: 'Brings the response of every targeted unit to the one that a given stimulus evokes: a metamer of it.',
  controversial: 'Drives the target on one twin and not on the other: where they disagree.',
  ensemble: 'Drives the target on every twin, less κ times how much they differ.',
  sum: 'Adds several objectives, each with a weight and, where it needs one, a target of its own.',
};

export type ScoreWords = {
  /** What the value is called. */
  name: string;
  /** Title of an axis on which larger is better, with its unit. */
  axis: string;
  /** Heading of a column of data. */
  column: string;
  /** A value with its unit, e.g. `3.21 z`; the squared error of a match is said as a positive number. */
  text: (value: number, format?: (value: number) => string) => string;
  /** The same where there is little room. */
  short: (value: number, format?: (value: number) => string) => string;
};

type Say = ScoreWords['text'];
const withUnit =
  (unit: string): Say =>
  (value, format = number) =>
    `${format(value)} ${unit}`;
const inZ = withUnit('z');
const asError: Say = (value, format = number) => `error ${format(value === 0 ? 0 : -value)} z²`;
// The terms of a sum may have different units.
const plain: Say = (value, format = number) => format(value);

const scores: Record<ObjectiveType, ScoreWords> = {
  drive: { name: 'drive', axis: 'drive (z)', column: 'drive_z', text: inZ, short: inZ },
  suppress: { name: 'suppression', axis: 'suppression (z)', column: 'suppression_z', text: inZ, short: inZ },
  // The logarithm of a ratio of exponentials of z.
  selective: {
    name: 'selectivity',
    axis: 'selectivity (nats of z)',
    column: 'selectivity_nats',
    text: withUnit('nats of z'),
    short: withUnit('nats'),
  },
  match: {
    name: 'mean squared error',
    axis: '−mean squared error (z²)',
    column: 'negative_mean_squared_error_z2',
    text: asError,
    short: asError,
  },
  controversial: {
    name: 'difference of drives',
    axis: 'difference of drives (z)',
    column: 'difference_z',
    text: inZ,
    short: inZ,
  },
  ensemble: {
    name: 'drive on all twins',
    axis: 'drive on all twins (z)',
    column: 'ensemble_drive_z',
    text: inZ,
    short: inZ,
  },
  sum: { name: 'weighted sum', axis: 'weighted sum', column: 'weighted_sum', text: plain, short: plain },
};

/** What the value of an objective is called and counted in. */
export const scoreWords = (type: ObjectiveType): ScoreWords => scores[type];

/** `V1-complex`, `V1-simple unit s001`, `3 units of V4`, `units of IT within 0.5° of (1, −0.5)°`. */
export function unitsText({ area, units, within }: Omit<TargetTerm, 'weight'>): string {
  const place =
    within === undefined
      ? ''
      : ` within ${number(within.radiusDeg)}° of (${number(within.xDeg)}, ${number(within.yDeg)})°`;
  if (units === undefined) return place === '' ? area : `units of ${area}${place}`;
  return units.length === 1 ? `${area} unit ${units[0]}${place}` : `${units.length} units of ${area}${place}`;
}

/** `drive V1-complex, suppress V1-simple × 0.5`; the other way round where the objective is to suppress. */
export function targetText(target: readonly TargetTerm[], type: ObjectiveType = 'drive'): string {
  return target
    .map((term) => {
      const size = Math.abs(term.weight) === 1 ? '' : ` × ${number(Math.abs(term.weight))}`;
      const down = term.weight < 0 !== (type === 'suppress');
      return `${down ? 'suppress' : 'drive'} ${unitsText(term)}${size}`;
    })
    .join(', ');
}

/** `a`, `a and b`, `a, b and c`. */
const list = (parts: readonly string[]): string =>
  parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;

/** The targeted units without what is done to them; signs are said by other words. */
const allUnits = (target: readonly TargetTerm[]): string =>
  list(
    target.map(
      (term) => `${unitsText(term)}${Math.abs(term.weight) === 1 ? '' : ` × ${number(Math.abs(term.weight))}`}`,
    ),
  );

type NameOfSet = (ref: GoalRef) => string;
type GoalRef = Extract<Extract<SimpleObjective, { type: 'match' }>['goal'], { from: unknown }>['from'];

/** What a reference to a set says of itself: the name or id that stands in the plan. */
export const nameOfSet: NameOfSet = (ref) =>
  'set' in ref ? ref.set : (ref.name ?? ('imageFolder' in ref ? ref.imageFolder : 'the plan'));

function simpleText(objective: SimpleObjective, target: readonly TargetTerm[], nameOf: NameOfSet): string {
  switch (objective.type) {
    case 'drive':
    case 'suppress':
      return targetText(target, objective.type);
    case 'selective': {
      const others =
        objective.against === undefined
          ? objective.over === 'units'
            ? `every other unit of ${list([...new Set(target.map(({ area }) => area))])}`
            : 'every other area'
          : list(objective.against.map(unitsText));
      const rivals = objective.over === 'units' && objective.against !== undefined ? `${others}, unit by unit` : others;
      const sharpness = objective.temperature === 1 ? '' : ` (T = ${number(objective.temperature)} z)`;
      return `drive ${allUnits(target)} alone, against ${rivals}${sharpness}`;
    }
    case 'match': {
      const { goal } = objective;
      const to = 'from' in goal ? `stimulus ${goal.index + 1} of ${nameOf(goal.from)}` : 'responses given in the plan';
      return `match ${allUnits(target)} to ${to}`;
    }
    case 'controversial': {
      const [on, not] = objective.between ?? [];
      const twins =
        on === undefined || not === undefined ? 'the first twin, not on the second' : `twin ${on}, not on ${not}`;
      return `${targetText(target)} on ${twins}`;
    }
    case 'ensemble': {
      const twins = objective.twins === undefined ? 'every twin' : `twins ${list(objective.twins)}`;
      return `${targetText(target)} on ${twins}${objective.kappa === 0 ? '' : ` (κ = ${number(objective.kappa)})`}`;
    }
  }
}

/** What a search makes large, e.g. `drive V4 alone, against V1 and IT`. `nameOf` may know the name of a set by its id. */
export function objectiveText(
  plan: Pick<SearchPlan, 'target' | 'objective'> & MembersPlan,
  nameOf: NameOfSet = nameOfSet,
): string {
  const { objective } = plan;
  // Areas of other twins are called by their label too.
  const named = <T extends { twin?: string | undefined; area: string }>(terms: readonly T[]): T[] =>
    terms.map((term) => ({ ...term, area: termArea(plan, term) }));
  const target = named(plan.target);
  const rivalsNamed = (each: SimpleObjective): SimpleObjective =>
    each.type === 'selective' && each.against !== undefined ? { ...each, against: named(each.against) } : each;
  if (objective.type !== 'sum') return simpleText(rivalsNamed(objective), target, nameOf);
  return objective.terms
    .map(({ weight, objective: each, target: own }, i) => {
      const sign = i === 0 ? (weight < 0 ? '−' : '') : weight < 0 ? ' − ' : ' + ';
      const size = Math.abs(weight) === 1 ? '' : `${number(Math.abs(weight))} × `;
      return `${sign}${size}(${simpleText(rivalsNamed(each), own === undefined ? target : named(own), nameOf)})`;
    })
    .join('');
}

/** The limits on units of a plan; empty where there are none. */
export function inclusionText({ minNoiseCeiling, minPredictionScore, fieldInside }: Inclusion): string {
  return [
    ...(minNoiseCeiling === undefined ? [] : [`noise ceiling at least ${number(minNoiseCeiling)}`]),
    ...(minPredictionScore === undefined ? [] : [`prediction score at least ${number(minPredictionScore)}`]),
    ...(fieldInside ? ['receptive field inside the field of view'] : []),
  ].join(', ');
}
