/** The derived gradient of every area of the built-in ventral hierarchy. */
import * as ort from 'onnxruntime-node';
import { beforeAll, expect, it } from 'vitest';
import { deadLeaves } from '../../models/macaque-ventral-hierarchy/images.ts';
import { buildModel } from '../../models/macaque-ventral-hierarchy/index.ts';
import { areas, sizePx, unitsPerArea } from '../../models/macaque-ventral-hierarchy/parameters.ts';
import { checkGradient, deriveVjp } from '../autodiff/index.ts';
import { readGraph, writeGraph } from '../onnx/index.ts';
import { Random } from '../platform/random.ts';

let model: Uint8Array;
const picture = Float32Array.from(deadLeaves(Random.fromSeed(4, 'picture of a test')));

beforeAll(() => {
  model = buildModel();
});

it.each(areas)('%s: agrees with finite differences on a picture', async (area) => {
  const output = area.toLowerCase();
  const vjp = deriveVjp(readGraph(model), { wrt: 'stimulus', outputs: [output] });
  const session = await ort.InferenceSession.create(writeGraph(vjp.graph), { intraOpNumThreads: 2 });
  const image = (x: Float32Array) => new ort.Tensor('float32', x, [1, 1, sizePx, sizePx]);
  const run = async (x: Float32Array, cotangent: Float32Array) =>
    session.run({
      stimulus: image(x),
      [vjp.cotangents[output]]: new ort.Tensor('float32', cotangent, [1, unitsPerArea[area]]),
    });
  const values = (tensor: ort.Tensor | undefined) => (tensor as ort.Tensor).data as Float32Array<ArrayBuffer>;
  const cotangent = new Float32Array(unitsPerArea[area]).fill(1 / unitsPerArea[area]);
  const check = await checkGradient(
    {
      outputs: async (x) => values((await run(x, cotangent))[output]),
      gradient: async (x, c) => values((await run(x, c))[vjp.gradient]),
    },
    { x: picture, cotangent, seed: 1, smooth: vjp.smooth },
  );
  expect(check.sentence).toContain('agrees with finite differences');
  expect(check.verdict).toBe('verified');
  expect(check.gradientNorm).toBeGreaterThan(1e-4);
});
