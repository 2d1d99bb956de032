/** Jobs whose device goes away or does not answer; the processes are real, and WebGPU is the software driver. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { runPlan } from '../contract/plans.ts';
import type { ComputeProcess, SpawnCompute } from '../engine/computeContract.ts';
import { softwareVulkan } from '../engine/testing/softwareVulkan.ts';
import { silentLog } from '../platform/node/log.ts';
import { packDraft, writePackage } from '../twins/node/package.ts';
import { smallDraft } from '../twins/testing/smallTwin.ts';
import { createBackend, type Backend } from './backend.ts';
import { spawnCompute } from './spawnCompute.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-lost-device-'));
const { signal } = new AbortController();
let driver: Record<string, string>;
let backend: Backend | null = null;

beforeAll(async () => {
  process.env['TWINSCOPE_HOME'] = path.join(folder, 'home');
  driver = await softwareVulkan();
  const small = path.join(folder, 'small');
  await writePackage(small, packDraft(smallDraft(), { card: 'A twin for tests.', licence: 'MIT' }));
  const opened = await open(spawnCompute);
  await opened.handlers['library.import']({ path: small }, { signal });
});
afterEach(() => backend?.close());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function open(spawn: SpawnCompute): Promise<Backend> {
  await backend?.close();
  backend = await createBackend({
    host: 'cli',
    spawnCompute: spawn,
    log: silentLog(),
    builtInTwins: path.join(folder, 'none'),
  });
  return backend;
}

/** Processes inherit the environment in which they are started. */
const inEnvironment =
  (env: () => Record<string, string>): SpawnCompute =>
  (options) => {
    const before = Object.keys(env()).map((name) => [name, process.env[name]] as const);
    Object.assign(process.env, env());
    const started = spawnCompute(options);
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    return started;
  };
const withDriver = inEnvironment(() => driver);
const noDriver = path.join(folder, 'none.json');
const withoutDriver = inEnvironment(() => ({ VK_ICD_FILENAMES: noDriver, VK_DRIVER_FILES: noDriver }));

const plan = (n: number) =>
  runPlan.parse({
    format: 1,
    kind: 'run',
    twin: 'small-twin',
    stimuli: { design: { type: 'noise', n, spectrum: 'white', diameterDeg: 2 } },
    device: 'webgpu',
  });

/** A job on WebGPU that was paused when something was saved, and its project. */
async function pausedJob(name: string): Promise<{ file: string; id: string }> {
  const started = await open(withDriver);
  const file = path.join(folder, `${name}.twinscope`);
  await started.openProject(file, { name });
  const { queue } = started.services.current();
  const { id } = await queue.start('run', 'A run', plan(4000));
  const paused = new Promise<void>((resolve) => {
    queue.onChange(({ state, progress }) => {
      if (state === 'running' && progress.done > 0) void queue.pause(id);
      if (state === 'paused') resolve();
    });
  });
  await paused;
  return { file, id };
}

test('a job that waits for a device to answer can be stopped while it waits, at its start and when it is resumed', async () => {
  const { file, id } = await pausedJob('waits');

  for (const begin of ['start', 'resume'] as const) {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const waiting = await open(async (options) => {
      asked.resolve();
      await answer.promise;
      return withDriver(options);
    });
    await waiting.openProject(file);
    const jobs = waiting.services.current().queue;
    const job = begin === 'start' ? await jobs.start('run', 'Another run', plan(20)) : await jobs.resume(id);
    await asked.promise;
    await jobs.cancel(job.id);
    expect(await jobs.waitFor(job.id)).toMatchObject({ state: 'cancelled', error: null });
    answer.resolve();
  }
});

/**
 * Runs a job on WebGPU and kills its process once something is saved; `spawn` starts those that follow, and is told how
 * many came before them.
 */
async function loseDevice(name: string, spawn: (earlier: number) => SpawnCompute) {
  let lost = false;
  let earlier = 0;
  let compute: ComputeProcess | null = null;
  const opened = await open(async (options) => {
    if (options?.quiet === true) return withDriver(options);
    compute = await (lost ? spawn(earlier++) : withDriver)(options);
    return compute;
  });
  await opened.openProject(path.join(folder, `${name}.twinscope`), { name });
  const { queue, project } = opened.services.current();
  const { id } = await queue.start('run', 'A run', plan(4000));
  const stop = queue.onChange(({ state, progress }) => {
    if (lost || state !== 'running' || progress.done === 0) return;
    lost = true;
    compute?.kill();
  });
  const job = await queue.waitFor(id);
  stop();
  return { job, queue, project, earlier: () => earlier };
}

test('a job whose device comes back after a while goes on there', async () => {
  const { job, project, earlier } = await loseDevice('back', (before) => (before === 0 ? withoutDriver : withDriver));
  expect(job, JSON.stringify(job.error)).toMatchObject({ state: 'finished', error: null });
  expect(earlier()).toBe(2);
  expect(job.notices).toEqual([
    expect.stringContaining('ended from outside'),
    expect.stringMatching(
      /^The computing device stopped answering \(no graphics driver .* found\)\. What was finished is saved\./,
    ),
  ]);
  expect((await project.runs.get(job.resultId as string)).provenance.device).toBe('webgpu');
});

test('a job whose device stays away says when to resume it, and goes on then', async () => {
  let away = true;
  const { job, queue } = await loseDevice('away', () => (options) => (away ? withoutDriver : withDriver)(options));
  expect(job.state).toBe('failed');
  expect(job.error?.message).toMatch(
    /What was finished is saved\. It failed three times in a row, so the job was stopped\. Resume the job when the device is back\./,
  );
  away = false;
  await queue.resume(job.id);
  const resumed = await queue.waitFor(job.id);
  expect(resumed, JSON.stringify(resumed.error)).toMatchObject({ state: 'finished', error: null });
});

test('a resumed job asks again for a device that did not answer before', async () => {
  const { file, id } = await pausedJob('asks');
  let away = true;
  const later = await open((options) => (away ? withoutDriver : withDriver)(options));
  await later.openProject(file);
  const jobs = later.services.current().queue;
  await jobs.resume(id);
  expect(await jobs.waitFor(id)).toMatchObject({ state: 'failed', error: { code: 'conflict' } });
  away = false;
  await jobs.resume(id);
  const resumed = await jobs.waitFor(id);
  expect(resumed, JSON.stringify(resumed.error)).toMatchObject({ state: 'finished', error: null });
});
