/** How long requests outside jobs may take: it grows with their pictures, and nothing is said to be saved that is not. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SpawnCompute } from '../engine/computeContract.ts';
import type { DeadlineLimits } from '../engine/deadline.ts';
import { silentLog } from '../platform/node/log.ts';
import { encodeNpy } from '../stimuli/npy.ts';
import { readChecks } from '../twins/node/checks.ts';
import { createBackend, installFolder } from './backend.ts';
import { tapTwin } from './cli/tapsCommand.ts';
import { spawnCompute } from './spawnCompute.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-deadlines-'));
const id = 'macaque-v1-gabor-energy';
const input = path.join(folder, 'x.npy');
const { signal } = new AbortController();
/** Nothing can be loaded and answered in that time. */
const none: DeadlineLimits = { firstMs: 1, firstMsPerPicture: 0, leastMs: 1, timesSlowest: 1 };
const byPicture: DeadlineLimits = { ...none, firstMsPerPicture: 300_000 };

beforeAll(async () => {
  process.env['TWINSCOPE_HOME'] = path.join(folder, 'home');
  const checks = await readChecks(path.join(installFolder, 'dist', 'twins', id, 'checks.npz'));
  const [first] = Object.values(checks.inputs);
  if (first === undefined) throw new Error('the built-in twin has golden checks');
  writeFileSync(input, encodeNpy(first.data, first.shape));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function withLimits<T>(
  deadlines: DeadlineLimits,
  work: (backend: Awaited<ReturnType<typeof createBackend>>) => Promise<T>,
  spawn: SpawnCompute = spawnCompute,
): Promise<T> {
  const backend = await createBackend({ host: 'cli', spawnCompute: spawn, log: silentLog(), deadlines });
  try {
    return await work(backend);
  } finally {
    await backend.close();
  }
}

/** Compute that is stopped where golden pictures are asked for: a loaded twin answers them within a millisecond. */
const stoppedAtGolden: SpawnCompute = async (options) => {
  const compute = await spawnCompute(options);
  const postMessage = (message: unknown): void => {
    if ((message as { method?: string }).method === 'twin.forward') process.kill(compute.pid, 'SIGSTOP');
    compute.port.postMessage(message);
  };
  const onMessage = compute.port.onMessage.bind(compute.port);
  const onClose = compute.port.onClose.bind(compute.port);
  return { ...compute, port: { postMessage, onMessage, onClose, close: () => compute.port.close() } };
};

const taps = (deadlines: DeadlineLimits, out: string): Promise<void> =>
  withLimits(deadlines, (backend) =>
    tapTwin({ backend, json: true, print: () => undefined }, id, { tensors: ['v1_simple'], input, out }),
  );

test('activations have time for every picture, and nothing is written where that is over', async () => {
  const out = path.join(folder, 'x.npz');
  await expect(taps(none, out)).rejects.toThrow(/gave no answer for .* and was stopped\. Nothing was written\./);
  expect(existsSync(out)).toBe(false);
  await taps(byPicture, out);
  expect(existsSync(out)).toBe(true);
});

test('a verification has time for every golden picture', async () => {
  const verify = (deadlines: DeadlineLimits, spawn?: SpawnCompute) =>
    withLimits(deadlines, ({ handlers }) => handlers['library.verify']({ id }, { signal }), spawn);
  await expect(verify(none, stoppedAtGolden)).rejects.toThrow(/gave no answer for .* and was stopped/);
  expect((await verify(byPicture)).id).toBe(id);
});
