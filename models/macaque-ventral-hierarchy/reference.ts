/**
 * The whole twin in float64: what the graph and the golden checks are held against. It shares with the graph the drawn
 * population, the filters and the prototypes, and none of the graph's operators; single units are evaluated once more
 * from the pixels in `testing/pixelwise.ts`.
 */
import { exp, pow } from '../../main/platform/exactMath.ts';
import {
  areas,
  c2PlacesDeg,
  degOfColumn,
  itPositions,
  productTypes,
  sizePx,
  unitsPerArea,
  v1Cells,
  v1Channels,
  v1StridePx,
  v2Exponent,
  v2PlacesDeg,
  v2PoolDeg,
  varianceFloor,
  type Area,
} from './parameters.ts';
import type { Population } from './population.ts';
import { itInputs, type Prototypes } from './prototypes.ts';
import { amplitude, c2Maps, paddedContrast, v1Energies, v1Response, type RadialBasis } from './stages.ts';

/** Gaussian weights of V1 cells for each V2 place along one axis: 9 × 96, each row sums to 1. */
export function v2PoolWeights(): Float64Array {
  const weights = new Float64Array(v2PlacesDeg.length * v1Cells);
  for (const [p, placeDeg] of v2PlacesDeg.entries()) {
    let total = 0;
    for (let cell = 0; cell < v1Cells; cell++) {
      const z = (degOfColumn(cell * v1StridePx) - placeDeg) / v2PoolDeg;
      weights[p * v1Cells + cell] = exp((-z * z) / 2);
      total += weights[p * v1Cells + cell];
    }
    for (let cell = 0; cell < v1Cells; cell++) weights[p * v1Cells + cell] /= total;
  }
  return weights;
}

/** A map read with an offset; nothing beyond the field. */
function shifted(map: Float64Array, { column, row }: { column: number; row: number }): Float64Array {
  return Float64Array.from({ length: map.length }, (_, at) => {
    const [r, c] = [Math.floor(at / v1Cells) + row, (at % v1Cells) + column];
    return r < 0 || c < 0 || r >= v1Cells || c >= v1Cells ? 0 : map[r * v1Cells + c];
  });
}

/** Mean under the Gaussian at every V2 place of a function of the cell: 81 values, row 0 on top. */
function pooled(weights: Float64Array, value: (at: number) => number): Float64Array {
  const side = v2PlacesDeg.length;
  const columns = new Float64Array(v1Cells * side);
  for (let row = 0; row < v1Cells; row++) {
    for (let cell = 0; cell < v1Cells; cell++) {
      const v = value(row * v1Cells + cell);
      for (let p = 0; p < side; p++) columns[row * side + p] += weights[p * v1Cells + cell] * v;
    }
  }
  return Float64Array.from({ length: side * side }, (_, place) => {
    const [q, p] = [Math.floor(place / side), place % side];
    let sum = 0;
    for (let row = 0; row < v1Cells; row++) sum += weights[q * v1Cells + row] * columns[row * side + p];
    return sum;
  });
}

/**
 * Products of V2 at every place: √(⟨a²⟩⟨b²⟩) · ((1 + ρ)/2)⁴, ρ the correlation of the amplitudes a and b under the
 * Gaussian: 42 × 81.
 */
export function v2Products(energies: Float64Array): Float64Array[] {
  const cells = v1Cells * v1Cells;
  const weights = v2PoolWeights();
  const amplitudes = Array.from({ length: v1Channels }, (_, channel) =>
    energies.slice(channel * cells, (channel + 1) * cells).map(amplitude),
  );
  return productTypes.map((type) => {
    const a = shifted(amplitudes[type.a.channel], type.a);
    const b = shifted(amplitudes[type.b.channel], type.b);
    const [meanA, meanB] = [pooled(weights, (at) => a[at]), pooled(weights, (at) => b[at])];
    const [powerA, powerB] = [pooled(weights, (at) => a[at] * a[at]), pooled(weights, (at) => b[at] * b[at])];
    const product = pooled(weights, (at) => a[at] * b[at]);
    return meanA.map((mean, place) => {
      const varianceA = powerA[place] - mean * mean + varianceFloor;
      const varianceB = powerB[place] - meanB[place] * meanB[place] + varianceFloor;
      const correlation = (product[place] - mean * meanB[place]) / Math.sqrt(varianceA * varianceB);
      const half = (1 + correlation) / 2;
      return Math.sqrt(powerA[place] * powerB[place]) * pow(half, v2Exponent);
    });
  });
}

const rbf = (x: Float64Array, { centres, sharpness }: RadialBasis, i: number): number =>
  exp(-sharpness[i] * x.reduce((sum, value, k) => sum + (value - centres[i][k]) * (value - centres[i][k]), 0));

/** Responses of all units to one image of 192 × 192 luminances that starts at `offset`. */
export function referenceResponses(
  population: Population,
  prototypes: Prototypes,
  images: ArrayLike<number>,
  offset = 0,
): Record<Area, Float64Array> {
  const { stages, v4, it } = prototypes;
  const contrast = paddedContrast(images, offset);
  const energies = v1Energies(stages, contrast);
  const products = v2Products(energies);
  const c2 = c2Maps(stages, contrast, v4);
  const inputs = it.map((_, channel) => itInputs(c2, channel));
  const side = c2PlacesDeg.length;
  return {
    V1: Float64Array.from(population.v1, ({ scale, orientation, row, column }) =>
      v1Response(energies, scale, orientation, row, column),
    ),
    V2: Float64Array.from(population.v2, ({ weights, row, column }) =>
      weights.reduce((sum, weight, k) => sum + weight * products[k][row * v2PlacesDeg.length + column], 0),
    ),
    V4: Float64Array.from(population.v4, ({ prototype, group, row, column }) => {
      return c2[group][(prototype * side + row) * side + column];
    }),
    IT: Float64Array.from(population.it, ({ view, channel, row, column }) =>
      rbf(inputs[channel][row * itPositions + column], it[channel], view),
    ),
  };
}

/** Responses to n images, per area n × units. */
export function referenceBatch(
  population: Population,
  prototypes: Prototypes,
  images: ArrayLike<number>,
  n: number,
): Record<Area, Float64Array> {
  const all = areas.map((area) => [area, new Float64Array(n * unitsPerArea[area])] as const);
  for (let i = 0; i < n; i++) {
    const one = referenceResponses(population, prototypes, images, i * sizePx * sizePx);
    for (const [area, values] of all) values.set(one[area], i * unitsPerArea[area]);
  }
  return Object.fromEntries(all) as Record<Area, Float64Array>;
}
