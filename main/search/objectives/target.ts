/** What a search drives: the plan's target terms resolved to the units of a twin. */
import { type Inclusion, type Member, memberArea, type TargetTerm } from '../../contract/plans.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { inclusionText } from '../../stimuli/objectiveWords.ts';
import { formatNumber } from '../../stimuli/words.ts';
import { isIncluded, isWithin } from '../../twins/unitPlaces.ts';
import type { ModelUnit, SearchField } from '../model.ts';

/** Units whose mean z is one term of the objective. */
export type TargetGroup = { label: string; weight: number; units: number[]; member?: Member };

type Term = Omit<TargetTerm, 'weight'> & { weight?: number };

const everyUnit: Inclusion = { fieldInside: false };

/** `own`: the label of the plan's own twin; `member`: the state of it that terms without a twin mean. */
export type TermNames = { own: string; member: Member };
export const ownTwin: TermNames = { own: 'A', member: null };

/**
 * Throws 'bad-input' for an area or unit that the twin lacks, naming the nearest one it has, and for a term of which no
 * unit is left.
 */
export function resolveTarget(
  terms: readonly Term[],
  units: readonly ModelUnit[],
  limits: { include: Inclusion; field: Pick<SearchField, 'fieldOfViewDeg'> } = {
    include: everyUnit,
    field: { fieldOfViewDeg: Infinity },
  },
  names: TermNames = ownTwin,
): TargetGroup[] {
  return terms.map((asked) => {
    const member = memberOf(asked.twin, units, names);
    const term = { ...asked, area: memberArea(member, asked.area) };
    const named = namedUnits(term, units, member);
    const { within } = term;
    const near = within === undefined ? named : named.filter((u) => isWithin(units[u]?.place, within));
    if (near.length === 0) {
      throw new TwinscopeError(
        'bad-input',
        `No receptive field of ${labelOf({ ...term, within: undefined }, named.length)} has its centre within ${formatNumber(term.within?.radiusDeg ?? 0)}° of ` +
          `(${formatNumber(term.within?.xDeg ?? 0)}, ${formatNumber(term.within?.yDeg ?? 0)})°. Nothing was started. ` +
          (named.every((u) => units[u]?.place === undefined)
            ? 'This twin’s table of units states no places: name the units instead.'
            : 'Widen the circle, or move it onto their receptive fields.'),
      );
    }
    const included = near.filter((u) => isIncluded(units[u]?.place, limits.include, limits.field.fieldOfViewDeg));
    if (included.length === 0) {
      throw new TwinscopeError(
        'bad-input',
        `None of ${near.length === 1 ? 'the one unit' : `the ${near.length} units`} of ${labelOf(term, near.length)} passes the limits of the plan ` +
          `(${inclusionText(limits.include)}). Nothing was started. Relax a limit, or choose other units.`,
      );
    }
    const label = labelOf(term, included.length);
    return { label, weight: term.weight ?? 1, units: included, ...(member === null ? {} : { member }) };
  });
}

export function memberOf(twin: string | undefined, units: readonly ModelUnit[], { own, member }: TermNames): Member {
  if (twin === undefined || twin === own) return member;
  if (units.some((unit) => unit.member === twin)) return twin;
  // States are no twins of their own.
  const others = [...new Set(units.flatMap((unit) => unit.member ?? []))].filter((label) => !label.includes(' '));
  throw new TwinscopeError(
    'bad-input',
    `No twin of this plan is called '${twin}'. Nothing was started. ` +
      (others.length === 0
        ? `It has one, '${own}'; name others in \`with\`.`
        : `It has ${[own, ...others].map((label) => `'${label}'`).join(', ')}.`),
  );
}

function namedUnits(term: Term, units: readonly ModelUnit[], member: Member): number[] {
  const areas = [...new Set(units.flatMap((unit) => ((unit.member ?? null) === member ? [unit.area] : [])))];
  if (!areas.includes(term.area)) {
    throw new TwinscopeError(
      'bad-input',
      `This twin has no area '${term.area}'; the nearest name is '${nearest(term.area, areas)}'. Nothing was started. ` +
        `Its areas are ${areas.join(', ')}.`,
    );
  }
  const indices = new Map<string, number>();
  for (const [i, { area, unit }] of units.entries()) if (area === term.area) indices.set(unit, i);
  if (term.units === undefined) return [...indices.values()];
  return [...new Set(term.units)].map((unit) => {
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
}

function labelOf({ area, units, within }: Term, count: number): string {
  if (units?.length === 1) return `${area} unit ${units[0] as string}`;
  if (units === undefined && within === undefined) return area;
  return `${count} units of ${area}`;
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
