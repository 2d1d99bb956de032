/** State that the backend sends unasked: jobs and the live picture of running searches. */
import type { JobSnapshot, JobState, SearchLive } from '../../main/contract/jobs.ts';

/** A value that changes over time, in the shape `useSyncExternalStore` wants. */
export interface Store<T> {
  get(): T;
  subscribe(listener: () => void): () => void;
}

/** A store that can be written to. */
export function createStore<T>(initial: T): Store<T> & { set(value: T): void } {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

const ended: readonly JobState[] = ['cancelled', 'failed', 'finished'];
const busy: readonly JobState[] = ['queued', 'running', 'pausing', 'cancelling'];

/** Finished, failed or cancelled: nothing more will happen to it. */
export const jobEnded = (job: JobSnapshot): boolean => ended.includes(job.state);
/** Doing something, or about to. Paused and interrupted jobs wait for a person. */
export const jobBusy = (job: JobSnapshot): boolean => busy.includes(job.state);

/** Everything a search has sent since this window opened. */
export interface LiveSearch extends SearchLive {
  /** The whole trajectory so far, oldest first. */
  readonly trajectory: SearchLive['trajectory'];
}

/** Joins the points of two messages, which may overlap after a reconnect or a resume from a checkpoint. */
export function joinTrajectory(
  before: SearchLive['trajectory'],
  added: SearchLive['trajectory'],
): SearchLive['trajectory'] {
  const first = added[0];
  if (first === undefined) return before;
  return [...before.filter((point) => point.step < first.step), ...added];
}

export type JobMap = ReadonlyMap<string, JobSnapshot>;
export type LiveMap = ReadonlyMap<string, LiveSearch>;

export interface LiveStores {
  readonly jobs: Store<JobMap>;
  readonly live: Store<LiveMap>;
  /** Replaces the jobs with the backend's list; called after every (re)connection. */
  resetJobs(list: readonly JobSnapshot[]): void;
  changeJob(job: JobSnapshot): void;
  changeLive(message: SearchLive): void;
}

export function createLiveStores(): LiveStores {
  const jobs = createStore<JobMap>(new Map());
  const live = createStore<LiveMap>(new Map());
  return {
    jobs,
    live,
    resetJobs: (list) => jobs.set(new Map(list.map((job) => [job.id, job]))),
    changeJob: (job) => jobs.set(new Map(jobs.get()).set(job.id, job)),
    changeLive(message) {
      const before = live.get().get(message.jobId);
      const trajectory = joinTrajectory(before?.trajectory ?? [], message.trajectory);
      // Pictures come more rarely than numbers: until the next ones, the last ones stand.
      const tiles = message.tiles.length > 0 ? message.tiles : (before?.tiles ?? []);
      const spectrum = message.spectrum ?? before?.spectrum ?? null;
      live.set(new Map(live.get()).set(message.jobId, { ...message, trajectory, tiles, spectrum }));
    },
  };
}
