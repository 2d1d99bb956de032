/** Sessions and the cache of optimised graphs, with a model that is large enough to be cached. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { GraphBuilder, writeGraph } from '../../onnx/index.ts';
import { Random } from '../../platform/random.ts';
import { beginGraph, findGraph, graphCacheFile, keepGraph, leastCachedBytes } from './graphCache.ts';
import { createOrtSession, runtimeVersion } from './ortSession.ts';

const base = mkdtempSync(path.join(os.tmpdir(), 'twinscope-graphs-'));
let folder = '';
let folders = 0;
beforeEach(() => {
  folder = path.join(base, String(folders++));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** Convolutions with 16 channels, whose weights the optimiser reorders, and a matrix that makes the model large. */
function largeModel(seed: number): Uint8Array {
  const random = Random.fromSeed(seed, 'large model');
  const normal = (n: number) => Float32Array.from({ length: n }, () => random.normal());
  const builder = new GraphBuilder();
  builder.input('x', 'float32', ['batch', 1, 64, 64]);
  const kernels = builder.constant('kernels', 'float32', [16, 1, 3, 3], normal(144));
  const more = builder.constant('more', 'float32', [32, 16, 3, 3], normal(4608));
  const first = builder.node('Relu', [builder.node('Conv', ['x', kernels], { kernel_shape: [3, 3] })]);
  const second = builder.node('Relu', [builder.node('Conv', [first, more], { kernel_shape: [3, 3], strides: [2, 2] })]);
  const flat = builder.node('Flatten', [second], { axis: 1 });
  const columns = 32 * 30 * 30;
  const rows = Math.ceil(leastCachedBytes / 4 / columns);
  const readout = builder.constant('readout', 'float32', [columns, rows], new Float32Array(columns * rows).fill(1e-3));
  builder.node('MatMul', [flat, readout], {}, 'y');
  builder.output('y', 'float32', ['batch', rows]);
  return writeGraph(builder.build());
}

const model = largeModel(1);
const cacheFileFor = (sha256: string): string =>
  graphCacheFile(folder, { sha256, kind: 'forward', device: 'cpu', runtimeVersion });
const picture = new ort.Tensor(
  'float32',
  Float32Array.from({ length: 3 * 64 * 64 }, (_, i) => Math.sin(i)),
  [3, 1, 64, 64],
);

async function responses(bytes: Uint8Array, cacheFile: string | null): Promise<Float32Array> {
  const session = await createOrtSession({ model: bytes, device: 'cpu', threads: 1, title: 'a twin', cacheFile });
  const { y } = await session.run({ x: picture });
  await session.release();
  return (y as ort.Tensor).data as Float32Array;
}

test('the first creation keeps the optimised graph, and sessions from it give the same bits', async () => {
  const expected = await responses(model, null);
  const cacheFile = cacheFileFor('a'.repeat(64));
  expect(await responses(model, cacheFile)).toEqual(expected);
  const names = readdirSync(folder);
  expect(names).toHaveLength(1);
  expect(names[0]).toMatch(/^a{32}-forward-[\d.]+-cpu-[0-9a-f]{8}-[0-9a-f]{8}\.[0-9a-f]{8}\.onnx$/);
  const file = path.join(folder, names[0] as string);
  const written = statSync(file).ino;
  expect(await responses(model, cacheFile)).toEqual(expected);
  expect(readdirSync(folder)).toEqual(names);
  expect(statSync(file).ino).toBe(written);
});

test('damaged, truncated and meaningless cache files are thrown away and made again', async () => {
  const cacheFile = cacheFileFor('c'.repeat(64));
  const expected = await responses(model, cacheFile);
  const only = (): string => path.join(folder, readdirSync(folder)[0] as string);
  const whole = readFileSync(only());
  const flipped = Buffer.from(whole);
  const at = Math.floor(whole.length / 2);
  flipped[at] = (flipped[at] as number) ^ 0x40;
  for (const damaged of [flipped, whole.subarray(0, whole.length / 3), Buffer.alloc(0)]) {
    writeFileSync(only(), damaged);
    expect(await responses(model, cacheFile)).toEqual(expected);
    expect(readdirSync(folder)).toHaveLength(1);
    expect(readFileSync(only()).equals(whole)).toBe(true);
  }
});

test('a file with the right checksum that is no graph is thrown away too', async () => {
  const cacheFile = path.join(folder, 'graph');
  const part = beginGraph(cacheFile) as string;
  writeFileSync(part, 'not a graph');
  keepGraph(part, cacheFile);
  expect(findGraph(cacheFile)).not.toBeNull();
  const modelFile = path.join(base, 'model.onnx');
  writeFileSync(modelFile, model);
  const session = await createOrtSession({
    model: modelFile,
    device: 'cpu',
    threads: 1,
    title: 'a twin',
    cacheFile,
  });
  const { y } = await session.run({ x: picture });
  await session.release();
  expect((y as ort.Tensor).data).toEqual(await responses(model, null));
  expect(readdirSync(folder)).toHaveLength(1);
});

test('another model under the same name is not mistaken for the cached one', async () => {
  const cacheFile = cacheFileFor('d'.repeat(64));
  const first = await responses(model, cacheFile);
  const other = largeModel(2);
  const second = await responses(other, cacheFile);
  expect(second).not.toEqual(first);
  expect(second).toEqual(await responses(other, null));
});

test('small models are not kept, and a folder that cannot be written does no harm', async () => {
  const builder = new GraphBuilder();
  builder.input('x', 'float32', ['batch', 1, 64, 64]);
  builder.node('Neg', ['x'], {}, 'y');
  builder.output('y', 'float32', null);
  const small = writeGraph(builder.build());
  const negated = await responses(small, cacheFileFor('e'.repeat(64)));
  expect(negated[1]).toBeCloseTo(-Math.sin(1), 6);
  expect(() => readdirSync(folder)).toThrow('ENOENT');

  writeFileSync(folder, 'a file where the folder should be');
  expect(await responses(model, cacheFileFor('f'.repeat(64)))).toEqual(await responses(model, null));
});

test('the graphs used longest ago make room, and parts of dead processes go', () => {
  const kept = (name: string): string => {
    const cacheFile = path.join(folder, name);
    const part = beginGraph(cacheFile) as string;
    writeFileSync(part, Buffer.alloc(1000, name));
    keepGraph(part, cacheFile, 2500);
    return cacheFile;
  };
  const hoursAgo = (hours: number): Date => new Date(Date.now() - hours * 3_600_000);
  const [first, second] = [kept('first'), kept('second')];
  utimesSync(findGraph(second) as string, hoursAgo(2), hoursAgo(2));
  // Finding it is using it.
  expect(findGraph(first)).not.toBeNull();
  const stale = beginGraph(path.join(folder, 'stale')) as string;
  writeFileSync(stale, 'x');
  utimesSync(stale, hoursAgo(3), hoursAgo(3));
  utimesSync(
    path.join(folder, readdirSync(folder).find((name) => name.startsWith('second')) as string),
    hoursAgo(2),
    hoursAgo(2),
  );
  const third = kept('third');
  expect([first, second, third].map((file) => findGraph(file) !== null)).toEqual([true, false, true]);
  expect(readdirSync(folder)).not.toContain(path.basename(stale));
});

test('a model that cannot be loaded is refused with a sentence', async () => {
  const broken = { model: Buffer.from('nothing'), device: 'cpu', threads: 1, title: 'Broken twin' } as const;
  await expect(createOrtSession(broken)).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringMatching(/^ONNX Runtime could not load Broken twin: .+\. Nothing was changed\./),
  });
});
