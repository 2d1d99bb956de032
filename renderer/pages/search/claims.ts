/** What a search may claim, each claim with the control it beats and by how much. */
import { objectiveTerms, type SearchPlan, termArea } from '../../../main/contract/plans.ts';
import { scoreWords } from '../../../main/stimuli/objectiveWords.ts';
import { formatNumber } from '../../components/format.ts';

export {
  claimsOf,
  type Claim,
  evaluationsText,
  methodText,
  nameOfGoals,
  startText,
} from '../../../main/stimuli/reportWords.ts';
export { controlName } from '../../../main/stimuli/controlWords.ts';

/** Areas with the targeted ones first, in the order of the plan. */
export function targetFirst<T extends { area: string }>(areas: readonly T[], plan: SearchPlan): T[] {
  const order = objectiveTerms(plan).flatMap(({ target }) => target.map((term) => termArea(plan, term)));
  const rank = (area: string): number => (order.includes(area) ? order.indexOf(area) : order.length);
  return [...areas].sort((a, b) => rank(a.area) - rank(b.area));
}

/** A value of the objective of a plan with its unit: `3.21 z`. */
export const scoreText = (plan: Pick<SearchPlan, 'objective'>, value: number): string =>
  scoreWords(plan.objective.type).text(value, formatNumber);

/** The same under a tile. */
export const shortScore = (plan: Pick<SearchPlan, 'objective'>, value: number): string =>
  scoreWords(plan.objective.type).short(value, formatNumber);
