/**
 * What a search may claim, each claim with the control that it beats and by how much. Written once for the workbench, the
 * command line and the printed report.
 */
import { type SearchOptimiser, type SearchPlan, type SearchSpace, usualSamples } from '../contract/plans.ts';
import type { Candidate, Control, SearchReport } from '../contract/results.ts';
import { formatCount, formatNumber, plural } from '../platform/words.ts';
import { pictureNoun } from './controlWords.ts';
import { type ObjectiveType, scoreWords } from './objectiveWords.ts';
import { generatorNouns } from './words.ts';

export interface Claim {
  readonly beaten: boolean;
  readonly text: string;
}

/** One sentence per control about the candidate, in the units of the objective; larger objectives are better. */
export function claimsOf(candidate: Candidate, controls: readonly Control[], type: ObjectiveType = 'drive'): Claim[] {
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

/** The target in words: `drive V1-complex, suppress V1-simple`. */
export function targetText(plan: SearchPlan): string {
  return plan.target
    .map(({ area, units, weight }) => {
      const what =
        units === undefined
          ? area
          : units.length === 1
            ? `${area} unit ${units[0]}`
            : `${units.length} units of ${area}`;
      const size = Math.abs(weight) === 1 ? '' : ` × ${formatNumber(Math.abs(weight))}`;
      return `${weight < 0 ? 'suppress' : 'drive'} ${what}${size}`;
    })
    .join(', ');
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
