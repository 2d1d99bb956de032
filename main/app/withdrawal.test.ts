/** A request to a real compute process that is withdrawn: it stops between steps and need not be killed. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { searchPlan } from '../contract/plans.ts';
import { stimulusDesign } from '../contract/stimuli.ts';
import { createComputeClient, type ComputeClient } from '../engine/computeClient.ts';
import type { ComputeTwin } from '../engine/computeContract.ts';
import { openLibrary } from '../twins/node/library.ts';
import { installFolder } from './backend.ts';
import { computeTwin, defaultSession } from './services.ts';
import { spawnCompute } from './spawnCompute.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-withdrawal-'));
const id = 'macaque-v1-gabor-energy';
/** Far more than it gets to; a request that went on would meet the kill after its grace. */
const steps = 20_000;
let compute: ComputeClient;
let twin: ComputeTwin;

beforeAll(async () => {
  const library = await openLibrary({ folder, builtInFolder: path.join(installFolder, 'dist', 'twins') });
  twin = { ...computeTwin(await library.resolve({ id }), defaultSession()), graphCacheFolder: null };
  const none = () => Promise.reject(new Error('no stored pictures here'));
  compute = createComputeClient({ spawn: spawnCompute, callbacks: { 'blob.image': none, 'blob.array': none } });
  await compute.call('twin.describe', { twin });
});
afterAll(async () => {
  await compute.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a slice of a search that is withdrawn ends after its step and gives what it has', async () => {
  const pid = compute.pid();
  const reference = {
    type: 'gratings',
    factors: { orientationDeg: [0, 90], spatialFrequencyCpd: [1.5, 3], phaseDeg: [0] },
  };
  const plan = searchPlan.parse({
    format: 1,
    kind: 'search',
    twin: id,
    target: [{ area: 'V1-complex' }],
    space: { type: 'pixels' },
    reference: { design: reference },
    optimiser: { type: 'gradient', steps },
    controls: { random: 4 },
    starts: 1,
    seed: 3,
  });
  const { total } = await compute.call('search.begin', {
    key: 'a',
    plan,
    twin,
    batchSize: twin.batchSize,
    reference: stimulusDesign.parse(reference),
    screening: null,
    bestOf: null,
    checkpoint: null,
  });
  const stopping = new AbortController();
  setTimeout(() => stopping.abort(), 500);
  const slice = await compute.call(
    'search.advance',
    { key: 'a', budgetMs: 600_000 },
    { signal: stopping.signal, deadlineMs: 60_000 },
  );
  expect(slice.done).toBe(false);
  expect(slice.position).toBeGreaterThan(0);
  expect(slice.position).toBeLessThan(total);
  expect(slice.checkpoint.byteLength).toBeGreaterThan(0);
  expect(compute.pid()).toBe(pid);
});
