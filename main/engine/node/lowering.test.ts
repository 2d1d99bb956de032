import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { deriveVjp } from '../../autodiff/index.ts';
import { GraphBuilder, writeGraph, type Graph } from '../../onnx/index.ts';
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
  const { lowering, timed } = await measureLowering(graph, request, { device: 'cpu', batchSize: 2, load });
  const layers = timed.filter(({ what }) => what !== 'layout');
  expect(layers.map(({ forms }) => forms.map(({ form }) => form).toSorted())).toEqual([
    ['stuffed', 'transposed'],
    ['joint', 'phases', 'transposed'],
  ]);
  for (const { what, forms } of timed) {
    const times = forms.map(({ ms }) => ms);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times[0]).toBeGreaterThan(0);
    expect(what === 'layout' ? (lowering.blockedLayout ? 'blocked' : 'plain') : lowering.strided[what]).toBe(
      forms[0]!.form,
    );
  }
  expect(timed.find(({ what }) => what === 'layout')?.forms[0]?.form).toBe(
    lowering.blockedLayout ? 'blocked' : 'plain',
  );
  expect(deriveVjp(graph, { ...request, lowering }).graph.outputs).toHaveLength(2);
});

test('a graph with an open size beside the batch keeps the defaults for the whole', async () => {
  const builder = new GraphBuilder();
  builder.input('x', 'float32', ['batch', 16, 'height', 'width']);
  builder.constant('w', 'float32', [16, 16, 1, 1], new Float32Array(256).fill(0.1));
  builder.node('Relu', [builder.node('Conv', ['x', 'w'])], {}, 'y');
  builder.output('y', 'float32', ['batch', 16, 'height', 'width']);
  const request = { wrt: 'x', outputs: ['y'] };
  const { lowering, timed } = await measureLowering(builder.build(), request, { device: 'cpu', batchSize: 2, load });
  expect(timed).toEqual([]);
  expect(lowering).toEqual({ strided: {}, mask: 'hard-sigmoid', blockedLayout: true });
});
