/** A unit's name within a twin or a run. */
export const unitKey = (unit: { readonly area: string; readonly unit: string }): string => `${unit.area}/${unit.unit}`;

/** Address of a new search whose target is these units of one area. */
export function driveUnitsPath(twinId: string, area: string, units: readonly string[]): string {
  const query = new URLSearchParams({ twin: twinId, area });
  for (const unit of units) query.append('unit', unit);
  return `/search/new?${query}`;
}

/** `Drive this unit`, `Drive these 12 units`. */
export const driveUnitsLabel = (n: number): string => (n === 1 ? 'Drive this unit' : `Drive these ${n} units`);
