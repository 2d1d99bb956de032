/**
 * The hot paths of the V1 twin on the CPU, as ratios within one run: a gradient step against a forward pass, rendering
 * and projecting against a forward pass. Medians of interleaved rounds, same batch and threads.
 */
import os from 'node:os';
import path from 'node:path';
import { installFolder } from '../main/app/backend.ts';
import { sampleGratings, sampleTwin } from '../main/app/sample.ts';
import { createRasteriser } from '../main/engine/node/rasteriser.ts';
import { openTwinSession } from '../main/engine/node/twinSession.ts';
import { openLibrary } from '../main/twins/node/library.ts';

const rounds = 9;
const batchSize = 16;
const threads = os.availableParallelism() > 1 ? 2 : 1;

const library = await openLibrary({
  folder: path.join(os.tmpdir(), 'twinscope-bench-library'),
  builtInFolder: path.join(installFolder, 'dist', 'twins'),
});
const twin = await library.resolve({ id: sampleTwin });
const session = await openTwinSession(
  {
    id: twin.manifest.id,
    version: twin.manifest.version,
    sha256: twin.sha256,
    modelFile: twin.modelFile,
    manifest: twin.manifest,
  },
  { device: 'cpu', batchSize, threads },
);
const { sizePx } = session.field;
const images = new Float32Array(batchSize * sizePx * sizePx);
const rasteriser = createRasteriser(session.field, () =>
  Promise.reject(new Error('the benchmark holds no photographs')),
);
const render = async (): Promise<void> => {
  for (let i = 0; i < batchSize; i++) images.set(await rasteriser.renderAt(sampleGratings, i), i * sizePx * sizePx);
};
const cotangent = new Float32Array(batchSize * session.unitCount).fill(1 / session.unitCount);
const tasks = {
  render,
  forward: () => session.responses(images, batchSize),
  gradient: () => session.gradient(images, batchSize, cotangent),
};

const times: Record<keyof typeof tasks, number[]> = { render: [], forward: [], gradient: [] };
for (let round = -1; round < rounds; round++) {
  for (const [name, task] of Object.entries(tasks) as [keyof typeof tasks, () => Promise<unknown>][]) {
    const started = performance.now();
    await task();
    // The first round warms up.
    if (round >= 0) times[name].push((performance.now() - started) / batchSize);
  }
}
const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
const msPerImage = { render: median(times.render), forward: median(times.forward), gradient: median(times.gradient) };
const result = {
  twin: `${twin.manifest.id}@${twin.manifest.version}`,
  batchSize,
  threads,
  rounds,
  msPerImage,
  gradientOverForward: msPerImage.gradient / msPerImage.forward,
  renderOverForward: msPerImage.render / msPerImage.forward,
};
if (process.argv.includes('--json')) console.log(JSON.stringify(result, null, 2));
else {
  console.log(`${result.twin}, batch ${batchSize}, ${threads} threads, median of ${rounds} rounds`);
  for (const [name, ms] of Object.entries(msPerImage)) console.log(`${name.padEnd(9)} ${ms.toFixed(3)} ms per image`);
  console.log(
    `gradient ÷ forward ${result.gradientOverForward.toFixed(2)} · render ÷ forward ${result.renderOverForward.toFixed(2)}`,
  );
}
await session.release();
