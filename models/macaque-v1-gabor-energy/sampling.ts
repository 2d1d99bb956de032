/**
 * The population: receptive-field parameters of 256 simple and 256 complex cells, drawn from published distributions of
 * foveal macaque V1 (the sample collected by Dapello & Marques et al. 2020 from De Valois 1982 and Ringach 2002).
 *
 * A unit is a Gabor: a Gaussian of standard deviations σ_x = n_x/f across and σ_y = n_y/f along the bars, times a carrier
 * of f cycles per degree. The drawn spatial frequency is the one the cell *prefers*, because that is what was measured;
 * removing the response to uniform light shifts the preference of a Gabor with few cycles above its carrier, so the
 * carrier is the drawn value divided by `preferenceRatio(n_x)`.
 */
import { exp, log, pow } from '../../main/platform/exactMath.ts';
import { Random } from '../../main/platform/random.ts';
import {
  areas,
  aspectLogSd,
  aspectMedian,
  complexFrequencyQuantilesCpd,
  extentPx,
  nxFrequencyCorrelation,
  nxLogSd,
  nxMedian,
  orientationHistogram,
  pxPerDeg,
  simpleFrequencyHistogram,
  sizePx,
  unitsPerArea,
  windowClasses,
  type Area,
  type Shape,
  type UnitParameters,
} from './parameters.ts';
import { preferenceRatio } from './preference.ts';

/** Outside these the published fits have no cells; they bound the Gaussian tails. */
const nxRange = [0.12, 1.2] as const;
const aspectRange = [0.45, 2.6] as const;
/** Centres scatter at most this far from the middle of their window. */
const largestJitterPx = 12;

/** One value per stratum [i/n, (i + 1)/n), in random order: a sample whose histogram is that of the distribution. */
function stratified(random: Random, n: number): number[] {
  return random.shuffle(Array.from({ length: n }, (_, i) => (i + random.uniform()) / n));
}

/** Standard normal values, rescaled to mean 0 and standard deviation 1 exactly. */
function normals(random: Random, n: number): number[] {
  return standardise(Array.from({ length: n }, () => random.normal()));
}

function standardise(values: readonly number[]): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / values.length);
  return values.map((value) => (value - mean) / sd);
}

/** Inverse of a histogram's cumulative distribution, uniform within bins: bin number plus position within the bin. */
function histogramQuantile(counts: readonly number[], p: number): number {
  let rest = p * counts.reduce((sum, count) => sum + count, 0);
  for (const [bin, count] of counts.entries()) {
    if (rest < count) return bin + rest / count;
    rest -= count;
  }
  return counts.length;
}

export function orientationQuantile(p: number): number {
  const deg = (histogramQuantile(orientationHistogram.counts, p) - 0.5) * 45;
  return deg < 0 ? deg + 180 : deg;
}

export function frequencyQuantile(area: Area, p: number): number {
  if (area === 'V1-simple') {
    const { lowestCpd, octavesPerBin, counts } = simpleFrequencyHistogram;
    return lowestCpd * pow(2, octavesPerBin * histogramQuantile(counts, p));
  }
  const q = complexFrequencyQuantilesCpd;
  const quarter = Math.min(3, Math.floor(4 * p));
  const [low, high] = [q[quarter] as number, q[quarter + 1] as number];
  return low * pow(high / low, 4 * p - quarter);
}

const clamp = (value: number, [low, high]: readonly [number, number]) => Math.min(high, Math.max(low, value));

function drawShapes(area: Area, seed: number): Shape[] {
  const random = Random.fromSeed(seed, `${area} receptive fields`);
  const n = unitsPerArea;
  const orientations = stratified(random, n).map(orientationQuantile);
  const preferences = stratified(random, n).map((p) => frequencyQuantile(area, p));
  const phases = stratified(random, n).map((p) => (area === 'V1-simple' ? 360 * p : 0));
  const frequencyScores = standardise(preferences.map(log));
  const nxRest = normals(random, n);
  const aspects = normals(random, n).map((z) => clamp(aspectMedian * exp(aspectLogSd * z), aspectRange));
  const rho = nxFrequencyCorrelation;
  return preferences.map((preferredCpd, i) => {
    const score = rho * (frequencyScores[i] as number) + Math.sqrt(1 - rho * rho) * (nxRest[i] as number);
    const nx = clamp(nxMedian * exp(nxLogSd * score), nxRange);
    return {
      orientationDeg: orientations[i] as number,
      carrierCpd: preferredCpd / preferenceRatio(nx),
      phaseDeg: phases[i] as number,
      nx,
      ny: nx * (aspects[i] as number),
    };
  });
}

const largestExtentPx = (shape: Shape) => Math.max(extentPx(shape).x, extentPx(shape).y);

/** The shape with its length along the bars, and if need be its width, cut down to fit half a window. */
function fitted(shape: Shape, halfPx: number): Shape {
  let result = shape;
  for (const key of ['ny', 'nx'] as const) {
    for (let step = 0; step < 64 && largestExtentPx(result) > halfPx; step++) {
      result = { ...result, [key]: result[key] * 0.97 };
    }
  }
  return result;
}

function perturbed(shape: Shape, amount: number, area: Area, random: Random): Shape {
  const draw = [0, 1, 2, 3, 4].map(() => amount * random.normal()) as [number, number, number, number, number];
  return {
    orientationDeg: (((shape.orientationDeg + 45 * draw[0]) % 180) + 180) % 180,
    carrierCpd: Math.min(8, shape.carrierCpd * exp(draw[1])),
    phaseDeg: area === 'V1-simple' ? (((shape.phaseDeg + 90 * draw[2]) % 360) + 360) % 360 : 0,
    nx: clamp(shape.nx * exp(draw[3]), nxRange),
    ny: shape.ny * exp(draw[4]),
  };
}

function sampleArea(area: Area, seed: number, perturbation: number): UnitParameters[] {
  const bySize = drawShapes(area, seed).toSorted((a, b) => largestExtentPx(a) - largestExtentPx(b));
  const places = Random.fromSeed(seed, `${area} places`);
  const changes = Random.fromSeed(seed, `${area} perturbation`);
  const units: UnitParameters[] = [];
  let taken = 0;
  for (const { windowPx, windows, unitsPerWindow } of windowClasses) {
    const members = places.shuffle(bySize.slice(taken, (taken += windows.length * unitsPerWindow)));
    for (const [i, member] of members.entries()) {
      const { left, top } = windows[Math.floor(i / unitsPerWindow)] as { left: number; top: number };
      const changed = perturbation === 0 ? member : perturbed(member, perturbation, area, changes);
      const shape = fitted(changed, windowPx / 2);
      const extent = extentPx(shape);
      const centre = (edge: number, extentAlong: number) => {
        const room = Math.min(largestJitterPx, windowPx / 2 - extentAlong);
        // Steps of half a pixel, towards the middle of the window so that the cut Gaussian stays inside.
        return edge + windowPx / 2 + Math.trunc(2 * room * (2 * places.uniform() - 1)) / 2 - sizePx / 2;
      };
      const index = units.length;
      units.push({
        area,
        index,
        unit: `${area === 'V1-simple' ? 's' : 'c'}${String(index).padStart(3, '0')}`,
        xDeg: centre(left, extent.x) / pxPerDeg,
        yDeg: -centre(top, extent.y) / pxPerDeg,
        ...shape,
      });
    }
  }
  return units;
}

/**
 * The units of both areas in the order of the output axes.
 *
 * @param perturbation relative spread by which every parameter is jittered around the values of `seed` (0: none). Units
 * correspond one to one between two perturbations of one seed.
 */
export function samplePopulation(seed: number, perturbation = 0): Record<Area, UnitParameters[]> {
  const [simple, complex] = areas.map((area) => sampleArea(area, seed, perturbation));
  return { 'V1-simple': simple as UnitParameters[], 'V1-complex': complex as UnitParameters[] };
}
