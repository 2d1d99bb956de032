/** The built-in motion twin through the product: its golden checks, and its gradient against finite differences. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { silentLog } from '../platform/node/log.ts';
import { createBackend } from './backend.ts';
import { spawnCompute } from './spawnCompute.ts';

const home = mkdtempSync(path.join(os.tmpdir(), 'twinscope-motion-'));
process.env['TWINSCOPE_HOME'] = home;
const backend = await createBackend({ host: 'cli', spawnCompute, log: silentLog() });
afterAll(async () => {
  await backend.close();
  rmSync(home, { recursive: true, force: true });
});

test('the motion twin reproduces its answers, and its gradient is verified', async () => {
  const verify = backend.handlers['library.verify'];
  const checked = await verify({ id: 'primate-motion-v1-mt' }, { signal: new AbortController().signal });
  expect(checked.reproduces).toMatchObject({ device: 'cpu', passed: true });
  expect(checked.reproduces?.maxError).toBeLessThan(2e-5);
  expect(checked.gradientCheck).toMatchObject({ verdict: 'verified', device: 'cpu' });
}, 180_000);
