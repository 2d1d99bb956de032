/** Drawing ahead of inference: real threads, real photographs, a real session of a twin of a few bytes. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StimulusSpec } from '../../contract/stimuli.ts';
import type { TwinManifest } from '../../contract/twins.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { sha256Hex } from '../../platform/hash.ts';
import { Random } from '../../platform/random.ts';
import { encodeNpy } from '../../stimuli/npy.ts';
import { pictureFloats } from '../inputAdapter.ts';
import { colourManifest, colourModel } from '../testing/colourTwin.ts';
import { createDrawer, sourceOfSpec } from './pictures.ts';
import { createPipeline, type PipelineOptions } from './pipeline.ts';
import { createRasterPool, drawingThreads, type RasterPool } from './rasterPool.ts';
import type { FetchBytes } from './rasteriser.ts';
import { openTwinSession, type TwinSession } from './twinSession.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-pipeline-'));
const stored = new Map<string, Uint8Array>();
const pools: RasterPool[] = [];
let session: TwinSession;
let photographs: string[] = [];
let specs: StimulusSpec[] = [];

const keep = (bytes: Uint8Array): string => {
  const sha256 = sha256Hex(bytes);
  stored.set(sha256, bytes);
  return sha256;
};
const fetchBytes: FetchBytes = async (kind, sha256) => {
  const bytes = stored.get(sha256);
  if (bytes === undefined) throw new TwinscopeError('not-found', `This project holds no ${kind} "${sha256}".`);
  return bytes;
};
function pool(threads: number, workerUrl?: URL): RasterPool {
  const made = createRasterPool(workerUrl === undefined ? { threads } : { threads, workerUrl });
  pools.push(made);
  return made;
}
const pipeline = (options: Partial<PipelineOptions> & { pool: RasterPool }) =>
  createPipeline({ session, fetchBytes, ...options });

async function photograph(seed: number, format: 'jpeg' | 'png' | 'webp', channels: 3 | 4): Promise<string> {
  const random = Random.fromSeed(seed, 'pipeline photograph');
  const [width, height] = [20 + seed, 31 - seed];
  const raw = Uint8Array.from({ length: width * height * channels }, () => random.int(256));
  return keep(await sharp(raw, { raw: { width, height, channels } })[format]().toBuffer());
}
const image = (imageSha256: string, change: object = {}): StimulusSpec => ({
  type: 'image',
  imageSha256,
  sizeDeg: 2,
  fit: 'cover',
  xDeg: 0,
  yDeg: 0,
  ...change,
});

beforeAll(async () => {
  const modelFile = path.join(folder, 'model.onnx');
  writeFileSync(modelFile, colourModel());
  const manifest = colourManifest() as TwinManifest;
  const location = { id: manifest.id, version: manifest.version, sha256: '0'.repeat(64), modelFile, manifest };
  session = await openTwinSession(location, { device: 'cpu', batchSize: 3, threads: 1 });
  photographs = await Promise.all([
    photograph(1, 'jpeg', 3),
    photograph(2, 'png', 4),
    photograph(3, 'webp', 3),
    photograph(4, 'png', 3),
  ]);
  const raster = keep(
    encodeNpy(
      Float32Array.from({ length: 36 }, (_, i) => i / 36),
      [6, 6],
    ),
  );
  const place = { contrast: 0.9, xDeg: 0.1, yDeg: -0.2 };
  specs = [
    ...photographs.map((sha256) => image(sha256)),
    image(photographs[0] as string, { sizeDeg: 1.3, fit: 'contain', xDeg: 0.4 }),
    {
      type: 'grating',
      orientationDeg: 30,
      spatialFrequencyCpd: 1,
      phaseDeg: 10,
      diameterDeg: 1.5,
      edgeDeg: 0.2,
      ...place,
    },
    {
      type: 'gabor',
      orientationDeg: 70,
      spatialFrequencyCpd: 1.5,
      phaseDeg: 0,
      sigmaDeg: 0.4,
      aspectRatio: 2,
      ...place,
    },
    { type: 'noise', spectrum: 'pink', contrastRms: 0.2, diameterDeg: 1.8, edgeDeg: 0.1, xDeg: 0, yDeg: 0, seed: 7 },
    { type: 'raster', arraySha256: raster, sizeDeg: 1.5 },
    { type: 'blank' },
  ];
});
afterAll(async () => {
  await Promise.all(pools.map((made) => made.close()));
  await session.release();
  rmSync(folder, { recursive: true, force: true });
});

async function bytesFor(spec: StimulusSpec): Promise<Uint8Array | null> {
  const source = sourceOfSpec(spec);
  return source === null ? null : fetchBytes(source.kind, source.sha256);
}

/** Without threads: each picture drawn here, each batch run when it is complete. */
async function directly(stimuli: StimulusSpec[]): Promise<Float32Array> {
  const { field, format, settings } = session;
  const draw = createDrawer();
  const floats = pictureFloats(format);
  const all = new Float32Array(stimuli.length * session.unitCount);
  for (let first = 0; first < stimuli.length; first += settings.batchSize) {
    const batch = stimuli.slice(first, first + settings.batchSize);
    const pictures = new Float32Array(batch.length * floats);
    for (const [i, spec] of batch.entries()) {
      const out = pictures.subarray(i * floats, (i + 1) * floats);
      await draw({ spec, bytes: await bytesFor(spec), field, format }, out);
    }
    all.set(await session.run(pictures, batch.length), first * session.unitCount);
  }
  return all;
}

test('every kind of stimulus has the same bits from one thread, from three and from none', async () => {
  const { field, format } = session;
  const floats = pictureFloats(format);
  const formats = [format, { ...format, colour: false }, { ...format, curve: 'linear' as const, channelsLast: true }];
  for (const chosen of formats) {
    const drawn: Float32Array[] = [];
    for (const threads of [0, 1, 3]) {
      const out = new Float32Array(new SharedArrayBuffer(specs.length * floats * 4));
      const drawing = threads === 0 ? null : pool(threads);
      await Promise.all(
        specs.map(async (spec, i) => {
          const order = { spec, bytes: await bytesFor(spec), field, format: chosen };
          const place = out.subarray(i * floats, (i + 1) * floats);
          return drawing === null ? createDrawer()(order, place) : drawing.draw(order, place);
        }),
      );
      drawn.push(out);
    }
    expect(drawn[1]).toEqual(drawn[0]);
    expect(drawn[2]).toEqual(drawn[0]);
    expect(new Set(drawn[0]).size).toBeGreaterThan(200);
  }
});

test('responses in a stream are those of batches one after the other, for any cut into requests', async () => {
  const stimuli = [...specs, ...specs.toReversed(), ...specs];
  const expected = await directly(stimuli);
  const stream = pipeline({ pool: pool(2) });
  expect(await stream.responses(stimuli)).toEqual(expected);
  // Requests of whole batches, all made at once; then another after a pause.
  const parts = await Promise.all([0, 9, 18].map((first) => stream.responses(stimuli.slice(first, first + 9))));
  parts.push(await stream.responses(stimuli.slice(27)));
  expect(Float32Array.from(parts.flatMap((part) => [...part]))).toEqual(expected);
  expect(await stream.responses([])).toEqual(new Float32Array(0));
});

test('never more pictures are under way than fit into the batches ahead, and the buffers are used again', async () => {
  const batchesAhead = 2;
  const stimuli = Array.from({ length: 60 }, (_, i) => image(photographs[i % 4] as string));
  const most = (1 + batchesAhead) * session.settings.batchSize;
  let fetched = 0;
  let presented = 0;
  const ahead: number[] = [];
  const buffers = new Set<ArrayBufferLike>();
  const stream = pipeline({
    pool: pool(2),
    batchesAhead,
    fetchBytes: (kind, sha256) => {
      fetched += 1;
      ahead.push(fetched - presented);
      return fetchBytes(kind, sha256);
    },
    session: {
      ...session,
      run(pictures, n) {
        buffers.add(pictures.buffer);
        // What the threads are to draw during this run is with them already.
        expect(fetched).toBe(Math.min(stimuli.length, presented + most));
        presented += n;
        return session.run(pictures, n);
      },
    },
  });
  await stream.responses(stimuli);
  expect(fetched).toBe(stimuli.length);
  expect(Math.max(...ahead)).toBeLessThanOrEqual(most);
  expect(buffers.size).toBe(1 + batchesAhead);
});

test('bytes that wait to be decoded are bounded', async () => {
  const stimuli = Array.from({ length: 40 }, (_, i) => image(photographs[i % 4] as string));
  const threads = pool(1);
  let held = 0;
  const waiting: number[] = [];
  const stream = pipeline({
    batchesAhead: 8,
    mostBytes: 1,
    fetchBytes: (kind, sha256) => {
      held += 1;
      waiting.push(held);
      return fetchBytes(kind, sha256);
    },
    pool: {
      ...threads,
      draw: (order, out) =>
        threads.draw(order, out).finally(() => {
          held -= 1;
        }),
    },
  });
  expect(await stream.responses(stimuli)).toEqual(await directly(stimuli));
  expect(Math.max(...waiting)).toBeLessThanOrEqual(8);
});

test('a stimulus that cannot be drawn fails its request with its own sentence, and no other', async () => {
  const stream = pipeline({ pool: pool(2) });
  const missing = image('f'.repeat(64));
  const fine: StimulusSpec = { ...(specs[5] as StimulusSpec & { type: 'grating' }), spatialFrequencyCpd: 40 };
  const whole = stored.get(photographs[3] as string) as Uint8Array;
  const damaged = image(keep(whole.slice(0, 0.6 * whole.length)));
  const results = await Promise.allSettled([
    stream.responses(specs.slice(0, 6)),
    stream.responses([...specs.slice(0, 4), missing, ...specs]),
    stream.responses([fine, ...specs]),
    stream.responses([damaged]),
    stream.responses(specs.slice(0, 6)),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected', 'fulfilled']);
  const reasons = results.map((result) => (result.status === 'rejected' ? (result.reason as TwinscopeError) : null));
  expect(reasons[1]).toMatchObject({ code: 'not-found', message: expect.stringContaining('ffff') });
  expect(reasons[2]).toMatchObject({ code: 'bad-input', message: expect.stringContaining('40 cpd') });
  expect(reasons[3]).toMatchObject({ code: 'bad-input', message: expect.stringContaining('damaged or cut off') });
});

test('a request that is withdrawn ends before its next batch; others go on', async () => {
  const leaving = new AbortController();
  let runs = 0;
  const stream = pipeline({
    pool: pool(1),
    session: {
      ...session,
      run(pictures, n) {
        runs += 1;
        if (runs === 2) leaving.abort();
        return session.run(pictures, n);
      },
    },
  });
  const withdrawn = stream.responses([...specs, ...specs, ...specs], leaving.signal);
  const other = stream.responses(specs.slice(0, 3));
  await expect(withdrawn).rejects.toMatchObject({ code: 'cancelled' });
  expect(await other).toEqual(await directly(specs.slice(0, 3)));
  expect(runs).toBe(3);
});

const program = (code: string): URL => new URL(`data:text/javascript,${encodeURIComponent(code)}`);

test.each([
  ['exits', 'process.exit(3)', 'exit code 3'],
  ['throws', 'throw new Error("no more ink")', 'no more ink'],
])('a thread that %s fails the request with a sentence; the next one gets a new thread', async (_, dies, reason) => {
  // Ends at its second order; the first is answered without being drawn.
  const code = `import { parentPort } from 'node:worker_threads';
    let orders = 0;
    parentPort.on('message', ({ id }) => { if (++orders === 2) { ${dies} } parentPort.postMessage({ id, type: 'drawn' }); });`;
  const stream = pipeline({ pool: pool(1, program(code)) });
  const failed = stream.responses([{ type: 'blank' }, { type: 'blank' }, { type: 'blank' }]);
  await expect(failed).rejects.toMatchObject({
    code: 'compute-failed',
    message: expect.stringMatching(new RegExp(`A thread that draws stimuli ended unexpectedly \\(${reason}\\)`)),
  });
  expect(await stream.responses([{ type: 'blank' }])).toHaveLength(3);
});

test('a thread whose program is not there is said, not waited for', async () => {
  const stream = pipeline({ pool: pool(2, new URL('./no-such-worker.js', import.meta.url)) });
  await expect(stream.responses([{ type: 'blank' }])).rejects.toMatchObject({ code: 'compute-failed' });
});

test('a closed pool ends what it was drawing and takes no more', async () => {
  const closing = createRasterPool({ threads: 1 });
  const { field, format } = session;
  const order = { spec: specs[7] as StimulusSpec, bytes: null, field, format };
  const out = new Float32Array(new SharedArrayBuffer(pictureFloats(format) * 4));
  const drawing = closing.draw(order, out);
  const outcome = drawing.then(
    () => 'drawn',
    (error: TwinscopeError) => error.code,
  );
  await closing.close();
  expect(['drawn', 'compute-failed']).toContain(await outcome);
  await expect(closing.draw(order, out)).rejects.toMatchObject({ code: 'cancelled' });
});

test('idle threads do not keep their process alive', () => {
  const code = `
    import { createRasterPool } from ${JSON.stringify(new URL('./rasterPool.ts', import.meta.url).href)};
    const pool = createRasterPool({ threads: 2 });
    const out = new Float32Array(new SharedArrayBuffer(64));
    const format = { sizePx: 4, channels: 1, channelsLast: false, curve: 'linear', colour: false, scale: [1], shift: [0] };
    const field = { sizePx: 4, fieldOfViewDeg: 1, background: 0.25 };
    await pool.draw({ spec: { type: 'blank' }, bytes: null, field, format }, out);
    console.log(out.join());`;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  expect(child.stdout.trim()).toBe(Array.from({ length: 16 }, () => 0.25).join());
  expect(child.status).toBe(0);
});

test('threads are few where processors are few', () => {
  expect([1, 2, 8, 16, 64].map(drawingThreads)).toEqual([1, 1, 2, 4, 4]);
});
