/** V1 and V2 as ONNX: quadrature convolutions → normalised energies → products of amplitudes, pooled and normalised. */
import { quadratureFilters } from './filters.ts';
import { convolutionWeights, transposed, type Parts } from './graphParts.ts';
import {
  energyFloor,
  orientationsDeg,
  productTypes,
  scales,
  semiSaturationContrast,
  sizePx,
  unitsPerArea,
  v1Cells,
  v1Channel,
  v1Channels,
  v1Scales,
  v1StridePx,
  v2Exponent,
  v2PlacesDeg,
  varianceFloor,
} from './parameters.ts';
import type { Population } from './population.ts';
import { v2PoolWeights } from './reference.ts';
import { normPoolWeights, v1PoolWeights } from './stages.ts';

/** Energies of one scale before normalisation: [batch, 4, 96, 96]. */
function energiesOfScale(parts: Parts, contrast: string, population: Population, scale: number): string {
  const { builder } = parts;
  const name = `v1_scale${scale}`;
  const { supportPx } = scales[v1Scales[scale]];
  const pairs = orientationsDeg.map((_, o) =>
    quadratureFilters(scales[v1Scales[scale]], o, population.changes.v1Filters[v1Channel(scale, o)]),
  );
  const filters = [...pairs.map(({ even }) => even), ...pairs.map(({ odd }) => odd)];
  const shape = [filters.length, 1, supportPx, supportPx];
  const weights = builder.constant(`${name}_filters`, 'float32', shape, convolutionWeights(filters, supportPx));
  const pad = (supportPx - 1) / 2;
  const attributes = {
    kernel_shape: [supportPx, supportPx],
    strides: [v1StridePx, v1StridePx],
    pads: Array(4).fill(pad),
  };
  const linear = builder.node('Conv', [contrast, weights], attributes, `${name}_linear`);
  const power = builder.node('Mul', [linear, linear], {}, `${name}_power`);
  const four = orientationsDeg.length;
  const even = parts.slice(power, 1, 0, four, `${name}_even`);
  const odd = parts.slice(power, 1, four, 2 * four, `${name}_odd`);
  return builder.node('Add', [even, odd], {}, `${name}_energy`);
}

/** Gaussian mean of s² at the V1 cells: [batch, 1, 96, 96]. */
function normalisingContrast(parts: Parts, squared: string): string {
  const { builder } = parts;
  const weights = normPoolWeights();
  const reach = (weights.length - 1) / 2;
  const rows = new Float32Array(v1Cells * sizePx);
  for (let cell = 0; cell < v1Cells; cell++) {
    for (const [i, w] of weights.entries()) {
      const px = cell * v1StridePx + i - reach;
      if (px >= 0 && px < sizePx) rows[cell * sizePx + px] = w;
    }
  }
  const left = builder.constant('v1_norm_rows', 'float32', [v1Cells, sizePx], rows);
  const right = builder.constant('v1_norm_columns', 'float32', [sizePx, v1Cells], transposed(rows, v1Cells, sizePx));
  const across = builder.node('MatMul', [squared, right], {}, 'v1_norm_across');
  return builder.node('MatMul', [left, across], {}, 'v1_norm_contrast');
}

/** Means of a scale's normalised energies around every cell: [batch, 4, 96, 96]. */
function pooledEnergies(parts: Parts, normalised: string, scale: number): string {
  const { builder } = parts;
  const name = `v1_scale${scale}`;
  const four = orientationsDeg.length;
  const weights = v1PoolWeights(scale);
  const reach = (weights.length - 1) / 2;
  const rows = new Float32Array(v1Cells * v1Cells);
  for (let at = 0; at < rows.length; at++) {
    const away = (at % v1Cells) - Math.floor(at / v1Cells);
    if (Math.abs(away) <= reach) rows[at] = weights[away + reach];
  }
  // The weights are the same in both directions, so that the matrix is its own transpose.
  const matrix = builder.constant(`${name}_pool`, 'float32', [v1Cells, v1Cells], rows);
  const own = parts.slice(normalised, 1, four * scale, four * (scale + 1), `${name}_normalised`);
  const across = builder.node('MatMul', [own, matrix], {}, `${name}_pooled_across`);
  return builder.node('MatMul', [matrix, across], {}, `${name}_pooled`);
}

/** Normalised energies of all channels, [batch, 12, 96, 96], and the output `name` of V1's units. */
export function addV1(
  parts: Parts,
  inputs: { contrast: string; squared: string },
  population: Population,
  name: string,
): string {
  const { builder } = parts;
  const energies = v1Scales.map((_, scale) => energiesOfScale(parts, inputs.contrast, population, scale));
  const all = builder.node('Concat', energies, { axis: 1 }, 'v1_energy');
  const strengths = builder.constant(
    'v1_norm_strengths',
    'float32',
    [v1Channels, 1, 1],
    population.changes.v1Norms.map((factor) => 2 * factor),
  );
  const pool = builder.node('Mul', [normalisingContrast(parts, inputs.squared), strengths], {}, 'v1_norm_pool');
  const semiSaturation = parts.scalar('v1_semi_saturation', semiSaturationContrast * semiSaturationContrast);
  const denominator = builder.node('Add', [pool, semiSaturation], {}, 'v1_denominator');
  const normalised = builder.node('Div', [all, denominator], {}, 'v1_normalised');
  const places = population.v1.map(
    ({ scale, orientation, row, column }) => (v1Channel(scale, orientation) * v1Cells + row) * v1Cells + column,
  );
  const means = v1Scales.map((_, scale) => pooledEnergies(parts, normalised, scale));
  const pooled = builder.node('Concat', means, { axis: 1 }, 'v1_pooled');
  parts.pick(pooled, v1Channels * v1Cells * v1Cells, places, name);
  return normalised;
}

/** Amplitude maps of all channels and of every displaced reading, and which of them each product multiplies. */
function amplitudeMaps(parts: Parts, energies: string): { maps: string; count: number; a: number[]; b: number[] } {
  const { builder } = parts;
  const raised = builder.node('Add', [energies, parts.scalar('energy_floor', energyFloor)], {}, 'v2_raised');
  const amplitude = builder.node('Sqrt', [raised], {}, 'v2_amplitude');
  const margin = Math.max(
    ...productTypes.flatMap(({ a, b }) => [a.column, a.row, b.column, b.row].map((shift) => Math.abs(shift))),
  );
  const around = parts.ints('v2_margins', [0, 0, margin, margin, 0, 0, margin, margin]);
  const padded = builder.node('Pad', [amplitude, around], {}, 'v2_padded');
  const axes = parts.ints('v2_map_axes', [1, 2, 3]);
  const maps = [amplitude];
  let count = v1Channels;
  const mapOf = ({ channel, column, row }: (typeof productTypes)[number]['a']): number => {
    if (column === 0 && row === 0) return channel;
    const starts = [channel, margin + row, margin + column];
    const from = parts.ints(`v2_map${count}_from`, starts);
    const to = parts.ints(`v2_map${count}_to`, [channel + 1, margin + row + v1Cells, margin + column + v1Cells]);
    maps.push(builder.node('Slice', [padded, from, to, axes], {}, `v2_map${count}`));
    return count++;
  };
  const pairs = productTypes.map(({ a, b }) => [mapOf(a), mapOf(b)]);
  const joined = builder.node('Concat', maps, { axis: 1 }, 'v2_maps');
  return { maps: joined, count, a: pairs.map(([a]) => a), b: pairs.map(([, b]) => b) };
}

/** √(⟨a²⟩⟨b²⟩) · ((1 + ρ)/2)⁴ of every product at every V2 place, and the output `name` of V2's units. */
export function addV2(parts: Parts, energies: string, population: Population, name: string): void {
  const { builder } = parts;
  const { maps, count, a, b } = amplitudeMaps(parts, energies);
  const [first, second] = [parts.ints('v2_first', a), parts.ints('v2_second', b)];
  const take = (value: string, which: string, as: string) => builder.node('Gather', [value, which], { axis: 1 }, as);
  const squares = builder.node('Mul', [maps, maps], {}, 'v2_squares');
  const products = builder.node(
    'Mul',
    [take(maps, first, 'v2_maps_a'), take(maps, second, 'v2_maps_b')],
    {},
    'v2_products',
  );
  const moments = builder.node('Concat', [maps, squares, products], { axis: 1 }, 'v2_moments');

  const side = v2PlacesDeg.length;
  const rows = Float32Array.from(v2PoolWeights());
  const left = builder.constant('v2_pool_rows', 'float32', [side, v1Cells], rows);
  const right = builder.constant('v2_pool_columns', 'float32', [v1Cells, side], transposed(rows, side, v1Cells));
  const across = builder.node('MatMul', [moments, right], {}, 'v2_pooled_across');
  const pooled = builder.node('MatMul', [left, across], {}, 'v2_pooled');

  const means = parts.slice(pooled, 1, 0, count, 'v2_means');
  const powers = parts.slice(pooled, 1, count, 2 * count, 'v2_powers');
  const together = parts.slice(pooled, 1, 2 * count, 2 * count + productTypes.length, 'v2_together');
  const floor = parts.scalar('variance_floor', varianceFloor);
  const end = (which: string, as: 'a' | 'b') => {
    const mean = take(means, which, `v2_mean_${as}`);
    const power = take(powers, which, `v2_power_${as}`);
    const squared = builder.node('Mul', [mean, mean], {}, `v2_mean_squared_${as}`);
    const raw = builder.node('Sub', [power, squared], {}, `v2_raw_variance_${as}`);
    return { mean, power, variance: builder.node('Add', [raw, floor], {}, `v2_variance_${as}`) };
  };
  const [one, other] = [end(first, 'a'), end(second, 'b')];
  const root = (left_: string, right_: string, as: string) =>
    builder.node('Sqrt', [builder.node('Mul', [left_, right_], {}, `${as}_squared`)], {}, as);
  const chance = builder.node('Mul', [one.mean, other.mean], {}, 'v2_product_of_means');
  const covariance = builder.node('Sub', [together, chance], {}, 'v2_covariance');
  const deviations = root(one.variance, other.variance, 'v2_deviations');
  const correlation = builder.node('Div', [covariance, deviations], {}, 'v2_correlation');
  const half = parts.scalar('half', 0.5);
  const halved = builder.node('Mul', [correlation, half], {}, 'v2_half_correlation');
  const shifted = builder.node('Add', [halved, half], {}, 'v2_shifted_correlation');
  const gain = Array.from({ length: v2Exponent - 1 }).reduce<string>(
    (power, _, i) => builder.node('Mul', [power, shifted], {}, `v2_gain${i}`),
    shifted,
  );
  const drive = root(one.power, other.power, 'v2_drive');
  const responses = builder.node('Mul', [drive, gain], {}, 'v2_responses');

  const n = unitsPerArea.V2;
  const byPlace = parts.ints('v2_by_place_shape', [-1, productTypes.length, side * side]);
  const flat = builder.node('Reshape', [responses, byPlace], {}, 'v2_by_place');
  const places = parts.ints(
    'v2_unit_places',
    population.v2.map(({ row, column }) => row * side + column),
  );
  const atUnits = builder.node('Gather', [flat, places], { axis: 2 }, 'v2_at_units');
  const weights = new Float32Array(productTypes.length * n);
  for (const [u, unit] of population.v2.entries()) {
    for (const [k, weight] of unit.weights.entries()) weights[k * n + u] = weight;
  }
  const matrix = builder.constant('v2_weights', 'float32', [productTypes.length, n], weights);
  const weighted = builder.node('Mul', [atUnits, matrix], {}, 'v2_weighted');
  builder.node('ReduceSum', [weighted, parts.ints('v2_product_axis', [1])], { keepdims: 0 }, name);
}
