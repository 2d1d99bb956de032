/** Which units a search drives and which it suppresses. */
import type { ObjectiveTerm } from '../objectives/resolve.ts';
import type { SearchContext } from '../phase.ts';

/**
 * +1 for driven and −1 for suppressed units, by their order in the twin; the sign of the summed weights where a unit stands in
 * several terms. Units of a match have none: their responses are to become given ones.
 */
export function signsOf(terms: readonly ObjectiveTerm[]): Map<number, 1 | -1> {
  const sums = new Map<number, number>();
  for (const { weight, objective, groups } of terms) {
    if (objective.type === 'match') continue;
    for (const group of groups) {
      const sign = weight * group.weight * (objective.type === 'suppress' ? -1 : 1);
      for (const u of group.units) sums.set(u, (sums.get(u) ?? 0) + sign);
    }
  }
  const signs = [...sums].filter(([, sum]) => sum !== 0).toSorted(([a], [b]) => a - b);
  return new Map(signs.map(([u, sum]) => [u, sum > 0 ? 1 : -1]));
}

/** All units of the target, in the order of the twin. */
export const targetedUnits = ({ groups }: Pick<SearchContext, 'groups'>): number[] =>
  [...new Set(groups.flatMap(({ units }) => units))].toSorted((a, b) => a - b);
