import { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { GraphBuilder, writeGraph } from '../../onnx/index.ts';
import { deriveVjp } from '../index.ts';

test('no gradient is lost where many samples read the same elements and several threads work', async () => {
  const [rows, width, reads] = [4, 64, 40_000];
  const builder = new GraphBuilder();
  builder.input('x', 'float32', [rows, width]);
  builder.input('places', 'int64', [reads]);
  builder.node('Gather', ['x', 'places'], { axis: 0 }, 'y');
  builder.output('y', 'float32', [reads, width]);
  const vjp = deriveVjp(builder.build(), { wrt: 'x', outputs: ['y'] });
  const session = await InferenceSession.create(writeGraph(vjp.graph), { intraOpNumThreads: 4, logSeverityLevel: 3 });
  const results = await session.run({
    x: new RuntimeTensor('float32', new Float32Array(rows * width), [rows, width]),
    places: new RuntimeTensor(
      'int64',
      BigInt64Array.from({ length: reads }, (_, index) => BigInt(index % rows)),
      [reads],
    ),
    [vjp.cotangents['y']!]: new RuntimeTensor('float32', new Float32Array(reads * width).fill(1), [reads, width]),
  });
  await session.release();
  const gradient = results[vjp.gradient]!.data as Float32Array;
  expect(new Set(gradient)).toEqual(new Set([reads / rows]));
});
