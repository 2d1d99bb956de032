import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { deriveVjp } from '../../autodiff/index.ts';
import { GraphBuilder, writeGraph, type Graph } from '../../onnx/index.ts';
import { requireMemory } from '../memory.ts';
import { measureLowering, type Feed, type MeasuredModel } from './lowering.ts';

function network(): Graph {
  const builder = new GraphBuilder();
  builder.input('x', 'float32', ['batch', 16, 16, 16]);
  const weights = (name: string, shape: number[]): string =>
    builder.constant(
      name,
      'float32',
      shape,
      Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, i) => Math.sin(i) / 8),
    );
  const first = builder.node('Relu', [
    builder.node('Conv', ['x', weights('w1', [32, 16, 3, 3])], {
      kernel_shape: [3, 3],
      strides: [2, 2],
      pads: [1, 1, 1, 1],
    }),
  ]);
  builder.node('Relu', [builder.node('Conv', [first, weights('w2', [32, 32, 1, 1])], { strides: [2, 2] })], {}, 'y');
  builder.output('y', 'float32', ['batch', 32, 4, 4]);
  return builder.build();
}

async function load(graph: Graph): Promise<MeasuredModel> {
  const session = await ort.InferenceSession.create(writeGraph(graph), { logSeverityLevel: 3, intraOpNumThreads: 1 });
  return {
    run: (feeds: Record<string, Feed>) =>
      session.run(
        Object.fromEntries(
          Object.entries(feeds).map(([name, { shape, data }]) => [name, new ort.Tensor('float32', data, shape)]),
        ),
      ),
    release: () => session.release(),
  };
}

test('every form of every strided layer is timed, the quickest is chosen, and the choice is one that can be derived', async () => {
  const graph = network();
  const request = { wrt: 'x', outputs: ['y'] };
  const { lowering, timed } = await measureLowering(graph, request, {
    device: 'cpu',
    batchSize: 2,
    load,
    budgetMs: 60_000,
  });
  const layers = timed.filter(({ what }) => what !== 'layout');
  expect(layers.map(({ forms }) => forms.map(({ form }) => form).toSorted())).toEqual([
    ['stuffed', 'transposed'],
    ['joint', 'phases', 'transposed'],
  ]);
  for (const { what, forms } of timed) {
    const times = forms.map(({ ms }) => ms);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times[0]).toBeGreaterThan(0);
    const chosen = what === 'layout' ? (lowering.blockedLayout ? 'blocked' : 'plain') : lowering.strided[what];
    // The usual form stays unless another gains enough.
    expect(forms.find(({ form }) => form === chosen)?.ms).toBeLessThanOrEqual(1.05 * times[0]!);
  }
  expect(deriveVjp(graph, { ...request, lowering }).graph.outputs).toHaveLength(2);
});

test('a graph with an open size beside the batch keeps the defaults for the whole', async () => {
  const builder = new GraphBuilder();
  builder.input('x', 'float32', ['batch', 16, 'height', 'width']);
  builder.constant('w', 'float32', [16, 16, 1, 1], new Float32Array(256).fill(0.1));
  builder.node('Relu', [builder.node('Conv', ['x', 'w'])], {}, 'y');
  builder.output('y', 'float32', ['batch', 16, 'height', 'width']);
  const request = { wrt: 'x', outputs: ['y'] };
  const { lowering, timed } = await measureLowering(builder.build(), request, {
    device: 'cpu',
    batchSize: 2,
    load,
    budgetMs: 60_000,
  });
  expect(timed).toEqual([]);
  expect(lowering).toEqual({ strided: {}, mask: 'hard-sigmoid', blockedLayout: true });
});

test('a budget that is spent leaves the rest at its defaults and keeps what was found', async () => {
  const request = { wrt: 'x', outputs: ['y'] };
  const none = await measureLowering(network(), request, { device: 'cpu', batchSize: 2, load, budgetMs: 0 });
  expect(none).toEqual({ lowering: { strided: {}, mask: 'hard-sigmoid', blockedLayout: true }, timed: [] });
  const slow = async (graph: Graph): Promise<MeasuredModel> => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    return load(graph);
  };
  const first = await measureLowering(network(), request, { device: 'cpu', batchSize: 2, load: slow, budgetMs: 200 });
  expect(first.timed).toHaveLength(1);
  expect(Object.keys(first.lowering.strided)).toEqual([first.timed[0]?.what]);
});

test('forms that do not fit into memory are not timed', async () => {
  const refusing = async (graph: Graph): Promise<MeasuredModel> => {
    requireMemory('A form', { bytes: 2e9, weightBytes: 1e9, activationBytes: 0 }, 1e9, 2);
    return load(graph);
  };
  const request = { wrt: 'x', outputs: ['y'] };
  const found = await measureLowering(network(), request, {
    device: 'cpu',
    batchSize: 2,
    load: refusing,
    budgetMs: 60_000,
  });
  expect(found.timed).toEqual([]);
});
