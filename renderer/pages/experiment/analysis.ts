/** What the experiment page computes from a run's responses. Pure: arrays in, numbers out. */
import type { StimulusDesign } from '../../../main/contract/stimuli.ts';
import { blankIndex, factorsOf, levelsAt, type Factor } from '../../../main/stimuli/design.ts';

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

/** gOSI = |Σ r e^{2iθ}| / Σ r of rectified responses over equally spaced orientations, in degrees. */
export function globalOrientationSelectivity(orientationsDeg: readonly number[], responses: readonly number[]): number {
  let real = 0;
  let imaginary = 0;
  let sum = 0;
  for (const [index, degrees] of orientationsDeg.entries()) {
    const r = Math.max(0, responses[index] ?? 0);
    const angle = (degrees * Math.PI) / 90;
    real += r * Math.cos(angle);
    imaginary += r * Math.sin(angle);
    sum += r;
  }
  return sum === 0 ? Number.NaN : Math.hypot(real, imaginary) / sum;
}

/** True if the angles divide the half circle (or the circle) into equal parts, at least three of them. */
export function evenlySpacedOrientations(degrees: readonly number[]): boolean {
  const n = degrees.length;
  if (n < 3) return false;
  const sorted = [...degrees].sort((a, b) => a - b);
  const step = (sorted[1] as number) - (sorted[0] as number);
  const even = sorted.every(
    (angle, index) => index === 0 || Math.abs(angle - (sorted[index - 1] as number) - step) < 1e-6,
  );
  return even && (Math.abs(step * n - 180) < 1e-6 || Math.abs(step * n - 360) < 1e-6);
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
  const factor = table.factors[at];
  if (factor === undefined) return [];
  const fixed = others === 'best' ? bestLevels(table, unit) : null;
  const phase = table.factors.findIndex((each) => each.key === 'phaseDeg');
  const onlyAt = only === null ? -1 : table.factors.findIndex((each) => each.key === only.factorKey);
  const sums = new Float64Array(factor.levels.length);
  const counts = new Float64Array(factor.levels.length);
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
  return factor.levels.map((_, level) =>
    counts[level] === 0 ? null : (sums[level] as number) / (counts[level] as number),
  );
}

/** Levels of the condition with the largest response, after averaging over phase. */
export function bestLevels(table: ResponseTable, unit: number): readonly number[] | null {
  const phase = table.factors.findIndex((factor) => factor.key === 'phaseDeg');
  const sums = new Map<string, { levels: readonly number[]; sum: number; n: number }>();
  for (let stimulus = 0; stimulus < table.stimuli; stimulus++) {
    const levels = table.levels[stimulus] ?? null;
    const value = responseAt(table, stimulus, unit);
    if (levels === null || Number.isNaN(value)) continue;
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

/** Statistics of every unit; indices of unresponsive units are missing, not zero. */
export function unitStatistics(table: ResponseTable): UnitStatistics[] {
  const orientation = table.factors.find((factor) => factor.key === 'orientationDeg');
  const hasOrientation = orientation !== undefined && evenlySpacedOrientations(orientation.levels);
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
    const gOsi =
      responsive && hasOrientation
        ? globalOrientationSelectivity(
            orientation.levels,
            tuning(table, row.index, 'orientationDeg', 'averaged').map((value) => value ?? 0),
          )
        : null;
    return { ...row, responsive, sparseness: responsive ? lifetimeSparseness(responses) : null, gOsi };
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
