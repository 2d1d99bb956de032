import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openReferenceStore, responsesHash, type ReferenceKey } from './referenceStore.ts';

const units = 3;
const stimuli = 4;
const shape = { stimuli, units };
const key: ReferenceKey = {
  twinSha256: 'a'.repeat(64),
  stimuliSha256: 'b'.repeat(64),
  device: 'cpu',
  batchSize: 16,
  threads: 2,
  gradientForms: null,
  behaviour: {},
  versions: { twinscope: '1', onnxruntime: '1.30.0', processor: 'p', drawing: 'd' },
};
/** Values whose last bits would not survive a detour over decimal text of few digits. */
const measured = {
  responses: {
    rows: Float32Array.from({ length: stimuli * units }, (_, i) => Math.sin(i) / 3),
    blank: Float32Array.from({ length: units }, (_, i) => Math.cos(i) / 7),
  },
  measuredAt: '2026-11-30T17:00:00.000Z',
  seconds: 12.5,
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-references-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const files = (): string[] => readdirSync(folder);
const onlyFile = (): string => path.join(folder, files()[0] as string);

describe('reference store', () => {
  it('gives back the same bits, also to another process', async () => {
    expect(await openReferenceStore(folder).keep(key, measured)).toBeNull();
    const found = await openReferenceStore(folder).find(key, shape);
    expect(found).toEqual({ ...measured, sha256: responsesHash(measured.responses) });
    expect(files()).toHaveLength(1);
  });

  it('knows nothing under another key or for another shape', async () => {
    const store = openReferenceStore(folder);
    await store.keep(key, measured);
    const others: ReferenceKey[] = [
      { ...key, twinSha256: 'c'.repeat(64) },
      { ...key, stimuliSha256: 'c'.repeat(64) },
      { ...key, device: 'webgpu' },
      { ...key, versions: { ...key.versions, graphics: 'NVIDIA 570.86.15' } },
      { ...key, versions: { ...key.versions, drawing: 'e' } },
      { ...key, batchSize: 8 },
      { ...key, threads: 1 },
      { ...key, gradientForms: { strided: {}, mask: 'comparison', blockedLayout: true } },
      { ...key, behaviour: { running: 1 } },
      { ...key, versions: { ...key.versions, onnxruntime: '1.31.0' } },
    ];
    for (const other of others) expect(await store.find(other, shape)).toBeNull();
    expect(await store.find(key, { stimuli: stimuli + 1, units })).toBeNull();
    expect(await store.find(key, { stimuli: 6, units: 2 })).toBeNull();
    expect(await store.find(key, shape)).not.toBeNull();
  });

  it('ignores a file with any byte changed, cut short or grown, and makes it anew', async () => {
    const store = openReferenceStore(folder);
    await store.keep(key, measured);
    const whole = readFileSync(onlyFile());
    for (let at = 0; at < whole.length; at += 7) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] as number) ^ 1;
      writeFileSync(onlyFile(), damaged);
      expect(await store.find(key, shape), `byte ${at}`).toBeNull();
    }
    for (const bytes of [
      Buffer.alloc(0),
      whole.subarray(0, 64),
      whole.subarray(0, -1),
      Buffer.concat([whole, whole]),
    ]) {
      writeFileSync(onlyFile(), bytes);
      expect(await store.find(key, shape)).toBeNull();
    }
    await store.keep(key, measured);
    expect(readFileSync(onlyFile())).toEqual(whole);
  });

  it('ignores a whole file of another key under its name, and values that are no numbers', async () => {
    const store = openReferenceStore(folder);
    await store.keep(key, measured);
    const name = onlyFile();
    rmSync(name);
    await store.keep({ ...key, threads: 1 }, measured);
    renameSync(onlyFile(), name);
    expect(await store.find(key, shape)).toBeNull();
    const rows = measured.responses.rows.slice();
    rows[5] = Number.NaN;
    await store.keep(key, { ...measured, responses: { ...measured.responses, rows } });
    expect(await store.find(key, shape)).toBeNull();
  });

  it('keeps what was used last within its limit', async () => {
    await openReferenceStore(folder).keep(key, measured);
    const bytes = readFileSync(onlyFile()).length;
    const store = openReferenceStore(folder, 2 * bytes + bytes / 2);
    const second = { ...key, threads: 4 };
    await store.keep(second, measured);
    for (const name of files()) utimesSync(path.join(folder, name), new Date(1e12), new Date(1e12));
    expect(await store.find(key, shape)).not.toBeNull();
    const third = { ...key, threads: 8 };
    await store.keep(third, measured);
    expect(await store.find(second, shape)).toBeNull();
    expect(await store.find(key, shape)).not.toBeNull();
    expect(await store.find(third, shape)).not.toBeNull();
  });

  it('says why something was not kept', async () => {
    expect(await openReferenceStore(folder, 100).keep(key, measured)).toMatch(/at most 100 B are kept/);
    const file = path.join(folder, 'file');
    writeFileSync(file, 'x');
    expect(await openReferenceStore(path.join(file, 'below')).keep(key, measured)).toMatch(
      /not a folder|already exists/,
    );
    expect(files()).toEqual(['file']);
  });
});
