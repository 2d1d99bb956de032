/** From an author's folder to a package and back: the same bytes every time, and nothing written where it must not be. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync, zipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeGraph, readGraph } from '../../onnx/index.ts';
import { authorContents, hashed, smallChecks, snapshotOf, writeContents } from '../testing/authorFolder.ts';
import { smallDraft, smallModel } from '../testing/smallTwin.ts';
import { openLibrary, type Library } from './library.ts';
import type { Prove } from './pack.ts';

let root: string;
let library: Library;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'twinscope-pack-'));
  library = await openProfile('library');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const own = (...parts: string[]): string => join(root, ...parts);
const openProfile = (name: string): Promise<Library> =>
  openLibrary({ folder: own(name), builtInFolder: own('nothing built in') });

/** What compute would do is tested with the command line: here the known responses of the small model stand for it. */
const prove: Prove = (_, given) =>
  Promise.resolve({ made: given === null ? smallDraft().checks : null, sentence: 'Proved.' });
const pack = (source: string, out: string | null) => library.pack({ source, out, prove });

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: 'TwinscopeError' });
  return (error as Error).message;
}

describe('packing', () => {
  it('adds hashes and checks, keeps keys it does not know, leaves the folder as it is and says what it left out', async () => {
    const contents = authorContents(
      { laboratory: 'ours', files: { 'model.onnx': 'stale' } },
      { 'notes/draft.txt': 'not for others', 'weights.old': 'x' },
    );
    const source = writeContents(own('twin'), contents);
    const before = snapshotOf(source);
    const packed = await pack(source, null);
    expect(snapshotOf(source)).toEqual(before);
    expect(packed).toMatchObject({
      path: own('small-twin-1.0.0.twin'),
      goldenChecks: 'made',
      files: 6,
      notices: ['Proved.'],
      leftOut: ['notes/draft.txt', 'weights.old'],
    });
    expect(readFileSync(packed.path).length).toBe(packed.sizeBytes);
    // Read by another program.
    const unpacked = unzipSync(readFileSync(packed.path));
    expect(Object.keys(unpacked)).toEqual(['twin.json', 'LICENSE', 'card.md', 'checks.npz', 'model.onnx', 'units.csv']);
    const manifest = JSON.parse(new TextDecoder().decode(unpacked['twin.json'])) as Record<string, unknown>;
    expect(manifest).toMatchObject({ laboratory: 'ours', id: 'small-twin' });
    expect(Buffer.from(unpacked['model.onnx'] as Uint8Array)).toEqual(Buffer.from(smallModel()));

    const imported = await library.import(packed.path);
    expect(imported.sha256).toBe(packed.sha256);
    expect(readdirSync(own('library'))).toEqual(['small-twin@1.0.0']);
  });

  it('gives the same bytes again, also from a package that is whole already', async () => {
    const source = writeContents(own('twin'), authorContents());
    const first = await pack(source, own('a.twin'));
    cpSync(source, own('elsewhere'), { recursive: true });
    await pack(own('elsewhere'), own('b.twin'));
    const folder = await pack(source, own('package'));
    expect(folder.sha256).toBe(first.sha256);
    const again = await pack(own('package'), own('c.twin'));
    expect(again).toMatchObject({ goldenChecks: 'of the folder', sha256: first.sha256 });
    const bytes = readFileSync(own('a.twin'));
    for (const name of ['b.twin', 'c.twin']) expect(readFileSync(own(name)).equals(bytes)).toBe(true);
  });

  it('takes along what the manifest lists and weights that the graph keeps in a file beside it', async () => {
    const graph = readGraph(smallModel());
    const weights = graph.initializers.get('w');
    if (weights === undefined) throw new Error('the small model has weights');
    const { bytes } = weights;
    graph.initializers.set('w', {
      ...weights,
      bytes: new Uint8Array(0),
      external: { location: 'data/weights.bin', offset: '0', length: String(bytes.length) },
    });
    const others = { 'model.onnx': writeGraph(graph), 'data/weights.bin': bytes, 'plots/tuning.svg': '<svg/>' };
    const listed = { files: { 'plots/tuning.svg': '' } };
    const source = writeContents(own('twin'), authorContents(listed, others));
    const packed = await pack(source, own('small.twin'));
    const names = Object.keys(unzipSync(readFileSync(packed.path)));
    expect(names).toEqual(expect.arrayContaining(['data/weights.bin', 'plots/tuning.svg']));
    await library.import(packed.path);

    rmSync(join(source, 'data'), { recursive: true });
    expect(await refusal(pack(source, own('other.twin')))).toMatch(/"w" lie in "data\/weights\.bin", which is no file/);
    writeContents(source, { 'data/weights.bin': bytes });
    rmSync(join(source, 'plots'), { recursive: true });
    expect(await refusal(pack(source, own('other.twin')))).toMatch(/lists plots\/tuning\.svg, which is not there/);
  });

  it('names what is missing without refusing it', async () => {
    const { 'card.md': _, LICENSE: __, 'units.csv': ___, ...bare } = authorContents();
    const { notices } = await pack(writeContents(own('twin'), bare), own('bare.twin'));
    expect(notices.join(' ')).toMatch(/no card\.md.*no LICENSE.*no units\.csv/);
  });

  it('writes over nothing and into no library', async () => {
    const source = writeContents(own('twin'), authorContents());
    writeFileSync(own('taken.twin'), 'mine');
    mkdirSync(own('folder'));
    const before = snapshotOf(root);
    expect(await refusal(pack(source, own('taken.twin')))).toMatch(/taken\.twin already exists and was left as it is/);
    expect(await refusal(pack(source, own('folder')))).toMatch(/already exists/);
    expect(await refusal(pack(source, own('no', 'x.twin')))).toMatch(/There is no folder .*no\. Nothing was written/);
    expect(await refusal(pack(source, own('library', 'x@1.0.0')))).toMatch(/lies in the library itself/);
    expect(await refusal(pack(own('taken.twin'), null))).toMatch(/taken\.twin cannot be packed: it is not a folder/);
    expect(await refusal(pack(own('folder'), null))).toMatch(/folder cannot be packed: twin\.json is missing/);
    expect(await refusal(pack(own('nowhere'), null))).toMatch(/There is no file or folder .*nowhere/);
    expect(snapshotOf(root)).toEqual(before);
  });

  it('leaves nothing behind where the model does not prove right', async () => {
    const source = writeContents(own('twin'), authorContents());
    const before = snapshotOf(root);
    await expect(
      library.pack({ source, out: null, prove: () => Promise.reject(new Error('the model broke')) }),
    ).rejects.toThrow('the model broke');
    const wrong = smallDraft().checks;
    (wrong.outputs['y'] as { data: Float32Array }).data[1] = NaN;
    const made = library.pack({ source, out: null, prove: () => Promise.resolve({ made: wrong, sentence: '' }) });
    expect(await refusal(made)).toMatch(/value 2 of the output "y" is NaN/);
    expect(snapshotOf(root)).toEqual(before);
  });
});

describe('exporting', () => {
  it('gives back the bytes that were imported, through an archive and through a folder', async () => {
    const packed = await pack(writeContents(own('twin'), authorContents()), own('first.twin'));
    await library.import(packed.path);
    const exported = await library.export('small-twin', own('second.twin'));
    expect(exported).toMatchObject({ id: 'small-twin', sha256: packed.sha256, files: 6, sizeBytes: packed.sizeBytes });
    await library.export('small-twin@1.0.0', `${own('folder.twin')}/`);
    expect(snapshotOf(own('folder.twin'))).toEqual(snapshotOf(own('library', 'small-twin@1.0.0')));

    const elsewhere = await openProfile('elsewhere');
    await elsewhere.import(own('folder.twin'));
    await elsewhere.export('small-twin', own('third.zip'));
    const bytes = readFileSync(own('first.twin'));
    for (const name of ['second.twin', 'third.zip']) expect(readFileSync(own(name)).equals(bytes)).toBe(true);
  });

  it('refuses places that are taken, twins that are not there and files that were changed', async () => {
    await library.import(writeContents(own('package'), hashed(authorContents())));
    writeFileSync(own('taken.twin'), 'mine');
    const before = snapshotOf(root);
    expect(await refusal(library.export('small-twin', own('taken.twin')))).toMatch(/already exists/);
    expect(await refusal(library.export('small-twin', own('package')))).toMatch(/already exists/);
    expect(await refusal(library.export('nobody', own('x.twin')))).toMatch(/no twin "nobody"/);
    expect(await refusal(library.export('small-twin', own('library', 'x.twin')))).toMatch(/in the library itself/);
    expect(snapshotOf(root)).toEqual(before);
    writeFileSync(own('library', 'small-twin@1.0.0', 'card.md'), 'other');
    expect(await refusal(library.export('small-twin', own('x.twin')))).toMatch(/card\.md has the hash/);
    expect(await refusal(library.export('small-twin', own('x')))).toMatch(/card\.md has the hash/);
    expect(readdirSync(root).filter((name) => name.includes('x'))).toEqual([]);
  });

  it('writes an archive that zip programs find whole', async () => {
    const others = { 'Übersicht.md': 'ä', ...authorContents({ files: { 'Übersicht.md': '' } }) };
    await pack(writeContents(own('twin'), others), own('small.twin'));
    const code =
      'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print("\\n".join(z.namelist()))';
    const { status, stdout, stderr } = spawnSync('python3', ['-c', code, own('small.twin')], {
      encoding: 'utf8',
      env: { ...process.env, PYTHONIOENCODING: 'utf-8' },
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout.trim().split('\n')).toContain('Übersicht.md');
  });
});

describe('the seal of an archive', () => {
  it('shows a change of any byte and a cut, and archives of other programs have none', async () => {
    await pack(writeContents(own('twin'), authorContents({}, { 'checks.npz': smallChecks() })), own('small.twin'));
    const good = readFileSync(own('small.twin'));
    const before = snapshotOf(own('library'));
    const changed = own('changed.twin');
    // A prime, so that every kind of field is hit.
    for (let at = 0; at < good.length; at += 13) {
      const bytes = Buffer.from(good);
      bytes[at] = (bytes[at] as number) ^ 1;
      writeFileSync(changed, bytes);
      expect(await refusal(library.import(changed)), `byte ${at}`).toMatch(/\.$/);
    }
    for (const left of [1, 30, 63, 64, 101, 102, 103]) {
      writeFileSync(changed, good.subarray(0, good.length - left));
      expect(await refusal(library.import(changed)), `${left} bytes less`).toMatch(
        /cut off|damaged|not a complete zip file/,
      );
    }
    expect(snapshotOf(own('library'))).toEqual(before);
    writeFileSync(changed, zipSync(unzipSync(good)));
    expect((await library.import(changed)).id).toBe('small-twin');
  });

  it('shows a change of the last bytes, the seal itself', async () => {
    await pack(writeContents(own('twin'), authorContents()), own('small.twin'));
    const good = readFileSync(own('small.twin'));
    for (let at = good.length - 124; at < good.length; at++) {
      const bytes = Buffer.from(good);
      bytes[at] = (bytes[at] as number) ^ 1;
      writeFileSync(own('changed.twin'), bytes);
      await refusal(library.import(own('changed.twin')));
    }
    expect(readdirSync(own('library'))).toEqual([]);
  });
});

describe('removing', () => {
  it('asks for the version where there are several, and says which it removed', async () => {
    for (const version of ['1.0.0', '1.10.0']) {
      await library.import(writeContents(own(version), hashed(authorContents({ version }))));
    }
    expect(await refusal(library.remove('small-twin'))).toMatch(
      /several versions of small-twin: small-twin@1\.10\.0, small-twin@1\.0\.0\. Nothing was changed/,
    );
    expect(await library.remove('small-twin@1.0.0')).toEqual({
      id: 'small-twin',
      version: '1.0.0',
      title: 'Small twin',
    });
    expect(await library.remove('small-twin')).toMatchObject({ version: '1.10.0' });
    expect(readdirSync(own('library'))).toEqual([]);
  });
});
