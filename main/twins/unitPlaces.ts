/** Which units a target takes by where they look and how well they are predicted: the same in the workbench as in a search. */
import type { Inclusion, TargetTerm } from '../contract/plans.ts';
import type { TwinUnit, UnitPlace } from '../contract/twins.ts';

/** What the table of units says of one: columns beyond our own count where they hold numbers. */
export function placeOf({ xDeg, yDeg, sizeDeg, extra }: Omit<TwinUnit, 'index'>): UnitPlace {
  const number = (name: string): number | null => (typeof extra[name] === 'number' ? extra[name] : null);
  return { xDeg, yDeg, sizeDeg, noiseCeiling: number('noise_ceiling'), predictionScore: number('prediction_score') };
}

/** Whether the centre lies in the circle, its rim included; false where the table states no centre. */
export function isWithin(
  place: Pick<UnitPlace, 'xDeg' | 'yDeg'> | undefined,
  within: NonNullable<TargetTerm['within']>,
): boolean {
  const { xDeg = null, yDeg = null } = place ?? {};
  if (xDeg === null || yDeg === null) return false;
  const x = xDeg - within.xDeg;
  const y = yDeg - within.yDeg;
  return x * x + y * y <= within.radiusDeg * within.radiusDeg;
}

/** Whether a unit passes the limits of a plan; what the table does not state passes none. */
export function isIncluded(place: UnitPlace | undefined, include: Inclusion, fieldOfViewDeg: number): boolean {
  const atLeast = (value: number | null = null, limit?: number): boolean =>
    limit === undefined || (value !== null && value >= limit);
  if (!atLeast(place?.noiseCeiling, include.minNoiseCeiling)) return false;
  if (!atLeast(place?.predictionScore, include.minPredictionScore)) return false;
  if (!include.fieldInside) return true;
  const { xDeg = null, yDeg = null, sizeDeg = null } = place ?? {};
  if (xDeg === null || yDeg === null || sizeDeg === null) return false;
  return Math.max(Math.abs(xDeg), Math.abs(yDeg)) + sizeDeg / 2 <= fieldOfViewDeg / 2;
}

/** Units of a term, in the order of the twin's table: named ones, near ones, and of these the ones within the limits. */
export function unitsOfTerm(
  term: Omit<TargetTerm, 'weight'>,
  units: readonly TwinUnit[],
  include: Inclusion = { fieldInside: false },
  fieldOfViewDeg = Infinity,
): TwinUnit[] {
  const named = term.units === undefined ? null : new Set(term.units);
  return units.filter(
    (unit) =>
      unit.area === term.area &&
      (named === null || named.has(unit.unit)) &&
      (term.within === undefined || isWithin(unit, term.within)) &&
      isIncluded(placeOf(unit), include, fieldOfViewDeg),
  );
}
