/** What a search may claim, each claim with the control it beats and by how much. */
import type { Provenance } from '../../../main/contract/results.ts';
import {
  goalRole,
  goalsOf,
  objectiveTerms,
  type SearchPlan,
  type SetRef,
  startRole,
  termArea,
} from '../../../main/contract/plans.ts';
import { nameOfSet, scoreWords } from '../../../main/stimuli/objectiveWords.ts';
import { formatNumber } from '../../components/format.ts';

export { claimsOf, type Claim, evaluationsText, methodText } from '../../../main/stimuli/reportWords.ts';
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

/** Names of the sets of goal stimuli by what a search has kept of them; a plan alone knows their ids. */
export function nameOfGoals(plan: SearchPlan, provenance?: Pick<Provenance, 'sets'>) {
  const goals = goalsOf(plan).map(({ from }) => JSON.stringify(from));
  return (ref: SetRef): string =>
    provenance?.sets[goalRole(goals.indexOf(JSON.stringify(ref)))]?.name ?? nameOfSet(ref);
}

/** The same under a tile. */
export const shortScore = (plan: Pick<SearchPlan, 'objective'>, value: number): string =>
  scoreWords(plan.objective.type).short(value, formatNumber);

/** The stimulus that a search over pixels starts from; null for noise, the usual start. */
export function startText({ space }: SearchPlan, provenance?: Pick<Provenance, 'sets'>): string | null {
  if (space.type !== 'pixels' || space.startFrom === undefined) return null;
  const { from, index } = space.startFrom;
  const set = provenance?.sets[startRole]?.name ?? nameOfSet(from);
  return 'set' in from ? `stimulus ${index + 1} of ${set}` : set;
}
