import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TwinManifest } from '../main/contract/twins.ts';
import { sha256Hex } from '../main/platform/hash.ts';
import { readPackage, readUnits } from '../main/twins/node/package.ts';
import { makeSibling } from './siblings.ts';

let out: string;
beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'twinscope-siblings-'));
});
afterAll(() => rm(out, { recursive: true, force: true }));

const twin = 'primate-retina-ganglion';
const manifestIn = async (folder: string) =>
  JSON.parse(await readFile(join(folder, 'twin.json'), 'utf8')) as TwinManifest & { files: Record<string, string> };

test('a sibling has the units of the original and other weights, an id, a title and a card of its own', async () => {
  const { id, folder } = await makeSibling({ twin, perturbation: 0.05, out });
  expect(id).toBe(`${twin}-sibling-5`);
  const made = await readPackage(folder);
  expect(made.manifest).toMatchObject({ id, title: expect.stringMatching(/, sibling \(jitter 5 %\)$/) });
  const original = await manifestIn(join(import.meta.dirname, '..', 'dist', 'twins', twin));
  const { files } = await manifestIn(folder);
  expect(files['model.onnx']).not.toBe(original.files['model.onnx']);
  expect(files['model.onnx']).toBe(sha256Hex(await readFile(join(folder, 'model.onnx'))));
  const names = async (place: string) =>
    (await readUnits(await readPackage(place))).map(({ area, unit }) => `${area} ${unit}`);
  expect(await names(folder)).toEqual(await names(join(import.meta.dirname, '..', 'dist', 'twins', twin)));
  expect(await readFile(join(folder, 'card.md'), 'utf8')).toContain('not independent evidence');
  await expect(makeSibling({ twin, perturbation: 0.05, out })).rejects.toThrow(
    /is there already\. Nothing was written/,
  );
});

test('another seed gives other weights, and a share in per cent has no digits of its own', async () => {
  const { id, folder } = await makeSibling({ twin, seed: 2, perturbation: 0.07, out });
  expect(id).toBe(`${twin}-seed-2-sibling-7`);
  const { title, summary, files } = await manifestIn(folder);
  expect(title).toMatch(/, other seed \(2, jitter 7 %\)$/);
  expect(summary).toContain('jittered by 7 % around');
  expect(await readFile(join(folder, 'card.md'), 'utf8')).toContain('jittered by 7 % around');
  const original = await manifestIn(join(import.meta.dirname, '..', 'dist', 'twins', twin));
  expect(files['model.onnx']).not.toBe(original.files['model.onnx']);
});

test('what would be the twin itself, and what is no twin, is refused', async () => {
  await expect(makeSibling({ twin, out })).rejects.toThrow(/would be the twin itself\. Nothing was written/);
  await expect(makeSibling({ twin, seed: 1, out })).rejects.toThrow(
    /With --seed 1 the result would be the twin itself.*Nothing was written/,
  );
  await expect(makeSibling({ twin, seed: 1, perturbation: 0.05, out })).rejects.toThrow(
    /is made with --seed 1, so the units would not be others\. Nothing was written/,
  );
  await expect(makeSibling({ twin: 'nothing', seed: 2, out })).rejects.toThrow(
    /no built-in twin.*primate-retina-ganglion/,
  );
});
