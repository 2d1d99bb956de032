/** The twin as an ONNX graph: contrast gain → windows of the stimulus × filters → energies → normalisation → spikes/s. */
import { GraphBuilder, type Graph } from '../../main/onnx/index.ts';
import { averagingMatrix } from './contrastGain.ts';
import { unitFilters, type UnitFilters } from './filters.ts';
import {
  areas,
  background,
  gainContrast,
  halfSaturation,
  pxPerDeg,
  rateScale,
  responseExponent,
  sizePx,
  spontaneousRate,
  unitsPerArea,
  windowClasses,
  type Area,
  type UnitParameters,
  type WindowClass,
} from './parameters.ts';
import { poolWeights } from './pool.ts';

export const inputTensor = 'stimulus';
export const outputTensors: Record<Area, string> = { 'V1-simple': 'v1_simple', 'V1-complex': 'v1_complex' };

export interface Population {
  units: Record<Area, UnitParameters[]>;
  filters: Record<Area, UnitFilters[]>;
}

export function withFilters(units: Record<Area, UnitParameters[]>): Population {
  return {
    units,
    filters: { 'V1-simple': units['V1-simple'].map(unitFilters), 'V1-complex': units['V1-complex'].map(unitFilters) },
  };
}

/** Filters of a class as [windows, window pixels, 3 × units per window]: simple, complex even, complex odd. */
function windowWeights(layout: WindowClass, offset: number, filters: Population['filters']): Float32Array<ArrayBuffer> {
  const { windowPx, windows, unitsPerWindow } = layout;
  const columns = 3 * unitsPerWindow;
  const weights = new Float32Array(windows.length * windowPx * windowPx * columns);
  for (const [w, window] of windows.entries()) {
    for (let k = 0; k < unitsPerWindow; k++) {
      const index = offset + w * unitsPerWindow + k;
      const simple = filters['V1-simple'][index] as UnitFilters;
      const complex = filters['V1-complex'][index] as UnitFilters;
      const planes = [
        { pair: simple.pair, filter: simple.filters[0] },
        { pair: complex.pair, filter: complex.filters[0] },
        { pair: complex.pair, filter: complex.filters[1] },
      ];
      for (const [plane, { pair, filter }] of planes.entries()) {
        for (const [at, value] of (filter as Float64Array).entries()) {
          if (value === 0) continue;
          const row = pair.top - window.top + Math.floor(at / pair.width);
          const column = pair.left - window.left + (at % pair.width);
          if (row < 0 || column < 0 || row >= windowPx || column >= windowPx) {
            throw new RangeError(`The receptive field of unit ${index} leaves its window.`);
          }
          weights[((w * windowPx + row) * windowPx + column) * columns + plane * unitsPerWindow + k] = value;
        }
      }
    }
  }
  return weights;
}

/** The square of the raster that holds all windows: first row and column, and side, in pixels. */
const central = (() => {
  const edges = windowClasses.flatMap(({ windowPx, windows }) =>
    windows.flatMap(({ left, top }) => [left, top, left + windowPx, top + windowPx]),
  );
  const from = Math.min(...edges);
  return { from, side: Math.max(...edges) - from };
})();

/** s·√((½ + v²)/(L + v²)) on the central square. Averaging by matrix products is five times as fast as by Conv here. */
function addContrastGain(builder: GraphBuilder, contrast: string, spatialAxes: string): string {
  const { from, side } = central;
  const scalar = (name: string, value: number) => builder.constant(name, 'float32', [], [value]);
  const ints = (name: string, values: readonly number[]) =>
    builder.constant(name, 'int64', [values.length], values.map(BigInt));
  const rows = averagingMatrix(from, side);
  const columns = Float32Array.from(rows, (_, at) => rows[(at % side) * sizePx + Math.floor(at / side)] as number);
  const acrossRows = builder.constant('gain_rows', 'float32', [side, sizePx], Float32Array.from(rows));
  const acrossColumns = builder.constant('gain_columns', 'float32', [sizePx, side], columns);
  const squared = builder.node('Mul', [contrast, contrast], {}, 'contrast_power');
  const byColumn = builder.node('MatMul', [squared, acrossColumns], {}, 'contrast_power_by_column');
  const local = builder.node('MatMul', [acrossRows, byColumn], {}, 'local_contrast_power');
  const v2 = gainContrast * gainContrast;
  const raised = builder.node('Add', [local, scalar('gain_contrast_squared', v2)], {}, 'raised_contrast_power');
  const ratio = builder.node('Div', [scalar('gain_at_full_contrast', 0.5 + v2), raised], {}, 'gain_squared');
  const gain = builder.node('Sqrt', [ratio], {}, 'gain');
  const bounds = [ints('central_starts', [from, from]), ints('central_ends', [from + side, from + side])];
  const centre = builder.node('Slice', [contrast, ...bounds, spatialAxes], {}, 'central_contrast');
  return builder.node('Mul', [centre, gain], {}, 'adapted_contrast');
}

/**
 * Builds the forward graph. Input [batch, 1, 224, 224] luminance; outputs [batch, 256] per area, in spikes/s.
 *
 * @param normalisation with false the outputs are the energies a² themselves (no contrast gain, no pool, no spontaneous rate), for which
 * the best stimulus under a contrast constraint is known in closed form.
 */
export function buildGraph(population: Population, { normalisation }: { normalisation: boolean }): Graph {
  const builder = new GraphBuilder({ name: 'macaque_v1_gabor_energy' });
  const scalar = (name: string, value: number) => builder.constant(name, 'float32', [], [value]);
  const ints = (name: string, values: readonly number[]) =>
    builder.constant(name, 'int64', [values.length], values.map(BigInt));

  const stimulus = builder.input(inputTensor, 'float32', ['batch', 1, sizePx, sizePx]);
  const difference = builder.node('Sub', [stimulus, scalar('background', background)], {}, 'difference');
  const contrast = builder.node('Mul', [difference, scalar('per_background', 1 / background)], {}, 'contrast');

  const spatialAxes = ints('spatial_axes', [2, 3]);
  const signal = normalisation ? addContrastGain(builder, contrast, spatialAxes) : contrast;
  const origin = normalisation ? central.from : 0;
  const lastAxis = ints('last_axis', [2]);
  const parts = ['simple', 'even', 'odd'] as const;
  const linear: Record<(typeof parts)[number], string[]> = { simple: [], even: [], odd: [] };
  let offset = 0;
  for (const layout of windowClasses) {
    const { name, windowPx, windows, unitsPerWindow } = layout;
    const flat = ints(`${name}_flat`, [1, -1, windowPx * windowPx]);
    const patches = windows.map(({ left, top }, w) => {
      const starts = ints(`${name}_${w}_starts`, [top - origin, left - origin]);
      const ends = ints(`${name}_${w}_ends`, [top - origin + windowPx, left - origin + windowPx]);
      const slice = builder.node('Slice', [signal, starts, ends, spatialAxes], {}, `${name}_${w}_window`);
      return builder.node('Reshape', [slice, flat], {}, `${name}_${w}_pixels`);
    });
    const stacked =
      patches.length === 1 ? (patches[0] as string) : builder.node('Concat', patches, { axis: 0 }, `${name}_pixels`);
    const weights = builder.constant(
      `${name}_filters`,
      'float32',
      [windows.length, windowPx * windowPx, 3 * unitsPerWindow],
      windowWeights(layout, offset, population.filters),
    );
    const products = builder.node('MatMul', [stacked, weights], {}, `${name}_products`);
    const byStimulus = builder.node('Transpose', [products], { perm: [1, 0, 2] }, `${name}_by_stimulus`);
    const merged = ints(`${name}_merged`, [-1, windows.length * unitsPerWindow]);
    for (const [p, part] of parts.entries()) {
      const starts = ints(`${name}_${part}_start`, [p * unitsPerWindow]);
      const ends = ints(`${name}_${part}_end`, [(p + 1) * unitsPerWindow]);
      const slice = builder.node('Slice', [byStimulus, starts, ends, lastAxis], {}, `${name}_${part}_slice`);
      linear[part].push(builder.node('Reshape', [slice, merged], {}, `${name}_${part}`));
    }
    offset += windows.length * unitsPerWindow;
  }
  const joined = (part: (typeof parts)[number]) => builder.node('Concat', linear[part], { axis: 1 }, `${part}_linear`);
  const rectified = builder.node('Relu', [joined('simple')], {}, 'simple_rectified');
  const even = joined('even');
  const odd = joined('odd');
  const output = (area: Area) => (normalisation ? `${outputTensors[area]}_energy` : outputTensors[area]);
  const energies: Record<Area, string> = {
    'V1-simple': builder.node('Mul', [rectified, rectified], {}, output('V1-simple')),
    'V1-complex': builder.node(
      'Add',
      [builder.node('Mul', [even, even], {}, 'even_power'), builder.node('Mul', [odd, odd], {}, 'odd_power')],
      {},
      output('V1-complex'),
    ),
  };
  if (normalisation) addNormalisation(builder, energies, population);
  for (const area of areas) builder.output(outputTensors[area], 'float32', ['batch', unitsPerArea]);
  builder.metadata('twinscope_px_per_degree', String(pxPerDeg));
  return builder.build();
}

/** b + scale·(a²)^(n/2) / (h + (P²)^(n/2)), P² = Σ w C². Energies are never negative, and x^1.5 has slope 0 at 0. */
function addNormalisation(builder: GraphBuilder, energies: Record<Area, string>, population: Population): void {
  const scalar = (name: string, value: number) => builder.constant(name, 'float32', [], [value]);
  const halfExponent = scalar('half_exponent', responseExponent / 2);
  const half = scalar('half_saturation', halfSaturation);
  const scale = scalar('rate_scale', rateScale);
  const spontaneous = scalar('spontaneous_rate', spontaneousRate);
  for (const area of areas) {
    const name = outputTensors[area];
    const cells = population.filters['V1-complex'];
    const pool = builder.constant(
      `${name}_pool`,
      'float32',
      [cells.length, unitsPerArea],
      Float32Array.from(poolWeights(population.filters[area], cells)),
    );
    const pooled = builder.node('MatMul', [energies['V1-complex'], pool], {}, `${name}_pooled_energy`);
    const pooledPower = builder.node('Pow', [pooled, halfExponent], {}, `${name}_pooled_power`);
    const denominator = builder.node('Add', [pooledPower, half], {}, `${name}_denominator`);
    const power = builder.node('Pow', [energies[area], halfExponent], {}, `${name}_power`);
    const ratio = builder.node('Div', [power, denominator], {}, `${name}_ratio`);
    const driven = builder.node('Mul', [ratio, scale], {}, `${name}_driven`);
    builder.node('Add', [driven, spontaneous], {}, name);
  }
}
