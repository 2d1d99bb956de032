/** Golden checks that packing makes or compares, with the model in a real compute process. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NamedArray, PackedTwin } from '../contract/twins.ts';
import { encodeGreyPicture, imageInput } from '../engine/inputAdapter.ts';
import { clip, clipDraft, clipResponses } from '../engine/testing/clipTwin.ts';
import { float, GraphBuilder, writeGraph } from '../onnx/index.ts';
import { silentLog } from '../platform/node/log.ts';
import { readChecks } from '../twins/node/checks.ts';
import {
  authorContents,
  smallChecks,
  snapshotOf,
  writeContents,
  type Contents,
} from '../twins/testing/authorFolder.ts';
import { smallManifest } from '../twins/testing/smallTwin.ts';
import { createBackend, type Backend } from './backend.ts';
import { goldenRasters } from './goldenChecks.ts';
import { spawnCompute } from './spawnCompute.ts';

const home = mkdtempSync(path.join(os.tmpdir(), 'twinscope-golden-'));
process.env['TWINSCOPE_HOME'] = home;
const own = (...parts: string[]): string => path.join(home, ...parts);
const signal = new AbortController().signal;
let backend: Backend;
beforeAll(async () => {
  mkdirSync(own('none'));
  mkdirSync(own('authors'));
  backend = await createBackend({ host: 'cli', spawnCompute, log: silentLog(), builtInTwins: own('none') });
});
afterAll(async () => {
  await backend.close();
  rmSync(home, { recursive: true, force: true });
});

let folders = 0;
async function pack(contents: Contents): Promise<PackedTwin> {
  const name = `author-${folders++}`;
  const folder = writeContents(own('authors', name), contents);
  return backend.handlers['library.pack']({ folder, out: own('authors', `${name}-package`) }, { signal });
}

/** The refusal, after which nothing new is there. */
async function refusal(contents: Contents): Promise<string> {
  const before = snapshotOf(own('library'));
  const error: unknown = await pack(contents).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: 'TwinscopeError' });
  expect(snapshotOf(own('library'))).toEqual(before);
  expect(readdirSync(own('authors')).filter((name) => name.startsWith(`author-${folders - 1}-`))).toEqual([]);
  return (error as Error).message;
}

/** As the small twin, with something done to its two means. */
function model(finish: (builder: GraphBuilder, means: string) => void): Contents {
  const builder = new GraphBuilder({ name: 'finished' });
  builder.input('x', 'float32', ['batch', 1, 4, 4]);
  const flat = builder.node('Reshape', ['x', builder.constant('flat', 'int64', [2], [-1n, 16n])]);
  const weights = Array.from({ length: 32 }, (_, i) => (i % 2 === (i < 16 ? 0 : 1) ? 1 / 8 : 0));
  finish(builder, builder.node('MatMul', [flat, builder.constant('w', 'float32', [16, 2], weights)]));
  builder.output('y', 'float32', ['batch', 2]);
  return { 'model.onnx': writeGraph(builder.build()) };
}

test('golden pictures are noise around mid-grey and a grating of 0.8 contrast, the same every time', () => {
  const px = 64;
  const rasters = goldenRasters(px);
  expect(goldenRasters(px)).toEqual(rasters);
  const [noise, grating] = [rasters.subarray(0, px * px), rasters.subarray(px * px)];
  for (const [picture, least, most] of [
    [noise, 0, 1],
    [grating, 0.1, 0.9],
  ] as const) {
    const mean = picture.reduce((sum, value) => sum + value, 0) / picture.length;
    expect(mean).toBeCloseTo(0.5, 1);
    expect(Math.min(...picture)).toBeGreaterThanOrEqual(least - 1e-6);
    expect(Math.max(...picture)).toBeLessThanOrEqual(most + 1e-6);
  }
  // Checks of 4 × 4 pixels.
  expect(noise[0]).toBe(noise[3 * px + 3]);
  expect(noise[0]).not.toBe(noise[4]);
  expect(Math.max(...grating) - Math.min(...grating)).toBeGreaterThan(0.75);
});

test('checks are the responses of the model to the golden pictures, encoded as it takes them', async () => {
  const packed = await pack(authorContents());
  expect(packed).toMatchObject({ goldenChecks: 'made', id: 'small-twin' });
  expect(packed.notices[0]).toMatch(/made on the CPU: 2 stimuli .* tolerance 1e-4 of the largest response/);
  const checks = await readChecks(path.join(packed.path, 'checks.npz'));
  const rasters = goldenRasters(4);
  expect(checks.inputs['x']).toEqual({ shape: [2, 1, 4, 4], data: rasters });
  // The units of the small twin are the means of the upper and of the lower half.
  const means = [0, 8, 16, 24].map((from) => rasters.subarray(from, from + 8).reduce((sum, v) => sum + v, 0) / 8);
  expect(checks.outputs['y']?.shape).toEqual([2, 2]);
  means.forEach((mean, at) => expect(checks.outputs['y']?.data[at]).toBeCloseTo(mean, 6));
});

test('a display-encoded input in 0 … 255 gets its golden pictures in that form', async () => {
  const [input] = smallManifest().inputs;
  const encoded = { ...input, encoding: 'srgb', range: [0, 255], mean: [10], std: [2] };
  const packed = await pack(authorContents({ inputs: [encoded] }));
  const { manifest } = await backend.services.library
    .import(packed.path)
    .then(({ id }) => backend.services.library.get(id));
  const { format } = imageInput(manifest);
  const wanted = new Float32Array(16);
  encodeGreyPicture(format, goldenRasters(4).subarray(0, 16), wanted);
  const checks = await readChecks(path.join(packed.path, 'checks.npz'));
  expect(checks.inputs['x']?.data.subarray(0, 16)).toEqual(wanted);
  const verified = await backend.handlers['library.verify']({ id: 'small-twin' }, { signal });
  expect(verified.reproduces).toMatchObject({ passed: true, maxError: 0 });
});

test('checks of the folder are compared, kept and refused where the model does not give them', async () => {
  const packed = await pack(authorContents({ id: 'checked' }, { 'checks.npz': smallChecks() }));
  expect(packed.goldenChecks).toBe('of the folder');
  expect(packed.notices[0]).toMatch(/\(1 stimulus\) come out on the CPU: largest error .* tolerance 1\.0e-4/);
  const wrong = smallChecks(({ outputs }) => outputs['y']?.data.set([0.9]));
  expect(await refusal(authorContents({}, { 'checks.npz': wrong }))).toMatch(
    /does not give the responses of its golden checks: the largest error is 1\.1e-1 .* take checks\.npz away/,
  );
});

test('a model in half precision gets a wider tolerance', async () => {
  const half = model((builder, means) => {
    const rounded = builder.node('Mul', [
      builder.node('Cast', [means], { to: 10 }),
      builder.node('Cast', [builder.constant('one', 'float32', [1], [1])], { to: 10 }),
    ]);
    builder.node('Cast', [rounded], { to: 1 }, 'y');
  });
  const { notices } = await pack(authorContents({ id: 'half' }, half));
  expect(notices[0]).toMatch(/tolerance 1e-2/);
});

test('a model whose answers are no numbers, or not the same twice, is refused', async () => {
  const negative = model((builder, means) => {
    builder.node('Log', [builder.node('Neg', [means])], {}, 'y');
  });
  expect(await refusal(authorContents({}, negative))).toMatch(
    /answers a golden stimulus with NaN \(area V1, unit u0\)\. Nothing was written\. Correct the model/,
  );
  const noisy = model((builder, means) => {
    builder.node('Add', [means, builder.node('RandomNormalLike', [means], { scale: float(1) })], {}, 'y');
  });
  expect(await refusal(authorContents({}, noisy))).toMatch(/differently each time .* says that Small twin is determ/);
  const capabilities = { inputGradient: 'none', deterministic: false, opset: 18 };
  const packed = await pack(authorContents({ id: 'noisy', capabilities }, noisy));
  expect(packed.goldenChecks).toBe('none');
  expect(packed.notices[0]).toMatch(/No golden checks were made.*Its manifest says that it answers/);
});

test('a twin that this version cannot feed is packed without checks, and says why', async () => {
  const builder = new GraphBuilder({ name: 'two inputs' });
  builder.input('x', 'float32', ['batch', 1, 4, 4]);
  builder.input('speed', 'float32', ['batch', 2]);
  const mean = builder.node('ReduceMean', ['x', builder.constant('axes', 'int64', [3], [1n, 2n, 3n])], { keepdims: 0 });
  const column = builder.node('Unsqueeze', [mean, builder.constant('last', 'int64', [1], [1n])]);
  builder.node('Add', [column, 'speed'], {}, 'y');
  builder.output('y', 'float32', ['batch', 2]);
  const [input] = smallManifest().inputs;
  const axes = [
    { name: 'batch', size: null },
    { name: 'channel', size: 2 },
  ];
  const inputs = [input, { tensor: 'speed', role: 'tokens', axes }];
  const packed = await pack(authorContents({ id: 'behaving', inputs }, { 'model.onnx': writeGraph(builder.build()) }));
  expect(packed.goldenChecks).toBe('none');
  expect(packed.notices[0]).toMatch(/No golden checks were made.*The input "speed" of .* takes tokens/);
});

test('a twin whose golden checks nobody could import is packed without any, and says why', async () => {
  const sizePx = 6000;
  const builder = new GraphBuilder({ name: 'vast' });
  builder.input('x', 'float32', ['batch', 1, sizePx, sizePx]);
  const mean = builder.node('ReduceMean', ['x', builder.constant('axes', 'int64', [2], [2n, 3n])], { keepdims: 0 });
  builder.node('Expand', [mean, builder.constant('size', 'int64', [2], [1n, 2n])], {}, 'y');
  builder.output('y', 'float32', ['batch', 2]);
  const inputs = smallManifest().inputs.map((input) => ({
    ...input,
    axes: input.axes.map((axis, at) => (at < 2 ? axis : { ...axis, size: sizePx })),
  }));
  const packed = await pack(authorContents({ id: 'vast', inputs }, { 'model.onnx': writeGraph(builder.build()) }));
  expect(packed.goldenChecks).toBe('none');
  // 2 × 6000² × 4 bytes of pictures, and 2 × 2 × 4 of responses.
  expect(packed.notices[0]).toMatch(
    /No golden checks were made.* 2 stimuli with their responses take 288 MB, and golden checks may have 268 MB\./,
  );
});

test('golden checks of a twin with clips, behaviour and a state hold them all, and come out', async () => {
  const { manifest, model } = clipDraft();
  const { inputs, outputs } = manifest;
  const packed = await pack(authorContents({ id: 'clips', inputs, outputs }, { 'model.onnx': model }));
  expect(packed.goldenChecks).toBe('made');
  const checks = await readChecks(path.join(packed.path, 'checks.npz'));
  expect(checks.inputs['behaviour']?.shape).toEqual([2, 2, clip.frames]);
  expect([...(checks.inputs['state']?.data ?? [])]).toEqual([0, 0]);
  const x = checks.inputs['x'] as NamedArray;
  const pixels = clip.sizePx ** 2;
  const lights = Array.from({ length: clip.frames }, (_, frame) => {
    const values = x.data.subarray(frame * pixels, (frame + 1) * pixels);
    return values.reduce((sum, value) => sum + value, 0) / pixels;
  });
  const { overTime } = clipResponses(lights, { state: 0, running: 0, pupil: 1 });
  for (const [at, value] of overTime.flat().entries()) expect(checks.outputs['y']?.data[at]).toBeCloseTo(value, 5);
});

test('a model that cannot run is refused', async () => {
  const unknown = model((builder, means) => {
    builder.nodes('Nonsense', [means], {}, ['y'], 'nobody');
  });
  expect(await refusal(authorContents({}, unknown))).toMatch(/Nonsense/);
});
