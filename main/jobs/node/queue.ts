/**
 * The queue of jobs. Jobs of one project run one after the other, because they share one compute device; their state
 * lives in the project, so that a restart finds them again.
 */
import { performance } from 'node:perf_hooks';
import type { JobKind, JobProgress, JobSnapshot, JobState } from '../../contract/jobs.ts';
import { isTwinscopeError, TwinscopeError } from '../../platform/errors.ts';
import { logSentence, type Log } from '../../platform/node/log.ts';
import type { Project } from '../../projects/node/project.ts';
import type { JobChange, JobRow } from '../../projects/rows.ts';
import { createProgressMeter } from '../progress.ts';
import type { ProgressReport } from '../progress.ts';

export type StopReason = 'pause' | 'cancel';

export interface JobContext {
  readonly jobId: string;
  readonly plan: unknown;
  /** What the last start had stored, or null at the first start. */
  readonly checkpoint: Uint8Array | null;
  /** What the first start has frozen (device, batch size, threads, versions), or null. A resume must use it or refuse. */
  readonly frozen: Record<string, unknown> | null;
  /** What the job has made so far, e.g. the run it was filling when it was interrupted. */
  readonly resultId: string | null;
  /**
   * Aborted with the reason 'pause' or 'cancel'. Stop at the next checkpoint by throwing (signal.throwIfAborted()
   * does); a runner that returns instead has finished.
   */
  readonly signal: AbortSignal;
  /** Stores what resuming must not change. */
  freeze(values: Record<string, unknown>): Promise<void>;
  /**
   * Reports progress and returns it with rate and time left, ready to be stored with a checkpoint. Listeners hear of it
   * at most ten times a second.
   */
  progress(report: ProgressReport): JobProgress;
  /** Keeps a sentence about something that went another way than asked. */
  notice(sentence: string): Promise<void>;
  /** Names what the job makes; kept when it is paused or cancelled. */
  setResult(id: string): Promise<void>;
}

/** Does a job's work. Returns when it is finished; throws when it stopped or failed. */
export type JobRunner = (context: JobContext) => Promise<{ resultId: string | null }>;

export interface JobQueue {
  /** Puts a job at the end of the queue. */
  start(kind: JobKind, title: string, plan: unknown): Promise<JobSnapshot>;
  /** Stops at the next checkpoint and keeps it. */
  pause(id: string): Promise<JobSnapshot>;
  /** Continues a paused, interrupted, failed or cancelled job from its checkpoint. */
  resume(id: string): Promise<JobSnapshot>;
  /** Stops for good, unless it is resumed; what was stored so far is kept. */
  cancel(id: string): Promise<JobSnapshot>;
  /** In the order they were started. */
  list(): JobSnapshot[];
  get(id: string): JobSnapshot;
  /** Resolves when the job neither waits nor runs: finished, failed, cancelled, paused or interrupted. */
  waitFor(id: string): Promise<JobSnapshot>;
  /** Calls the listener with every change; returns the function that stops it. */
  onChange(listener: (job: JobSnapshot) => void): () => void;
  /** Interrupts what runs at its next checkpoint and waits for it; nothing starts any more. */
  close(): Promise<void>;
}

export interface JobQueueOptions {
  jobs: Project['jobs'];
  runners: Partial<Record<JobKind, JobRunner>>;
  log: Log;
  /** How many jobs run at once. */
  parallel?: number;
  /** Milliseconds of a monotonic clock. */
  clock?: () => number;
  now?: () => Date;
}

const resting: readonly JobState[] = ['finished', 'failed', 'cancelled', 'paused', 'interrupted'];
const resumable: readonly JobState[] = ['failed', 'cancelled', 'paused', 'interrupted'];
const listenersEveryMs = 100;

interface Running {
  controller: AbortController;
  /** Why the job is to stop; a cancel overrules a pause. */
  stop: StopReason | 'close' | null;
  settled: Promise<void>;
}

interface Entry {
  row: JobRow;
  running: Running | null;
  waiting: ((job: JobSnapshot) => void)[];
}

export async function createJobQueue(options: JobQueueOptions): Promise<JobQueue> {
  const { jobs, runners, log, parallel = 1, clock = () => performance.now(), now = () => new Date() } = options;
  const entries = new Map<string, Entry>();
  for (const row of await jobs.list()) entries.set(row.id, { row, running: null, waiting: [] });
  const listeners = new Set<(job: JobSnapshot) => void>();
  let closing = false;

  function find(id: string): Entry {
    const entry = entries.get(id);
    if (!entry) throw new TwinscopeError('not-found', `This project holds no job "${id}".`);
    return entry;
  }

  function announce(entry: Entry): void {
    const job = snapshot(entry.row);
    for (const listener of listeners) {
      try {
        listener(job);
      } catch (error) {
        log.error(error, 'telling about a job');
      }
    }
    if (!resting.includes(job.state)) return;
    for (const resolve of entry.waiting.splice(0)) resolve(job);
  }

  /**
   * Changes the row at once, so that whoever looks next decides on the new state, stores it, and then tells. What
   * could not be stored is taken back, unless it was changed again meanwhile.
   */
  async function change(entry: Entry, values: JobChange): Promise<void> {
    const { row } = entry;
    const before = { ...row };
    Object.assign(row, values);
    try {
      // Progress is stored only now and then; it rides along.
      await jobs.update(row.id, { progress: row.progress, ...values });
    } catch (error) {
      const kept = Object.keys(values).filter((key) => row[key as keyof JobChange] === values[key as keyof JobChange]);
      Object.assign(row, Object.fromEntries(kept.map((key) => [key, before[key as keyof JobChange]])));
      throw error;
    }
    announce(entry);
  }

  /** A change that holds and must be heard of even when it cannot be stored, e.g. on a full disk. */
  async function changeAnyway(entry: Entry, values: JobChange): Promise<void> {
    try {
      await change(entry, values);
    } catch (error) {
      log.error(error, `storing the state of job ${entry.row.id}`);
      Object.assign(entry.row, values);
      announce(entry);
    }
  }

  function settle(entry: Entry, values: JobChange): Promise<void> {
    entry.running = null;
    return changeAnyway(entry, { ...values, endedAt: now().toISOString() });
  }

  function startNext(): void {
    if (closing) return;
    const all = [...entries.values()];
    let free = parallel - all.filter(({ running }) => running !== null).length;
    for (const entry of all) {
      if (free <= 0) return;
      if (entry.row.state !== 'queued' || entry.running !== null) continue;
      free -= 1;
      const running: Running = { controller: new AbortController(), stop: null, settled: Promise.resolve() };
      entry.running = running;
      running.settled = run(entry, running).finally(startNext);
    }
  }

  async function run(entry: Entry, running: Running): Promise<void> {
    try {
      const runner = runners[entry.row.kind];
      if (!runner) throw new TwinscopeError('unsupported', `This version cannot carry out ${entry.row.kind} jobs.`);
      await change(entry, { state: stateWhile(running), startedAt: now().toISOString(), endedAt: null, error: null });
      running.controller.signal.throwIfAborted();
      const checkpoint = await jobs.checkpoint(entry.row.id);
      const { resultId } = await runner(contextOf(entry, running, checkpoint));
      await settle(entry, { state: 'finished', resultId: resultId ?? entry.row.resultId });
    } catch (error) {
      await settle(entry, ending(error, running.stop, entry.row));
    }
  }

  /** How a start ended that did not reach its end. */
  function ending(error: unknown, stop: Running['stop'], row: JobRow): JobChange {
    const stopped = error === stop || isAbort(error) || (isTwinscopeError(error) && error.code === 'cancelled');
    // Cancelling may end the compute process in the middle of its work, which then fails in its own way.
    if (stop === 'cancel') return { state: 'cancelled', error: null };
    if (stop !== null && (stopped || error === 'pause')) {
      return { state: stop === 'pause' ? 'paused' : 'interrupted', error: null };
    }
    if (isTwinscopeError(error)) return { state: 'failed', error: { code: error.code, message: error.message } };
    const id = log.error(error, `${row.kind} job ${row.id}`);
    const message =
      `Something went wrong inside Twinscope (error ${id}). Your project is safe. ` +
      `Resume the job to try again from its last checkpoint. ${logSentence(log)}`;
    return { state: 'failed', error: { code: 'internal', message } };
  }

  function contextOf(entry: Entry, running: Running, checkpoint: Uint8Array | null): JobContext {
    const { row } = entry;
    const meter = createProgressMeter();
    let heardAt = Number.NEGATIVE_INFINITY;
    return {
      jobId: row.id,
      plan: row.plan,
      checkpoint,
      frozen: row.frozen,
      resultId: row.resultId,
      signal: running.controller.signal,
      freeze: (values) => change(entry, { frozen: values }),
      progress(report) {
        const time = clock();
        row.progress = meter.report(report, time / 1000);
        if (time - heardAt >= listenersEveryMs) {
          heardAt = time;
          announce(entry);
        }
        return row.progress;
      },
      notice: (sentence) => change(entry, { notices: [...row.notices, sentence] }),
      setResult: (id) => change(entry, { resultId: id }),
    };
  }

  async function stop(entry: Entry, running: Running, reason: StopReason | 'close'): Promise<void> {
    running.stop = reason;
    const changed = changeAnyway(entry, { state: stateWhile(running) });
    // Runners know two reasons; closing the project is a pause to them.
    running.controller.abort(reason === 'cancel' ? 'cancel' : 'pause');
    await changed;
  }

  function refuse(entry: Entry, verb: string): TwinscopeError {
    return new TwinscopeError('conflict', `"${entry.row.title}" is ${entry.row.state} and cannot be ${verb}.`);
  }

  return {
    async start(kind, title, plan) {
      if (closing) throw new TwinscopeError('conflict', 'The project is being closed, so no new job was started.');
      const progress = { done: 0, total: 0, noun: '', phase: '', ratePerSecond: null, secondsLeft: null };
      const entry: Entry = { row: await jobs.create({ kind, title, plan, progress }), running: null, waiting: [] };
      entries.set(entry.row.id, entry);
      announce(entry);
      startNext();
      return snapshot(entry.row);
    },

    async pause(id) {
      const entry = find(id);
      if (entry.running !== null) {
        if (entry.running.stop === null) await stop(entry, entry.running, 'pause');
      } else if (entry.row.state === 'queued') await change(entry, { state: 'paused' });
      else if (entry.row.state !== 'paused') throw refuse(entry, 'paused');
      return snapshot(entry.row);
    },

    async resume(id) {
      const entry = find(id);
      if (!resumable.includes(entry.row.state)) throw refuse(entry, 'resumed');
      await change(entry, { state: 'queued', error: null, endedAt: null });
      startNext();
      return snapshot(entry.row);
    },

    async cancel(id) {
      const entry = find(id);
      if (entry.running !== null) await stop(entry, entry.running, 'cancel');
      else if (['queued', 'paused', 'interrupted'].includes(entry.row.state)) {
        await change(entry, { state: 'cancelled', endedAt: now().toISOString() });
      } else if (entry.row.state !== 'cancelled') throw refuse(entry, 'cancelled');
      return snapshot(entry.row);
    },

    list: () => [...entries.values()].map(({ row }) => snapshot(row)),
    get: (id) => snapshot(find(id).row),

    waitFor(id) {
      const entry = find(id);
      if (resting.includes(entry.row.state)) return Promise.resolve(snapshot(entry.row));
      return new Promise((resolve) => entry.waiting.push(resolve));
    },

    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },

    async close() {
      closing = true;
      const running = [...entries.values()].flatMap((entry) =>
        entry.running ? [{ entry, running: entry.running }] : [],
      );
      for (const { entry, running: job } of running) {
        if (job.stop === null) await stop(entry, job, 'close');
      }
      await Promise.all(running.map(({ running: job }) => job.settled));
    },
  };
}

function stateWhile({ stop }: Running): JobState {
  if (stop === null) return 'running';
  return stop === 'cancel' ? 'cancelling' : 'pausing';
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

function snapshot(row: JobRow): JobSnapshot {
  const { id, kind, title, state, progress, error, notices, resultId, createdAt, startedAt, endedAt } = row;
  return { id, kind, title, state, progress, error, notices, resultId, createdAt, startedAt, endedAt };
}
