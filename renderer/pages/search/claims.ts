/** What a search may claim, each claim with the control it beats and by how much. */
import type { SearchPlan } from '../../../main/contract/plans.ts';

export { claimsOf, type Claim, evaluationsText, methodText, targetText } from '../../../main/stimuli/reportWords.ts';
export { controlName } from '../../../main/stimuli/controlWords.ts';

/** Areas with the targeted ones first, in the order of the plan. */
export function targetFirst<T extends { area: string }>(areas: readonly T[], plan: SearchPlan): T[] {
  const order = plan.target.map((term) => term.area);
  const rank = (area: string): number => (order.includes(area) ? order.indexOf(area) : order.length);
  return [...areas].sort((a, b) => rank(a.area) - rank(b.area));
}
