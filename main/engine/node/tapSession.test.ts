import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { TwinManifest } from '../../contract/twins.ts';
import { colourManifest, colourModel } from '../testing/colourTwin.ts';
import { openTapSession } from './tapSession.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-tap-session-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a batch that cannot fit into memory is refused before anything is loaded', async () => {
  const modelFile = path.join(folder, 'model.onnx');
  writeFileSync(modelFile, colourModel());
  const twin = { modelFile, manifest: colourManifest() as TwinManifest };
  const settings = { device: 'cpu', threads: 1 } as const;
  await expect(openTapSession(twin, ['y'], { ...settings, batchSize: 2 ** 40 })).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringMatching(
      /^Colour twin with these tensors needs about .* of memory .* Nothing was started\. Choose a batch size below/,
    ),
  });
  const session = await openTapSession(twin, ['y'], { ...settings, batchSize: 2 });
  await session.release();
});
