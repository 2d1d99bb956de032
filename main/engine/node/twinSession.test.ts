import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GraphBuilder, writeGraph } from '../../onnx/index.ts';
import { Random } from '../../platform/random.ts';
import { openLibrary, type ResolvedTwin } from '../../twins/node/library.ts';
import { smallManifest } from '../../twins/testing/smallTwin.ts';
import { openTwinSession, type TwinSession } from './twinSession.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
let twin: ResolvedTwin;
let session: TwinSession;

beforeAll(async () => {
  const library = await openLibrary({
    folder: path.join(os.tmpdir(), `twinscope-session-${process.pid}`),
    builtInFolder: path.join(root, 'dist', 'twins'),
  });
  twin = await library.resolve('macaque-v1-gabor-energy');
  session = await openTwinSession(twin, { device: 'cpu', batchSize: 4, threads: 1 });
});
afterAll(() => session.release());

function noise(n: number, seed: number): Float32Array {
  const random = Random.fromSeed(seed, 'session test');
  return Float32Array.from({ length: n * session.field.sizePx ** 2 }, () => random.uniform());
}

test('requests made at the same time are answered for their own pictures', async () => {
  const a = noise(4, 1);
  const b = noise(2, 2);
  const cotangent = new Float32Array(2 * session.unitCount).fill(1);
  const apart = [
    await session.responses(a, 4),
    (await session.gradient(b, 2, cotangent)).gradient,
    await session.responses(b, 2),
  ];
  const together = await Promise.all([
    session.responses(a, 4),
    session.gradient(b, 2, cotangent).then(({ gradient }) => gradient),
    session.responses(b, 2),
  ]);
  expect(together).toEqual(apart);
  expect(apart[0]?.slice(0, 8)).not.toEqual(apart[2]?.slice(0, 8));
});

test('pictures may be given in any batches: responses agree to float32 rounding, and equal batches to the bit', async () => {
  const images = noise(4, 3);
  const all = await session.responses(images, 4);
  expect(await session.responses(images, 4)).toEqual(all);
  const pixels = session.field.sizePx ** 2;
  for (let i = 0; i < 4; i++) {
    const alone = await session.responses(images.slice(i * pixels, (i + 1) * pixels), 1);
    alone.forEach((value, unit) => {
      const together = all[i * session.unitCount + unit] as number;
      expect(Math.abs(value - together)).toBeLessThanOrEqual(1e-5 * Math.abs(together));
    });
  }
});

test('a buffer may be filled anew while its request waits', async () => {
  const images = noise(1, 6);
  const expected = await session.responses(images, 1);
  const waiting = [session.responses(noise(4, 7), 4), session.responses(images, 1)];
  images.fill(0);
  expect((await Promise.all(waiting))[1]).toEqual(expected);
});

test('a session is released after the run that is under way', async () => {
  const other = await openTwinSession(twin, { device: 'cpu', batchSize: 4, threads: 1 });
  const images = noise(1, 8);
  const running = other.responses(images, 1);
  await other.release();
  expect(await running).toEqual(await session.responses(images, 1));
});

test('the gradient agrees with finite differences of the responses', async () => {
  const pixels = session.field.sizePx ** 2;
  const x = noise(1, 4);
  const random = Random.fromSeed(5, 'direction');
  const cotangent = Float32Array.from({ length: session.unitCount }, () => random.normal());
  const { gradient } = await session.gradient(x, 1, cotangent);
  const weighted = (responses: Float32Array): number =>
    responses.reduce((sum, value, i) => sum + value * (cotangent[i] as number), 0);
  const norm = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
  expect(norm).toBeGreaterThan(0);
  const errors: number[] = [];
  for (const step of [3e-3, 1e-2, 3e-2, 1e-1]) {
    const plus = x.slice();
    const minus = x.slice();
    for (let i = 0; i < pixels; i++) {
      const move = (step * (gradient[i] as number)) / norm;
      plus[i] = (plus[i] as number) + move;
      minus[i] = (minus[i] as number) - move;
    }
    const difference =
      (weighted(await session.responses(plus, 1)) - weighted(await session.responses(minus, 1))) / (2 * step);
    errors.push(Math.abs(difference - norm) / norm);
  }
  // The gradient's own direction, best of several steps, as every imported twin is judged (smooth: 1e-3).
  expect(Math.min(...errors)).toBeLessThan(1e-3);
});

/** Two units, the mean light of the upper and of the lower half of 4 × 4 pixels, as responses of another type. */
function halvesModel(dtype: 'float16' | 'float64'): Uint8Array {
  const builder = new GraphBuilder();
  const x = builder.input('x', 'float32', ['batch', 1, 4, 4]);
  const flat = builder.node('Reshape', [x, builder.constant('flat', 'int64', [2], [-1n, 16n])]);
  const weights = Array.from({ length: 32 }, (_, i) => (i % 2 === (i < 16 ? 0 : 1) ? 1 / 8 : 0));
  const light = builder.node('MatMul', [flat, builder.constant('w', 'float32', [16, 2], weights)]);
  builder.node('Cast', [light], { to: dtype === 'float16' ? 10 : 11 }, 'y');
  builder.output('y', dtype, ['batch', 2]);
  return writeGraph(builder.build());
}

test.each(['float16', 'float64'] as const)('responses in %s have a gradient', async (dtype) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-session-'));
  const modelFile = path.join(folder, 'model.onnx');
  writeFileSync(modelFile, halvesModel(dtype));
  const manifest = { ...smallManifest(), files: {} };
  const location = { id: dtype, version: '1.0.0', sha256: dtype, modelFile, manifest };
  const halves = await openTwinSession(location, { device: 'cpu', batchSize: 2, threads: 1 });
  // Every number here is a sum of few powers of two, which half precision holds exactly.
  const images = Float32Array.from({ length: 32 }, (_, i) => [0.25, 0.75, 1, 0.5][Math.floor(i / 8)] as number);
  const { responses, gradient } = await halves.gradient(images, 2, Float32Array.of(1, 2, -4, 0.5));
  expect(responses).toEqual(Float32Array.of(0.25, 0.75, 1, 0.5));
  expect(await halves.responses(images, 2)).toEqual(responses);
  expect(gradient).toEqual(
    Float32Array.from({ length: 32 }, (_, i) => ([1, 2, -4, 0.5][Math.floor(i / 8)] as number) / 8),
  );
  await halves.release();
  rmSync(folder, { recursive: true, force: true });
});
