/**
 * Screening photographs through the whole of the product — project file, job queue, compute process, decoding,
 * resampling, encoding, inference, commit — against inference alone: the sum of the runs of the same network in a
 * process of the same kind, same batch and threads, block by block in turn within one run of this program.
 *
 * Options: --images N (10000) --px N (224) --network resnet50|small --photo-px N (256, the shorter side) --blocks N (5) --batch N (the
 * best of 4, 8, 16, 32) --json
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createBackend, type Backend } from '../main/app/backend.ts';
import { sessionThreads } from '../main/app/services.ts';
import { spawnCompute } from '../main/app/spawnCompute.ts';
import { runPlan } from '../main/contract/plans.ts';
import { imageInput, pictureFloats } from '../main/engine/inputAdapter.ts';
import { createDrawer } from '../main/engine/node/pictures.ts';
import { drawingThreads } from '../main/engine/node/rasterPool.ts';
import { silentLog } from '../main/platform/node/log.ts';
import type { BareAnswer, BareOrder } from './screening/bare.ts';
import { countOf, namesOf } from './options.ts';
import { makePhotographs, networks, storePhotographs, writeTwin, type Network } from './screening/material.ts';
import { useOf, type ProcessUse } from './screening/processes.ts';

const { values: options } = parseArgs({
  options: {
    images: { type: 'string', default: '10000' },
    px: { type: 'string', default: '224' },
    network: { type: 'string', default: 'resnet50' },
    'photo-px': { type: 'string', default: '256' },
    blocks: { type: 'string', default: '5' },
    batch: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const images = countOf('images', options.images);
const sizePx = countOf('px', options.px);
const photographPx = countOf('photo-px', options['photo-px']);
const blocks = countOf('blocks', options.blocks);
const [network] = namesOf('network', options.network, networks) as [Network];
const givenBatch = options.batch === undefined ? null : countOf('batch', options.batch);
const threads = sessionThreads();
const say = (text: string): void => void process.stderr.write(`${text}\n`);

const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-screening-'));
process.env['TWINSCOPE_HOME'] = path.join(folder, 'home');
const bare = fork(fileURLToPath(new URL('./screening/bare.ts', import.meta.url)), [], {
  serialization: 'advanced',
  execArgv: [],
});

let computePid: number | null = null;
const backend = await createBackend({
  host: 'cli',
  log: silentLog(),
  spawnCompute: async (how) => {
    const compute = await spawnCompute(how);
    // Processes that measure devices are quiet ones.
    if (how?.quiet !== true) computePid = compute.pid;
    return compute;
  },
});
try {
  await backend.services.library.import(await writeTwin(folder, network, sizePx));
  const result = await measure(backend);
  if (options.json) console.log(JSON.stringify(result, null, 2));
  else report(result);
} finally {
  bare.kill();
  await backend.close();
  rmSync(folder, { recursive: true, force: true });
}

async function measure({ services }: Backend) {
  const resolved = await services.library.resolve({ id: `bench-${network}` });
  const location = { ...resolved.manifest, ...resolved };
  const twin = {
    id: location.id,
    version: location.version,
    sha256: location.sha256,
    modelFile: location.modelFile,
    manifest: location.manifest,
  };
  const runBare = async (batchSize: number, count: number): Promise<number> => {
    bare.send({ twin, settings: { device: 'cpu', batchSize, threads }, images: count } satisfies BareOrder);
    const [answer] = (await once(bare, 'message')) as [BareAnswer];
    return answer.seconds;
  };

  const photographs = await makePhotographs(photographPx);
  const drawMsPerImage = await measureDrawing(resolved.manifest, photographs);
  const batchSize = givenBatch ?? (await bestBatch(runBare));
  await runBare(batchSize, batchSize);

  await services.open(path.join(folder, 'screening.twinscope'), { name: 'Screening' });
  const { project, queue } = services.current();
  say(`storing ${images} photographs`);
  const hashes = await storePhotographs(project, photographs, images);

  const run = async (from: number, to: number): Promise<number> => {
    const plan = runPlan.parse({
      format: 1,
      kind: 'run',
      twin: twin.id,
      batchSize,
      stimuli: { design: { type: 'images', imageSha256s: hashes.slice(from, to), sizeDeg: 8, blank: false } },
    });
    const started = performance.now();
    const { id } = await queue.start('run', 'screening', plan);
    const ended = await queue.waitFor(id);
    if (ended.state !== 'finished') throw new Error(`The run ended as ${ended.state}: ${ended.error?.message}`);
    return (performance.now() - started) / 1000;
  };
  // Warms both: the session is created, the threads have started.
  await run(0, batchSize);

  const memory: { part: string; images: number; compute: ProcessUse | null; backend: ProcessUse | null }[] = [];
  const marks = [0.1, 0.5, 1];
  let before = 0;
  const watch = queue.onChange(({ progress }) => {
    if (progress.noun !== 'stimuli') return;
    const done = before + progress.done;
    while (marks.length > 0 && done >= (marks[0] as number) * images) {
      const part = `${(marks.shift() as number) * 100} %`;
      memory.push({ part, images: done, compute: useOf(computePid ?? 0), backend: useOf(process.pid) });
    }
  });
  const start = { compute: useOf(computePid ?? 0), backend: useOf(process.pid) };
  const times: { images: number; screening: number; bare: number }[] = [];
  for (let block = 0; block < blocks; block++) {
    const from = Math.floor((images * block) / blocks);
    const to = Math.floor((images * (block + 1)) / blocks);
    const first = block % 2 === 0 ? await runBare(batchSize, to - from) : null;
    const screening = await run(from, to);
    before = to;
    const inference = first ?? (await runBare(batchSize, to - from));
    times.push({ images: to - from, screening, bare: inference });
    say(`block ${block + 1} of ${blocks}: ${screening.toFixed(2)} s, inference alone ${inference.toFixed(2)} s`);
  }
  watch();
  const end = { compute: useOf(computePid ?? 0), backend: useOf(process.pid) };
  const sum = (pick: (time: (typeof times)[number]) => number): number => times.reduce((s, time) => s + pick(time), 0);
  const cpuMs = (who: 'compute' | 'backend'): number | null =>
    start[who] === null || end[who] === null ? null : ((end[who].cpuSeconds - start[who].cpuSeconds) * 1000) / images;
  return {
    network,
    sizePx,
    images,
    photographPx,
    meanPhotographBytes: Math.round(photographs.reduce((s, { length }) => s + length, 0) / photographs.length),
    batchSize,
    threads,
    drawingThreads: drawingThreads(),
    processors: os.availableParallelism(),
    processor: os.cpus()[0]?.model ?? '',
    ratio: sum(({ screening }) => screening) / sum((time) => time.bare),
    ratioPerBlock: times.map((time) => time.screening / time.bare),
    imagesPerSecond: images / sum(({ screening }) => screening),
    bareImagesPerSecond: images / sum((time) => time.bare),
    drawMsPerImage,
    cpuMsPerImage: { compute: cpuMs('compute'), backend: cpuMs('backend') },
    memory,
  };
}

/** Milliseconds of one thread with nothing else to do for a photograph's decoding, resampling and encoding. */
async function measureDrawing(manifest: Parameters<typeof imageInput>[0], photographs: Buffer[]): Promise<number> {
  const { input, format } = imageInput(manifest);
  const field = { sizePx: format.sizePx, fieldOfViewDeg: input.fieldOfViewDeg, background: input.background };
  const out = new Float32Array(pictureFloats(format));
  const spec = { type: 'image', imageSha256: '0'.repeat(64), sizeDeg: 8, fit: 'cover', xDeg: 0, yDeg: 0 } as const;
  const draw = createDrawer();
  const times: number[] = [];
  for (const bytes of photographs) {
    const started = performance.now();
    await draw({ spec, bytes, field, format }, out);
    times.push(performance.now() - started);
  }
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] as number;
}

async function bestBatch(runBare: (batchSize: number, count: number) => Promise<number>): Promise<number> {
  let best = { batchSize: 0, perImage: Infinity };
  for (const batchSize of [4, 8, 16, 32]) {
    await runBare(batchSize, batchSize);
    const perImage = (await runBare(batchSize, 64)) / 64;
    say(`batch ${batchSize}: ${(1 / perImage).toFixed(1)} images/s`);
    if (perImage < best.perImage) best = { batchSize, perImage };
  }
  return best.batchSize;
}

function report(result: Awaited<ReturnType<typeof measure>>): void {
  console.log(
    `${result.network} at ${result.sizePx} px, ${result.images} photographs of ${result.photographPx} px, ` +
      `batch ${result.batchSize}, ${result.threads} threads`,
  );
  console.log(
    `screening ÷ inference alone ${result.ratio.toFixed(3)} · ${result.imagesPerSecond.toFixed(1)} images/s against ` +
      `${result.bareImagesPerSecond.toFixed(1)} · a photograph takes ${result.drawMsPerImage.toFixed(1)} ms to draw`,
  );
  for (const { part, compute, backend: host } of result.memory) {
    const text = (use: ProcessUse | null): string =>
      use === null ? 'unknown' : `${use.rssMiB.toFixed(0)} MiB (peak ${use.peakRssMiB.toFixed(0)})`;
    console.log(`memory at ${part.padStart(5)}: compute ${text(compute)}, backend ${text(host)}`);
  }
}
