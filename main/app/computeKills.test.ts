/**
 * A hundred compute processes killed at seeded moments, in runs and in searches, some while they are still starting: the
 * backend starts each again from the last commit, every job finishes, and its content is that of an undisturbed one.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runPlan, searchPlan, type Plan } from '../contract/plans.ts';
import type { ComputeProcess } from '../engine/computeContract.ts';
import { silentLog } from '../platform/node/log.ts';
import { isAlive, processStartTime, type ProcessIdentity } from '../platform/node/process.ts';
import { Random } from '../platform/random.ts';
import { createBackend, type Backend } from './backend.ts';
import { spawnCompute } from './spawnCompute.ts';

const kills = 100;
const killsPerJob = 17;
/** Every fifth kill meets a process that has not yet committed anything; never two of them in turn, since three end the job. */
const earlyEvery = 5;
const latestDelayMs = 150;

const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-kills-'));
const home = process.env['TWINSCOPE_HOME'];
const started: ProcessIdentity[] = [];
let current: ComputeProcess;
let backend: Backend;

const twin = 'macaque-v1-gabor-energy';
const every = (count: number, step: number): number[] => Array.from({ length: count }, (_, i) => i * step);
const plans = {
  run: runPlan.parse({
    format: 1,
    kind: 'run',
    twin,
    stimuli: {
      design: {
        type: 'gratings',
        factors: {
          orientationDeg: every(24, 7.5),
          spatialFrequencyCpd: [0.75, 1, 1.5, 2, 3, 4, 6],
          phaseDeg: every(24, 15),
        },
      },
    },
  }),
  search: searchPlan.parse({
    format: 1,
    kind: 'search',
    twin,
    target: [{ area: 'V1-complex' }],
    space: { type: 'pixels' },
    reference: {
      design: { type: 'gratings', factors: { orientationDeg: [0, 45, 90, 135], spatialFrequencyCpd: [1.5, 3] } },
    },
    optimiser: { type: 'gradient', steps: 700 },
    controls: { random: 80 },
    starts: 2,
    seed: 3,
  }),
} satisfies Record<string, Plan>;
type Kind = keyof typeof plans;

beforeAll(async () => {
  process.env['TWINSCOPE_HOME'] = path.join(folder, 'home');
  backend = await createBackend({
    host: 'cli',
    log: silentLog(),
    spawnCompute: async () => {
      current = await spawnCompute();
      started.push({ pid: current.pid, startTime: processStartTime(current.pid) });
      return current;
    },
  });
  await backend.services.open(path.join(folder, 'kills.twinscope'), { name: 'Kills' });
});
afterAll(async () => {
  await backend.close();
  if (home === undefined) delete process.env['TWINSCOPE_HOME'];
  else process.env['TWINSCOPE_HOME'] = home;
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a plan and kills its compute process up to `most` times; how many of the kills met it at work, and its hash. */
async function runKilled(kind: Kind, most: number, random: Random): Promise<{ hits: number; hash: string }> {
  const { queue, project } = backend.services.current();
  const { id } = await queue.start(kind, kind, plans[kind]);
  let ended = false;
  const end = queue.waitFor(id).then((snapshot) => {
    ended = true;
    return snapshot;
  });
  let done = 0;
  const stop = queue.onChange((snapshot) => {
    if (snapshot.id === id) done = snapshot.progress.done;
  });
  const until = async (holds: () => boolean): Promise<void> => {
    while (!ended && !holds()) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  let killed = 0;
  for (; killed < most && !ended; killed++) {
    const processes = started.length;
    const before = done;
    if (killed % earlyEvery !== earlyEvery - 1) await until(() => done > before);
    await new Promise((resolve) => setTimeout(resolve, latestDelayMs * random.uniform()));
    if (ended) break;
    current.kill();
    await until(() => started.length > processes);
    if (started.length === processes) break;
  }
  const snapshot = await end;
  stop();
  expect(snapshot, JSON.stringify(snapshot.error)).toMatchObject({ state: 'finished' });
  const restarts = snapshot.notices.filter((text) => text.includes('started again')).length;
  const hash =
    kind === 'run'
      ? (await project.runs.get(snapshot.resultId as string)).contentSha256
      : (await project.searches.get(snapshot.resultId as string)).contentSha256;
  return { hits: restarts, hash: hash as string };
}

test.each(['run', 'search'] as const)(`%s: ${kills / 2} kills of compute, all recovered`, async (kind) => {
  const random = Random.fromSeed(11, `compute kills/${kind}`);
  const { hash: undisturbed } = await runKilled(kind, 0, random);
  expect(undisturbed).toMatch(/^[0-9a-f]{64}$/);
  let recovered = 0;
  while (recovered < kills / 2) {
    const { hits, hash } = await runKilled(kind, Math.min(killsPerJob, kills / 2 - recovered), random);
    expect(hits, 'a job must meet the kills that are meant for it').toBeGreaterThan(0);
    expect(hash).toBe(undisturbed);
    recovered += hits;
  }
  expect(recovered).toBe(kills / 2);
});

test('no compute process is left but the one at work', async () => {
  await backend.services.compute.kill();
  await expect.poll(() => started.filter(isAlive), { timeout: 10_000, interval: 20 }).toEqual([]);
});
