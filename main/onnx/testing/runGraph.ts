/** Runs graphs in ONNX Runtime as they are written, without its optimiser. */
import { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node';
import { expect } from 'vitest';
import { Random } from '../../platform/random.ts';
import {
  elementCount,
  evaluateDim,
  inferShapes,
  opsetOf,
  prepareGraph,
  requiredInputs,
  typedArrayOf,
  makeTensor,
  writeGraph,
  type Graph,
  type Tensor,
} from '../index.ts';

export type Feeds = Record<string, Tensor>;

export interface Result {
  dims: number[];
  type: string;
  data: number[];
}

export async function runGraph(graph: Graph, feeds: Feeds): Promise<Record<string, Result>> {
  const session = await InferenceSession.create(writeGraph(graph), {
    graphOptimizationLevel: 'disabled',
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  try {
    const given = Object.entries(feeds).map(([name, tensor]) => [
      name,
      new RuntimeTensor(tensor.dtype as 'float32', typedArrayOf(tensor) as Float32Array, tensor.shape),
    ]);
    const results = await session.run(Object.fromEntries(given));
    return Object.fromEntries(
      Object.entries(results).map(([name, { dims, type, data }]) => [
        name,
        { dims: [...dims], type, data: Array.from(data as ArrayLike<number | bigint>, Number) },
      ]),
    );
  } finally {
    await session.release();
  }
}

/** Normally distributed values for float inputs, small integers and coin flips for others. */
export function randomFeeds(graph: Graph, sizes: Readonly<Record<string, number>>, seed = 3): Feeds {
  const random = Random.fromSeed(seed, 'feeds');
  const feeds: Feeds = {};
  for (const { name, dtype, shape } of requiredInputs(graph)) {
    const dims = (shape ?? []).map((dim) => evaluateDim(dim, sizes)!);
    const values = Array.from({ length: elementCount(dims) }, () =>
      dtype === 'float32' ? random.normal() : random.int(2),
    );
    feeds[name] = makeTensor(dtype as 'float32', dims, values);
  }
  return feeds;
}

/**
 * Prepares a graph and expects the runtime to find the same outputs, in opset 18, with the graph given unchanged and
 * the inferred types true. Returns the prepared graph.
 */
export async function expectSame(
  graph: Graph,
  sizes: Readonly<Record<string, number>> = {},
  tolerance = 2e-6,
): Promise<Graph> {
  const before = structuredClone(graph);
  const prepared = prepareGraph(graph);
  expect(graph).toEqual(before);
  expect([opsetOf(prepared), prepared.functions]).toEqual([18, []]);
  const feeds = randomFeeds(graph, sizes);
  const [expected, found] = [await runGraph(graph, feeds), await runGraph(prepared, feeds)];
  expect(Object.keys(found)).toEqual(Object.keys(expected));
  const types = inferShapes(prepared);
  for (const [name, { dims, type, data }] of Object.entries(expected)) {
    expect([found[name]!.dims, found[name]!.type]).toEqual([dims, type]);
    const inferred = types.get(name);
    if (inferred) expect(inferred.shape.map((dim) => evaluateDim(dim, sizes) ?? -1)).toEqual(dims);
    const scale = data.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-9);
    const worst = data.reduce((most, value, at) => Math.max(most, Math.abs(value - found[name]!.data[at]!)), 0);
    expect(worst / scale).toBeLessThanOrEqual(tolerance);
  }
  return prepared;
}
