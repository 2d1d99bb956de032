/** The derived gradient of the built-in mouse twin with respect to the clip, with behaviour and state held. */
import * as ort from 'onnxruntime-node';
import { expect, it } from 'vitest';
import { buildModel } from '../../models/mouse-v1-dynamic/index.ts';
import { gridSize, sizePx, unitCount } from '../../models/mouse-v1-dynamic/parameters.ts';
import { checkGradient, deriveVjp } from '../autodiff/index.ts';
import { readGraph, writeGraph } from '../onnx/index.ts';
import { Random } from '../platform/random.ts';

it('agrees with finite differences for a clip, away from the defaults of behaviour and state', async () => {
  // Twelve frames of the same recurrence: the whole clip takes three times as long and adds nothing new.
  const frames = 12;
  const vjp = deriveVjp(readGraph(buildModel({ frames })), { wrt: 'stimulus', outputs: ['responses'] });
  const session = await ort.InferenceSession.create(writeGraph(vjp.graph), { intraOpNumThreads: 1 });
  const random = Random.fromSeed(4, 'clip of a test');
  const checkPx = 8;
  const across = sizePx / checkPx;
  const checks = Array.from({ length: frames * across * across }, () => 0.3 + 0.4 * random.uniform());
  const clip = Float32Array.from({ length: frames * sizePx * sizePx }, (_, i) => {
    const [t, row, column] = [Math.floor(i / sizePx / sizePx), Math.floor(i / sizePx) % sizePx, i % sizePx];
    return checks[(t * across + Math.floor(row / checkPx)) * across + Math.floor(column / checkPx)] as number;
  });
  const behaviour = Float32Array.from([3.5, -2, 15, 1.2].flatMap((value) => Array<number>(frames).fill(value)));
  const state = Float32Array.from({ length: 102 * gridSize * gridSize }, () => 0.2 * random.uniform() - 0.1);
  const run = async (x: Float32Array, cotangent: Float32Array) =>
    session.run({
      stimulus: new ort.Tensor('float32', x, [1, 1, frames, sizePx, sizePx]),
      behaviour: new ort.Tensor('float32', behaviour, [1, 4, frames]),
      state: new ort.Tensor('float32', state, [1, 102, gridSize, gridSize]),
      [vjp.cotangents['responses'] as string]: new ort.Tensor('float32', cotangent, [1, unitCount, frames]),
    });
  const values = (tensor: ort.Tensor | undefined) => (tensor as ort.Tensor).data as Float32Array<ArrayBuffer>;
  // The mean over units of the last frame, and, with the other sign, of an earlier one.
  const cotangent = new Float32Array(unitCount * frames);
  for (let unit = 0; unit < unitCount; unit++) {
    cotangent[unit * frames + frames - 1] = 1 / unitCount;
    cotangent[unit * frames + 5] = -0.5 / unitCount;
  }
  const check = await checkGradient(
    {
      outputs: async (x) => values((await run(x, cotangent))['responses']),
      gradient: async (x, c) => values((await run(x, c))[vjp.gradient]),
    },
    { x: clip, cotangent, seed: 1, smooth: vjp.smooth },
  );
  expect(check.sentence).toContain('agrees with finite differences');
  expect(check.verdict).toBe('verified');
  expect(check.gradientNorm).toBeGreaterThan(1e-4);
  // Frames after the last one that counts have no say; all that come before have.
  const gradient = values(
    (
      await run(
        clip,
        new Float32Array(cotangent.length).map((_, i) => (i % frames === 5 ? 1 : 0)),
      )
    )[vjp.gradient],
  );
  const perFrame = Array.from({ length: frames }, (_, t) =>
    Math.hypot(...Array.from({ length: 64 }, (_u, i) => gradient[t * sizePx * sizePx + 100 * i] as number)),
  );
  expect(perFrame.slice(0, 6).every((norm) => norm > 0)).toBe(true);
  expect(perFrame.slice(6).every((norm) => norm === 0)).toBe(true);
}, 120_000);
