/** The derived gradient of every area of the built-in motion twin, over a whole clip. */
import * as ort from 'onnxruntime-node';
import { beforeAll, expect, it } from 'vitest';
import { buildModel } from '../../models/primate-motion-v1-mt/index.ts';
import { areas, areaTraits, unitsOf } from '../../models/primate-motion-v1-mt/parameters.ts';
import { clipOf, frames, sizePx } from '../../models/primate-motion-v1-mt/testing/bench.ts';
import { checkGradient, deriveVjp } from '../autodiff/index.ts';
import { readGraph, writeGraph } from '../onnx/index.ts';

let model: Uint8Array;
/** A plaid and a fixed flicker of every pixel, so that many cells answer. */
const clip = clipOf([
  { directionDeg: 20, cpd: 1.1, hz: 6, contrast: 0.2 },
  { directionDeg: 140, cpd: 1.1, hz: 6, contrast: 0.2 },
]).map((value, i) => value + 0.2 * (((i * i * 0.6180339887498949) % 1) - 0.5));

beforeAll(() => {
  model = buildModel();
}, 60_000);

it.each(areas)(
  '%s: agrees with finite differences on a clip',
  async (area) => {
    const output = areaTraits[area].tensor;
    const vjp = deriveVjp(readGraph(model), { wrt: 'stimulus', outputs: [output] });
    const session = await ort.InferenceSession.create(writeGraph(vjp.graph), { intraOpNumThreads: 2 });
    const run = async (x: Float32Array, cotangent: Float32Array) =>
      session.run({
        stimulus: new ort.Tensor('float32', x, [1, 1, frames, sizePx, sizePx]),
        [vjp.cotangents[output]]: new ort.Tensor('float32', cotangent, [1, unitsOf(area), frames]),
      });
    const values = (tensor: ort.Tensor | undefined) => (tensor as ort.Tensor).data as Float32Array<ArrayBuffer>;
    const cotangent = new Float32Array(unitsOf(area) * frames).fill(1 / unitsOf(area) / frames);
    const check = await checkGradient(
      {
        outputs: async (x) => values((await run(x, cotangent))[output]),
        gradient: async (x, c) => values((await run(x, c))[vjp.gradient]),
      },
      { x: clip, cotangent, seed: 1, smooth: vjp.smooth },
    );
    expect(check.sentence).toContain('agrees with finite differences');
    expect(check.verdict).toBe('verified');
    expect(check.gradientNorm).toBeGreaterThan(1e-6);
  },
  120_000,
);
