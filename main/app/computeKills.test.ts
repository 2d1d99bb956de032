/**
 * A hundred compute processes killed at seeded moments, in runs and in searches, some while they are still starting: the
 * backend starts each again from the last commit, every job finishes, and its content is that of an undisturbed one.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Plan } from '../contract/plans.ts';
import { isAlive } from '../platform/node/process.ts';
import { Random } from '../platform/random.ts';
import { every, gratingsRun, openWatchedBackend, pixelSearch, type WatchedBackend } from './testing/watchedBackend.ts';

const kills = 100;
const killsPerJob = 17;
/** Every fifth kill meets a process that has not yet committed anything; never two of them in turn, since three end the job. */
const earlyEvery = 5;
const latestDelayMs = 150;

let watched: WatchedBackend;

const plans = {
  run: gratingsRun({
    orientationDeg: every(24, 7.5),
    spatialFrequencyCpd: [0.75, 1, 1.5, 2, 3, 4, 6],
    phaseDeg: every(24, 15),
  }),
  search: pixelSearch({
    reference: { orientationDeg: [0, 45, 90, 135], spatialFrequencyCpd: [1.5, 3] },
    steps: 700,
    randomControls: 80,
    starts: 2,
  }),
} satisfies Record<string, Plan>;
type Kind = keyof typeof plans;

beforeAll(async () => {
  watched = await openWatchedBackend('kills');
});
afterAll(() => watched.close());

/** Runs a plan and kills its compute process up to `most` times; how many of the kills met it at work, and its hash. */
async function runKilled(kind: Kind, most: number, random: Random): Promise<{ hits: number; hash: string }> {
  const { backend, started } = watched;
  const { queue } = backend.services.current();
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
    watched.current.kill();
    await until(() => started.length > processes);
    if (started.length === processes) break;
  }
  const snapshot = await end;
  stop();
  expect(snapshot, JSON.stringify(snapshot.error)).toMatchObject({ state: 'finished' });
  const restarts = snapshot.notices.filter((text) => text.includes('started again')).length;
  return { hits: restarts, hash: await watched.contentOf(snapshot) };
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
  await watched.backend.services.compute.kill();
  await expect.poll(() => watched.started.filter(isAlive)).toEqual([]);
});
