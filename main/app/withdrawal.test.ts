/** Requests to a real compute process that are withdrawn: it stops between steps and need not be killed. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { searchPlan } from '../contract/plans.ts';
import { stimulusDesign } from '../contract/stimuli.ts';
import { createComputeClient, type ComputeClient } from '../engine/computeClient.ts';
import type { ComputeProgress, ComputeTwin, SearchStart } from '../engine/computeContract.ts';
import { openLibrary, type Library } from '../twins/node/library.ts';
import { packDraft, writePackage } from '../twins/node/package.ts';
import { smallDraft } from '../twins/testing/smallTwin.ts';
import { installFolder } from './backend.ts';
import { computeTwin, defaultSession } from './services.ts';
import { spawnCompute } from './spawnCompute.ts';
import { writeWideModel } from './testing/wideModel.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-withdrawal-'));
const id = 'macaque-v1-gabor-energy';
/** Far more than it gets to; a request that went on would meet the kill after its grace. */
const steps = 20_000;
let library: Library;
let compute: ComputeClient;
let twin: ComputeTwin;

beforeAll(async () => {
  library = await openLibrary({
    folder: path.join(folder, 'library'),
    builtInFolder: path.join(installFolder, 'dist', 'twins'),
  });
  twin = await twinOf(id);
  const none = () => Promise.reject(new Error('no stored pictures here'));
  compute = createComputeClient({ spawn: spawnCompute, callbacks: { 'blob.image': none, 'blob.array': none } });
  await compute.call('twin.describe', { twin });
});
afterAll(async () => {
  await compute.close();
  rmSync(folder, { recursive: true, force: true });
});

const twinOf = async (wanted: string): Promise<ComputeTwin> => ({
  ...computeTwin(await library.resolve({ id: wanted }), defaultSession()),
  graphCacheFolder: null,
});

const reference = {
  type: 'gratings',
  factors: { orientationDeg: [0, 90], spatialFrequencyCpd: [1.5, 3], phaseDeg: [0] },
};

const searchOf = (key: string, of: ComputeTwin, area: string): SearchStart => ({
  key,
  plan: searchPlan.parse({
    format: 1,
    kind: 'search',
    twin: of.id,
    target: [{ area }],
    space: { type: 'pixels' },
    reference: { design: reference },
    optimiser: { type: 'gradient', steps },
    controls: { random: 4, phaseScrambled: 0, sameSpace: 0, bestOfReference: false },
    starts: 1,
    seed: 3,
  }),
  twin: of,
  batchSize: of.batchSize,
  reference: stimulusDesign.parse(reference),
  sets: {},
  knownReference: null,
  heldOut: [],
  checkpoint: null,
});

test('a slice of a search that is withdrawn ends after its step and gives what it has', async () => {
  const pid = compute.pid();
  const { total } = await compute.call('search.begin', searchOf('a', twin, 'V1-complex'));
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

test('a search that is withdrawn as it begins is not kept', async () => {
  const pid = compute.pid();
  const packed = packDraft(smallDraft({ id: 'small' }), { card: 'A card.\n', licence: 'MIT\n' });
  const source = path.join(folder, 'small');
  await writePackage(source, packed);
  await library.import(source);
  const small = await twinOf('small');
  const stopping = new AbortController();
  // Compute finds the request and its withdrawal together, and the session of this twin is not loaded yet.
  process.kill(pid as number, 'SIGSTOP');
  const begun = compute.call('search.begin', searchOf('b', small, 'V1'), { signal: stopping.signal });
  await new Promise((resolve) => setImmediate(resolve));
  stopping.abort(new Error('enough'));
  process.kill(pid as number, 'SIGCONT');
  await expect(begun).rejects.toThrow('enough');
  await expect(compute.call('search.advance', { key: 'b', budgetMs: 1 })).rejects.toThrow(
    'no longer holds this search',
  );
  expect(compute.pid()).toBe(pid);
});

test('the gradient of a bare model stops in its check', async () => {
  const pid = compute.pid();
  const { modelFile, inputFile } = writeWideModel(folder);
  const told: ComputeProgress[] = [];
  const stopping = new AbortController();
  const gradient = compute.call(
    'model.gradient',
    { modelFile, inputs: [{ name: null, file: inputFile }], wrt: null, output: null, device: 'cpu', threads: 1 },
    {
      signal: stopping.signal,
      onProgress: (at) => {
        told.push(at);
        stopping.abort(new Error('enough'));
      },
    },
  );
  await expect(gradient).rejects.toThrow('enough');
  expect(told[0]).toEqual({ done: 1, total: 8 });
  expect(told.length).toBeLessThan(8);
  expect(compute.pid()).toBe(pid);
});
