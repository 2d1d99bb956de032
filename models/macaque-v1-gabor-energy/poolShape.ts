/**
 * Which complex cells a unit's normalisation pool takes, before scaling: a Gaussian over the distance of receptive
 * fields, then tilted so that division by the pool leaves the unit's tuning alone.
 *
 * Without the tilt, the cells that happen to lie near a unit make its pool prefer some gratings and some phases, and
 * division by it moves the unit's measured preference and makes complex cells depend on phase. The tilt w·exp(λ·F) keeps
 * weights positive and meets six conditions Σ_j w_j F_j = 0 for the unit's preferred full-field grating of contrast 1: the
 * pool's energy does not change with orientation, nor with spatial frequency, nor does it swing with phase (cosines and
 * sines of twice and four times the phase). Of all such weights they are the nearest to the Gaussian in relative entropy;
 * λ is found by Newton's method. Energies here are the closed forms of uncut Gabors, for the first and third harmonic that
 * the contrast gain leaves of the grating; the exact scale is set on the raster afterwards.
 */
import { cos, degreesToRadians, exp, log, pow, sin } from '../../main/platform/exactMath.ts';
import { gratingHarmonics } from './contrastGain.ts';
import { direction, poolDistanceDeg, type UnitParameters } from './parameters.ts';
import { preferenceRatio, preferredFrequencyCpd } from './preference.ts';

/** Cells further away than this part of the Gaussian are no members. */
const smallestWeight = 1e-6;
/** Keeps λ finite where positive weights cannot meet the conditions. */
const ridge = 1e-4;

interface Cell {
  unit: UnitParameters;
  /** Responses of the even and odd filter to a grating of contrast 1 in their own phase; both 1 at the preference. */
  parts(orientationDeg: number, cpd: number): { even: number; odd: number };
}

function cellOf(unit: UnitParameters): Cell {
  const c = 2 * Math.PI * Math.PI;
  const across = (u: number) => exp(-c * unit.nx * unit.nx * u * u);
  const even = (u: number) => (across(u - 1) + across(u + 1)) / 2 - across(1) * across(u);
  const odd = (u: number) => (across(u - 1) - across(u + 1)) / 2;
  const balance = preferenceRatio(unit.nx);
  const [evenGain, oddGain] = [1 / even(balance), 1 / odd(balance)];
  return {
    unit,
    parts(orientationDeg, cpd) {
      const angle = degreesToRadians(orientationDeg - unit.orientationDeg);
      const u = (cpd / unit.carrierCpd) * cos(angle);
      const v = (cpd / unit.carrierCpd) * sin(angle);
      const along = exp(-c * unit.ny * unit.ny * v * v);
      return { even: even(u) * evenGain * along, odd: odd(u) * oddGain * along };
    },
  };
}

/** Weights of the complex cells (rows) in the pool of each unit; those of a unit sum to 1. */
export function poolShapes(units: readonly UnitParameters[], complex: readonly UnitParameters[]): Float64Array[] {
  const cells = complex.map(cellOf);
  return units.map((unit) => {
    const gaussian = cells.map((cell) => {
      const dx = (unit.xDeg - cell.unit.xDeg) / poolDistanceDeg;
      const dy = (unit.yDeg - cell.unit.yDeg) / poolDistanceDeg;
      return exp(-(dx * dx + dy * dy) / 2);
    });
    const members = [...gaussian.keys()].filter((j) => (gaussian[j] as number) > smallestWeight);
    const tilted = tilt(
      members.map((j) => gaussian[j] as number),
      conditions(
        unit,
        members.map((j) => cells[j] as Cell),
      ),
    );
    const weights = new Float64Array(cells.length);
    for (const [i, j] of members.entries()) weights[j] = tilted[i] as number;
    return weights;
  });
}

/** The six F of every cell, each scaled to a root mean square of 1 over the cells. */
function conditions(unit: UnitParameters, cells: readonly Cell[]): number[][] {
  const cpd = preferredFrequencyCpd(unit);
  const deg = unit.orientationDeg;
  const octave = pow(2, 1 / 16);
  const bars = direction(deg);
  const phase = (cell: Cell) => 2 * Math.PI * cpd * (-cell.unit.xDeg * bars.sin + cell.unit.yDeg * bars.cos);
  const energyAt = (orientationDeg: number, frequency: number) => {
    const [a, b] = gratingHarmonics(frequency);
    return (cell: Cell) => {
      const [first, third] = [cell.parts(orientationDeg, frequency), cell.parts(orientationDeg, 3 * frequency)];
      const power = ({ even, odd }: { even: number; odd: number }) => (even * even + odd * odd) / 2;
      return a * a * power(first) + b * b * power(third);
    };
  };
  const [left, right] = [energyAt(deg - 2, cpd), energyAt(deg + 2, cpd)];
  const [lower, higher] = [energyAt(deg, cpd / octave), energyAt(deg, cpd * octave)];
  // (Σ_k A_k e_k cos kφ)² + (Σ_k A_k o_k sin kφ)² = mean + twice·cos 2φ + fourTimes·cos 4φ, up to A_3².
  const [a, b] = gratingHarmonics(cpd);
  const twice = (cell: Cell) => {
    const [first, third] = [cell.parts(deg, cpd), cell.parts(deg, 3 * cpd)];
    const difference = (a * a * (first.even * first.even - first.odd * first.odd)) / 2;
    return difference + a * b * (first.even * third.even + first.odd * third.odd);
  };
  const fourTimes = (cell: Cell) => {
    const [first, third] = [cell.parts(deg, cpd), cell.parts(deg, 3 * cpd)];
    return a * b * (first.even * third.even - first.odd * third.odd);
  };
  const features = [
    (cell: Cell) => right(cell) - left(cell),
    (cell: Cell) => higher(cell) - lower(cell),
    (cell: Cell) => twice(cell) * cos(2 * phase(cell)),
    (cell: Cell) => twice(cell) * sin(2 * phase(cell)),
    (cell: Cell) => fourTimes(cell) * cos(4 * phase(cell)),
    (cell: Cell) => fourTimes(cell) * sin(4 * phase(cell)),
  ];
  return features.map((feature) => {
    const values = cells.map(feature);
    // Where the gain leaves no third harmonic, the last two are far below this and stay without effect.
    const scale = 1e-6 + Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
    return values.map((value) => value / scale);
  });
}

/** Weights ∝ w·exp(λ·F) of sum 1 with Σ w F = 0: the minimum over λ of log Σ w·exp(λ·F), which is convex. */
function tilt(weights: readonly number[], features: readonly (readonly number[])[]): number[] {
  const at = (lambda: readonly number[]) => {
    const exponents = weights.map((_, i) =>
      features.reduce((sum, feature, k) => sum + (lambda[k] as number) * (feature[i] as number), 0),
    );
    // Taken out of the sum, so that it neither overflows nor vanishes.
    const largest = exponents.reduce((top, value) => Math.max(top, value), -Infinity);
    const scaled = weights.map((weight, i) => weight * exp((exponents[i] as number) - largest));
    const total = scaled.reduce((sum, value) => sum + value, 0);
    const penalty = (ridge / 2) * lambda.reduce((sum, value) => sum + value * value, 0);
    return { tilted: scaled.map((value) => value / total), objective: largest + log(total) + penalty };
  };
  let lambda: number[] = features.map(() => 0);
  let best = at(lambda);
  for (let iteration = 0; iteration < 80; iteration++) {
    const { tilted, objective } = best;
    const mean = features.map((feature) => dot(tilted, feature));
    const slope = mean.map((value, k) => value + ridge * (lambda[k] as number));
    if (slope.every((value) => Math.abs(value) < 1e-10)) break;
    const curvature = features.map((a, k) =>
      features.map((b, l) => {
        const second = tilted.reduce((sum, weight, i) => sum + weight * (a[i] as number) * (b[i] as number), 0);
        return second - (mean[k] as number) * (mean[l] as number) + (k === l ? ridge : 0);
      }),
    );
    const step = solve(curvature, slope);
    const length = Math.sqrt(dot(step, step));
    let part = length > 2 ? 2 / length : 1;
    const tried = () => lambda.map((value, k) => value - part * (step[k] as number));
    let next = at(tried());
    while (next.objective > objective - 1e-4 * part * dot(step, slope) && part > 1e-6) {
      part /= 2;
      next = at(tried());
    }
    if (part <= 1e-6) break;
    lambda = tried();
    best = next;
  }
  return best.tilted;
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);

/** x of A·x = b for a positive definite A, by elimination. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i] as number]);
  const n = rows.length;
  for (const [k, pivot] of rows.entries()) {
    for (const row of rows.slice(k + 1)) {
      const factor = (row[k] as number) / (pivot[k] as number);
      for (let column = k; column <= n; column++) (row[column] as number) -= factor * (pivot[column] as number);
    }
  }
  const x = Array.from({ length: n }, () => 0);
  for (let k = n - 1; k >= 0; k--) {
    const row = rows[k] as number[];
    let rest = row[n] as number;
    for (let column = k + 1; column < n; column++) rest -= (row[column] as number) * (x[column] as number);
    x[k] = rest / (row[k] as number);
  }
  return x;
}
