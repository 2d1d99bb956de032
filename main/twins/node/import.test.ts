/** Imports beside each other, of several workbenches even, and of twins that are there already but damaged. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { authorContents, hashed, snapshotOf, writeContents } from '../testing/authorFolder.ts';
import { openLibrary, type Library } from './library.ts';

let root: string;
let library: Library;
const own = (...parts: string[]): string => join(root, ...parts);
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'twinscope-import-'));
  library = await openLibrary({ folder: own('library'), builtInFolder: own('nothing built in') });
  await library.import(writeContents(own('resident'), hashed(authorContents({ id: 'resident' }))));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it('a damaged twin that several put back at once is whole afterwards, and none of them fails', async () => {
  const source = writeContents(own('package'), hashed(authorContents()));
  await library.import(source);
  const whole = snapshotOf(own('library'));
  for (let round = 0; round < 10; round++) {
    writeFileSync(own('library', 'small-twin@1.0.0', 'model.onnx'), 'damaged');
    // As two workbenches and a command have it.
    const libraries = await Promise.all(
      [0, 1, 2].map(() => openLibrary({ folder: own('library'), builtInFolder: own('nothing built in') })),
    );
    const taken = await Promise.all(libraries.map((each) => each.import(source)));
    expect(taken.map(({ id }) => id)).toEqual(['small-twin', 'small-twin', 'small-twin']);
    expect(snapshotOf(own('library'))).toEqual(whole);
  }
});

it('imports of one package at once all find it there; of two contents under one name one is refused with both hashes', async () => {
  const source = writeContents(own('package'), hashed(authorContents()));
  const same = await Promise.all(Array.from({ length: 6 }, () => library.import(source)));
  expect(new Set(same.map(({ sha256 }) => sha256)).size).toBe(1);
  await library.remove('small-twin');
  const other = writeContents(own('other'), hashed(authorContents({ title: 'Other' })));
  const results = await Promise.allSettled([library.import(source), library.import(other)]);
  const [taken] = results.flatMap((each) => (each.status === 'fulfilled' ? [each.value.sha256] : []));
  const [reason, ...more] = results.flatMap((each) => (each.status === 'rejected' ? [each.reason as Error] : []));
  expect(more).toEqual([]);
  expect(reason?.message).toMatch(/with other content \(hash [0-9a-f]{64}; the package has [0-9a-f]{64}\)/);
  expect(reason?.message).toContain(taken);
  expect(readdirSync(own('library')).toSorted()).toEqual(['resident@1.0.0', 'small-twin@1.0.0']);
});

it('a twin whose files were damaged is put back by importing it again, and left alone where it is whole', async () => {
  const source = writeContents(own('package'), hashed(authorContents()));
  await library.import(source);
  const whole = snapshotOf(own('library'));
  writeFileSync(own('library', 'small-twin@1.0.0', 'model.onnx'), 'damaged');
  await expect(library.resolve('small-twin')).rejects.toThrow(/Import the package again\.$/);
  await library.import(source);
  expect(snapshotOf(own('library'))).toEqual(whole);
  expect((await library.resolve('small-twin')).id).toBe('small-twin');
});
