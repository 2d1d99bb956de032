/**
 * Which complex cells a unit's normalisation pool takes, before scaling: a Gaussian over the distance of receptive
 * fields, then shaped so that the pool is as indifferent as can be to orientation and spatial frequency.
 *
 * Without shaping, the few cells that happen to lie near a unit make its pool prefer some gratings, and division by it
 * moves the unit's measured preference at high contrast. Two steps, both of which keep weights positive:
 * 1. ten multiplicative (Richardson–Lucy) updates towards equal drive by all gratings around the unit's preference;
 * 2. a tilt w·exp(λ·∂E) that makes the pool's drive stationary at the preference itself (the nearest weights in
 *    relative entropy; λ by Newton's method in two dimensions).
 * A unit whose neighbours' preferences all lie to one side of its own cannot get a stationary pool from positive weights
 * (about one in twenty); the tilt then stops at its limit and the pool lies further away.
 * Energies here are the closed forms of uncut Gabors; the exact scale is set on the raster afterwards.
 */
import { cos, degreesToRadians, exp, log2, pow, sin } from '../../main/platform/exactMath.ts';
import { poolDistanceDeg, type UnitParameters } from './parameters.ts';
import { preferenceRatio, preferredFrequencyCpd } from './preference.ts';

const updates = 10;
/** The gratings of step 1: every 10°, every quarter octave. */
const gridOrientationsDeg = Array.from({ length: 18 }, (_, i) => 10 * i);
const gridFrequenciesCpd = Array.from({ length: 22 }, (_, i) => 0.35 * pow(2, i / 4));
/** Gaussian reach of step 1 around the preference, and the part that all orientations count. */
const reachOctaves = 0.6;
const reachDeg = 25;
const reachFloor = 0.1;
const largestTilt = 20;
/** Cells further away than this part of the Gaussian are no members. */
const smallestWeight = 1e-6;

interface Cell {
  unit: UnitParameters;
  preferredCpd: number;
  /** Phase-averaged energy for a grating of contrast 1, 1 at the preference. */
  energy(orientationDeg: number, cpd: number): number;
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
    preferredCpd: preferredFrequencyCpd(unit),
    energy(orientationDeg, cpd) {
      const angle = degreesToRadians(orientationDeg - unit.orientationDeg);
      const u = (cpd / unit.carrierCpd) * cos(angle);
      const v = (cpd / unit.carrierCpd) * sin(angle);
      const [e, o] = [even(u) * evenGain, odd(u) * oddGain];
      return ((e * e + o * o) / 2) * exp(-2 * c * unit.ny * unit.ny * v * v);
    },
  };
}

function angleBetween(a: number, b: number): number {
  const difference = Math.abs(a - b) % 180;
  return Math.min(difference, 180 - difference);
}

/** Weights of the complex cells (rows) in the pool of each unit, in arbitrary scale. */
export function poolShapes(units: readonly UnitParameters[], complex: readonly UnitParameters[]): Float64Array[] {
  const cells = complex.map(cellOf);
  const grid = gridOrientationsDeg.flatMap((orientationDeg) =>
    gridFrequenciesCpd.map((cpd) => ({
      orientationDeg,
      cpd,
      energies: Float64Array.from(cells, (cell) => cell.energy(orientationDeg, cpd)),
    })),
  );
  return units.map((unit) => {
    const preferredCpd = preferredFrequencyCpd(unit);
    const weights = Float64Array.from(cells, (cell) => {
      const dx = (unit.xDeg - cell.unit.xDeg) / poolDistanceDeg;
      const dy = (unit.yDeg - cell.unit.yDeg) / poolDistanceDeg;
      const weight = exp(-(dx * dx + dy * dy) / 2);
      return weight > smallestWeight ? weight : 0;
    });
    const members = [...weights.keys()].filter((j) => weights[j] !== 0);
    const near = grid.flatMap(({ orientationDeg, cpd, energies }) => {
      const octaves = log2(cpd / preferredCpd) / reachOctaves;
      const angle = angleBetween(orientationDeg, unit.orientationDeg) / reachDeg;
      const weight = exp((-octaves * octaves) / 2) * (reachFloor + exp((-angle * angle) / 2));
      return weight > 0.01 ? [{ weight, energies }] : [];
    });
    flatten(weights, members, near);
    tilt(weights, members, cells, unit.orientationDeg, preferredCpd);
    return weights;
  });
}

function flatten(weights: Float64Array, members: number[], near: { weight: number; energies: Float64Array }[]): void {
  // Packed for speed: this is the longest loop of the build.
  const n = members.length;
  const own = Float64Array.from(members, (j) => weights[j] as number);
  const energies = near.map((grating) => Float64Array.from(members, (j) => grating.energies[j] as number));
  const total = new Float64Array(n).fill(1e-12);
  for (const [g, row] of energies.entries()) {
    for (let i = 0; i < n; i++) (total[i] as number) += (near[g]?.weight as number) * (row[i] as number);
  }
  for (let update = 0; update < updates; update++) {
    const gain = new Float64Array(n);
    for (const [g, row] of energies.entries()) {
      let drive = 1e-9;
      for (let i = 0; i < n; i++) drive += (own[i] as number) * (row[i] as number);
      const ratio = (near[g]?.weight as number) / drive;
      for (let i = 0; i < n; i++) (gain[i] as number) += ratio * (row[i] as number);
    }
    for (let i = 0; i < n; i++) (own[i] as number) *= (gain[i] as number) / (total[i] as number);
  }
  for (const [i, j] of members.entries()) weights[j] = own[i] as number;
}

function tilt(
  weights: Float64Array,
  members: number[],
  cells: readonly Cell[],
  orientationDeg: number,
  preferredCpd: number,
): void {
  const sum = members.reduce((total, j) => total + (weights[j] as number), 0);
  // Slopes of each cell's energy over orientation and log frequency; their scale is absorbed by λ.
  const step = pow(2, 1 / 16);
  const slopes = members.map((j) => {
    const { energy } = cells[j] as Cell;
    return {
      angle: energy(orientationDeg + 2, preferredCpd) - energy(orientationDeg - 2, preferredCpd),
      frequency: energy(orientationDeg, preferredCpd * step) - energy(orientationDeg, preferredCpd / step),
    };
  });
  const scale =
    1e-12 +
    Math.sqrt(slopes.reduce((total, s) => total + s.angle * s.angle + s.frequency * s.frequency, 0) / slopes.length);
  let [a, b] = [0, 0];
  const limit = (value: number) => Math.min(largestTilt, Math.max(-largestTilt, value));
  for (let iteration = 0; iteration < 60; iteration++) {
    let [ga, gb, haa, hab, hbb] = [0, 0, 1e-4, 0, 1e-4];
    for (const [i, j] of members.entries()) {
      const sa = (slopes[i]?.angle as number) / scale;
      const sb = (slopes[i]?.frequency as number) / scale;
      const weight = ((weights[j] as number) / sum) * exp(a * sa + b * sb);
      ga += weight * sa;
      gb += weight * sb;
      haa += weight * sa * sa;
      hab += weight * sa * sb;
      hbb += weight * sb * sb;
    }
    const determinant = haa * hbb - hab * hab;
    const da = -(hbb * ga - hab * gb) / determinant;
    const db = -(haa * gb - hab * ga) / determinant;
    const length = Math.sqrt(da * da + db * db);
    const damping = length > 1 ? 1 / length : 1;
    a = limit(a + damping * da);
    b = limit(b + damping * db);
    if (length < 1e-10) break;
  }
  for (const [i, j] of members.entries()) {
    const exponent = (a * (slopes[i]?.angle as number) + b * (slopes[i]?.frequency as number)) / scale;
    (weights[j] as number) *= exp(exponent) / sum;
  }
}
