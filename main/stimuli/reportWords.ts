/**
 * What a search may claim, each claim with the control that it beats and by how much. Written once for the workbench, the
 * command line and the printed report.
 */
import {
  goalRole,
  goalsOf,
  memberArea,
  searchMembers,
  type SearchOptimiser,
  type SearchPlan,
  type SearchSpace,
  type SetRef,
  startRole,
  usualSamples,
} from '../contract/plans.ts';
import type { Candidate, Control, Provenance, SearchReport } from '../contract/results.ts';
import { formatCount, formatNumber, plural } from '../platform/words.ts';
import { pictureNoun } from './controlWords.ts';
import { nameOfSet, type ObjectiveType, scoreWords } from './objectiveWords.ts';
import { generatorNouns } from './words.ts';

export interface Claim {
  readonly beaten: boolean;
  readonly text: string;
}

/** One sentence per control about the candidate, in the units of the objective; larger objectives are better. */
export function claimsOf(candidate: Candidate, controls: readonly Control[], type: ObjectiveType): Claim[] {
  const { text } = scoreWords(type);
  return controls.map((control) => {
    const drive = text(candidate.objective, formatNumber);
    const best = text(control.best, formatNumber);
    const beaten = candidate.objective > control.best;
    const name =
      control.n > 1 && !/\d/.test(control.label) ? `${control.label} (n = ${formatCount(control.n)})` : control.label;
    if (!beaten) {
      const reach = control.values.filter((value) => value >= candidate.objective).length;
      const share =
        control.values.length > 1 ? `; ${formatCount(reach)} of ${formatCount(control.values.length)} reach it` : '';
      return { beaten, text: `Does not beat ${name}: ${drive} against ${best}${share}.` };
    }
    // 0 of n reached: the exceedance is below 3/n with 95 % confidence (the rule of three).
    const bound =
      control.kind === 'random' && control.values.length >= 100
        ? `; none of ${formatCount(control.values.length)} reaches it, so fewer than ${formatNumber(300 / control.values.length, 2)} % of such ${pictureNoun(control)}s would (95 % confidence)`
        : '';
    return { beaten, text: `Beats ${name}: ${drive} against ${best}${bound}.` };
  });
}

/**
 * How responses of units of these areas are labelled: in `responseUnits`, which are the plan's own twin's. Those of other
 * twins are in units of their own, which a report does not hold, and are given without any.
 */
export function responseWords(
  { plan, responseUnits }: { plan: SearchPlan; responseUnits: string },
  areas: readonly string[],
): {
  /** Heading of a column of values by `text`: `response (spikes/s)`. */
  heading: (what: string) => string;
  /** A value beneath such a heading. */
  text: (area: string, value: number, format?: (value: number) => string) => string;
  /** A value with its unit in a sentence. */
  inSentence: (area: string, value: number) => string;
} {
  const labels = searchMembers(plan).others.map(({ member }) => memberArea(member, ''));
  const own = (area: string): boolean => !labels.some((label) => area.startsWith(label));
  const allOwn = areas.every(own);
  const inSentence = (area: string, value: number, format = (x: number): string => formatNumber(x)): string =>
    own(area) ? `${format(value)} ${responseUnits}` : format(value);
  return {
    heading: (what) => (allOwn ? `${what} (${responseUnits})` : what),
    text: (area, value, format = (x) => formatNumber(x)) => (allOwn ? format(value) : inSentence(area, value, format)),
    inSentence: (area, value) => inSentence(area, value),
  };
}

/** `2,164 evaluations, of which 1,200 for controls`; those of the reference set are among the others. */
export const evaluationsText = (report: Pick<SearchReport, 'evaluations' | 'controlEvaluations'>): string =>
  `${plural(report.evaluations, 'evaluation')}, of which ${formatCount(report.controlEvaluations)} for controls`;

function pixelsText({ parameterisation, motion }: Extract<SearchPlan['space'], { type: 'pixels' }>): string {
  const what = {
    pixels: 'pixels',
    fourier: 'Fourier coefficients',
    'low-resolution': 'pixels at low resolution',
  }[parameterisation.type];
  return motion === 'moving' ? `${what} of clips` : what;
}

/** How the space is searched, in words with numbers. */
export function methodText({ space, optimiser }: SearchPlan): string {
  const where =
    space.type === 'parametric'
      ? generatorNouns[space.stimulus]
      : space.type === 'pixels'
        ? pixelsText(space)
        : { gratings: 'gratings', set: 'a stimulus set' }[space.type];
  return `${where}, ${optimiserText(optimiser, space)}`;
}

function optimiserText(optimiser: SearchOptimiser, space: SearchSpace): string {
  switch (optimiser.type) {
    case 'gradient':
      return `gradient ascent, ${plural(optimiser.steps, 'step')}`;
    case 'first-order':
      return `${optimiser.rule}, ${plural(optimiser.steps, 'step')}`;
    case 'cma-es':
      return `${optimiser.covariance === 'full' ? '' : `${optimiser.covariance} `}CMA-ES, ${plural(optimiser.evaluations, 'evaluation')}`;
    case 'genetic':
      return `genetic algorithm, ${plural(optimiser.evaluations, 'evaluation')}`;
    case 'screening':
      return `screening${samplesText(optimiser, space)}, best ${formatCount(optimiser.keep)}`;
    case 'hybrid':
      return `screening${samplesText(optimiser.screen, space)}, then ${optimiserText(optimiser.refine, space)}`;
  }
}

const samplesText = ({ samples = usualSamples }: { samples?: number | undefined }, space: SearchSpace): string =>
  space.type === 'set' ? '' : ` of ${plural(samples, 'sample')}`;

/** Names of the sets of goal stimuli by what a search has kept of them; a plan alone knows their ids. */
export function nameOfGoals(plan: SearchPlan, provenance?: Pick<Provenance, 'sets'>): (ref: SetRef) => string {
  const goals = goalsOf(plan).map(({ from }) => JSON.stringify(from));
  return (ref: SetRef): string =>
    provenance?.sets[goalRole(goals.indexOf(JSON.stringify(ref)))]?.name ?? nameOfSet(ref);
}

/** The stimulus that a search over pixels starts from; null for noise, the usual start. */
export function startText({ space }: SearchPlan, provenance?: Pick<Provenance, 'sets'>): string | null {
  if (space.type !== 'pixels' || space.startFrom === undefined) return null;
  const { from, index } = space.startFrom;
  const set = provenance?.sets[startRole]?.name ?? nameOfSet(from);
  return 'set' in from ? `stimulus ${index + 1} of ${set}` : set;
}
