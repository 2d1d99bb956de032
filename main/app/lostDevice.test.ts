/** Jobs whose device goes away or does not answer; the processes are real, and WebGPU is the software driver. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { runPlan } from '../contract/plans.ts';
import type { SpawnCompute } from '../engine/computeContract.ts';
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
const withDriver: SpawnCompute = async (options) => {
  const before = Object.keys(driver).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, driver);
  const started = spawnCompute(options);
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  return started;
};

const plan = (n: number) =>
  runPlan.parse({
    format: 1,
    kind: 'run',
    twin: 'small-twin',
    stimuli: { design: { type: 'noise', n, spectrum: 'white', diameterDeg: 2 } },
    device: 'webgpu',
  });

test('a job that waits for a device to answer can be stopped while it waits, at its start and when it is resumed', async () => {
  const started = await open(withDriver);
  const file = path.join(folder, 'waits.twinscope');
  await started.openProject(file, { name: 'waits' });
  const { queue } = started.services.current();
  const { id } = await queue.start('run', 'A run', plan(4000));
  const paused = new Promise<void>((resolve) => {
    queue.onChange(({ state, progress }) => {
      if (state === 'running' && progress.done > 0) void queue.pause(id);
      if (state === 'paused') resolve();
    });
  });
  await paused;

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
