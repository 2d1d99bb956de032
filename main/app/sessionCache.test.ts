/** Sessions in use outlast any number of others: in the cache alone, and in a real compute process. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { searchPlan } from '../contract/plans.ts';
import { stimulusDesign } from '../contract/stimuli.ts';
import type { ComputeTwin } from '../engine/computeContract.ts';
import { createSessionCache, holdsOf } from './sessionCache.ts';
import { openPlainCompute, type PlainCompute } from './testing/plainCompute.ts';

/** A cache of two whose sessions are their own names, and what it has opened and released. */
function cacheOfTwo() {
  const opened: string[] = [];
  const released: string[] = [];
  const cache = createSessionCache<string, string>({
    most: 2,
    keyOf: (name) => name,
    async open(name) {
      opened.push(name);
      if (name === 'broken') throw new Error('cannot be opened');
      return name;
    },
    release: async (name) => void released.push(name),
  });
  const touch = (name: string) => cache.use(name, async () => undefined);
  return { cache, opened, released, touch };
}

test('what one piece of work holds is let go together, and once', async () => {
  const { cache, released, touch } = cacheOfTwo();
  const { hold, letGo } = holdsOf(cache);
  const [, b] = [await hold('a'), await hold('b')];
  await touch('c');
  expect(released).toEqual(['c']);
  b.letGo();
  b.letGo();
  await touch('d');
  expect(released).toEqual(['c', 'b']);
  letGo();
  // Asked for too late: it is nobody's.
  await hold('e');
  await touch('f');
  await touch('g');
  // The last use of a is its end, after that of d.
  expect(released).toEqual(['c', 'b', 'd', 'a', 'e']);
});

test('a session that is held is kept beyond the limit, and makes room once it is let go', async () => {
  const { cache, opened, released, touch } = cacheOfTwo();
  const [a, b, again] = [await cache.hold('a'), await cache.hold('b'), await cache.hold('a')];
  await touch('c');
  await touch('d');
  expect(released).toEqual(['c', 'd']);
  a.letGo();
  await touch('e');
  expect(released).toEqual(['c', 'd', 'e']);
  again.letGo();
  b.letGo();
  await touch('f');
  expect(released).toEqual(['c', 'd', 'e', 'a']);
  await touch('b');
  expect(opened).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
});

test('a session whose work failed is let go, and one that could not be opened is opened anew', async () => {
  const { cache, opened, released, touch } = cacheOfTwo();
  const fails = cache.use('a', () => Promise.reject(new Error('enough')));
  await expect(fails).rejects.toThrow('enough');
  for (const name of ['b', 'c']) await touch(name);
  expect(released).toEqual(['a']);
  for (let time = 0; time < 2; time++) await expect(touch('broken')).rejects.toThrow('cannot be opened');
  expect(opened).toEqual(['a', 'b', 'c', 'broken', 'broken']);
});

let opened: PlainCompute;
beforeAll(async () => {
  opened = await openPlainCompute('sessions');
});
afterAll(() => opened.close());

/** Asks for more other sessions of the twin than are kept. */
const crowd = (twin: ComputeTwin): Promise<unknown> =>
  Promise.all([1, 2, 3, 4].map((batchSize) => opened.compute.call('twin.describe', { twin: { ...twin, batchSize } })));

test('a search goes on however many other sessions were opened since it began', async () => {
  const { compute, twin } = opened;
  const design = {
    type: 'gratings',
    factors: { orientationDeg: [0, 90], spatialFrequencyCpd: [1.5, 3], phaseDeg: [0] },
  };
  const plan = searchPlan.parse({
    format: 1,
    kind: 'search',
    twin: twin.id,
    target: [{ area: 'V1-complex' }],
    space: { type: 'pixels' },
    reference: { design },
    optimiser: { type: 'gradient', steps: 50 },
    controls: { random: 4, phaseScrambled: 0, sameSpace: 0, bestOfReference: false },
    starts: 1,
    seed: 3,
  });
  const none = { sets: {}, heldOut: [], knownReference: null, checkpoint: null };
  const start = { key: 'a', plan, twin, batchSize: twin.batchSize, reference: stimulusDesign.parse(design), ...none };
  await compute.call('search.begin', start);
  const before = await compute.call('search.advance', { key: 'a', budgetMs: 1 });
  await crowd(twin);
  const after = await compute.call('search.advance', { key: 'a', budgetMs: 1 });
  expect(after.position).toBeGreaterThan(before.position);
  await compute.call('search.end', { key: 'a' });
});

test('pictures that are being presented are all answered while other sessions are opened', async () => {
  const { compute, twin } = opened;
  const n = 40 * twin.batchSize;
  const { sizePx } = await compute.call('twin.describe', { twin });
  const images = new Float32Array(n * sizePx ** 2).fill(0.5);
  const [{ areas }] = await Promise.all([compute.call('twin.forward', { twin, images, n, others: {} }), crowd(twin)]);
  for (const { area, data } of areas) expect(data.length, area).toBe(n * (twin.units[area] as string[]).length);
});

test('tensors that are being read are all answered while other tensors are asked for', async () => {
  const { compute, twin } = opened;
  const design = stimulusDesign.parse({
    type: 'gratings',
    factors: { orientationDeg: [0], spatialFrequencyCpd: [1], phaseDeg: Array.from({ length: 200 }, (_, i) => i) },
  });
  const taps = (tensor: string, count: number) =>
    compute.call('twin.taps', { twin, tensors: [tensor], from: { design, first: 0, count } });
  const others = ['v1_complex', 'simple_linear', 'simple_rectified'];
  const [{ arrays }] = await Promise.all([taps('v1_simple', 200), ...others.map((tensor) => taps(tensor, 1))]);
  expect(arrays[0]?.shape[0]).toBe(200);
});
