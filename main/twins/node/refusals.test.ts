/** Packages that must not come in: the reason is said exactly, by whoever imports and whoever packs, and nothing changes. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync, type Zippable } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GraphBuilder, readGraph, writeGraph, type Dtype, type Tensor } from '../../onnx/index.ts';
import {
  authorContents,
  hashed,
  smallChecks,
  snapshotOf,
  writeContents,
  type Contents,
} from '../testing/authorFolder.ts';
import { smallManifest, smallModel } from '../testing/smallTwin.ts';
import { openLibrary, type Library } from './library.ts';

let root: string;
let library: Library;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'twinscope-refusals-'));
  library = await openLibrary({ folder: own('library'), builtInFolder: own('nothing built in') });
  await library.import(writeContents(own('resident'), hashed(authorContents({ id: 'resident' }))));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));
const own = (...parts: string[]): string => join(root, ...parts);

/** The refusal of `work`, after which every file is as it was. */
async function refused(work: () => Promise<unknown>): Promise<string> {
  const before = snapshotOf(root);
  const error: unknown = await work().then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: 'TwinscopeError' });
  expect(snapshotOf(root)).toEqual(before);
  return (error as Error).message;
}

const input = smallManifest().inputs[0];
const output = smallManifest().outputs[0];
const units = (rows: string): Contents => ({ 'units.csv': `unit,area\n${rows}` });

/** Input and output of these sizes, whatever they may be worth. */
function model(dtype: Dtype, shape: (string | number)[], count: number, name = 'x'): Contents {
  const builder = new GraphBuilder({ name: 'other' });
  builder.input(name, dtype, shape);
  const mean = builder.node('ReduceMean', [name, builder.constant('axes', 'int64', [3], [1n, 2n, 3n])], {
    keepdims: 0,
  });
  const column = builder.node('Unsqueeze', [mean, builder.constant('last', 'int64', [1], [1n])]);
  builder.node('Expand', [column, builder.constant('size', 'int64', [2], [1n, BigInt(count)])], {}, 'y');
  builder.output('y', dtype, ['batch', count]);
  return { 'model.onnx': writeGraph(builder.build()) };
}

/** Golden checks of the same stimulus so many times. */
const stimuli = (n: number): Uint8Array =>
  smallChecks(({ inputs, outputs }) => {
    for (const array of [...Object.values(inputs), ...Object.values(outputs)]) {
      array.data = Float32Array.from(
        { length: n * array.data.length },
        (_, i) => array.data[i % array.data.length] as number,
      );
      array.shape = [n, ...array.shape.slice(1)];
    }
  });

const inBytes = (contents: Contents): Record<string, Uint8Array> =>
  Object.fromEntries(
    Object.entries(contents).map(([path, bytes]) => [
      path,
      typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes,
    ]),
  );

describe('one judgement for importing and packing', () => {
  it.each<[string, Contents, RegExp]>([
    ['a newer format', authorContents({ format: 2 }), /has format 2, and this version of Twinscope reads format 1/],
    ['no species', authorContents({ species: undefined }), /"species" in twin\.json/],
    ['duplicate unit ids', authorContents({}, units('a,V1\na,V1\n')), /line 3: the unit id "a" is empty or taken/],
    ['a unit too few', authorContents({}, units('a,V1\n')), /area V1 has 2 units and the table lists 1/],
    [
      'NaN in golden checks',
      authorContents({}, { 'checks.npz': smallChecks(({ outputs }) => outputs['y']?.data.fill(NaN)) }),
      /golden checks of this twin cannot be used: value 1 of the output "y" is NaN/,
    ],
    [
      'infinity in a golden stimulus',
      authorContents({}, { 'checks.npz': smallChecks(({ inputs }) => inputs['x']?.data.fill(Infinity, 3)) }),
      /value 4 of the input "x" is Infinity/,
    ],
    [
      'golden checks of other units',
      authorContents(
        {},
        { 'checks.npz': smallChecks(({ outputs }) => void ((outputs['y'] as { shape: number[] }).shape = [2, 1])) },
      ),
      /the output "y" is 2 × 1, and the manifest makes it 1 × 2/,
    ],
    [
      'more golden stimuli than show anything',
      authorContents({}, { 'checks.npz': stimuli(3) }),
      /golden checks of this twin cannot be used: they hold 3 stimuli, and at most 2 are allowed/,
    ],
    [
      'golden checks of another tensor',
      authorContents(
        {},
        { 'checks.npz': smallChecks(({ outputs }) => void (outputs['z'] = outputs['y'] as (typeof outputs)['z'])) },
      ),
      /the manifest has no output "z"/,
    ],
    [
      'a tolerance that allows anything',
      authorContents(
        {},
        { 'checks.npz': smallChecks(({ outputs }) => void ((outputs['y'] as { tolerance: number }).tolerance = 1)) },
      ),
      /tolerance of the output "y" is 1, which allows anything/,
    ],
    [
      'checks that are none',
      authorContents({}, { 'checks.npz': 'text' }),
      /checks\.npz: it is not a complete zip file/,
    ],
    [
      'arrays that are none',
      authorContents({}, { 'checks.npz': zipSync({ 'input.x.npy': new Uint8Array(20) }) }),
      /input\.x\.npy: it has no NPY header/,
    ],
    [
      'an input of another size',
      authorContents({}, model('float32', ['batch', 1, 8, 8], 2)),
      /its input "x" is batch × 1 × 8 × 8/,
    ],
    [
      'an input of another rank',
      authorContents({}, model('float32', ['batch', 1, 4, 4, 1], 2)),
      /its input "x" is batch × 1 × 4 × 4 × 1/,
    ],
    [
      'an input of another type',
      authorContents({}, model('float64', ['batch', 1, 4, 4], 2)),
      /"x" takes float64, and the manifest says float32/,
    ],
    [
      'an input of another name',
      authorContents({}, model('float32', ['batch', 1, 4, 4], 2, 'picture')),
      /it has no input "x"/,
    ],
    [
      'an output of another size',
      authorContents({}, model('float32', ['batch', 1, 4, 4], 3)),
      /its output "y" is batch × 3, and the manifest says any number × 2/,
    ],
    [
      'an input that the manifest lacks',
      authorContents({ inputs: [{ ...input, tensor: 'z' }] }),
      /it has no input "z"/,
    ],
    [
      'an area without units',
      authorContents({ outputs: [{ ...output, area: 'V2' }] }),
      /belongs to "V2", which is no area/,
    ],
    [
      'a graph that is none',
      authorContents({}, { 'model.onnx': 'not a graph' }),
      /The graph model\.onnx of small-twin@1\.0\.0 cannot be used/,
    ],
  ])('%s', async (_, contents, said) => {
    const source = writeContents(own('package'), hashed(contents));
    const ofImport = await refused(() => library.import(source));
    expect(ofImport).toMatch(said);
    const prove = () => Promise.resolve({ made: null, sentence: '' });
    const ofPack = await refused(() => library.pack({ source, out: null, prove }));
    expect(ofPack).toMatch(said);
    expect(ofPack).not.toMatch(/author|imported|Nothing was changed/);
    const archive = own('package.twin');
    writeFileSync(archive, zipSync(inBytes(hashed(contents))));
    expect(await refused(() => library.import(archive))).toMatch(said);
  });

  it('files that are no plain files', async () => {
    const contents = hashed(authorContents());
    const source = writeContents(own('package'), contents);
    const prove = () => Promise.resolve({ made: null, sentence: '' });
    const both = async (said: RegExp): Promise<void> => {
      expect(await refused(() => library.import(source))).toMatch(said);
      expect(await refused(() => library.pack({ source, out: null, prove }))).toMatch(said);
    };
    rmSync(join(source, 'card.md'));
    symlinkSync('/etc/hostname', join(source, 'card.md'));
    await both(/card\.md is a symbolic link/);
    rmSync(join(source, 'card.md'));
    writeContents(source, { 'card.md/inside.txt': 'a folder' });
    await both(/card\.md is not a plain file/);
    rmSync(join(source, 'card.md'), { recursive: true });
    writeContents(source, contents);
    rmSync(join(source, 'model.onnx'));
    await both(/model\.onnx is missing|lists model\.onnx, which is not there/);
  });

  // Windows has no such files.
  it.skipIf(process.platform === 'win32')('a pipe, which would be waited for without end', async () => {
    const source = writeContents(own('package'), hashed(authorContents()));
    rmSync(join(source, 'card.md'));
    expect(spawnSync('mkfifo', [join(source, 'card.md')]).status).toBe(0);
    const prove = () => Promise.resolve({ made: null, sentence: '' });
    expect(await refused(() => library.import(source))).toMatch(/card\.md is not a plain file/);
    expect(await refused(() => library.pack({ source, out: null, prove }))).toMatch(/card\.md is not a plain file/);
    expect(await refused(() => library.import(join(source, 'card.md')))).toMatch(/it is not a plain file/);
  });

  it('texts that no program of ours reads whole', async () => {
    const source = writeContents(own('package'), hashed(authorContents()));
    // A sparse file: it takes no room on the disk.
    truncateSync(join(source, 'twin.json'), 65 * 2 ** 20);
    expect(await refused(() => library.import(source))).toMatch(/twin\.json is 68 MB large and may be 67 MB/);
  });
});

describe('archives made to do harm', () => {
  const files = (): Record<string, Uint8Array> => inBytes(hashed(authorContents()));
  const archive = (name: string, contents: Zippable): string => {
    writeFileSync(own(name), zipSync(contents));
    return own(name);
  };
  /** Where the list of files begins its entries. */
  function directoryEntries(bytes: Uint8Array): { view: DataView; at: number[] } {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const at: number[] = [];
    for (let i = 0; i + 4 <= bytes.length; i++) if (view.getUint32(i, true) === 0x02014b50) at.push(i);
    return { view, at };
  }
  async function refusedAfter(change: (entries: ReturnType<typeof directoryEntries>) => void): Promise<string> {
    const bytes = zipSync(files());
    change(directoryEntries(bytes));
    writeFileSync(own('bad.twin'), bytes);
    return refused(() => library.import(own('bad.twin')));
  }

  it('bombs are refused by what they announce', async () => {
    expect(await refusedAfter(({ view, at }) => view.setUint32((at[0] as number) + 24, 2 ** 29, true))).toMatch(
      /it unpacks to \d+ times its size\. Nothing was imported/,
    );
    const beyond = await refusedAfter(({ view, at }) => {
      for (const entry of at) view.setUint32(entry + 24, 0xfffffffe, true);
    });
    expect(beyond).toMatch(/it unpacks to more than 16384 MiB/);
  });

  it('bombs whose entries share their bytes, as those do that unpack to petabytes', async () => {
    const shared = await refusedAfter(({ view, at }) => {
      const [first, second] = at as [number, number];
      view.setUint32(second + 42, view.getUint32(first + 42, true), true);
    });
    expect(shared).toMatch(/the entry \S+ shares bytes with \S+\. Nothing was imported/);
  });

  it('golden checks that are a bomb', async () => {
    const checks = zipSync({ 'input.x.npy': new Uint8Array(1000) });
    const { view, at } = directoryEntries(checks);
    view.setUint32((at[0] as number) + 24, 2 ** 29, true);
    const source = writeContents(own('package'), hashed(authorContents({}, { 'checks.npz': checks })));
    expect(await refused(() => library.import(source))).toMatch(/checks\.npz: it unpacks to more than 256 MiB/);
  });

  it('golden checks larger than any two stimuli need', async () => {
    const checks = zipSync({ 'input.x.npy': randomBytes(2 * 2 ** 20) }, { level: 0 });
    const { view, at } = directoryEntries(checks);
    view.setUint32((at[0] as number) + 24, 300 * 2 ** 20, true);
    const source = writeContents(own('package'), hashed(authorContents({}, { 'checks.npz': checks })));
    expect(await refused(() => library.import(source))).toMatch(
      /golden checks of this twin cannot be used: checks\.npz: it unpacks to more than 256 MiB/,
    );
  });

  it('two golden stimuli are taken', async () => {
    const contents = hashed(authorContents({}, { 'checks.npz': stimuli(2) }));
    expect((await library.import(writeContents(own('package'), contents))).id).toBe('small-twin');
  });

  it('a name that is a file and a folder, or one that only objects have', async () => {
    const clash = hashed(authorContents({}, { notes: 'a file' }));
    const manifest = JSON.parse(clash['twin.json'] as string) as { files: Record<string, string> };
    manifest.files['notes/inside.txt'] = manifest.files['notes'] as string;
    const text = new TextEncoder().encode(JSON.stringify(manifest));
    const bad = archive('clash.twin', { ...files(), 'twin.json': text });
    expect(await refused(() => library.import(bad))).toMatch(/notes is among its files and is a folder of others/);
    await library.import(archive('extra.twin', { ...files(), constructor: new Uint8Array(3) }));
    expect(Object.keys(snapshotOf(own('library', 'small-twin@1.0.0')))).not.toContain('constructor');
  });

  it('bytes of the manifest in an archive without a seal, and bytes behind the end of one with a seal', async () => {
    const plain = zipSync(files(), { level: 0 });
    const text = Buffer.from(plain.buffer, plain.byteOffset, plain.length);
    text.write('X', text.indexOf('Two units for tests'));
    writeFileSync(own('plain.zip'), text);
    expect(await refused(() => library.import(own('plain.zip')))).toMatch(/the entry twin\.json is damaged/);
    await library.export('resident', own('sealed.twin'));
    appendFileSync(own('sealed.twin'), Buffer.alloc(300));
    expect(await refused(() => library.import(own('sealed.twin')))).toMatch(/something was added behind it/);
  });

  it('a name too long for the disk', async () => {
    const name = 'x'.repeat(300);
    const long = inBytes(hashed(authorContents({}, { [name]: 'text' })));
    writeFileSync(own('long.zip'), zipSync(long));
    expect(await refused(() => library.import(own('long.zip')))).toMatch(/x has a name that is too long for this disk/);
  });

  it('takes the manifest of the outermost folder', async () => {
    const inner = inBytes(hashed(authorContents({ id: 'inner-twin' })));
    const nested = Object.fromEntries(Object.entries(inner).map(([path, bytes]) => [`example/${path}`, bytes]));
    writeFileSync(own('nested.zip'), zipSync({ ...nested, ...files() }));
    expect((await library.import(own('nested.zip'))).id).toBe('small-twin');
  });

  it('a folder of the library that is no twin stands in the way', async () => {
    writeContents(own('library', 'small-twin@1.0.0'), { 'twin.json': '{' });
    const good = archive('good.twin', files());
    expect(await refused(() => library.import(good))).toMatch(
      /The library has a folder .*small-twin@1\.0\.0 that is no usable twin\. It was left as it is/,
    );
  });
});

it('a library that cannot be written is named, not the package', async () => {
  const source = writeContents(own('package'), hashed(authorContents()));
  rmSync(own('library'), { recursive: true });
  writeFileSync(own('library'), 'no folder');
  const message = await refused(() => library.import(source));
  expect(message).toContain(own('library'));
  expect(message).not.toContain(own('package'));
});

it('links that lead round in circles are not followed', async () => {
  const source = writeContents(own('package'), hashed(authorContents()));
  symlinkSync('.', join(source, 'a'));
  symlinkSync('.', join(source, 'b'));
  expect((await library.import(source)).id).toBe('small-twin');
});

it('weights in a file whose name every object has', async () => {
  const graph = readGraph(smallModel());
  const weights = graph.initializers.get('w');
  if (weights === undefined) throw new Error('the small model has no weights');
  const { dtype, shape } = weights;
  graph.initializers.set('w', { dtype, shape, bytes: new Uint8Array(), external: { location: 'constructor' } });
  const source = writeContents(own('package'), hashed(authorContents({}, { 'model.onnx': writeGraph(graph) })));
  expect(await refused(() => library.import(source))).toMatch(/lie in "constructor", which is no file of the package/);
});

describe('weights in a file that is too short', () => {
  /** The 16 × 2 float32 weights of the small model at this place in a file of 160 bytes. */
  function beside(external: Record<string, string>): Contents {
    const graph = readGraph(smallModel());
    const { dtype, shape, bytes } = graph.initializers.get('w') as Tensor;
    const offset = Number(external['offset'] ?? 0);
    graph.initializers.set('w', {
      dtype,
      shape,
      bytes: new Uint8Array(),
      external: { location: 'w.bin', ...external },
    });
    const file = Buffer.alloc(160);
    file.set(bytes.subarray(0, Math.max(0, 160 - offset)), Math.min(offset, 160));
    return hashed(authorContents({}, { 'model.onnx': writeGraph(graph), 'w.bin': file }));
  }

  it.each([
    [{ offset: '33', length: '128' }, 'needed: 128 bytes from byte 33 on, 161 in all; there: 160'],
    [{ offset: '1000000' }, 'needed: 128 bytes from byte 1,000,000 on, 1,000,128 in all; there: 160'],
  ])('%j', async (external, said) => {
    const source = writeContents(own('package'), beside(external as Record<string, string>));
    const prove = () => Promise.resolve({ made: null, sentence: '' });
    for (const work of [() => library.import(source), () => library.pack({ source, out: null, prove })]) {
      expect(await refused(work)).toContain(`for the data of "w", w.bin ends before its data do (${said})`);
    }
  });

  it('up to its last byte they are taken', async () => {
    const source = writeContents(own('package'), beside({ offset: '32', length: '128' }));
    expect((await library.import(source)).id).toBe('small-twin');
  });
});
