/**
 * The shape of the normalisation pool, and the pooled energies against an evaluation written here from the published
 * formulas (Heeger 1992 over the energies of Adelson & Bergen 1985) with `Math` alone. That evaluation takes from the
 * builder the units' parameters and the unscaled pool shapes, nothing else: preferences are found here by search.
 */
import { describe, expect, it } from 'vitest';
import type { UnitParameters } from './parameters.ts';
import { poolShapes } from './poolShape.ts';
import { samplePopulation } from './sampling.ts';
import { luminance, openBench, pixels, sizePx } from './testing/bench.ts';
import { median } from './testing/measurements.ts';

const { 'V1-simple': simple, 'V1-complex': complex } = samplePopulation(1);
const reachDeg = 0.5;
const gainReachDeg = 0.08;
const radians = (deg: number): number => (deg * Math.PI) / 180;
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((total, value, i) => total + value * (b[i] as number), 0);

/** Even and odd Gabor at places u across the bars under an envelope; the even one without response to uniform light. */
function parts(unit: UnitParameters, u: readonly number[], envelope: readonly number[]) {
  const carrier = 2 * Math.PI * unit.carrierCpd;
  const cosine = u.map((place) => Math.cos(carrier * place));
  const light = dot(envelope, cosine) / sum(envelope);
  return {
    even: envelope.map((e, i) => e * ((cosine[i] as number) - light)),
    odd: envelope.map((e, i) => e * Math.sin(carrier * (u[i] as number))),
  };
}

/** Responses of the unit's uncut even and odd profile to a grating across the bars, by summing over u. */
function profileTransfer(unit: UnitParameters): (cpd: number) => { even: number; odd: number } {
  const sigma = unit.nx / unit.carrierCpd;
  const u = Array.from({ length: 401 }, (_, i) => ((i - 200) / 200) * 6 * sigma);
  const { even, odd } = parts(
    unit,
    u,
    u.map((place) => Math.exp(-((place / sigma) ** 2) / 2)),
  );
  return (cpd) => {
    const k = 2 * Math.PI * cpd;
    return {
      even: sum(even.map((value, i) => value * Math.cos(k * (u[i] as number)))),
      odd: sum(odd.map((value, i) => value * Math.sin(k * (u[i] as number)))),
    };
  };
}

/** The frequency, .2 to 4 times the carrier, at which f is largest: a grid, then thirds of the bracket. */
function largestAt(unit: UnitParameters, f: (cpd: number) => number): number {
  const step = 0.04 * unit.carrierCpd;
  const best = Array.from({ length: 96 }, (_, i) => 0.2 * unit.carrierCpd + step * i)
    .map((cpd) => ({ cpd, value: f(cpd) }))
    .reduce((a, b) => (b.value > a.value ? b : a)).cpd;
  let [low, high] = [best - step, best + step];
  for (let i = 0; i < 30; i++) {
    const [a, b] = [low + (high - low) / 3, high - (high - low) / 3];
    if (f(a) < f(b)) low = a;
    else high = b;
  }
  return (low + high) / 2;
}

/**
 * Where the pair's phase-averaged energy is largest if both parts have equal gain at that very place: there the slopes of
 * log even and log odd cancel, so their product is largest.
 */
function balanceCpd(unit: UnitParameters): number {
  const transfer = profileTransfer(unit);
  return largestAt(unit, (cpd) => transfer(cpd).even * transfer(cpd).odd);
}

function preferenceCpd(unit: UnitParameters, balance: number): number {
  if (unit.area === 'V1-complex') return balance;
  const transfer = profileTransfer(unit);
  const gains = transfer(balance);
  const phase = radians(unit.phaseDeg);
  return largestAt(unit, (cpd) => {
    const { even, odd } = transfer(cpd);
    return ((Math.cos(phase) * even) / gains.even) ** 2 + ((Math.sin(phase) * odd) / gains.odd) ** 2;
  });
}

/** The unit's filters on the raster, by their pixels inside the cut. */
interface Cell {
  unit: UnitParameters;
  preferredCpd: number;
  at: number[];
  filters: number[][];
}

function cellOf(unit: UnitParameters): Cell {
  const angle = radians(unit.orientationDeg);
  const at: number[] = [];
  const u: number[] = [];
  const envelope: number[] = [];
  for (let pixel = 0; pixel < pixels; pixel++) {
    const x = ((pixel % sizePx) + 0.5) / 28 - 4 - unit.xDeg;
    const y = 4 - (Math.floor(pixel / sizePx) + 0.5) / 28 - unit.yDeg;
    const [across, along] = [-x * Math.sin(angle) + y * Math.cos(angle), x * Math.cos(angle) + y * Math.sin(angle)];
    const gaussian = Math.exp(
      -(((across * unit.carrierCpd) / unit.nx) ** 2 + ((along * unit.carrierCpd) / unit.ny) ** 2) / 2,
    );
    if (gaussian < 0.001) continue;
    at.push(pixel);
    u.push(across);
    envelope.push(gaussian);
  }
  const { even, odd } = parts(unit, u, envelope);
  const wave = (values: readonly number[], f: (x: number) => number, cpd: number) =>
    sum(values.map((value, i) => value * f(2 * Math.PI * cpd * (u[i] as number))));
  const balance = balanceCpd(unit);
  const preferredCpd = preferenceCpd(unit, balance);
  const [evenGain, oddGain] = [wave(even, Math.cos, balance), wave(odd, Math.sin, balance)];
  const pair = [even.map((value) => value / evenGain), odd.map((value) => value / oddGain)] as const;
  if (unit.area === 'V1-complex') return { unit, preferredCpd, at, filters: [...pair] };
  const phase = radians(unit.phaseDeg);
  const mixed = pair[0].map((value, i) => Math.cos(phase) * value - Math.sin(phase) * (pair[1][i] as number));
  const amplitude = Math.hypot(wave(mixed, Math.cos, preferredCpd), wave(mixed, Math.sin, preferredCpd));
  return { unit, preferredCpd, at, filters: [mixed.map((value) => value / amplitude)] };
}

/** a² of a cell for a picture of luminances. */
function energyOf({ at, filters }: Cell, image: Float32Array): number {
  const signal = at.map((pixel) => ((image[pixel] as number) - 0.5) / 0.5);
  const linear = filters.map((filter) => dot(filter, signal));
  return filters.length === 1 ? Math.max(0, linear[0] as number) ** 2 : dot(linear, linear);
}

/** The full-field grating of contrast 1 that drives the cell best: phase 0 on its centre, a simple cell's found by search. */
function bestGrating(cell: Cell): Float32Array {
  const { unit, preferredCpd: cpd } = cell;
  const { orientationDeg } = unit;
  const angle = radians(orientationDeg);
  const centre = 360 * cpd * (-unit.xDeg * Math.sin(angle) + unit.yDeg * Math.cos(angle));
  const grating = (phaseDeg: number) => luminance([{ orientationDeg, cpd, phaseDeg: phaseDeg - centre, contrast: 1 }]);
  if (unit.area === 'V1-complex') return grating(0);
  // Linear responses at 0° and −90° are amplitude × cosine and sine of the best phase.
  const response = (phaseDeg: number) => {
    const image = grating(phaseDeg);
    return dot(
      cell.filters[0] as number[],
      cell.at.map((pixel) => 2 * (image[pixel] as number) - 1),
    );
  };
  return grating((Math.atan2(response(-90), response(0)) * -180) / Math.PI);
}

/** The picture after the contrast gain, from its definition; the Gaussian is cut at 4 standard deviations. */
function adapted(image: Float32Array): Float32Array {
  const sdPx = gainReachDeg * 28;
  const reach = Math.ceil(4 * sdPx);
  const kernel = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-(((i - reach) / sdPx) ** 2) / 2));
  const total = sum(kernel);
  // Beyond the screen lies background: its contrast is 0.
  const smoothed = (power: readonly number[], along: (row: number, column: number, d: number) => [number, number]) =>
    power.map((_, pixel) => {
      let mean = 0;
      for (const [i, weight] of kernel.entries()) {
        const [row, column] = along(Math.floor(pixel / sizePx), pixel % sizePx, i - reach);
        if (row >= 0 && column >= 0 && row < sizePx && column < sizePx) {
          mean += (weight / total) * (power[row * sizePx + column] as number);
        }
      }
      return mean;
    });
  const power = Array.from(image, (value) => (2 * value - 1) ** 2);
  const byRow = smoothed(power, (row, column, d) => [row, column + d]);
  const local = smoothed(byRow, (row, column, d) => [row + d, column]);
  return image.map((value, pixel) => {
    const gain = Math.sqrt((0.5 + 0.22 ** 2) / ((local[pixel] as number) + 0.22 ** 2));
    return 0.5 + 0.5 * gain * (2 * value - 1);
  });
}

/** Phase-averaged energies of cells for a full-field grating, from the pixels. */
function gratingEnergies(some: readonly Cell[], orientationDeg: number, cpd: number): number[] {
  const [a, b] = [0, 90].map((phaseDeg) => adapted(luminance([{ orientationDeg, cpd, phaseDeg, contrast: 1 }])));
  return some.map((cell) => (energyOf(cell, a as Float32Array) + energyOf(cell, b as Float32Array)) / 2);
}

const cells = complex.map(cellOf);

describe('the shape of the pool', () => {
  const shapes = { 'V1-simple': poolShapes(simple, complex), 'V1-complex': poolShapes(complex, complex) };
  const all = [...simple, ...complex].map((unit) => ({ unit, weights: shapes[unit.area][unit.index] as Float64Array }));
  const distance = (a: UnitParameters, b: UnitParameters) => Math.hypot(a.xDeg - b.xDeg, a.yDeg - b.yDeg);

  it('has no negative weights, some weight for every unit, and none beyond the reach', () => {
    // The Gaussian falls below a millionth of its peak at this distance.
    const end = reachDeg * Math.sqrt(2 * Math.log(1e6));
    for (const { unit, weights } of all) {
      expect(weights.length).toBe(256);
      expect(weights.every((weight) => weight >= 0 && Number.isFinite(weight))).toBe(true);
      expect(weights.some((weight) => weight > 0)).toBe(true);
      const distances = complex.filter((_, j) => (weights[j] as number) > 0).map((cell) => distance(unit, cell));
      expect(Math.max(...distances)).toBeLessThan(end);
    }
  });

  it('falls off with distance as the Gaussian, among cells with equal tuning', () => {
    const unit = simple[40] as UnitParameters;
    const tuned = complex.slice(0, 60);
    // Every cell once at each of these distances from the unit's centre, along its bars: there the phase is the same.
    const bars = radians(unit.orientationDeg);
    const distancesDeg = [0, 0.2, 0.5, 1];
    const placed = distancesDeg.flatMap((d) =>
      tuned.map((cell) => ({ ...cell, xDeg: unit.xDeg + d * Math.cos(bars), yDeg: unit.yDeg + d * Math.sin(bars) })),
    );
    const [weights] = poolShapes([unit], placed) as [Float64Array];
    for (let cell = 0; cell < tuned.length; cell++) {
      for (const [i, d] of distancesDeg.entries()) {
        const ratio = (weights[i * tuned.length + cell] as number) / (weights[cell] as number);
        expect(Math.abs(ratio / Math.exp(-((d / reachDeg) ** 2) / 2) - 1)).toBeLessThan(1e-9);
      }
    }
  });

  it('is stationary at the preference and does not swing with phase, where the plain Gaussian does both', () => {
    const chosen = all.filter((_, i) => i % 64 === 7);
    const slopes: { shaped: number; plain: number }[] = [];
    const swings: { shaped: number; plain: number }[] = [];
    for (const { unit, weights } of chosen) {
      const cpd = preferenceCpd(unit, balanceCpd(unit));
      const deg = unit.orientationDeg;
      const gaussian = complex.map((cell) => Math.exp(-((distance(unit, cell) / reachDeg) ** 2) / 2));
      const members = cells.filter((_, j) => (gaussian[j] as number) > 1e-6);
      const weighed = (rows: readonly (readonly number[])[], w: ArrayLike<number>) =>
        rows.map((row) => sum(row.map((energy, i) => energy * (w[members[i]?.unit.index as number] as number))));
      const octave = 2 ** (1 / 16);
      const near = [
        [deg - 2, cpd],
        [deg + 2, cpd],
        [deg, cpd / octave],
        [deg, cpd * octave],
      ].map(([d, f]) => gratingEnergies(members, d as number, f as number));
      // Relative change of the drive over 4° and over an eighth of an octave, whichever is larger.
      const slope = ([a, b, c, d]: number[]) =>
        Math.max(
          Math.abs(((b as number) - (a as number)) / ((a as number) + (b as number))),
          Math.abs(((d as number) - (c as number)) / ((c as number) + (d as number))),
        );
      slopes.push({ shaped: slope(weighed(near, weights)), plain: slope(weighed(near, gaussian)) });
      const phases = [0, 45, 90, 135].map((phaseDeg) => {
        const image = adapted(luminance([{ orientationDeg: deg, cpd, phaseDeg, contrast: 1 }]));
        return members.map((cell) => energyOf(cell, image));
      });
      const swing = ([a, b, c, d]: number[]) =>
        Math.hypot((a as number) - (c as number), (b as number) - (d as number)) /
        ((a as number) + (b as number) + (c as number) + (d as number));
      swings.push({ shaped: swing(weighed(phases, weights)), plain: swing(weighed(phases, gaussian)) });
    }
    // The conditions are met for uncut Gabors on a continuous screen; these are cut and on pixels.
    for (const values of [slopes, swings]) {
      expect(Math.max(...values.map(({ shaped }) => shaped))).toBeLessThan(0.02);
      expect(median(values.map(({ shaped }) => shaped))).toBeLessThan(0.1 * median(values.map(({ plain }) => plain)));
    }
  });
});

describe('pooled energies', () => {
  it('of the graph are those of the published formula, evaluated from the pixels', async () => {
    const texture = Float32Array.from({ length: pixels }, (_, i) => (i * i * 0.6180339887498949) % 1);
    const checks = Float32Array.from({ length: pixels }, (_, i) =>
      (Math.floor(i / sizePx / 5) * 7 + Math.floor((i % sizePx) / 5) * 13) % 11 < 5 ? 0.15 : 0.85,
    );
    const plaid = luminance([
      { orientationDeg: 70, cpd: 3, phaseDeg: 20, contrast: 0.5 },
      { orientationDeg: 160, cpd: 2, phaseDeg: 110, contrast: 0.4 },
    ]);
    const images = [texture, checks, plaid];
    const responses = await (await openBench({})).responses(images);
    const seen = images.map(adapted);
    const pooledCells = seen.map((image) => cells.map((cell) => energyOf(cell, image)));
    const tested = [...simple, ...complex].filter((_, i) => i % 40 === 11);
    for (const unit of tested) {
      const cell = cellOf(unit);
      const [shape] = poolShapes([unit], complex) as [Float64Array];
      const grating = bestGrating(cell);
      expect(Math.abs(energyOf(cell, grating) - 1)).toBeLessThan(1e-4);
      const drive = sum(cells.map((other, j) => (shape[j] as number) * energyOf(other, grating)));
      for (const [i, image] of seen.entries()) {
        const own = energyOf(cell, image);
        const others = sum((pooledCells[i] as number[]).map((energy, j) => ((shape[j] as number) / drive) * energy));
        const expected = 0.82 + ((33.8 - 0.82) * 2.5 * own ** 1.5) / (1.5 + others ** 1.5);
        const actual = responses[i]?.[(unit.area === 'V1-simple' ? 0 : 256) + unit.index] as number;
        expect(Math.abs(actual / expected - 1)).toBeLessThan(1e-4);
      }
    }
  });
});
