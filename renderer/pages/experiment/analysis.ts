/** What the experiment page computes from a run's responses. Pure: arrays in, numbers out. */
import type { StimulusDesign } from '../../../main/contract/stimuli.ts';
import { blankIndex, factorsOf, levelsAt, type Factor } from '../../../main/stimuli/design.ts';
import {
  directionSelectivity,
  evenlySpacedDirections,
  evenlySpacedOrientations,
  globalDirectionSelectivity,
  globalOrientationSelectivity,
  hasNoZero,
} from './selectivity.ts';

/** Responses of one run with the axes that give them meaning. */
export interface ResponseTable {
  readonly design: StimulusDesign;
  readonly factors: readonly Factor[];
  /** Which level of every factor each stimulus has; null for the blank; empty without factors. */
  readonly levels: readonly (readonly number[] | null)[];
  /** Position of the blank, null where the set has none. */
  readonly blank: number | null;
  readonly stimuli: number;
  readonly units: readonly UnitKey[];
  /** Row-major, stimuli × units. */
  readonly values: Float32Array;
}
export interface UnitKey {
  readonly area: string;
  readonly unit: string;
  readonly responseUnits: string;
}

export function responseTable(
  design: StimulusDesign,
  areas: readonly { area: string; units: readonly string[]; responseUnits: string }[],
  values: Float32Array,
): ResponseTable {
  const units = areas.flatMap(({ area, units: names, responseUnits }) =>
    names.map((unit): UnitKey => ({ area, unit, responseUnits })),
  );
  const factors = factorsOf(design);
  const stimuli = units.length === 0 ? 0 : Math.floor(values.length / units.length);
  return {
    design,
    factors,
    levels: factors.length === 0 ? [] : Array.from({ length: stimuli }, (_, index) => levelsAt(design, index)),
    blank: blankIndex(design),
    stimuli,
    units,
    values,
  };
}

/** Response of unit `unit` to stimulus `stimulus`. */
export const responseAt = (table: ResponseTable, stimulus: number, unit: number): number =>
  table.values[stimulus * table.units.length + unit] as number;

export interface UnitStatistics extends UnitKey {
  /** Column in the table. */
  readonly index: number;
  readonly max: number;
  readonly best: number;
  /** Null where the set has no blank. */
  readonly blank: number | null;
  readonly responsive: boolean;
  /** Lifetime sparseness (Vinje and Gallant 2000), 0 … 1; null for an unresponsive unit. */
  readonly sparseness: number | null;
  /** 1 − circular variance over orientation; null if unresponsive or orientation did not vary evenly. */
  readonly gOsi: number | null;
  /** Preferred against null direction, less the blank; null if unresponsive, without a blank, or if nothing drifted. */
  readonly dsi: number | null;
  /** Length of the mean vector over directions; null if unresponsive, or if nothing drifted in evenly spaced directions. */
  readonly gDsi: number | null;
}

/**
 * Lifetime sparseness S = (1 − (Σ r/n)² / (Σ r²/n)) / (1 − 1/n) of rectified responses (Vinje and Gallant 2000).
 * NaN for fewer than two stimuli or no response at all.
 */
export function lifetimeSparseness(responses: readonly number[]): number {
  const n = responses.length;
  let sum = 0;
  let squares = 0;
  for (const raw of responses) {
    const r = Math.max(0, raw);
    sum += r;
    squares += r * r;
  }
  if (n < 2 || squares === 0) return Number.NaN;
  return (1 - (sum * sum) / n / squares) / (1 - 1 / n);
}

export type OtherFactors = 'averaged' | 'best';
/** Only stimuli at this level of another factor. */
export interface OnlyAt {
  readonly factorKey: string;
  readonly level: number;
}

/**
 * A unit's response over one factor. `averaged`: the mean over every other factor. `best`: the others stand at the
 * levels of the largest response; phase is always averaged, since it is a nuisance for every cell but a simple one.
 */
export function tuning(
  table: ResponseTable,
  unit: number,
  factorKey: string,
  others: OtherFactors,
  only: OnlyAt | null = null,
): (number | null)[] {
  const at = table.factors.findIndex((factor) => factor.key === factorKey);
  if (at === -1) return [];
  return curveOver(table, unit, at, others === 'best' ? bestLevels(table, unit) : null, only);
}

/** Mean response per level of factor `at`, the other factors but phase at the levels `fixed`, or averaged where null. */
function curveOver(
  table: ResponseTable,
  unit: number,
  at: number,
  fixed: readonly number[] | null,
  only: OnlyAt | null = null,
): (number | null)[] {
  const { levels: factorLevels } = table.factors[at] as Factor;
  const phase = table.factors.findIndex((each) => each.key === 'phaseDeg');
  const onlyAt = only === null ? -1 : table.factors.findIndex((each) => each.key === only.factorKey);
  const sums = new Float64Array(factorLevels.length);
  const counts = new Float64Array(factorLevels.length);
  for (let stimulus = 0; stimulus < table.stimuli; stimulus++) {
    const levels = table.levels[stimulus] ?? null;
    if (levels === null) continue;
    const matches =
      fixed === null ||
      levels.every((level, index) => index === at || index === onlyAt || index === phase || level === fixed[index]);
    if (!matches || (only !== null && levels[onlyAt] !== only.level)) continue;
    const level = levels[at] as number;
    const value = responseAt(table, stimulus, unit);
    if (Number.isNaN(value)) continue;
    sums[level] = (sums[level] as number) + value;
    counts[level] = (counts[level] as number) + 1;
  }
  return factorLevels.map((_, level) =>
    counts[level] === 0 ? null : (sums[level] as number) / (counts[level] as number),
  );
}

/** Levels of the condition with the largest response among those asked for, after averaging over phase. */
export function bestLevels(
  table: ResponseTable,
  unit: number,
  counts: (levels: readonly number[]) => boolean = () => true,
): readonly number[] | null {
  const phase = table.factors.findIndex((factor) => factor.key === 'phaseDeg');
  const sums = new Map<string, { levels: readonly number[]; sum: number; n: number }>();
  for (let stimulus = 0; stimulus < table.stimuli; stimulus++) {
    const levels = table.levels[stimulus] ?? null;
    const value = responseAt(table, stimulus, unit);
    if (levels === null || Number.isNaN(value) || !counts(levels)) continue;
    const key = levels.filter((_, index) => index !== phase).join(',');
    const entry = sums.get(key);
    if (entry === undefined) sums.set(key, { levels, sum: value, n: 1 });
    else {
      entry.sum += value;
      entry.n += 1;
    }
  }
  let best: { levels: readonly number[]; mean: number } | null = null;
  for (const { levels, sum, n } of sums.values()) {
    if (best === null || sum / n > best.mean) best = { levels, mean: sum / n };
  }
  return best?.levels ?? null;
}

/**
 * A unit's response over the directions of drifting gratings or plaids, in the order of the factor: the other factors at
 * their best among what moves, mean over phase. Null where nothing drifts; 0 Hz stands still.
 */
export function directionTuning(table: ResponseTable, unit: number): (number | null)[] | null {
  if (table.design.type !== 'drifting-gratings' && table.design.type !== 'drifting-plaids') return null;
  const at = table.factors.findIndex((factor) => factor.key === 'directionDeg');
  const speedAt = table.factors.findIndex((factor) => factor.key === 'temporalFrequencyHz');
  const speedsHz = table.factors[speedAt]?.levels ?? [];
  const best = bestLevels(table, unit, (levels) => (speedsHz[levels[speedAt] as number] as number) > 0);
  return best === null ? null : curveOver(table, unit, at, best);
}

type Indices = Pick<UnitStatistics, 'gOsi' | 'dsi' | 'gDsi'>;
const noIndices: Indices = { gOsi: null, dsi: null, gDsi: null };

const orMissing = (value: number): number | null => (Number.isNaN(value) ? null : value);
const levelsOf = (table: ResponseTable, key: string): readonly number[] =>
  table.factors.find((factor) => factor.key === key)?.levels ?? [];

/** Selectivity of a responsive unit: averaged over the other factors for what stands still, at their best for what drifts. */
function selectivity(table: ResponseTable, unit: number, blank: number | null): Indices {
  const orientations = levelsOf(table, 'orientationDeg');
  if (evenlySpacedOrientations(orientations)) {
    const curve = tuning(table, unit, 'orientationDeg', 'averaged');
    return { ...noIndices, gOsi: ofWhole(curve, (r) => globalOrientationSelectivity(orientations, r)) };
  }
  const curve = directionTuning(table, unit);
  if (curve === null) return noIndices;
  const directions = levelsOf(table, 'directionDeg');
  const shown = curve.map((value) => value ?? Number.NaN);
  const dsi = blank === null ? null : orMissing(directionSelectivity(directions, shown, blank));
  if (!evenlySpacedDirections(directions)) return { ...noIndices, dsi };
  // A plaid has no one orientation.
  const isGrating = table.design.type === 'drifting-gratings';
  return {
    gOsi: isGrating ? ofWhole(curve, (r) => globalOrientationSelectivity(directions, r)) : null,
    dsi,
    gDsi: ofWhole(curve, (r) => globalDirectionSelectivity(directions, r)),
  };
}

/** An index of a curve; missing where a point of the curve is, or the index itself. */
const ofWhole = (curve: readonly (number | null)[], index: (responses: readonly number[]) => number): number | null =>
  curve.every((value) => value !== null) ? orMissing(index(curve)) : null;

/** Statistics of every unit; indices of unresponsive units are missing, not zero. */
export function unitStatistics(table: ResponseTable): UnitStatistics[] {
  const rows = table.units.map((key, index) => {
    let best = 0;
    let max = Number.NEGATIVE_INFINITY;
    const responses: number[] = [];
    for (let stimulus = 0; stimulus < table.stimuli; stimulus++) {
      if (stimulus === table.blank) continue;
      const value = responseAt(table, stimulus, index);
      if (Number.isNaN(value)) continue;
      responses.push(value);
      if (value > max) {
        max = value;
        best = stimulus;
      }
    }
    const blank = table.blank === null || table.blank >= table.stimuli ? null : responseAt(table, table.blank, index);
    return { ...key, index, max, best, blank, responses };
  });
  const largestEvoked = new Map<string, number>();
  for (const row of rows) {
    largestEvoked.set(row.area, Math.max(largestEvoked.get(row.area) ?? 0, row.max - (row.blank ?? 0)));
  }
  return rows.map(({ responses, ...row }) => {
    // At least 5 spikes/s above blank, or 2 % of the area's largest evoked response where units are arbitrary.
    const evoked = row.max - (row.blank ?? 0);
    const needed = row.responseUnits === 'spikes/s' ? 5 : 0.02 * (largestEvoked.get(row.area) ?? 0);
    const responsive = evoked > 0 && evoked >= needed;
    const indices = responsive && !hasNoZero(row.responseUnits) ? selectivity(table, row.index, row.blank) : noIndices;
    return { ...row, responsive, sparseness: responsive ? lifetimeSparseness(responses) : null, ...indices };
  });
}

export interface PopulationSummary {
  readonly area: string;
  readonly units: number;
  readonly points: readonly { mean: number; q1: number; q3: number }[];
  readonly blank: number | null;
}

/** Quantile by linear interpolation between order statistics (type 7). */
export function quantile(sorted: readonly number[], p: number): number {
  const at = (sorted.length - 1) * p;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? low;
  return low + (high - low) * (at - Math.floor(at));
}

/** Mean and quartiles over the units of every area, per level of a factor; other factors averaged within each unit. */
export function populationOver(table: ResponseTable, factorKey: string): PopulationSummary[] {
  const areas = [...new Set(table.units.map((unit) => unit.area))];
  return areas.map((area) => {
    const members = table.units.flatMap((unit, index) => (unit.area === area ? [index] : []));
    const curves = members.map((unit) => tuning(table, unit, factorKey, 'averaged'));
    const levels = curves[0]?.length ?? 0;
    const points = Array.from({ length: levels }, (_, level) => {
      const values = curves.flatMap((curve) => curve[level] ?? []).sort((a, b) => a - b);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      return { mean, q1: quantile(values, 0.25), q3: quantile(values, 0.75) };
    });
    const blankAt = table.blank;
    const blank =
      blankAt === null || blankAt >= table.stimuli
        ? null
        : members.reduce((sum, unit) => sum + responseAt(table, blankAt, unit), 0) / members.length;
    return { area, units: members.length, points, blank };
  });
}

/** Mean over all stimuli but the blank for every unit; mean and quartiles of that over the units of every area. */
export function populationMeans(table: ResponseTable): { area: string; mean: number; q1: number; q3: number }[] {
  const byArea = new Map<string, number[]>();
  for (const [unit, { area }] of table.units.entries()) {
    let sum = 0;
    let n = 0;
    for (let stimulus = 0; stimulus < table.stimuli; stimulus++) {
      const value = responseAt(table, stimulus, unit);
      if (stimulus === table.blank || Number.isNaN(value)) continue;
      sum += value;
      n += 1;
    }
    const values = byArea.get(area);
    if (values === undefined) byArea.set(area, [sum / n]);
    else values.push(sum / n);
  }
  return [...byArea].map(([area, values]) => {
    const sorted = values.sort((a, b) => a - b);
    const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
    return { area, mean, q1: quantile(sorted, 0.25), q3: quantile(sorted, 0.75) };
  });
}

/** Units × stimuli, the transpose that a heat map draws; the rows in the given order. */
export function unitsByStimuli(table: ResponseTable, order: readonly number[]): Float32Array {
  const out = new Float32Array(order.length * table.stimuli);
  for (const [row, unit] of order.entries()) {
    for (let stimulus = 0; stimulus < table.stimuli; stimulus++) {
      out[row * table.stimuli + stimulus] = responseAt(table, stimulus, unit);
    }
  }
  return out;
}

/** Columns of the table grouped by area, within an area by the position of the best condition. */
export function preferredOrder(units: readonly UnitStatistics[]): number[] {
  const areas = [...new Set(units.map((unit) => unit.area))];
  return [...units]
    .sort((a, b) => areas.indexOf(a.area) - areas.indexOf(b.area) || a.best - b.best || a.index - b.index)
    .map((unit) => unit.index);
}

/** Every row divided by its largest value; rows without a positive value become missing. */
export function relativeToMax(rows: Float32Array, columns: number): Float32Array {
  const out = new Float32Array(rows.length);
  for (let start = 0; start < rows.length; start += columns) {
    let max = 0;
    for (let column = 0; column < columns; column++) max = Math.max(max, rows[start + column] || 0);
    for (let column = 0; column < columns; column++) {
      out[start + column] = max > 0 ? (rows[start + column] as number) / max : Number.NaN;
    }
  }
  return out;
}

/**
 * Per level of a factor: whether every stimulus at it lies outside what the twin was tested with.
 * @param outside per stimulus of the design: why it does, or null
 */
export function levelsOutside(table: ResponseTable, factorKey: string, outside: readonly (string | null)[]): boolean[] {
  const at = table.factors.findIndex((factor) => factor.key === factorKey);
  const inside = new Set<number>();
  for (const [stimulus, levels] of table.levels.entries()) {
    if (levels !== null && (outside[stimulus] ?? null) === null) inside.add(levels[at] as number);
  }
  return (table.factors[at]?.levels ?? []).map((_, level) => outside.length > 0 && !inside.has(level));
}
