import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { GraphBuilder, writeGraph } from '../../onnx/index.ts';
import { smallManifest } from '../../twins/testing/smallTwin.ts';
import { twinNodeAtFault } from './diagnose.ts';
import { openTwinSession } from './twinSession.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-fault-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Pixel 0 and `op` of pixel 1, after a mask that adds minus infinity and a softmax that takes it away again. */
async function twin(op: 'Sqrt' | 'Log', dtype: 'float32' | 'float64' = 'float32') {
  const builder = new GraphBuilder();
  builder.input('x', 'float32', ['batch', 1, 4, 4]);
  const flat = builder.node('Reshape', ['x', builder.constant('flat', 'int64', [2], [-1n, 16n])]);
  const mask = builder.constant(
    'mask',
    'float32',
    [16],
    Array.from({ length: 16 }, (_, i) => (i < 2 ? 0 : -Infinity)),
  );
  const first = builder.node('Softmax', [builder.node('Add', [flat, mask], {}, 'masked')], { axis: 1 });
  const pixels = builder.constant('pixels', 'int64', [2], [0n, 1n]);
  const shown = builder.node('Gather', [flat, pixels], { axis: 1 });
  const bent = builder.node(op, [shown], {}, 'bent');
  const sum = builder.node('Add', [bent, builder.node('Gather', [first, pixels], { axis: 1 })]);
  builder.node('Cast', [sum], { to: dtype === 'float32' ? 1 : 11 }, 'y');
  builder.output('y', dtype, ['batch', 2]);
  const modelFile = path.join(folder, `${op}-${dtype}.onnx`);
  writeFileSync(modelFile, writeGraph(builder.build()));
  const location = { id: op, version: '1.0.0', sha256: op, modelFile, manifest: { ...smallManifest(), files: {} } };
  return openTwinSession(location, { device: 'cpu', batchSize: 2, threads: 1 });
}

const picture = (second: number): Float32Array => Float32Array.from({ length: 16 }, (_, i) => (i === 1 ? second : 0.5));

test.each(['float32', 'float64'] as const)('the node whose gradient is not finite, %s responses', async (dtype) => {
  const session = await twin('Sqrt', dtype);
  expect(await twinNodeAtFault(session, picture(0), Float32Array.of(0, 1))).toBe('Sqrt (node "bent")');
  expect(await twinNodeAtFault(session, picture(0.25), Float32Array.of(0, 1))).toBeNull();
  await session.release();
});

test('the node whose output is not finite', async () => {
  const session = await twin('Log');
  expect(await twinNodeAtFault(session, picture(0), null)).toBe('Log (node "bent")');
  expect(await twinNodeAtFault(session, picture(0.25), null)).toBeNull();
  await session.release();
});
