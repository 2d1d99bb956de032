/**
 * WebGPU without a graphics card: small graphs and their derived gradients agree with the CPU, and profiles show that
 * they ran there. The driver computes on the processor, 250 times slower, hence the sizes.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { Comparison } from '../testing/compareDevices.ts';
import { softwareVulkan } from '../testing/softwareVulkan.ts';

const child = path.resolve(import.meta.dirname, '..', 'testing', 'compareDevices.ts');
let compared: Comparison[];

function run(env: Record<string, string>): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const started = spawn(process.execPath, [child, 'webgpu'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  started.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  started.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    started.once('error', reject);
    started.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

beforeAll(async () => {
  const { code, stdout, stderr } = await run(await softwareVulkan());
  if (code !== 0) throw new Error(`The graphs did not run on WebGPU (exit code ${code}):\n${stderr}`);
  compared = JSON.parse(stdout) as Comparison[];
  for (const { name, kind, parity, placement } of compared) {
    const parities = Object.entries(parity).map(([output, value]) => `${output} ${value.toExponential(1)}`);
    console.log(`${name}, ${kind}: ${parities.join(', ')}; ${JSON.stringify(placement.byProvider)}`);
  }
});

test('responses and gradients agree with the CPU', () => {
  expect(new Set(compared.map(({ name }) => name)).size).toBe(6);
  for (const { name, kind, parity, largest } of compared) {
    expect(Object.keys(parity)).toHaveLength(kind === 'gradient' ? 2 : 1);
    for (const [output, difference] of Object.entries(parity)) {
      expect(difference, `${name}, ${kind}, ${output}`).toBeLessThanOrEqual(1e-4);
      // Nothing agrees with nothing.
      expect(largest[output], `${name}, ${kind}, ${output}`).toBeGreaterThan(1e-3);
    }
  }
});

test('profiles show the work on WebGPU; on the CPU run integers about shapes at most', () => {
  for (const { name, kind, placement } of compared) {
    const onWebGpu = placement.byProvider['WebGpuExecutionProvider'] ?? 0;
    expect(onWebGpu, `${name}, ${kind}`).toBeGreaterThanOrEqual(3);
    expect(onWebGpu + placement.onCpu).toBe(placement.total);
    expect(onWebGpu, `${name}, ${kind}`).toBeGreaterThan(placement.onCpu);
  }
});

test('gradients are among them', () => {
  const derived = compared.filter(({ kind }) => kind === 'gradient').map(({ name }) => name);
  expect(derived).toEqual(
    expect.arrayContaining([
      'convolution with AveragePool',
      'attention',
      'energy model with normalisation',
      'many windows',
    ]),
  );
});
