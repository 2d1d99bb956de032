/** A client of real compute processes without a backend, and the built-in twin to ask them about. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createComputeClient, type ComputeClient, type ComputeClientOptions } from '../../engine/computeClient.ts';
import type { ComputeTwin } from '../../engine/computeContract.ts';
import { openLibrary } from '../../twins/node/library.ts';
import { installFolder } from '../backend.ts';
import { computeTwin, defaultSession } from '../services.ts';
import { spawnCompute } from '../spawnCompute.ts';

export type PlainCompute = {
  compute: ComputeClient;
  twin: ComputeTwin;
  /** How many processes were started. */
  starts(): number;
  close(): Promise<void>;
};

export async function openPlainCompute(
  name: string,
  { spawn = spawnCompute, ...options }: Partial<Pick<ComputeClientOptions, 'spawn' | 'endMs'>> = {},
): Promise<PlainCompute> {
  const folder = mkdtempSync(path.join(os.tmpdir(), `twinscope-${name}-`));
  const library = await openLibrary({ folder, builtInFolder: path.join(installFolder, 'dist', 'twins') });
  const resolved = await library.resolve({ id: 'macaque-v1-gabor-energy' });
  const none = () => Promise.reject(new Error('no stored pictures here'));
  let starts = 0;
  const compute = createComputeClient({
    spawn(how) {
      starts += 1;
      return spawn(how);
    },
    callbacks: { 'blob.image': none, 'blob.array': none },
    ...options,
  });
  return {
    compute,
    twin: { ...computeTwin(resolved, defaultSession()), graphCacheFolder: null },
    starts: () => starts,
    async close() {
      await compute.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
