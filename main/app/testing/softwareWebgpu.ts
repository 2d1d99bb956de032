/**
 * The command line with a WebGPU driver that computes on the processor, for machines without a graphics card: see
 * scripts/software-webgpu.ts.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { softwareVulkan } from '../../engine/testing/softwareVulkan.ts';

const cli = path.resolve(import.meta.dirname, '..', 'cli.ts');
const { status } = spawnSync(process.execPath, [cli, ...process.argv.slice(2)], {
  env: { ...process.env, ...(await softwareVulkan()) },
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
