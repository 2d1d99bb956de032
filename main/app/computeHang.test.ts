/** Compute processes that stop answering or end again and again: the job goes on, or ends with a sentence. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JobSnapshot } from '../contract/jobs.ts';
import { runPlan, searchPlan, type Plan } from '../contract/plans.ts';
import type { ComputeProcess } from '../engine/computeContract.ts';
import { silentLog } from '../platform/node/log.ts';
import { createBackend, type Backend } from './backend.ts';
import { spawnCompute } from './spawnCompute.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-hangs-'));
const home = process.env['TWINSCOPE_HOME'];
/** Long enough for a busy machine to start a process and load the twin. */
const deadlines = { firstMs: 8_000, firstMsPerPicture: 0, leastMs: 3_000, timesSlowest: 20 };
let current: ComputeProcess;
let onSpawn: (process: ComputeProcess) => void = () => undefined;
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
        factors: { orientationDeg: every(24, 7.5), spatialFrequencyCpd: [1, 2, 4], phaseDeg: every(12, 30) },
      },
    },
  }),
  search: searchPlan.parse({
    format: 1,
    kind: 'search',
    twin,
    target: [{ area: 'V1-complex' }],
    space: { type: 'pixels' },
    reference: { design: { type: 'gratings', factors: { orientationDeg: [0, 90], spatialFrequencyCpd: [1.5, 3] } } },
    optimiser: { type: 'gradient', steps: 60 },
    controls: { random: 20 },
    starts: 1,
    seed: 3,
  }),
} satisfies Record<string, Plan>;
type Kind = keyof typeof plans;

beforeAll(async () => {
  process.env['TWINSCOPE_HOME'] = path.join(folder, 'home');
  backend = await createBackend({
    host: 'cli',
    log: silentLog(),
    deadlines,
    spawnCompute: async () => {
      current = await spawnCompute();
      onSpawn(current);
      return current;
    },
  });
  await backend.services.open(path.join(folder, 'hangs.twinscope'), { name: 'Hangs' });
});
afterAll(async () => {
  await backend.close();
  if (home === undefined) delete process.env['TWINSCOPE_HOME'];
  else process.env['TWINSCOPE_HOME'] = home;
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a plan to its end; `onFirstProgress` is called once something was committed. */
async function runPlanOf(kind: Kind, onFirstProgress: () => void, plan: Plan = plans[kind]): Promise<JobSnapshot> {
  const { queue } = backend.services.current();
  const { id } = await queue.start(kind, kind, plan);
  let told = false;
  const stop = queue.onChange((job) => {
    if (job.id !== id || told || job.progress.done === 0) return;
    told = true;
    onFirstProgress();
  });
  const ended = await queue.waitFor(id);
  stop();
  return ended;
}

async function contentOf(kind: Kind, { resultId }: JobSnapshot): Promise<string> {
  const { project } = backend.services.current();
  const row = kind === 'run' ? await project.runs.get(resultId!) : await project.searches.get(resultId!);
  return row.contentSha256 as string;
}

test.each(['run', 'search'] as const)(
  '%s: a process that stops answering is killed, and the job ends with the content of an undisturbed one',
  async (kind) => {
    const undisturbed = await runPlanOf(kind, () => undefined);
    expect(undisturbed.state).toBe('finished');
    let stopped: ComputeProcess | null = null;
    const job = await runPlanOf(kind, () => {
      stopped = current;
      process.kill(current.pid, 'SIGSTOP');
    });
    expect(job, JSON.stringify(job.error)).toMatchObject({ state: 'finished' });
    expect(job.notices.filter((text) => !undisturbed.notices.includes(text))).toEqual([
      expect.stringMatching(/gave no answer for .* What was finished is saved\..* started again/),
    ]);
    expect(await (stopped as ComputeProcess | null)?.exited).toMatchObject({ signal: 'SIGKILL' });
    expect(await contentOf(kind, job)).toBe(await contentOf(kind, undisturbed));
  },
  40_000,
);

test('three ends in a row end the job with a sentence; what is saved is kept and the job goes on when resumed', async () => {
  const { queue, project } = backend.services.current();
  let starts = 0;
  const kill = (): void => {
    onSpawn = (process) => {
      starts += 1;
      process.kill();
    };
    current.kill();
  };
  // A larger batch would be halved: these ends are those of processes for which there is no memory.
  const job = await runPlanOf('run', kill, { ...plans.run, batchSize: 1 });
  expect(job.state).toBe('failed');
  expect(job.error).toMatchObject({ code: 'compute-failed' });
  expect(job.error?.message).toMatch(/SIGKILL.* What was finished is saved\..* three times in a row.* resume/);
  expect(job.notices).toHaveLength(2);
  expect(starts).toBe(2);
  const saved = await project.runs.getByJob(job.id);
  expect(saved?.committed).toBeGreaterThan(0);
  onSpawn = () => undefined;
  await queue.resume(job.id);
  const resumed = await queue.waitFor(job.id);
  expect(resumed, JSON.stringify(resumed.error)).toMatchObject({ state: 'finished' });
});
