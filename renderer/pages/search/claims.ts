/** What a search may claim, each claim with the control it beats and by how much. */
import type { SearchReport } from '../../../main/contract/results.ts';
import type { SearchPlan } from '../../../main/contract/plans.ts';
import { formatCount, formatNumber, plural } from '../../components/format.ts';

export { claimsOf, type Claim } from '../../../main/stimuli/reportWords.ts';
export { controlName } from '../../../main/stimuli/controlWords.ts';

/** Areas with the targeted ones first, in the order of the plan. */
export function targetFirst<T extends { area: string }>(areas: readonly T[], plan: SearchPlan): T[] {
  const order = plan.target.map((term) => term.area);
  const rank = (area: string): number => (order.includes(area) ? order.indexOf(area) : order.length);
  return [...areas].sort((a, b) => rank(a.area) - rank(b.area));
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

/** How the space is searched, in words with numbers. */
export function methodText(plan: SearchPlan): string {
  const { space, optimiser } = plan;
  const where = { pixels: 'pixels', gratings: 'gratings', set: 'a stimulus set' }[space.type];
  switch (optimiser.type) {
    case 'gradient':
      return `${where}, gradient ascent, ${plural(optimiser.steps, 'step')}`;
    case 'cma-es':
      return `${where}, CMA-ES, ${plural(optimiser.evaluations, 'evaluation')}`;
    case 'screening':
      return `${where}, screening, best ${formatCount(optimiser.keep)}`;
  }
}
