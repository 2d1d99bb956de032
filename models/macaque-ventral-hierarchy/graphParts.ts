/** Small pieces that both halves of the graph are made of. */
import type { GraphBuilder } from '../../main/onnx/index.ts';

export interface Parts {
  builder: GraphBuilder;
  scalar(name: string, value: number): string;
  ints(name: string, values: readonly number[]): string;
  /** Elements from … to of one axis. */
  slice(value: string, axis: number, from: number, to: number, name: string): string;
  /** [batch, …] as [batch, size], then the elements at `places`, as the output `name`. */
  pick(value: string, size: number, places: readonly number[], name: string): string;
}

export function partsOf(builder: GraphBuilder): Parts {
  const ints = (name: string, values: readonly number[]) =>
    builder.constant(name, 'int64', [values.length], values.map(BigInt));
  return {
    builder,
    ints,
    scalar: (name, value) => builder.constant(name, 'float32', [], [value]),
    slice: (value, axis, from, to, name) =>
      builder.node(
        'Slice',
        [value, ints(`${name}_from`, [from]), ints(`${name}_to`, [to]), ints(`${name}_axis`, [axis])],
        {},
        name,
      ),
    pick(value, size, places, name) {
      const flat = builder.node('Reshape', [value, ints(`${name}_flat_shape`, [-1, size])], {}, `${name}_flat`);
      return builder.node('Gather', [flat, ints(`${name}_units`, places)], { axis: 1 }, name);
    },
  };
}

/** Filters of several sizes as convolution weights [filters, 1, size, size], each in the middle. */
export function convolutionWeights(filters: readonly Float64Array[], sizePx: number): Float32Array<ArrayBuffer> {
  const weights = new Float32Array(filters.length * sizePx * sizePx);
  for (const [f, filter] of filters.entries()) {
    const ownPx = Math.sqrt(filter.length);
    const border = (sizePx - ownPx) / 2;
    for (const [at, value] of filter.entries()) {
      const row = Math.floor(at / ownPx) + border;
      weights[(f * sizePx + row) * sizePx + (at % ownPx) + border] = value;
    }
  }
  return weights;
}

/** `rows` × `columns` as `columns` × `rows`. */
export function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: matrix.length }, (_, at) => matrix[(at % rows) * columns + Math.floor(at / rows)]);
}
