/** S1, C1, V4 (S2 and C2) and IT as ONNX. Squared distances are ‖x‖² − 2x·p + ‖p‖², so that convolutions give them. */
import { evenFilter } from './filters.ts';
import { convolutionWeights, transposed, type Parts } from './graphParts.ts';
import {
  bands,
  c2Groups,
  c2PlacesDeg,
  c2WindowStarts,
  contrastFloor,
  itChannels,
  itPositions,
  itWindowPlaces,
  orientationsDeg,
  patchCells,
  prototypeCount,
  scales,
  sizePx,
  viewCount,
  type Band,
} from './parameters.ts';
import type { Population } from './population.ts';
import type { Prototypes } from './prototypes.ts';
import type { RadialBasis } from './stages.ts';

const four = orientationsDeg.length;

/** Local norm of one scale at the S1 cells, [batch, 1, cells, cells]: sums over squares as products with 0-1 matrices. */
function localNorm(parts: Parts, squared: string, band: Band, scale: number, strength: number): string {
  const { builder } = parts;
  const name = `s1_scale${scale}`;
  const { supportPx } = scales[scale];
  const { s1Cells, stridePx } = band;
  const rows = new Float32Array(s1Cells * sizePx);
  for (let cell = 0; cell < s1Cells; cell++) {
    for (let px = 0; px < sizePx; px++) {
      if (2 * Math.abs(px - cell * stridePx) < supportPx) rows[cell * sizePx + px] = 1;
    }
  }
  const columns = transposed(rows, s1Cells, sizePx).map((one) => one * strength);
  const right = builder.constant(`${name}_columns`, 'float32', [sizePx, s1Cells], columns);
  const left = builder.constant(`${name}_rows`, 'float32', [s1Cells, sizePx], rows);
  const across = builder.node('MatMul', [squared, right], {}, `${name}_across`);
  const energy = builder.node('MatMul', [left, across], {}, `${name}_energy`);
  const floor = parts.scalar(`${name}_floor`, supportPx * supportPx * contrastFloor * contrastFloor);
  return builder.node('Sqrt', [builder.node('Add', [energy, floor], {}, `${name}_raised`)], {}, `${name}_norm`);
}

/** C1 of a band: [batch, 4, c1Cells, c1Cells]. */
function addC1(parts: Parts, inputs: { contrast: string; squared: string }, population: Population, b: number): string {
  const { builder } = parts;
  const band = bands[b];
  const { changes } = population;
  const { supportPx } = scales[band.scales[1]];
  const filters = band.scales.flatMap((k) =>
    orientationsDeg.map((_, o) => evenFilter(scales[k], o, changes.s1Filters[k * four + o])),
  );
  const shape = [filters.length, 1, supportPx, supportPx];
  const weights = builder.constant(`s1_band${b}_filters`, 'float32', shape, convolutionWeights(filters, supportPx));
  const attributes = {
    kernel_shape: [supportPx, supportPx],
    strides: [band.stridePx, band.stridePx],
    pads: Array(4).fill((supportPx - 1) / 2),
  };
  const linear = builder.node('Conv', [inputs.contrast, weights], attributes, `s1_band${b}_linear`);
  const rectified = builder.node('Abs', [linear], {}, `s1_band${b}_rectified`);
  const normalised = band.scales.map((k, i) => {
    const own = parts.slice(rectified, 1, four * i, four * (i + 1), `s1_scale${k}_rectified`);
    const norm = localNorm(parts, inputs.squared, band, k, changes.s1Norms[k]);
    return builder.node('Div', [own, norm], {}, `s1_scale${k}`);
  });
  const largest = builder.node('Max', normalised, {}, `s1_band${b}`);
  const pool = { kernel_shape: [band.poolCells, band.poolCells], strides: [band.poolStep, band.poolStep] };
  return builder.node('MaxPool', [largest], pool, `c1_band${b}`);
}

/** Constants that all bands share. */
interface S2Constants {
  weights: string;
  bias: string;
  ones: string;
}

const squaredNorm = (centre: Float64Array): number => centre.reduce((sum, value) => sum + value * value, 0);

function s2Constants({ builder }: Parts, { centres }: RadialBasis): S2Constants {
  const size = four * patchCells * patchCells;
  const weights = new Float32Array(prototypeCount * size);
  for (const [p, centre] of centres.entries())
    weights.set(
      Float32Array.from(centre, (value) => 2 * value),
      p * size,
    );
  return {
    weights: builder.constant('s2_prototypes', 'float32', [prototypeCount, four, patchCells, patchCells], weights),
    bias: builder.constant(
      's2_bias',
      'float32',
      [prototypeCount],
      centres.map((centre) => -squaredNorm(centre)),
    ),
    ones: builder.constant('s2_ones', 'float32', [1, four, patchCells, patchCells], new Float32Array(size).fill(1)),
  };
}

/** Largest −‖x − p‖² in the window around each C2 place: [batch, 128, 7, 7]. */
function addC2(parts: Parts, c1: string, constants: S2Constants, b: number): string {
  const { builder } = parts;
  const band = bands[b];
  const attributes = { kernel_shape: [patchCells, patchCells] };
  const match = builder.node('Conv', [c1, constants.weights, constants.bias], attributes, `s2_band${b}_match`);
  const squared = builder.node('Mul', [c1, c1], {}, `c1_band${b}_squared`);
  const power = builder.node('Conv', [squared, constants.ones], attributes, `s2_band${b}_power`);
  const nearness = builder.node('Sub', [match, power], {}, `s2_band${b}`);
  const cells = c2WindowStarts(band).flatMap((start) => Array.from({ length: band.c2Cells }, (_, i) => start + i));
  const windows = builder.constant(
    `c2_band${b}_windows`,
    'int64',
    [c2PlacesDeg.length, band.c2Cells],
    cells.map(BigInt),
  );
  const largest = (value: string, axis: number, name: string) => {
    const gathered = builder.node('Gather', [value, windows], { axis }, `${name}_windows_of`);
    return builder.node('ReduceMax', [gathered, parts.ints(`${name}_axis`, [axis + 1])], { keepdims: 0 }, name);
  };
  return largest(largest(nearness, 2, `c2_band${b}_rows`), 3, `c2_band${b}`);
}

/** The C2 maps, four of [batch, 128, 7, 7], and the output `name` of V4's units. */
export function addV4(
  parts: Parts,
  inputs: { contrast: string; squared: string },
  population: Population,
  { v4 }: Prototypes,
  name: string,
): string[] {
  const { builder } = parts;
  const constants = s2Constants(parts, v4);
  const sharpness = builder.constant('v4_sharpness', 'float32', [prototypeCount, 1, 1], v4.sharpness);
  const perBand = bands.map((_, b) => addC2(parts, addC1(parts, inputs, population, b), constants, b));
  const maps = c2Groups.map(([fine, coarse], g) => {
    const nearest = builder.node('Max', [perBand[fine], perBand[coarse]], {}, `c2_group${g}_nearness`);
    return builder.node(
      'Exp',
      [builder.node('Mul', [nearest, sharpness], {}, `c2_group${g}_scaled`)],
      {},
      `c2_group${g}`,
    );
  });
  const side = c2PlacesDeg.length;
  const all = builder.node('Concat', maps, { axis: 1 }, 'c2');
  const places = population.v4.map(
    ({ prototype, group, row, column }) => ((group * prototypeCount + prototype) * side + row) * side + column,
  );
  parts.pick(all, maps.length * prototypeCount * side * side, places, name);
  return maps;
}

/** Responses of one IT channel at its 3 × 3 positions: [batch, 9, 32]. */
function addViews(parts: Parts, c2: readonly string[], views: RadialBasis, channel: number): string {
  const { builder } = parts;
  const name = `it_channel${channel}`;
  const [fine, coarse] = itChannels[channel];
  const both = builder.node('Max', [c2[fine], c2[coarse]], {}, `${name}_c2`);
  const pool = { kernel_shape: [itWindowPlaces, itWindowPlaces], strides: [1, 1] };
  const pooled = builder.node('MaxPool', [both], pool, `${name}_pooled`);
  const positions = itPositions * itPositions;
  const shape = parts.ints(`${name}_shape`, [-1, prototypeCount, positions]);
  const byPrototype = builder.node('Reshape', [pooled, shape], {}, `${name}_by_prototype`);
  const inputs = builder.node('Transpose', [byPrototype], { perm: [0, 2, 1] }, `${name}_inputs`);
  const matrix = Float32Array.from({ length: prototypeCount * viewCount }, (_, at) => {
    return 2 * views.centres[at % viewCount][Math.floor(at / viewCount)];
  });
  const doubled = builder.constant(`${name}_views`, 'float32', [prototypeCount, viewCount], matrix);
  const norms = builder.constant(`${name}_view_norms`, 'float32', [viewCount], views.centres.map(squaredNorm));
  const sharpness = builder.constant(`${name}_sharpness`, 'float32', [viewCount], views.sharpness);
  const match = builder.node('MatMul', [inputs, doubled], {}, `${name}_match`);
  const squared = builder.node('Mul', [inputs, inputs], {}, `${name}_squared`);
  const axis = parts.ints(`${name}_power_axis`, [2]);
  const power = builder.node('ReduceSum', [squared, axis], { keepdims: 1 }, `${name}_power`);
  const apart = builder.node('Sub', [match, power], {}, `${name}_less_power`);
  const nearness = builder.node('Sub', [apart, norms], {}, `${name}_nearness`);
  return builder.node('Exp', [builder.node('Mul', [nearness, sharpness], {}, `${name}_scaled`)], {}, name);
}

/** The output `name` of IT's units. */
export function addIt(
  parts: Parts,
  c2: readonly string[],
  population: Population,
  { it }: Prototypes,
  name: string,
): void {
  const channels = it.map((views, channel) => addViews(parts, c2, views, channel));
  const all = parts.builder.node('Concat', channels, { axis: 2 }, 'it_all');
  const width = channels.length * viewCount;
  const places = population.it.map(
    ({ view, channel, row, column }) => (row * itPositions + column) * width + channel * viewCount + view,
  );
  parts.pick(all, itPositions * itPositions * width, places, name);
}
