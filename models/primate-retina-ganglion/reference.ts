/**
 * The model a second time, straight from its definition, in float64: what the graph is checked against. Every unit is a
 * list of pixels and blocks with weights over the plane; none of the builder's profiles, strips or matrix products. It
 * shares with the builder the units' parameters (`sampling.ts`, `mosaic.ts`), which have tests of their own.
 */
import { exp } from '../../main/platform/exactMath.ts';
import {
  areas,
  areaTraits,
  background,
  blockPx,
  contrastFloor,
  cutRadius,
  fieldOfViewDeg,
  sizePx,
  spontaneousRate,
  type Area,
  type UnitParameters,
} from './parameters.ts';
import { samplePopulation, shippedSeed } from './sampling.ts';

export interface ReferenceOptions {
  seed?: number;
  perturbation?: number;
}

export interface ReferenceModel {
  units: Record<Area, UnitParameters[]>;
  /** Responses per area to n images of 480 × 480 luminances: n × units, spikes/s. */
  responses(images: ArrayLike<number>, n: number): Record<Area, Float64Array>;
}

interface Sparse {
  places: number[];
  weights: number[];
}

/** A Gaussian over a square raster of `n` cells that covers the field; sum 1 where it lies inside as a whole. */
function gaussian(unit: UnitParameters, radiusDeg: number, n: number, cellVarianceTaken: boolean): Sparse {
  const cellDeg = fieldOfViewDeg / n;
  // A block has the variance cellDeg²/12 along an axis, and exp(−d²/r²) has r²/2.
  const squaredRadius = radiusDeg * radiusDeg - (cellVarianceTaken ? (cellDeg * cellDeg) / 6 : 0);
  const reach = cutRadius * Math.sqrt(squaredRadius);
  const result: Sparse = { places: [], weights: [] };
  let total = 0;
  const beyond = Math.ceil(reach / cellDeg) + 1;
  for (let row = -beyond; row < n + beyond; row++) {
    const dy = fieldOfViewDeg / 2 - (row + 0.5) * cellDeg - unit.yDeg;
    if (Math.abs(dy) > reach) continue;
    for (let column = -beyond; column < n + beyond; column++) {
      const dx = (column + 0.5) * cellDeg - fieldOfViewDeg / 2 - unit.xDeg;
      if (Math.abs(dx) > reach) continue;
      const weight = exp(-(dx * dx + dy * dy) / squaredRadius);
      total += weight;
      if (row < 0 || column < 0 || row >= n || column >= n) continue;
      result.places.push(row * n + column);
      result.weights.push(weight);
    }
  }
  return { places: result.places, weights: result.weights.map((weight) => weight / total) };
}

function apply({ places, weights }: Sparse, values: Float64Array): number {
  return weights.reduce((sum, weight, i) => sum + weight * (values[places[i] as number] as number), 0);
}

/** Means of `valueOf` over blocks of pixels. */
function blockMeans(image: Float64Array, valueOf: (value: number) => number): Float64Array {
  const n = sizePx / blockPx;
  const means = new Float64Array(n * n);
  for (const [pixel, value] of image.entries()) {
    const row = Math.floor(Math.floor(pixel / sizePx) / blockPx);
    const column = Math.floor((pixel % sizePx) / blockPx);
    (means[row * n + column] as number) += valueOf(value) / (blockPx * blockPx);
  }
  return means;
}

interface Mechanisms {
  unit: UnitParameters;
  centre: Sparse;
  surround: Sparse;
  pool: Sparse | null;
}

function mechanismsOf(unit: UnitParameters): Mechanisms {
  const blocks = sizePx / blockPx;
  return {
    unit,
    centre: gaussian(unit, unit.centreRadiusDeg, sizePx, false),
    surround: gaussian(unit, unit.surroundRadiusDeg, blocks, true),
    pool: unit.gainControl === null ? null : gaussian(unit, unit.gainControl.radiusDeg, blocks, true),
  };
}

export function createReference(options: ReferenceOptions = {}): ReferenceModel {
  const units = samplePopulation(options.seed ?? shippedSeed, options.perturbation ?? 0);
  let mechanisms: Record<Area, Mechanisms[]> | undefined;

  const responses = (images: ArrayLike<number>, n: number): Record<Area, Float64Array> => {
    mechanisms ??= Object.fromEntries(areas.map((area) => [area, units[area].map(mechanismsOf)])) as Record<
      Area,
      Mechanisms[]
    >;
    const result = Object.fromEntries(areas.map((area) => [area, new Float64Array(n * units[area].length)])) as Record<
      Area,
      Float64Array
    >;
    const pixels = sizePx * sizePx;
    for (let image = 0; image < n; image++) {
      const signal = Float64Array.from(
        { length: pixels },
        (_, pixel) => ((images[image * pixels + pixel] as number) - background) / background,
      );
      const means = blockMeans(signal, (s) => s);
      const power = blockMeans(signal, (s) => s * s);
      for (const area of areas) {
        for (const [index, { unit, centre, surround, pool }] of mechanisms[area].entries()) {
          const { polarity } = areaTraits[area];
          const difference = apply(centre, signal) - unit.surroundGain * apply(surround, means);
          let drive = polarity * unit.centreGain * difference;
          if (unit.gainControl !== null && pool !== null) {
            const floor = contrastFloor;
            const contrast = Math.sqrt(2 * apply(pool, power) + floor * floor) - floor;
            drive /= 1 + contrast / unit.gainControl.semiSaturationContrast;
          }
          result[area][image * units[area].length + index] = Math.max(0, spontaneousRate[polarity] + drive);
        }
      }
    }
    return result;
  };
  return { units, responses };
}
