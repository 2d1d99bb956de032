/** `twins verify --device webgpu` where WebGPU is real and its driver computes on the processor: small inputs. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CheckedTwin } from '../contract/twins.ts';
import { clipDraft } from '../engine/testing/clipTwin.ts';
import { colourDraft } from '../engine/testing/colourTwin.ts';
import { softwareVulkan } from '../engine/testing/softwareVulkan.ts';
import { packDraft, writePackage } from '../twins/node/package.ts';
import { runCli, type CliResult } from './testing/cliProcess.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-software-webgpu-'));
const home = path.join(folder, 'home');
const names = ['clip-twin', 'colour-twin'];
let run: (...args: string[]) => Promise<CliResult>;

beforeAll(async () => {
  const environment = await softwareVulkan();
  run = (...args) => runCli(args, home, [], environment);
  for (const draft of [clipDraft(), colourDraft()]) {
    const file = path.join(folder, `${draft.manifest.id}.twin`);
    await writePackage(file, packDraft(draft, { card: `# ${draft.manifest.title}\n`, licence: 'MIT\n' }));
    const { code, stderr } = await run('twins', 'import', file);
    if (code !== 0) throw new Error(stderr);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(names)('%s reproduces and has its gradient on WebGPU', async (name) => {
  const { code, stdout, stderr } = await run('twins', 'verify', name, '--device', 'webgpu', '--json');
  expect(code, stderr).toBe(0);
  const [twin] = [JSON.parse(stdout) as CheckedTwin | CheckedTwin[]].flat();
  expect(twin?.id).toBe(name);
  expect(twin?.reproductions.map(({ device, passed }) => [device, passed])).toContainEqual(['webgpu', true]);
  expect(twin?.gradientCheck).toMatchObject({ verdict: 'verified', device: 'webgpu' });
});
