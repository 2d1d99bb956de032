/** Compute processes that stop answering or end again and again: the job goes on, or ends with a sentence. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JobSnapshot } from '../contract/jobs.ts';
import type { Plan } from '../contract/plans.ts';
import type { ComputeProcess } from '../engine/computeContract.ts';
import { every, gratingsRun, openWatchedBackend, pixelSearch, type WatchedBackend } from './testing/watchedBackend.ts';

/** Long enough for a busy machine to start a process and load the twin. */
const deadlines = { firstMs: 15_000, firstMsPerPicture: 0, leastMs: 5_000, timesSlowest: 20 };
let watched: WatchedBackend;

const plans = {
  run: gratingsRun({ orientationDeg: every(24, 7.5), spatialFrequencyCpd: [1, 2, 4], phaseDeg: every(12, 30) }),
  search: pixelSearch({
    reference: { orientationDeg: [0, 90], spatialFrequencyCpd: [1.5, 3] },
    steps: 60,
    randomControls: 20,
    starts: 1,
  }),
} satisfies Record<string, Plan>;
type Kind = keyof typeof plans;

beforeAll(async () => {
  watched = await openWatchedBackend('hangs', deadlines);
});
afterAll(() => watched.close());

/** Runs a plan to its end; `onFirstProgress` is called once something was committed. */
async function runPlanOf(
  kind: Kind,
  onFirstProgress: (id: string) => void,
  plan: Plan = plans[kind],
): Promise<JobSnapshot> {
  const { queue } = watched.backend.services.current();
  const { id } = await queue.start(kind, kind, plan);
  let told = false;
  const stop = queue.onChange((job) => {
    if (job.id !== id || told || job.progress.done === 0) return;
    told = true;
    onFirstProgress(id);
  });
  const ended = await queue.waitFor(id);
  stop();
  return ended;
}

test.each(['run', 'search'] as const)(
  '%s: a process that stops answering is killed, and the job ends with the content of an undisturbed one',
  async (kind) => {
    const undisturbed = await runPlanOf(kind, () => undefined);
    expect(undisturbed.state).toBe('finished');
    let stopped: ComputeProcess | null = null;
    const job = await runPlanOf(kind, () => {
      stopped = watched.current;
      process.kill(watched.current.pid, 'SIGSTOP');
    });
    expect(job, JSON.stringify(job.error)).toMatchObject({ state: 'finished' });
    expect(job.notices.filter((text) => !undisturbed.notices.includes(text))).toEqual([
      expect.stringMatching(/gave no answer for .* What was finished is saved\..* started again/),
    ]);
    expect(await (stopped as ComputeProcess | null)?.exited).toMatchObject({ signal: 'SIGKILL' });
    expect(await watched.contentOf(job)).toBe(await watched.contentOf(undisturbed));
  },
);

test('a search that is begun in a process that hangs waits no longer than for any first answer', async () => {
  const job = await runPlanOf('search', () => {
    watched.onSpawn = ({ pid }) => {
      watched.onSpawn = () => undefined;
      process.kill(pid, 'SIGSTOP');
    };
    watched.current.kill();
  });
  expect(job, JSON.stringify(job.error)).toMatchObject({ state: 'finished' });
  const [hang, ...others] = job.notices.filter((text) => text.includes('gave no answer for'));
  expect(others).toEqual([]);
  // The limit of a request that says none.
  expect(hang).not.toContain('120 s');
});

test('a search that is cancelled while its process hangs starts no other to have it forget the search', async () => {
  let started = -1;
  const job = await runPlanOf('search', (id) => {
    started = watched.started.length;
    process.kill(watched.current.pid, 'SIGSTOP');
    // By then the next slice was asked for.
    setTimeout(() => void watched.backend.services.current().queue.cancel(id), 1000);
  });
  expect(job.state).toBe('cancelled');
  expect(watched.started).toHaveLength(started);
});

test('three ends in a row end the job with a sentence; what is saved is kept and the job goes on when resumed', async () => {
  const { queue, project } = watched.backend.services.current();
  let starts = 0;
  const kill = (): void => {
    watched.onSpawn = (process) => {
      starts += 1;
      process.kill();
    };
    watched.current.kill();
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
  watched.onSpawn = () => undefined;
  await queue.resume(job.id);
  const resumed = await queue.waitFor(job.id);
  expect(resumed, JSON.stringify(resumed.error)).toMatchObject({ state: 'finished' });
});
