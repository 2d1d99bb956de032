/** Files that a browser sends: held to their limits while they arrive. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { receivePackageFile, receiveUpload, type Upload } from './uploads.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'twinscope-uploads-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const batch = 'batch-of-a-test';
const stored = (): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((each) => (each.isFile() ? [each.name] : []));

/** Sends 64 kB at a time for as long as it is read; `sent` counts the bytes. */
function endless(): { upload: Upload; sent: () => number; broken: () => boolean } {
  let bytes = 0;
  let broken = false;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      bytes += 65_536;
      if (bytes > 1e8) controller.error(new Error('it was read without a limit'));
      else controller.enqueue(new Uint8Array(65_536));
    },
    cancel: () => void (broken = true),
  });
  return { upload: { body, announcedBytes: null }, sent: () => bytes, broken: () => broken };
}

describe.each([
  ['a picture', receiveUpload, /photo\.png has more than 1 MB, the most that one file .* Nothing of it was stored/],
  ['a file of a package', receivePackageFile, /photo\.png has more than 1 MB, the most that can be handed over/],
] as const)('%s', (_, receive, said) => {
  test('larger than allowed is refused as soon as the limit is passed, and leaves nothing', async () => {
    const { upload, sent, broken } = endless();
    await expect(receive(folder, batch, 'photo.png', upload, 1e6)).rejects.toThrow(said);
    // What the streams hold between them, no more.
    expect(sent()).toBeLessThan(2e6);
    expect(broken()).toBe(true);
    expect(stored()).toEqual([]);
  });

  test('announced as too large is refused before a byte is read', async () => {
    const body = new ReadableStream<Uint8Array>({ pull: () => expect.unreachable() }, { highWaterMark: 0 });
    await expect(receive(folder, batch, 'photo.png', { body, announcedBytes: 1e6 + 1 }, 1e6)).rejects.toThrow(said);
    expect(stored()).toEqual([]);
  });

  test('of exactly the most that is allowed is stored', async () => {
    const body = new Blob([new Uint8Array(1e6).fill(7)]).stream();
    await receive(folder, batch, 'photo.png', { body, announcedBytes: 1e6 }, 1e6);
    expect(readFileSync(join(folder, batch, 'photo.png'))).toEqual(Buffer.alloc(1e6, 7));
  });
});

test('two pictures of one name are both kept', async () => {
  for (const text of ['first', 'second'])
    await receiveUpload(folder, batch, 'photo.png', { body: new Blob([text]).stream(), announcedBytes: null });
  expect(stored().toSorted()).toEqual(['photo 2.png', 'photo.png']);
  expect(readFileSync(join(folder, batch, 'photo 2.png'), 'utf8')).toBe('second');
});
