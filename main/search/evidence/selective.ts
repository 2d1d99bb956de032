/** The selective score that every report states, also of searches that make something else large. */
import type { SearchPlan } from '../../contract/plans.ts';
import { isTwinscopeError } from '../../platform/errors.ts';
import type { ModelUnit, SearchField } from '../model.ts';
import { type ObjectiveTerm, resolveObjective } from '../objectives/resolve.ts';
import type { SearchContext } from '../phase.ts';

/**
 * The plan's own selective objective; otherwise the driven part of its target against what it suppresses, or every other area,
 * at T = 1. Null where nothing is driven or there is nothing else, and for a sum, whose terms have directions of their own.
 */
export function selectiveTerms(
  plan: SearchPlan,
  units: readonly ModelUnit[],
  field: Pick<SearchField, 'fieldOfViewDeg'>,
): SearchContext['selective'] {
  const { objective, target } = plan;
  const driven = target.filter(({ weight }) => weight > 0);
  const suppressed = target
    .filter(({ weight }) => weight < 0)
    .map(({ twin, area, units: chosen, within }) => ({ twin, area, units: chosen, within }));
  if (objective.type === 'suppress' || objective.type === 'match' || objective.type === 'sum') return null;
  // Only in a drive does a negative weight say what is to stay quiet.
  if (suppressed.length > 0 && objective.type !== 'drive' && objective.type !== 'selective') return null;
  const chosen =
    objective.type === 'selective'
      ? plan
      : {
          ...plan,
          target: driven,
          objective: {
            type: 'selective' as const,
            over: 'areas' as const,
            temperature: 1,
            ...(suppressed.length === 0 ? {} : { against: suppressed }),
          },
        };
  if (chosen.target.length === 0) return null;
  try {
    const terms: ObjectiveTerm[] = resolveObjective(chosen, units, field);
    return { terms, objective: null };
  } catch (error) {
    // Without a rival there is no such score; what else is wrong with a target is said by its own objective.
    if (isTwinscopeError(error)) return null;
    throw error;
  }
}
