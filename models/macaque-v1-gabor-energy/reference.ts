/**
 * The model a second time, straight from its definition, in float64 on the whole raster: what the graph is checked
 * against. It shares with the builder the drawn unit parameters (`sampling.ts`), the preferred frequencies
 * (`preference.ts`) and the unscaled pool shapes (`poolShape.ts`), so agreement says nothing about those: they have tests
 * of their own. It shares none of the builder's windows, symmetries or shortcuts.
 */
import { cos, degreesToRadians, exp, pow, sin } from '../../main/platform/exactMath.ts';
import {
  areas,
  background,
  cutRadius,
  gainContrast,
  gainReachDeg,
  halfSaturation,
  maximumRate,
  pxPerDeg,
  responseExponent,
  sizePx,
  spontaneousRate,
  type Area,
  type UnitParameters,
} from './parameters.ts';
import { preferenceRatio, preferredFrequencyCpd } from './preference.ts';
import { poolShapes } from './poolShape.ts';
import { samplePopulation } from './sampling.ts';

export const shippedSeed = 1;

export interface ReferenceOptions {
  seed?: number;
  perturbation?: number;
  normalisation?: boolean;
}

/** A unit as the tests and the search's validation see it. */
export interface PlantedUnit {
  unit: string;
  area: Area;
  index: number;
  xDeg: number;
  yDeg: number;
  /** ±2 standard deviations, mean of both axes. */
  sizeDeg: number;
  orientationDeg: number;
  /** Preferred spatial frequency. */
  spatialFrequencyCpd: number;
  carrierCpd: number;
  phaseDeg: number;
  nx: number;
  ny: number;
}

export interface ReferenceModel {
  units: Record<Area, PlantedUnit[]>;
  /** The linear filters of a unit on the 224 × 224 raster, row 0 on top: one for a simple cell, two in quadrature for a complex cell. */
  plantedFilters(index: number, area: Area): Float64Array[];
  /** Luminance of the full-field grating that drives the unit best, at a Michelson contrast. */
  preferredGrating(index: number, area: Area, contrast?: number): Float64Array;
  /** Responses per area to n images of 224 × 224 luminances: n × 256, spikes/s (or a² without normalisation). */
  responses(images: ArrayLike<number>, n: number): Record<Area, Float64Array>;
}

export function plantedUnit(unit: UnitParameters): PlantedUnit {
  const { area, index, xDeg, yDeg, orientationDeg, carrierCpd, phaseDeg, nx, ny } = unit;
  return {
    unit: unit.unit,
    area,
    index,
    xDeg,
    yDeg,
    sizeDeg: (2 * (nx + ny)) / carrierCpd,
    orientationDeg,
    spatialFrequencyCpd: preferredFrequencyCpd(unit),
    carrierCpd,
    phaseDeg,
    nx,
    ny,
  };
}

/** cos and sin of 2πfu at every pixel, u measured from (x0, y0) degrees. */
function gratingPair(
  orientationDeg: number,
  cpd: number,
  x0 = 0,
  y0 = 0,
): { cosine: Float64Array; sine: Float64Array } {
  const angle = degreesToRadians(orientationDeg);
  const kx = -2 * Math.PI * cpd * sin(angle);
  const ky = 2 * Math.PI * cpd * cos(angle);
  const place = (i: number) => (i + 0.5 - sizePx / 2) / pxPerDeg;
  const cosX = Float64Array.from({ length: sizePx }, (_, column) => cos(kx * (place(column) - x0)));
  const sinX = Float64Array.from({ length: sizePx }, (_, column) => sin(kx * (place(column) - x0)));
  const cosine = new Float64Array(sizePx * sizePx);
  const sine = new Float64Array(sizePx * sizePx);
  for (let row = 0, at = 0; row < sizePx; row++) {
    const c = cos(ky * (-place(row) - y0));
    const s = sin(ky * (-place(row) - y0));
    for (let column = 0; column < sizePx; column++, at++) {
      cosine[at] = (cosX[column] as number) * c - (sinX[column] as number) * s;
      sine[at] = (sinX[column] as number) * c + (cosX[column] as number) * s;
    }
  }
  return { cosine, sine };
}

/** A filter by its pixels inside the cut: 768 whole rasters would not fit in memory. */
interface Sparse {
  pixels: Int32Array;
  weights: Float64Array;
}

/** The unit's filters, every pixel from the formula of its own coordinates (degrees from the field's centre). */
function filtersOf(unit: UnitParameters): Sparse[] {
  const { xDeg, yDeg, carrierCpd, nx, ny } = unit;
  const angle = degreesToRadians(unit.orientationDeg);
  const [sinBars, cosBars] = [sin(angle), cos(angle)];
  const inside: number[] = [];
  const across: number[] = [];
  const envelope: number[] = [];
  for (let pixel = 0; pixel < sizePx * sizePx; pixel++) {
    const x = ((pixel % sizePx) + 0.5 - sizePx / 2) / pxPerDeg - xDeg;
    const y = -(Math.floor(pixel / sizePx) + 0.5 - sizePx / 2) / pxPerDeg - yDeg;
    const u = -x * sinBars + y * cosBars;
    const zAcross = (u * carrierCpd) / nx;
    const zAlong = ((x * cosBars + y * sinBars) * carrierCpd) / ny;
    const radius = Math.sqrt(zAcross * zAcross + zAlong * zAlong);
    if (radius > cutRadius) continue;
    inside.push(pixel);
    across.push(u);
    envelope.push(exp((-radius * radius) / 2));
  }
  /** Σ of weights times cos or sin of 2π·cpd·u. */
  const overlap = (weights: number[], wave: (x: number) => number, cpd: number) =>
    weights.reduce((sum, weight, i) => sum + weight * wave(2 * Math.PI * cpd * (across[i] as number)), 0);
  const light = overlap(envelope, cos, carrierCpd) / envelope.reduce((sum, value) => sum + value, 0);
  const even = envelope.map((weight, i) => weight * (cos(2 * Math.PI * carrierCpd * (across[i] as number)) - light));
  const odd = envelope.map((weight, i) => weight * sin(2 * Math.PI * carrierCpd * (across[i] as number)));
  const balance = carrierCpd * preferenceRatio(nx);
  const [evenGain, oddGain] = [overlap(even, cos, balance), overlap(odd, sin, balance)];
  const pixels = Int32Array.from(inside);
  if (unit.area === 'V1-complex') {
    return [
      { pixels, weights: Float64Array.from(even, (weight) => weight / evenGain) },
      { pixels, weights: Float64Array.from(odd, (weight) => weight / oddGain) },
    ];
  }
  const phase = degreesToRadians(unit.phaseDeg);
  const mixed = even.map((w, i) => (cos(phase) * w) / evenGain - (sin(phase) * (odd[i] as number)) / oddGain);
  const preferred = preferredFrequencyCpd(unit);
  const [c, s] = [overlap(mixed, cos, preferred), overlap(mixed, sin, preferred)];
  const amplitude = Math.sqrt(c * c + s * s);
  return [{ pixels, weights: Float64Array.from(mixed, (weight) => weight / amplitude) }];
}

function onRaster({ pixels, weights }: Sparse): Float64Array {
  const raster = new Float64Array(sizePx * sizePx);
  for (const [i, pixel] of pixels.entries()) raster[pixel] = weights[i] as number;
  return raster;
}

function apply({ pixels, weights }: Sparse, image: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < pixels.length; i++) sum += (weights[i] as number) * (image[pixels[i] as number] as number);
  return sum;
}

/** s·√((½ + v²)/(L + v²)): s after division by the root mean square of s under a Gaussian, cut at 4 standard deviations. */
function withContrastGain(signal: Float64Array): Float64Array {
  const sdPx = gainReachDeg * pxPerDeg;
  const reach = Math.ceil(4 * sdPx);
  const kernel = Array.from({ length: reach + 1 }, (_, d) => exp(-(d * d) / (2 * sdPx * sdPx)));
  const total = kernel.reduce((sum, weight, d) => sum + (d === 0 ? weight : 2 * weight), 0);
  const averaged = (power: Float64Array, stride: number) =>
    power.map((_, pixel) => {
      const place = Math.floor(pixel / stride) % sizePx;
      let sum = 0;
      for (let d = Math.max(-reach, -place); d <= Math.min(reach, sizePx - 1 - place); d++) {
        sum += (kernel[Math.abs(d)] as number) * (power[pixel + d * stride] as number);
      }
      return sum / total;
    });
  const local = averaged(
    averaged(
      signal.map((s) => s * s),
      1,
    ),
    sizePx,
  );
  const v2 = gainContrast * gainContrast;
  return signal.map((s, pixel) => s * Math.sqrt((0.5 + v2) / ((local[pixel] as number) + v2)));
}

export function createReference(options: ReferenceOptions = {}): ReferenceModel {
  const population = samplePopulation(options.seed ?? shippedSeed, options.perturbation ?? 0);
  const normalisation = options.normalisation ?? true;
  const units = {
    'V1-simple': population['V1-simple'].map(plantedUnit),
    'V1-complex': population['V1-complex'].map(plantedUnit),
  };
  const unitAt = (index: number, area: Area): UnitParameters => {
    const unit = population[area][index];
    if (unit === undefined) throw new RangeError(`${area} has no unit ${index}.`);
    return unit;
  };
  const plantedFilters = (index: number, area: Area) => filtersOf(unitAt(index, area)).map(onRaster);

  /** s of the best grating: at its best phase for a simple cell, with a bright bar on the centre for a complex one. */
  const preferredSignal = (unit: UnitParameters, filters: Sparse[]): Float64Array => {
    const frequency = preferredFrequencyCpd(unit);
    if (unit.area === 'V1-complex') return gratingPair(unit.orientationDeg, frequency, unit.xDeg, unit.yDeg).cosine;
    const { cosine, sine } = gratingPair(unit.orientationDeg, frequency);
    const [c, s] = [apply(filters[0] as Sparse, cosine), apply(filters[0] as Sparse, sine)];
    const amplitude = Math.sqrt(c * c + s * s);
    return cosine.map((value, i) => (c * value + s * (sine[i] as number)) / amplitude);
  };

  let filters: Record<Area, Sparse[][]> | undefined;
  const allFilters = () =>
    (filters ??= {
      'V1-simple': population['V1-simple'].map((unit) => filtersOf(unit)),
      'V1-complex': population['V1-complex'].map((unit) => filtersOf(unit)),
    });
  const energy = (unitFilters: Sparse[], signal: Float64Array): number => {
    const linear = unitFilters.map((filter) => apply(filter, signal));
    const counted = linear.length === 1 ? linear.map((value) => Math.max(0, value)) : linear;
    return counted.reduce((sum, value) => sum + value * value, 0);
  };

  let pools: Record<Area, Float64Array[]> | undefined;
  const allPools = () => (pools ??= { 'V1-simple': poolOf('V1-simple'), 'V1-complex': poolOf('V1-complex') });
  const poolOf = (area: Area): Float64Array[] => {
    const shapes = poolShapes(population[area], population['V1-complex']);
    return population[area].map((unit, index) => {
      const weights = shapes[index] as Float64Array;
      const signal = preferredSignal(unit, allFilters()[area][index] as Sparse[]);
      const drive = allFilters()['V1-complex'].reduce(
        (sum, cell, j) => (weights[j] === 0 ? sum : sum + (weights[j] as number) * energy(cell, signal)),
        0,
      );
      return weights.map((weight) => weight / drive);
    });
  };

  const responses = (images: ArrayLike<number>, n: number): Record<Area, Float64Array> => {
    const result = { 'V1-simple': new Float64Array(n * 256), 'V1-complex': new Float64Array(n * 256) };
    for (let image = 0; image < n; image++) {
      const shown = new Float64Array(sizePx * sizePx);
      for (let i = 0; i < shown.length; i++) {
        shown[i] = ((images[image * shown.length + i] as number) - background) / background;
      }
      const signal = normalisation ? withContrastGain(shown) : shown;
      const energies = {
        'V1-simple': allFilters()['V1-simple'].map((unit) => energy(unit, signal)),
        'V1-complex': allFilters()['V1-complex'].map((unit) => energy(unit, signal)),
      };
      for (const area of areas) {
        for (const [unit, a2] of energies[area].entries()) {
          const at = image * 256 + unit;
          result[area][at] = normalisation ? rate(a2, allPools()[area][unit] as Float64Array, energies) : a2;
        }
      }
    }
    return result;
  };
  const rate = (a2: number, pool: Float64Array, energies: Record<Area, number[]>): number => {
    const pooled = energies['V1-complex'].reduce((sum, energyOfCell, j) => sum + (pool[j] as number) * energyOfCell, 0);
    const raised = (power: number) => pow(Math.sqrt(power), responseExponent);
    const largest = (maximumRate - spontaneousRate) * (1 + halfSaturation);
    return spontaneousRate + (largest * raised(a2)) / (halfSaturation + raised(pooled));
  };

  return {
    units,
    plantedFilters,
    preferredGrating: (index, area, contrast = 1) => {
      const signal = preferredSignal(unitAt(index, area), filtersOf(unitAt(index, area)));
      return signal.map((s) => background * (1 + contrast * s));
    },
    responses,
  };
}

let shipped: ReferenceModel | undefined;
/** The filters of a unit of the shipped twin. */
export function plantedFilters(unitIndex: number, area: Area): Float64Array[] {
  return (shipped ??= createReference()).plantedFilters(unitIndex, area);
}
