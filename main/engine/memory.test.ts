import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { GraphBuilder, writeGraph } from '../onnx/index.ts';
import { encodeNpy } from '../stimuli/npy.ts';
import { smallManifest } from '../twins/testing/smallTwin.ts';
import { availableBytes, memAvailable, predictMemory, requireMemory } from './memory.ts';
import { availableMemory } from './node/availableMemory.ts';
import { gradientOfModel } from './node/modelGradient.ts';
import { openTwinSession } from './node/twinSession.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-memory-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** x (batch × 1 × 4 × 4) through a value of `side` × `side` numbers per picture; two numbers per picture come out. */
function modelFile(side: number): string {
  const builder = new GraphBuilder();
  const x = builder.input('x', 'float32', ['batch', 1, 4, 4]);
  const mean = builder.node('ReduceMean', [x, builder.constant('axes', 'int64', [2], [2n, 3n])]);
  const wide = builder.node('Expand', [
    mean,
    builder.constant('wide', 'int64', [4], [1n, 1n, BigInt(side), BigInt(side)]),
  ]);
  const pooled = builder.node('GlobalAveragePool', [builder.node('Exp', [wide])]);
  const flat = builder.node('Reshape', [pooled, builder.constant('flat', 'int64', [2], [-1n, 1n])]);
  builder.node('MatMul', [flat, builder.constant('w', 'float32', [1, 2], [1, 2])], {}, 'y');
  builder.output('y', 'float32', ['batch', 2]);
  const file = path.join(folder, `${side}.onnx`);
  writeFileSync(file, writeGraph(builder.build()));
  return file;
}

const twinAt = (side: number) => ({
  id: 'wide',
  version: '1.0.0',
  sha256: '0'.repeat(64),
  modelFile: modelFile(side),
  manifest: { ...smallManifest(), title: 'Wide twin', files: {} },
});
const settings = { device: 'cpu', batchSize: 2, threads: 1 } as const;

describe('before the start', () => {
  test('a twin whose values cannot fit is refused with both figures and what to do', async () => {
    await expect(openTwinSession(twinAt(1_000_000), settings)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringMatching(
        /^Wide twin needs about 16 TB of memory \(weights .+, values of one batch 16 TB\), and .+ are available\. Nothing was started\. Choose a batch size below 2, or close other programs\.$/,
      ),
      details: { availableBytes: expect.any(Number) },
    });
  });

  test('one that fits runs, forward and back', async () => {
    const session = await openTwinSession(twinAt(8), settings);
    const images = new Float32Array(32).fill(0.5);
    const { responses, gradient } = await session.gradient(images, 2, new Float32Array(4).fill(1));
    const each = Math.exp(0.5);
    responses.forEach((value, i) => expect(value).toBeCloseTo(each * (1 + (i % 2)), 5));
    gradient.forEach((value) => expect(value).toBeCloseTo((3 * each) / 16, 5));
    await session.release();
  });

  test('a bare model is refused in the same way', async () => {
    const file = path.join(folder, 'x.npy');
    writeFileSync(file, encodeNpy(new Float32Array(16), [1, 1, 4, 4]));
    const request = { wrt: null, output: null, device: 'cpu' as const, threads: 1, inputs: [{ name: null, file }] };
    const context = { signal: new AbortController().signal, progress: () => undefined };
    await expect(gradientOfModel({ ...request, modelFile: modelFile(1_000_000) }, context)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringMatching(/needs about 8 TB .* Nothing was started\. Use smaller inputs, or close other/),
    });
  });
});

describe('predictMemory', () => {
  const builder = new GraphBuilder();
  builder.input('x', 'float32', ['n', 1000]);
  builder.constant('w', 'float32', [1000, 1000], new Float32Array(1e6));
  builder.node('MatMul', ['x', 'w'], {}, 'y');
  builder.output('y', 'float32', null);
  const graph = builder.build();
  const at = (n: number) => new Map([['x', [n, 1000]]]);

  test('few pictures: what creating the session takes; many: standing weights, inputs and values', () => {
    expect(predictMemory(graph, 'forward', at(1))).toEqual({ bytes: 16e6, weightBytes: 4e6, activationBytes: 8000 });
    expect(predictMemory(graph, 'forward', at(1000)).bytes).toBe(3 * 4e6 + 8e6);
    expect(predictMemory(graph, 'gradient', at(1000)).bytes).toBeCloseTo(3.6 * 4e6 + 8e6, 0);
  });

  test('values of unknown size count as nothing', () => {
    expect(predictMemory(graph, 'forward', new Map()).activationBytes).toBe(0);
  });

  test('what fits to the byte passes; weights that do not fit are not blamed on the batch', () => {
    const prediction = predictMemory(graph, 'forward', at(1));
    requireMemory('It', prediction, 16e6, 4);
    expect(() => requireMemory('It', prediction, 16e6 - 1, 4)).toThrow(
      'It needs about 16 MB of memory (weights 4 MB, values of one batch 8 kB), and 16 MB are available. ' +
        'Nothing was started. Close other programs, or use a computer with more memory.',
    );
  });
});

describe('available memory', () => {
  test('is the least that the machine and every control group leave, file pages given back', () => {
    expect(availableBytes(10, [])).toBe(10);
    expect(availableBytes(10, [{ limitBytes: 8, usedBytes: 5, fileBytes: 2 }])).toBe(5);
    expect(availableBytes(10, [{ limitBytes: 8, usedBytes: 9, fileBytes: 0 }])).toBe(0);
    expect(availableBytes(10, [{ limitBytes: 80, usedBytes: 9, fileBytes: 0 }])).toBe(10);
  });

  test('of this machine lies between nothing and all of it', () => {
    expect(availableMemory()).toBeGreaterThan(0);
    expect(availableMemory()).toBeLessThanOrEqual(os.totalmem());
  });

  test('is read from what Linux tells', () => {
    expect(memAvailable('MemTotal:  8 kB\nMemFree:  1 kB\nMemAvailable:  3 kB\n')).toBe(3072);
    expect(memAvailable('MemTotal: 8 kB\n')).toBeNull();
  });
});
