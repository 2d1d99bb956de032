/** The twin as an ONNX graph: windows × filters → temporal filters → opponent energy → normalisation → MT. */
import { GraphBuilder, type Graph } from '../../main/onnx/index.ts';
import { filterPair, temporalClasses, type TemporalClass } from './filters.ts';
import {
  areaTraits,
  axesPerPlace,
  background,
  fastOrder,
  frames,
  mtAreas,
  mtBaseline,
  mtCount,
  mtSemiSaturation,
  places,
  pxPerDeg,
  sensorCount,
  sizePx,
  slowOrder,
  spatialFrequencies,
  v1Count,
  v1SemiSaturation,
  windowOrigin,
  type MotionSensor,
  type Population,
} from './parameters.ts';
import { filterTaps } from './temporal.ts';
import type { Weights } from './weights.ts';

export const inputTensor = 'stimulus';
/** Energy of the positive less that of the negative direction of every sensor, and their sum: [batch, sensors, time]. */
export const opponentTensor = 'opponent_energy';
export const totalTensor = 'total_energy';

/** Windows of the picture, by spatial frequency and then place. */
const windowCount = spatialFrequencies.length * places;

class MotionGraph {
  readonly builder = new GraphBuilder({ name: 'primate_motion_v1_mt' });
  readonly #population: Population;
  readonly #classes: TemporalClass[];

  constructor(population: Population) {
    this.#population = population;
    this.#classes = temporalClasses(population);
  }

  scalar(name: string, value: number): string {
    return this.builder.constant(name, 'float32', [], [value]);
  }

  ints(name: string, values: readonly number[]): string {
    return this.builder.constant(name, 'int64', [values.length], values.map(BigInt));
  }

  matrix(name: string, rows: number, columns: number, values: Float64Array): string {
    return this.builder.constant(name, 'float32', [rows, columns], Float32Array.from(values));
  }

  #sensor(window: number, temporalClass: number, axis: number): MotionSensor {
    const index = (window * this.#classes.length + temporalClass) * axesPerPlace + axis;
    return this.#population.sensors[index] as MotionSensor;
  }

  /** Filters of a window as [pixels, temporal classes × 2 × axes], cosines before sines. */
  #windowFilters(window: number, size: number): Float32Array<ArrayBuffer> {
    const columns = this.#classes.length * 2 * axesPerPlace;
    const weights = new Float32Array(size * size * columns);
    for (const [t, temporalClass] of this.#classes.entries()) {
      for (let axis = 0; axis < axesPerPlace; axis++) {
        const { even, odd } = filterPair(this.#sensor(window, t, axis), temporalClass);
        for (const [part, filter] of [even, odd].entries()) {
          const column = (t * 2 + part) * axesPerPlace + axis;
          for (const [pixel, value] of filter.entries()) weights[pixel * columns + column] = value;
        }
      }
    }
    return weights;
  }

  /** Filtered pictures as [temporal classes, 2 (cosine, sine), batch × windows × axes, time]. */
  spatialStage(): string {
    const { builder } = this;
    const stimulus = builder.input(inputTensor, 'float32', ['batch', 1, frames, sizePx, sizePx]);
    const difference = builder.node('Sub', [stimulus, this.scalar('background', background)], {}, 'difference');
    const scaled = builder.node('Mul', [difference, this.scalar('per_background', 1 / background)], {}, 'scaled');
    const clip = this.ints('clip_shape', [-1, frames, sizePx, sizePx]);
    const contrast = builder.node('Reshape', [scaled, clip], {}, 'contrast');
    const axes = this.ints('picture_axes', [2, 3]);
    const products: string[] = [];
    for (let window = 0; window < windowCount; window++) {
      const { left, top, size } = windowOrigin(Math.floor(window / places), window % places);
      const name = `window_${window}`;
      const starts = this.ints(`${name}_starts`, [top, left]);
      const ends = this.ints(`${name}_ends`, [top + size, left + size]);
      const slice = builder.node('Slice', [contrast, starts, ends, axes], {}, `${name}_slice`);
      const flat = this.ints(`${name}_flat`, [-1, frames, size * size]);
      const pixels = builder.node('Reshape', [slice, flat], {}, `${name}_pixels`);
      const columns = this.#classes.length * 2 * axesPerPlace;
      const filters = this.#windowFilters(window, size);
      const weights = builder.constant(`${name}_filters`, 'float32', [size * size, columns], filters);
      products.push(builder.node('MatMul', [pixels, weights], {}, `${name}_products`));
    }
    const joined = builder.node('Concat', products, { axis: 2 }, 'products');
    const split = this.ints('product_shape', [-1, frames, windowCount, this.#classes.length, 2, axesPerPlace]);
    const parts = builder.node('Reshape', [joined, split], {}, 'product_parts');
    const byClass = builder.node('Transpose', [parts], { perm: [3, 4, 0, 2, 5, 1] }, 'products_by_class');
    const courses = this.ints('course_shape', [this.#classes.length, 2, -1, frames]);
    return builder.node('Reshape', [byClass, courses], {}, 'spatial');
  }

  /** Causal filters as a matrix [frames, fast and slow frames] for each temporal class. */
  #temporalWeights(): string {
    const weights = new Float32Array(this.#classes.length * frames * 2 * frames);
    for (const [t, { k }] of this.#classes.entries()) {
      for (const [part, order] of [fastOrder, slowOrder].entries()) {
        const taps = filterTaps(order, k);
        for (let to = 0; to < frames; to++) {
          for (let from = 0; from <= to; from++) {
            weights[(t * frames + from) * 2 * frames + part * frames + to] = taps[to - from] as number;
          }
        }
      }
    }
    return this.builder.constant('temporal_filters', 'float32', [this.#classes.length, 1, frames, 2 * frames], weights);
  }

  /** Opponent and total energies, [batch, sensors, time] each. */
  energyStage(spatial: string): { opponent: string; total: string } {
    const { builder } = this;
    const filtered = builder.node('MatMul', [spatial, this.#temporalWeights()], {}, 'filtered');
    const axes = this.ints('part_axes', [1, 3]);
    const part = (name: string, phase: number, speed: number) => {
      const starts = this.ints(`${name}_starts`, [phase, speed * frames]);
      const ends = this.ints(`${name}_ends`, [phase + 1, (speed + 1) * frames]);
      return builder.node('Slice', [filtered, starts, ends, axes], {}, name);
    };
    const [evenFast, evenSlow] = [part('even_fast', 0, 0), part('even_slow', 0, 1)];
    const [oddFast, oddSlow] = [part('odd_fast', 1, 0), part('odd_slow', 1, 1)];
    const times = (a: string, b: string, name: string) => builder.node('Mul', [a, b], {}, name);
    // (even_slow + odd_fast)² + (even_fast − odd_slow)² less the same with the other signs, multiplied out.
    const along = times(evenSlow, oddFast, 'slow_fast');
    const against = times(evenFast, oddSlow, 'fast_slow');
    const quarter = builder.node('Sub', [along, against], {}, 'opponent_quarter');
    const squares = [evenFast, evenSlow, oddFast, oddSlow].map((name) => times(name, name, `${name}_power`));
    const half = squares.reduce((sum, square, i) => builder.node('Add', [sum, square], {}, `power_${i}`));
    const split = this.ints('energy_parts_shape', [this.#classes.length, -1, windowCount, axesPerPlace, frames]);
    const merged = this.ints('energy_shape', [-1, sensorCount, frames]);
    const perSensor = (energy: string, factor: number, name: string) => {
      const scaled = times(energy, this.scalar(`${name}_factor`, factor), `${name}_scaled`);
      const parts = builder.node('Reshape', [scaled, split], {}, `${name}_parts`);
      const ordered = builder.node('Transpose', [parts], { perm: [1, 2, 0, 3, 4] }, `${name}_ordered`);
      return builder.node('Reshape', [ordered, merged], {}, name);
    };
    return { opponent: perSensor(quarter, 4, opponentTensor), total: perSensor(half, 2, totalTensor) };
  }

  /** Rates of V1, [batch, units, time]. */
  v1Stage({ opponent, total }: { opponent: string; total: string }, pool: Float64Array): string {
    const { builder } = this;
    const squared = v1SemiSaturation * v1SemiSaturation;
    const weights = this.matrix('v1_pool_weights', sensorCount, sensorCount, pool);
    const pooled = builder.node('MatMul', [weights, total], {}, 'v1_pool');
    const divisor = builder.node('Add', [pooled, this.scalar('v1_floor', squared)], {}, 'v1_divisor');
    const scaled = builder.node('Mul', [opponent, this.scalar('v1_scale', 1 + squared)], {}, 'v1_scaled');
    const signed = builder.node('Div', [scaled, divisor], {}, 'v1_signed');
    const positive = builder.node('Relu', [signed], {}, 'v1_positive');
    const negative = builder.node('Relu', [builder.node('Neg', [signed], {}, 'v1_opposite')], {}, 'v1_negative');
    return builder.node('Concat', [positive, negative], { axis: 1 }, areaTraits.V1.tensor);
  }

  /** Rates of both areas of MT, [batch, units, time] each. */
  mtStage(v1: string, weights: Weights['mt']): void {
    const { builder } = this;
    const squared = mtSemiSaturation * mtSemiSaturation;
    const resting = this.scalar('mt_baseline', mtBaseline / (1 + mtBaseline));
    const powers = mtAreas.map((area) => {
      const { tensor } = areaTraits[area];
      const scaled = weights[area].drive.map((weight) => weight / (1 + mtBaseline));
      const matrix = this.matrix(`${tensor}_weights`, mtCount, v1Count, scaled);
      const summed = builder.node('MatMul', [matrix, v1], {}, `${tensor}_summed`);
      const drive = builder.node('Add', [summed, resting], {}, `${tensor}_drive`);
      const rectified = builder.node('Relu', [drive], {}, `${tensor}_rectified`);
      return builder.node('Mul', [rectified, rectified], {}, `${tensor}_power`);
    });
    const all = builder.node('Concat', powers, { axis: 1 }, 'mt_power');
    const floor = this.scalar('mt_floor', squared);
    const scale = this.scalar('mt_scale', 1 + squared);
    for (const [i, area] of mtAreas.entries()) {
      const { tensor } = areaTraits[area];
      const columns = mtAreas.length * mtCount;
      const matrix = this.matrix(`${tensor}_pool_weights`, mtCount, columns, weights[area].pool);
      const pool = builder.node('MatMul', [matrix, all], {}, `${tensor}_pool`);
      const divisor = builder.node('Add', [pool, floor], {}, `${tensor}_divisor`);
      const scaled = builder.node('Mul', [powers[i] as string, scale], {}, `${tensor}_scaled`);
      builder.node('Div', [scaled, divisor], {}, tensor);
    }
  }
}

/** Builds the forward graph. Input [batch, 1, 64, 64, 64] luminance (time, height, width); outputs [batch, units, 64]. */
export function buildGraph(population: Population, weights: Weights): Graph {
  const graph = new MotionGraph(population);
  const v1 = graph.v1Stage(graph.energyStage(graph.spatialStage()), weights.pool);
  graph.mtStage(v1, weights.mt);
  graph.builder.output(v1, 'float32', ['batch', v1Count, frames]);
  for (const area of mtAreas) graph.builder.output(areaTraits[area].tensor, 'float32', ['batch', mtCount, frames]);
  graph.builder.metadata('twinscope_px_per_degree', String(pxPerDeg));
  return graph.builder.build();
}
