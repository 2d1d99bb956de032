/** The queue over a real project: order, pause, resume, cancel, failures, and what a crash leaves. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { JobKind, JobSnapshot } from '../../contract/jobs.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { createLog, silentLog } from '../../platform/node/log.ts';
import { newProject, open, temporaryFolder } from '../../projects/testing/fixtures.ts';
import type { Project } from '../../projects/node/project.ts';
import { createJobQueue } from './queue.ts';
import type { JobContext, JobQueue, JobQueueOptions, JobRunner } from './queue.ts';

/** A runner that the test leads step by step: it counts to ten, waits for a step each time, and keeps checkpoints. */
function stepped(project: Project) {
  const starts: { jobId: string; from: number; frozen: JobContext['frozen']; plan: unknown }[] = [];
  let allowed = 0;
  let wake = (): void => {};

  const runner: JobRunner = async (context) => {
    const from = context.checkpoint?.[0] ?? 0;
    starts.push({ jobId: context.jobId, from, frozen: context.frozen, plan: context.plan });
    if (context.frozen === null) await context.freeze({ device: 'cpu', batchSize: 4 });
    await context.setResult(`result of ${context.jobId}`);
    for (let done = from; done < 10; done++) {
      while (allowed === 0 && !context.signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          context.signal.addEventListener('abort', () => resolve());
        });
      }
      context.signal.throwIfAborted();
      allowed -= 1;
      const progress = context.progress({ done: done + 1, total: 10, noun: 'steps', phase: 'counting' });
      await project.jobs.saveCheckpoint({ jobId: context.jobId, checkpoint: Uint8Array.of(done + 1), progress });
    }
    return { resultId: context.resultId ?? `result of ${context.jobId}` };
  };
  return {
    runner,
    starts,
    step(n: number): void {
      allowed += n;
      wake();
    },
  };
}

/** A runner that does not look at its signal and ends when the test says how. */
function held() {
  const started = Promise.withResolvers<void>();
  const work = Promise.withResolvers<{ resultId: string | null }>();
  const runner: JobRunner = () => {
    started.resolve();
    return work.promise;
  };
  return { runner, started, work };
}

function queueOf(project: Project, runner: JobRunner, options: Partial<JobQueueOptions> = {}): Promise<JobQueue> {
  return createJobQueue({ jobs: project.jobs, runners: { run: runner }, log: silentLog(), ...options });
}

/** Resolves at the first change for which `wanted` holds. */
function when(queue: JobQueue, wanted: (job: JobSnapshot) => boolean): Promise<JobSnapshot> {
  return new Promise((resolve) => {
    const stop = queue.onChange((job) => {
      if (!wanted(job)) return;
      stop();
      resolve(job);
    });
  });
}

const withProgress = (done: number) => (job: JobSnapshot) => job.progress.done >= done;
let time = 0;
/** A clock on which every report is far enough from the last to be heard of. */
const clock = (): number => (time += 1000);

test('jobs run one after the other, in order, and their state is in the project', async () => {
  const project = await newProject();
  const { runner, starts, step } = stepped(project);
  const queue = await queueOf(project, runner);
  const first = await queue.start('run', 'First', { n: 1 });
  const second = await queue.start('run', 'Second', { n: 2 });
  expect(first).toMatchObject({ kind: 'run', title: 'First', error: null, notices: [] });
  expect(queue.get(second.id).state).toBe('queued');
  step(20);
  expect(await queue.waitFor(second.id)).toMatchObject({ state: 'finished', resultId: `result of ${second.id}` });
  expect(queue.get(first.id)).toMatchObject({ state: 'finished', progress: { done: 10, total: 10 } });
  expect(starts.map(({ jobId, plan }) => [jobId, plan])).toEqual([
    [first.id, { n: 1 }],
    [second.id, { n: 2 }],
  ]);
  expect(queue.list().map(({ id }) => id)).toEqual([first.id, second.id]);
  const stored = await project.jobs.get(first.id);
  expect(stored).toMatchObject({ state: 'finished', progress: { done: 10 }, frozen: { device: 'cpu', batchSize: 4 } });
  expect((stored.startedAt as string) <= (stored.endedAt as string)).toBe(true);
});

test('pause stops at a checkpoint, resume goes on from it with the frozen values', async () => {
  const project = await newProject();
  const { runner, starts, step } = stepped(project);
  const queue = await queueOf(project, runner, { clock });
  const { id } = await queue.start('run', 'Counting', {});
  const fourth = when(queue, withProgress(4));
  step(4);
  await fourth;
  expect(['pausing', 'paused']).toContain((await queue.pause(id)).state);
  expect(await queue.waitFor(id)).toMatchObject({ state: 'paused', error: null, resultId: `result of ${id}` });
  expect(await project.jobs.get(id)).toMatchObject({ state: 'paused', progress: { done: 4 }, resumable: true });
  expect((await queue.pause(id)).state).toBe('paused');

  await queue.resume(id);
  step(6);
  expect((await queue.waitFor(id)).state).toBe('finished');
  expect(starts.map(({ from, frozen }) => [from, frozen])).toEqual([
    [0, null],
    [4, { device: 'cpu', batchSize: 4 }],
  ]);
  await expect(queue.resume(id)).rejects.toMatchObject({
    code: 'conflict',
    message: '"Counting" is finished and cannot be resumed.',
  });
  await expect(queue.cancel(id)).rejects.toMatchObject({ code: 'conflict' });
  await expect(queue.pause('job-x')).rejects.toMatchObject({ code: 'not-found' });
});

test('cancel keeps what was made, frees the queue, and can be taken back', async () => {
  const project = await newProject();
  const { runner, step } = stepped(project);
  const queue = await queueOf(project, runner, { clock });
  const { id } = await queue.start('run', 'Counting', {});
  const next = await queue.start('run', 'Next', {});
  const third = when(queue, withProgress(3));
  step(3);
  await third;
  await queue.cancel(id);
  expect(await queue.waitFor(id)).toMatchObject({ state: 'cancelled', error: null, resultId: `result of ${id}` });
  expect((await project.jobs.checkpoint(id))?.[0]).toBe(3);
  step(10);
  expect((await queue.waitFor(next.id)).state).toBe('finished');
  await queue.resume(id);
  step(7);
  expect((await queue.waitFor(id)).state).toBe('finished');
});

test('a waiting job is paused or cancelled without being started', async () => {
  const project = await newProject();
  const { runner, starts, step } = stepped(project);
  const queue = await queueOf(project, runner);
  const running = await queue.start('run', 'Running', {});
  const waiting = await queue.start('run', 'Waiting', {});
  const other = await queue.start('run', 'Other', {});
  expect((await queue.pause(waiting.id)).state).toBe('paused');
  expect((await queue.cancel(waiting.id)).state).toBe('cancelled');
  expect((await queue.cancel(other.id)).state).toBe('cancelled');
  step(10);
  expect((await queue.waitFor(running.id)).state).toBe('finished');
  expect(starts).toHaveLength(1);
});

test('a cancel after a pause wins, also when the work then fails because its process was ended', async () => {
  const project = await newProject();
  const { runner, started, work } = held();
  const queue = await queueOf(project, runner);
  const { id } = await queue.start('run', 'Stubborn', {});
  await started.promise;
  await queue.pause(id);
  expect((await queue.cancel(id)).state).toBe('cancelling');
  work.reject(new TwinscopeError('compute-failed', 'It ended.'));
  expect(await queue.waitFor(id)).toMatchObject({ state: 'cancelled', error: null });
});

test('a failure with a sentence shows it; any other shows an id that is in the log', async () => {
  const project = await newProject();
  const log = createLog({ file: join(temporaryFolder(), 'twinscope.log') });
  const errors: Error[] = [new TwinscopeError('disk-full', 'The disk is full.'), new TypeError('x is not a function')];
  const queue = await queueOf(project, () => Promise.reject(errors.shift() as Error), { log });
  const first = await queue.start('run', 'First', {});
  const second = await queue.start('run', 'Second', {});
  expect(await queue.waitFor(first.id)).toMatchObject({
    state: 'failed',
    error: { code: 'disk-full', message: 'The disk is full.' },
  });
  const { state, error } = await queue.waitFor(second.id);
  expect([state, error?.code]).toEqual(['failed', 'internal']);
  const id = /\(error (error-[0-9a-z]{12})\)\. Your project is safe\./.exec(error?.message ?? '')?.[1] as string;
  expect(readFileSync(log.file as string, 'utf8')).toContain(`${id} during run job ${second.id}: TypeError: x is not`);
  expect(error?.message).toContain(`The log is ${log.file}.`);
  expect(error?.message).not.toContain('TypeError');

  const unknown = await queue.start('export' as JobKind, 'Export', {});
  expect((await queue.waitFor(unknown.id)).error?.code).toBe('unsupported');
});

test('a job that ends its work although it was asked to stop has finished', async () => {
  const project = await newProject();
  const { runner, started, work } = held();
  const queue = await queueOf(project, runner);
  const { id } = await queue.start('run', 'Nearly done', {});
  await started.promise;
  await queue.pause(id);
  work.resolve({ resultId: 'run-1' });
  expect(await queue.waitFor(id)).toMatchObject({ state: 'finished', resultId: 'run-1' });
});

test('what a crash interrupted is resumed from its checkpoint', async () => {
  const project = await newProject();
  const before = stepped(project);
  const queue = await queueOf(project, before.runner, { clock });
  const { id } = await queue.start('run', 'Counting', { seed: 7 });
  const queued = await queue.start('run', 'Waiting', {});
  const fifth = when(queue, withProgress(5));
  before.step(5);
  await fifth;
  // Nobody tells the queue: the project is closed under it, as when its process ends.
  await project.close();

  const reopened = await open(project.path);
  const after = stepped(reopened);
  const again = await queueOf(reopened, after.runner);
  expect(again.list().map(({ state }) => state)).toEqual(['interrupted', 'interrupted']);
  await again.resume(id);
  after.step(5);
  expect(await again.waitFor(id)).toMatchObject({ state: 'finished', progress: { done: 10 } });
  expect(after.starts).toEqual([{ jobId: id, from: 5, frozen: { device: 'cpu', batchSize: 4 }, plan: { seed: 7 } }]);
  expect((await again.cancel(queued.id)).state).toBe('cancelled');
});

test('closing interrupts what runs at its checkpoint and starts nothing more', async () => {
  const project = await newProject();
  const { runner, starts, step } = stepped(project);
  const queue = await queueOf(project, runner, { clock });
  const { id } = await queue.start('run', 'Counting', {});
  await queue.start('run', 'Waiting', {});
  const second = when(queue, withProgress(2));
  step(2);
  await second;
  await queue.close();
  expect(await project.jobs.get(id)).toMatchObject({ state: 'interrupted', progress: { done: 2 }, resumable: true });
  expect(starts).toHaveLength(1);
  await expect(queue.start('run', 'Late', {})).rejects.toMatchObject({ code: 'conflict' });
});

test('listeners hear of progress at most ten times a second, and of every change of state', async () => {
  const project = await newProject();
  let milliseconds = 0;
  const reports: number[] = [];
  const rates: (number | null)[] = [];
  const queue = await queueOf(
    project,
    async (context) => {
      // A report every 25 ms for one second.
      for (let done = 1; done <= 40; done++) {
        milliseconds += 25;
        const { ratePerSecond } = context.progress({ done, total: 40, noun: 'steps', phase: 'counting' });
        rates.push(ratePerSecond);
      }
      await context.notice('Two images could not be read.');
      return { resultId: null };
    },
    { clock: () => milliseconds },
  );
  const states: string[] = [];
  queue.onChange((job) => {
    states.push(job.state);
    if (job.state === 'running') reports.push(job.progress.done);
  });
  queue.onChange(() => {
    throw new Error('a listener that fails');
  });
  const { id } = await queue.start('run', 'Counting', {});
  expect(await queue.waitFor(id)).toMatchObject({
    state: 'finished',
    notices: ['Two images could not be read.'],
    progress: { done: 40 },
  });
  expect(rates[0]).toBeNull();
  for (const rate of rates.slice(1)) expect(rate).toBeCloseTo(40, 9);
  // Started, ten reports, the notice.
  expect(reports).toEqual([0, 1, 5, 9, 13, 17, 21, 25, 29, 33, 37, 40]);
  expect(states.filter((state) => state !== 'running')).toEqual(['queued', 'finished']);
  expect((await project.jobs.get(id)).notices).toEqual(['Two images could not be read.']);
});

test('a change that cannot be stored is taken back, and the end of a job is heard of all the same', async () => {
  const project = await newProject();
  const full = new TwinscopeError('disk-full', 'The disk is full.');
  let stores = true;
  const jobs = new Proxy(project.jobs, {
    get: (target, key) =>
      key === 'update' && !stores ? () => Promise.reject(full) : (Reflect.get(target, key) as unknown),
  });
  const queue = await createJobQueue({
    jobs,
    runners: {
      run: () => {
        stores = false;
        return Promise.reject(full);
      },
    },
    log: silentLog(),
  });
  const { id } = await queue.start('run', 'Counting', {});
  expect(await queue.waitFor(id)).toMatchObject({ state: 'failed', error: { code: 'disk-full' } });
  await expect(queue.resume(id)).rejects.toMatchObject({ code: 'disk-full' });
  expect(queue.get(id).state).toBe('failed');
});
