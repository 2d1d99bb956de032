/** The library on a real disk: what comes in, what is refused, and that a refusal leaves no trace. */
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync, type Zippable } from 'fflate';
import * as ort from 'onnxruntime-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { smallDraft, smallModel } from '../testing/smallTwin.ts';
import { openLibrary, type Library, type RunForward } from './library.ts';
import { packDraft, writePackage } from './package.ts';

let root: string;
let library: Library;
const texts = { card: 'A card.\n', licence: 'MIT\n' };

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'twinscope-library-'));
  await writePackage(join(root, 'built-in', 'small'), packDraft(smallDraft({ id: 'built-in-twin' }), texts));
  library = await openLibrary({ folder: join(root, 'library'), builtInFolder: join(root, 'built-in') });
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Every file of the user's library with its hash. */
async function snapshot(): Promise<Record<string, string>> {
  const folder = join(root, 'library');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files: Record<string, string> = {};
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    files[path] = entry.isFile()
      ? createHash('sha256')
          .update(await readFile(path))
          .digest('hex')
      : 'folder';
  }
  return files;
}

async function plant(name: string, change: Parameters<typeof smallDraft>[0] = {}): Promise<string> {
  const folder = join(root, name);
  await writePackage(folder, packDraft(smallDraft(change), texts));
  return folder;
}

async function zipOf(name: string, files: Zippable): Promise<string> {
  const path = join(root, name);
  await writeFile(path, zipSync(files));
  return path;
}

const packed = (change: Parameters<typeof smallDraft>[0] = {}): Record<string, Uint8Array> =>
  Object.fromEntries(packDraft(smallDraft(change), texts));

async function caught(promise: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: 'TwinscopeError' });
  return error as { code: string; message: string };
}

/** A refusal is a sentence that ends with what to do, and the library is the same byte for byte. */
async function refused(path: string): Promise<string> {
  const before = await snapshot();
  const { message } = await caught(library.import(path));
  expect(message).toMatch(/[.]$/);
  expect(message).not.toContain('!');
  expect(await snapshot()).toEqual(before);
  return message;
}

describe('importing', () => {
  it('takes a folder, an archive and an archive of a folder to the same twin', async () => {
    const fromFolder = await library.import(await plant('package'));
    expect(fromFolder).toMatchObject({
      id: 'small-twin',
      builtIn: false,
      units: 2,
      licence: 'CC-BY-NC-4.0',
      commercialUse: false,
    });
    const before = await snapshot();
    const fromArchive = await library.import(await zipOf('small.twin', packed()));
    const nested = Object.fromEntries(Object.entries(packed()).map(([path, bytes]) => [`small.twin/${path}`, bytes]));
    const fromNested = await library.import(await zipOf('nested.twin', nested));
    expect([fromArchive.sha256, fromNested.sha256]).toEqual([fromFolder.sha256, fromFolder.sha256]);
    expect(await snapshot()).toEqual(before);

    await library.remove('small-twin');
    expect(await readdir(join(root, 'library'))).toEqual([]);
    await library.import(join(root, 'nested.twin'));
    expect((await library.list()).map(({ id }) => id)).toEqual(['built-in-twin', 'small-twin']);
  });

  it('leaves behind what the manifest does not list', async () => {
    await library.import(await zipOf('extra.twin', { ...packed(), 'notes/extra.txt': new Uint8Array(10) }));
    expect((await readdir(join(root, 'library', 'small-twin@1.0.0'))).toSorted()).toEqual(
      ['LICENSE', 'card.md', 'checks.npz', 'model.onnx', 'twin.json', 'units.csv'].toSorted(),
    );
  });

  it('refuses another content under the same id and version, with both hashes', async () => {
    const first = await library.import(await plant('package'));
    const other = await plant('other', { title: 'Other content' });
    const { message } = await caught(library.import(other));
    expect(message).toContain(first.sha256);
    expect(message.match(/[0-9a-f]{64}/g)?.length).toBe(2);
    expect(await refused(other)).toMatch(/already has small-twin@1\.0\.0 with other content/);
    expect(await refused(await plant('clash', { id: 'built-in-twin', title: 'Other' }))).toMatch(
      /already has built-in-twin@1\.0\.0/,
    );
    await library.import(await plant('next', { version: '1.10.0' }));
    await library.import(await plant('older', { version: '1.9.0' }));
    expect((await library.resolve('small-twin')).version).toBe('1.10.0');
    expect((await library.resolve('small-twin@1.0.0')).sha256).toBe(first.sha256);
  });

  it('refuses archives that reach out of the package', async () => {
    await library.import(await plant('package', { version: '2.0.0' }));
    const bytes = new Uint8Array(3);
    expect(await refused(await zipOf('up.twin', { ...packed(), '../up.txt': bytes }))).toMatch(
      /"\.\.\/up\.txt" is not allowed/,
    );
    expect(await refused(await zipOf('abs.twin', { ...packed(), '/abs.txt': bytes }))).toMatch(
      /"\/abs\.txt" is not allowed/,
    );
    expect(await refused(await zipOf('drive.twin', { ...packed(), 'C:\\x.txt': bytes }))).toMatch(/not allowed/);
    expect(await refused(await zipOf('nul.twin', { ...packed(), 'a\u0000b': bytes }))).toMatch(/not allowed/);
    // A symbolic link, as Unix zip programs store one: file type 0120000 in the external attributes.
    const link = { os: 3, attrs: (0o120777 << 16) >>> 0 };
    expect(
      await refused(await zipOf('link.twin', { ...packed(), link: [new TextEncoder().encode('/etc'), link] })),
    ).toMatch(/link is a symbolic link/);
    const target = join(root, 'secret.bin');
    await writeFile(target, smallModel());
    const folder = await plant('linked');
    await rm(join(folder, 'model.onnx'));
    await symlink(target, join(folder, 'model.onnx'));
    expect(await refused(folder)).toMatch(/model\.onnx is a symbolic link/);
    expect(await refused(`${folder}/`)).toMatch(/model\.onnx is a symbolic link/);
  });

  it('refuses damaged, lying and oversized archives', async () => {
    const good = zipSync(packed());
    const write = async (name: string, bytes: Uint8Array) => {
      await writeFile(join(root, name), bytes);
      return join(root, name);
    };
    expect(await refused(await write('empty.twin', new Uint8Array()))).toMatch(/not a complete zip file/);
    expect(await refused(await write('cut.twin', good.subarray(0, good.length - 100)))).toMatch(
      /not a complete zip file/,
    );
    expect(await refused(await zipOf('none.twin', { 'a.txt': new Uint8Array(1) }))).toMatch(/holds no twin\.json/);
    expect(await refused(await write('text.twin', new TextEncoder().encode('hello'.repeat(100))))).toMatch(
      /not a complete zip file/,
    );

    // The declared size of the first entry, in the list at the end, made smaller than what it unpacks to.
    const lying = zipSync(packed(), { level: 6 });
    const view = new DataView(lying.buffer, lying.byteOffset);
    let at = 0;
    while (view.getUint32(at, true) !== 0x02014b50) at++;
    view.setUint32(at + 24, 10, true);
    expect(await refused(await write('lying.twin', lying))).toMatch(/larger than it says/);

    const many: Zippable = packed();
    for (let i = 0; i < 10_001; i++) many[`f${i}`] = new Uint8Array();
    expect(await refused(await zipOf('many.twin', many))).toMatch(/at most 10000 are allowed/);
  });

  it('refuses packages that do not hold what they promise', async () => {
    const tampered = packed();
    tampered['units.csv'] = new TextEncoder().encode('unit,area\nu0,V1\n');
    expect(await refused(await zipOf('tampered.twin', tampered))).toMatch(
      /units\.csv has the hash \w+… instead of \w+…, so it was changed after the package was made or damaged on its way\. Nothing was changed\. Get the package from its author again\. If you changed units\.csv yourself, pack the folder with twinscope twins pack/,
    );
    const missing = packed();
    delete missing['card.md'];
    expect(await refused(await zipOf('missing.twin', missing))).toMatch(
      /card\.md is missing, which twin\.json lists\. Nothing was changed\. Get the whole package from its author\. If you made it, put card\.md back and pack the folder with twinscope twins pack/,
    );
    const wrongOutput = packDraft({ ...smallDraft(), model: smallModel('z') }, texts);
    expect(await refused(await zipOf('output.twin', Object.fromEntries(wrongOutput)))).toMatch(/no output "y"/);
    const noGraph = packDraft({ ...smallDraft(), model: new TextEncoder().encode('not a graph') }, texts);
    expect(await refused(await zipOf('graph.twin', Object.fromEntries(noGraph)))).toMatch(/model\.onnx/);
    expect(await refused(join(root, 'nowhere.twin'))).toMatch(/There is no file or folder/);
    await writeFile(join(root, 'bare.onnx'), smallModel());
    expect(await refused(join(root, 'bare.onnx'))).toMatch(/bare ONNX graph/);
    await mkdir(join(root, 'hollow'));
    expect(await refused(join(root, 'hollow'))).toMatch(/has no twin\.json/);
  });
});

describe('using', () => {
  it('resolves ids, versions and hashes, and says in a sentence what does not fit', async () => {
    const { sha256 } = await library.import(await plant('package'));
    const twin = await library.resolve({ id: 'small-twin', version: '1.0.0', sha256 });
    expect(twin).toMatchObject({ id: 'small-twin', version: '1.0.0', sha256 });
    expect(twin.modelFile).toBe(join(root, 'library', 'small-twin@1.0.0', 'model.onnx'));
    expect(twin.units.map(({ unit }) => unit)).toEqual(['u0', 'u1']);
    expect((await caught(library.resolve('smal-twin'))).message).toMatch(
      /no twin "smal-twin".*built-in-twin, small-twin/,
    );
    expect((await caught(library.resolve('small-twin@3.0.0'))).message).toMatch(
      /in version 1\.0\.0, not in version 3\.0\.0/,
    );
    const pinned = await caught(library.resolve({ id: 'small-twin', sha256: 'f'.repeat(64) }));
    expect(pinned).toMatchObject({ code: 'conflict' });
    expect(pinned.message).toContain(sha256);
  });

  it('refuses a twin whose files were changed after import, also at the same size', async () => {
    await library.import(await plant('package'));
    await library.resolve('small-twin');
    const file = join(root, 'library', 'small-twin@1.0.0', 'model.onnx');
    const bytes = await readFile(file);
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
    await writeFile(file, bytes);
    await utimes(file, new Date(0), new Date(0));
    const error = await caught(library.resolve('small-twin'));
    expect(error.code).toBe('corrupt');
    expect(error.message).toMatch(/model\.onnx has the hash .* Import the package again\.$/);
    await rm(file);
    expect((await caught(library.get('small-twin'))).message).toMatch(/model\.onnx is missing/);
  });

  it('lists what is usable when one package is broken', async () => {
    await library.import(await plant('package'));
    await writeFile(join(root, 'library', 'small-twin@1.0.0', 'twin.json'), '{');
    expect((await library.list()).map(({ id }) => id)).toEqual(['built-in-twin']);
    expect(await library.problems()).toEqual([expect.stringMatching(/twin\.json is not JSON/)]);
  });

  it('keeps built-in twins', async () => {
    expect((await caught(library.remove('built-in-twin'))).message).toMatch(/cannot be removed/);
    expect((await library.list()).length).toBe(1);
  });
});

describe('verifying', () => {
  const forward: RunForward = async (twin, { images, n }) => {
    const session = await ort.InferenceSession.create(twin.modelFile);
    const result = await session.run({ x: new ort.Tensor('float32', images, [n, 1, 4, 4]) });
    return { device: 'cpu', areas: [{ area: 'V1', data: (result['y'] as ort.Tensor).data as Float32Array }] };
  };

  it('runs the golden checks and remembers the outcome until the file is deleted', async () => {
    await library.import(await plant('package'));
    const summary = await library.verify('small-twin', forward);
    expect(summary.reproduces).toMatchObject({ device: 'cpu', passed: true });
    expect(summary.reproduces?.maxError).toBeLessThan(1e-6);
    const again = await openLibrary({ folder: join(root, 'library'), builtInFolder: join(root, 'built-in') });
    expect((await again.get('small-twin')).summary.reproduces).toEqual(summary.reproduces);
    await rm(join(root, 'library', 'verifications.json'));
    expect((await again.get('small-twin')).summary.reproduces).toBeNull();
  });

  it('keeps the latest outcome of every device, also beside one that was kept alone', async () => {
    const { sha256 } = await library.import(await plant('package'));
    const on = (device: string, first: number): RunForward => {
      const data = Float32Array.of(first, 0.25);
      return () => Promise.resolve({ device, areas: [{ area: 'V1', data }] });
    };
    const alone = { device: 'cpu', maxError: 0.5, tolerance: 1e-4, passed: false, at: '2026-01-01T00:00:00.000Z' };
    await writeFile(join(root, 'library', 'verifications.json'), JSON.stringify({ [sha256]: alone }));
    expect((await library.get('small-twin')).summary.reproductions).toEqual([alone]);
    await library.verify('small-twin', on('webgpu', 1.00001));
    const { reproduces, reproductions } = await library.verify('small-twin', on('cpu', 1));
    expect(reproduces).toMatchObject({ device: 'cpu', maxError: 0, passed: true });
    expect(reproductions.map(({ device, passed }) => [device, passed]).toSorted()).toEqual([
      ['cpu', true],
      ['webgpu', true],
    ]);
  });

  it.each([
    ['wrong', [1, 0.3], 0.05],
    ['not numbers', [NaN, 0.25], 1],
    ['too few', [1], 1],
  ])('reports responses that are %s', async (_, values, error) => {
    const { reproduces } = await library.verify('built-in-twin', () =>
      Promise.resolve({ device: 'cpu', areas: [{ area: 'V1', data: Float32Array.from(values) }] }),
    );
    expect(reproduces?.passed).toBe(false);
    expect(reproduces?.maxError).toBeCloseTo(error, 6);
  });

  it('says when a package has no checks', async () => {
    const folder = await plant('package');
    const manifest = JSON.parse(await readFile(join(folder, 'twin.json'), 'utf8')) as { files: Record<string, string> };
    delete manifest.files['checks.npz'];
    await writeFile(join(folder, 'twin.json'), JSON.stringify(manifest));
    await library.import(folder);
    expect((await caught(library.verify('small-twin', forward))).message).toMatch(/has no golden checks/);
  });

  it('gives a copy of the packages the same list, whatever lies beside them', async () => {
    await library.import(await plant('package'));
    await library.verify('small-twin', forward);
    await cp(join(root, 'library'), join(root, 'copy'), { recursive: true });
    await writeFile(join(root, 'copy', 'verifications.json'), 'broken');
    const copy = await openLibrary({ folder: join(root, 'copy'), builtInFolder: join(root, 'built-in') });
    expect((await copy.list()).map(({ sha256 }) => sha256)).toEqual((await library.list()).map(({ sha256 }) => sha256));
  });
});
