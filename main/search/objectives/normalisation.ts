/**
 * Responses in units of a reference set: z = (r − mean)/sd per unit; a group of units by its mean z over the standard
 * deviation of that mean, because the mean of many units varies less than one unit does.
 */
import { medianOf } from '../../platform/median.ts';
import type { ModelUnit } from '../model.ts';

/** Smallest sd at which a unit counts as modulated: this, or this share of its area's median sd. */
const smallestSd = 1e-6;
const smallestShare = 0.01;

export type UnitStatistics = {
  /** Reference stimuli, blanks left out. */
  stimuli: number;
  /** What each of them counts in means over the set. */
  weights: Float64Array;
  mean: Float64Array;
  /** Population sd over the reference set; 0 marks an unmodulated unit, which is left out of every z. */
  sd: Float64Array;
};

/** `responses` is stimuli × units; `weights` has one entry per stimulus, all 1 when left out. */
export function unitStatistics(
  responses: Float32Array,
  units: readonly ModelUnit[],
  weights: Float64Array = new Float64Array(responses.length / units.length).fill(1),
): UnitStatistics {
  const n = units.length;
  const stimuli = weights.length;
  const total = sumOf(weights);
  const mean = new Float64Array(n);
  const sd = new Float64Array(n);
  for (let s = 0; s < stimuli; s++)
    for (let u = 0; u < n; u++)
      mean[u] = (mean[u] as number) + (weights[s] as number) * (responses[s * n + u] as number);
  for (let u = 0; u < n; u++) mean[u] = (mean[u] as number) / total;
  for (let s = 0; s < stimuli; s++) {
    for (let u = 0; u < n; u++) {
      const d = (responses[s * n + u] as number) - (mean[u] as number);
      sd[u] = (sd[u] as number) + (weights[s] as number) * d * d;
    }
  }
  for (let u = 0; u < n; u++) sd[u] = Math.sqrt((sd[u] as number) / total);
  for (const members of areasOf(units).values()) {
    const floor = Math.max(smallestSd, smallestShare * medianOf(members.map((u) => sd[u] as number)));
    for (const u of members) if ((sd[u] as number) < floor) sd[u] = 0;
  }
  return { stimuli, weights, mean, sd };
}

function sumOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

/** A group's activity is linear in the responses: Σ coefficient · (response − mean). */
export type GroupActivity = { units: number[]; coefficient: number[] };

/**
 * Standard deviation over the reference set of the mean z of the modulated ones of `units`; 0 when none is modulated.
 * `responses` is stimuli × units.
 */
export function sdOfMean(
  units: readonly number[],
  { stimuli, weights, mean, sd }: UnitStatistics,
  responses: Float32Array,
): number {
  const modulated = units.filter((u) => (sd[u] as number) > 0);
  if (modulated.length === 0) return 0;
  const n = mean.length;
  let squares = 0;
  for (let s = 0; s < stimuli; s++) {
    let sum = 0;
    for (const u of modulated) sum += ((responses[s * n + u] as number) - (mean[u] as number)) / (sd[u] as number);
    squares += (weights[s] as number) * (sum / modulated.length) * (sum / modulated.length);
  }
  // Units that cancel each other exactly leave no variation to normalise by.
  return Math.max(Math.sqrt(squares / sumOf(weights)), smallestSd);
}

/** Activity of a group over the reference set has standard deviation 1. Null when none of its units is modulated. */
export function groupActivity(units: readonly number[], sd: Float64Array, groupSd: number): GroupActivity | null {
  if (groupSd === 0) return null;
  const modulated = units.filter((u) => (sd[u] as number) > 0);
  return { units: modulated, coefficient: modulated.map((u) => 1 / (modulated.length * groupSd * (sd[u] as number))) };
}

export function activityOf(group: GroupActivity, mean: Float64Array, responses: Float32Array): number {
  let sum = 0;
  for (const [i, u] of group.units.entries()) {
    sum += (group.coefficient[i] as number) * ((responses[u] as number) - (mean[u] as number));
  }
  return sum;
}

export function areasOf(units: readonly ModelUnit[]): Map<string, number[]> {
  const areas = new Map<string, number[]>();
  for (const [i, { area }] of units.entries()) {
    const members = areas.get(area);
    if (members === undefined) areas.set(area, [i]);
    else members.push(i);
  }
  return areas;
}
