import { describe, expect, it, vi } from 'vitest';
import type { JobSnapshot, SearchLive } from '../../main/contract/jobs.ts';
import type { Client, EventName } from '../../main/contract/methods.ts';
import { concerns } from './invalidation.ts';
import { openSession, type Connection } from './session.ts';
import { createLiveStores, jobBusy, jobEnded, joinTrajectory } from './stores.ts';

const point = (step: number, best = step) => ({ step, best, median: best / 2 });
const job = (id: string, state: JobSnapshot['state']): JobSnapshot => ({
  id,
  kind: 'run',
  title: id,
  state,
  progress: { done: 0, total: 10, noun: 'stimuli', phase: '', ratePerSecond: null, secondsLeft: null },
  error: null,
  notices: [],
  resultId: null,
  createdAt: '2026-01-01T00:00:00Z',
  startedAt: null,
  endedAt: null,
});

describe('live stores', () => {
  it('joins trajectories, the later message winning where they overlap', () => {
    expect(joinTrajectory([point(1), point(2), point(3)], [point(3, 9), point(4)])).toEqual([
      point(1),
      point(2),
      point(3, 9),
      point(4),
    ]);
    expect(joinTrajectory([point(1)], [])).toEqual([point(1)]);
  });
  it('keeps the whole trajectory of a search while the rest is replaced', () => {
    const stores = createLiveStores();
    const message = (step: number): SearchLive => ({
      jobId: 'a',
      step,
      steps: 10,
      best: [step],
      trajectory: [point(step)],
      tiles: [],
      areas: [],
      units: [],
      residuals: null,
      spectrum: null,
      controls: [],
    });
    stores.changeLive(message(1));
    stores.changeLive(message(2));
    expect(stores.live.get().get('a')).toMatchObject({ step: 2, trajectory: [point(1), point(2)] });
  });
  it('replaces jobs by the backend’s list and tells listeners', () => {
    const stores = createLiveStores();
    const listener = vi.fn<() => void>();
    stores.jobs.subscribe(listener);
    stores.changeJob(job('old', 'running'));
    stores.resetJobs([job('new', 'paused')]);
    expect([...stores.jobs.get().keys()]).toEqual(['new']);
    expect(listener).toHaveBeenCalledTimes(2);
  });
  it('knows which jobs are busy, waiting or over', () => {
    expect(jobBusy(job('a', 'cancelling'))).toBe(true);
    expect(jobBusy(job('a', 'paused')) || jobEnded(job('a', 'paused'))).toBe(false);
    expect(jobBusy(job('a', 'interrupted')) || jobEnded(job('a', 'interrupted'))).toBe(false);
    expect(jobEnded(job('a', 'cancelled'))).toBe(true);
  });
});

describe('invalidation', () => {
  it('asks again for what stands in a changed list, and for the project’s counts', () => {
    expect(concerns('sets.items', ['sets'])).toBe(true);
    expect(concerns('runs.list', ['sets'])).toBe(false);
    expect(concerns('project.current', ['sets'])).toBe(true);
  });
  it('asks again for everything when the project changed', () => {
    expect(concerns('runs.get', ['project'])).toBe(true);
    expect(concerns('library.list', ['project'])).toBe(true);
  });
});

/** A backend whose connections are broken by hand. */
function fakeBackend() {
  const connections: { emit: (event: EventName, data: unknown) => void; drop: () => void }[] = [];
  let refusals = 0;
  const connect = async (): Promise<Connection> => {
    if (refusals > 0) {
      refusals -= 1;
      throw new Error('refused');
    }
    const listeners = new Map<string, Set<(data: never) => void>>();
    let drop: () => void = () => undefined;
    const closed = new Promise<void>((resolve) => {
      drop = resolve;
    });
    const number = connections.length + 1;
    const client = {
      call: async (method: string) => `${method} over connection ${number}`,
      on: (event: string, listener: (data: never) => void) => {
        const known = listeners.get(event) ?? new Set();
        listeners.set(event, known.add(listener));
        return () => known.delete(listener);
      },
    } as unknown as Client;
    connections.push({
      emit: (event, data) => {
        for (const listener of listeners.get(event) ?? []) listener(data as never);
      },
      drop,
    });
    return { client, closed };
  };
  return { connect, connections, refuse: (times: number) => (refusals = times) };
}
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

describe('session', () => {
  it('lets calls wait until there is a connection', async () => {
    const backend = fakeBackend();
    const session = openSession(backend.connect);
    expect(session.state.get()).toBe('connecting');
    expect(await session.call('jobs.list', {})).toBe('jobs.list over connection 1');
    expect(session.state.get()).toBe('connected');
    session.close();
  });
  it('says when the backend is gone, reconnects, and carries subscriptions over', async () => {
    const backend = fakeBackend();
    const session = openSession(backend.connect);
    const seen: string[] = [];
    const stop = session.on('data.changed', ({ lists }) => seen.push(...lists));
    const connected = vi.fn<() => void>();
    session.onConnected(connected);
    await settle();
    backend.connections[0]?.emit('data.changed', { lists: ['sets'] });
    backend.refuse(1);
    backend.connections[0]?.drop();
    await settle();
    expect(session.state.get()).toBe('lost');
    const waiting = session.call('jobs.list', {});
    session.retry();
    await settle();
    expect(session.state.get()).toBe('lost');
    session.retry();
    expect(await waiting).toBe('jobs.list over connection 2');
    expect(session.state.get()).toBe('connected');
    backend.connections[1]?.emit('data.changed', { lists: ['runs'] });
    stop();
    backend.connections[1]?.emit('data.changed', { lists: ['searches'] });
    expect(seen).toEqual(['sets', 'runs']);
    expect(connected).toHaveBeenCalledTimes(2);
    session.close();
  });
  it('gives up waiting for a connection when the caller withdraws', async () => {
    const backend = fakeBackend();
    backend.refuse(100);
    const session = openSession(backend.connect);
    const withdraw = new AbortController();
    const call = session.call('jobs.list', {}, withdraw.signal);
    withdraw.abort();
    await expect(call).rejects.toMatchObject({ code: 'cancelled' });
    session.close();
  });
});
