/** What a search drives: the plan's target terms resolved to the units of a twin. */
import type { TargetTerm } from '../contract/plans.ts';
import { TwinscopeError } from '../platform/errors.ts';
import type { ModelUnit } from './model.ts';

/** Units whose mean z is one term of the objective. */
export type TargetGroup = { label: string; weight: number; units: number[] };

/** Throws 'bad-input' for an area or unit that the twin lacks, naming the nearest one it has. */
export function resolveTarget(terms: readonly TargetTerm[], units: readonly ModelUnit[]): TargetGroup[] {
  const areas = [...new Set(units.map(({ area }) => area))];
  return terms.map((term) => {
    if (!areas.includes(term.area)) {
      throw new TwinscopeError(
        'bad-input',
        `This twin has no area '${term.area}'; the nearest name is '${nearest(term.area, areas)}'. Nothing was started. ` +
          `Its areas are ${areas.join(', ')}.`,
      );
    }
    const indices = new Map<string, number>();
    for (const [i, { area, unit }] of units.entries()) if (area === term.area) indices.set(unit, i);
    if (term.units === undefined) return { label: term.area, weight: term.weight, units: [...indices.values()] };
    const chosen = [...new Set(term.units)].map((unit) => {
      const index = indices.get(unit);
      if (index === undefined) {
        throw new TwinscopeError(
          'bad-input',
          `Area '${term.area}' of this twin has no unit '${unit}'; the nearest name is ` +
            `'${nearest(unit, [...indices.keys()])}'. Nothing was started. Choose one of its ${indices.size} units.`,
        );
      }
      return index;
    });
    const label =
      chosen.length === 1 ? `${term.area} unit ${term.units[0] as string}` : `${chosen.length} units of ${term.area}`;
    return { label, weight: term.weight, units: chosen };
  });
}

/** The name with the smallest edit distance; the first of several. */
export function nearest(name: string, names: readonly string[]): string {
  let best = names[0] ?? '';
  let smallest = Infinity;
  for (const candidate of names) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < smallest) {
      smallest = distance;
      best = candidate;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substituted, (previous[j] as number) + 1, (row[j - 1] as number) + 1));
    }
    previous = row;
  }
  return previous[b.length] as number;
}
