/** Packing, exporting, importing, verifying and removing twins, as somebody does who types the commands. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authorContents, hashed, smallChecks, snapshotOf, writeContents } from '../twins/testing/authorFolder.ts';
import { runCli, type CliResult } from './testing/cliProcess.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-sharing-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const own = (...parts: string[]): string => path.join(folder, ...parts);
const run = (home: string, ...args: string[]): Promise<CliResult> => runCli(args, own(home));
const builtIn = 'macaque-v1-gabor-energy';

async function succeeds(home: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(home, ...args);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return stdout;
}
function expectRefusal({ code, stdout, stderr }: CliResult, said: RegExp): void {
  expect(stderr).toMatch(said);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(stderr).not.toMatch(/undefined| {4}at /);
  expect(stdout).toBe('');
  expect(code).toBe(2);
}

describe('from an author to somebody else', () => {
  beforeAll(() => {
    writeContents(own('author'), authorContents({ id: 'shared-twin' }));
  });

  test('pack makes the same bytes every time, and never over anything', async () => {
    const said = await succeeds('author-home', 'twins', 'pack', own('author'), '--out', own('first.twin'));
    expect(said).toMatch(/^Wrote shared-twin@1\.0\.0 to .*first\.twin \(6 files, .*\)\.\nHash [0-9a-f]{64}\n/);
    expect(said).toMatch(/Golden checks were made on the CPU: 2 stimuli .*, tolerance 1e-4 of the largest response\./);
    expect(readdirSync(own('author-home', 'library'))).toEqual([]);
    expect(existsSync(own('author', 'checks.npz'))).toBe(false);
    await succeeds('author-home', 'twins', 'pack', own('author'));
    expect(readFileSync(own('shared-twin-1.0.0.twin')).equals(readFileSync(own('first.twin')))).toBe(true);
    const again = await run('author-home', 'twins', 'pack', own('author'));
    expectRefusal(again, /shared-twin-1\.0\.0\.twin already exists and was left as it is/);
  });

  test('an empty profile imports it, verifies it and exports the same bytes', async () => {
    expect(await succeeds('reader-home', 'twins', 'import', own('first.twin'))).toMatch(
      /Imported Small twin \(shared-twin@1\.0\.0\)/,
    );
    expect(await succeeds('reader-home', 'twins', 'verify', 'shared-twin')).toMatch(/yes \(CPU 0\)/);
    await succeeds('reader-home', 'twins', 'export', 'shared-twin', own('second.twin'));
    expect(readFileSync(own('second.twin')).equals(readFileSync(own('first.twin')))).toBe(true);
    const said = await succeeds('reader-home', 'twins', 'export', 'shared-twin', own('unpacked'));
    expect(said).toMatch(/Wrote shared-twin@1\.0\.0 to .*unpacked \(6 files/);
    expect(snapshotOf(own('unpacked'))).toEqual(snapshotOf(own('reader-home', 'library', 'shared-twin@1.0.0')));
    expectRefusal(
      await run('reader-home', 'twins', 'export', 'shared-twin', own('unpacked')),
      /unpacked already exists and was left as it is/,
    );
    const json = JSON.parse(
      await succeeds('reader-home', 'twins', 'export', builtIn, own('built-in.twin'), '--json'),
    ) as { path: string; sizeBytes: number };
    expect(json).toMatchObject({ path: own('built-in.twin'), sizeBytes: readFileSync(own('built-in.twin')).length });
  });

  test('other content under the same id and version is refused with both hashes', async () => {
    const other = authorContents({ id: 'shared-twin', title: 'Other content' });
    const before = snapshotOf(own('reader-home', 'library'));
    const refused = await run('reader-home', 'twins', 'import', writeContents(own('other'), hashed(other)));
    expectRefusal(refused, /already has shared-twin@1\.0\.0 with other content/);
    expect(new Set(refused.stderr.match(/[0-9a-f]{64}/g)).size).toBe(2);
    expect(snapshotOf(own('reader-home', 'library'))).toEqual(before);
  });

  test('verify --all takes every version, and goes on where one is damaged', async () => {
    const newer = writeContents(own('newer'), authorContents({ id: 'shared-twin', version: '1.1.0' }));
    await succeeds('reader-home', 'twins', 'pack', newer, '--out', own('newer.twin'));
    await succeeds('reader-home', 'twins', 'import', own('newer.twin'));
    const all = await run('reader-home', 'twins', 'verify', '--all', '--device', 'cpu');
    expect(all.stderr).toBe('');
    for (const name of [builtIn, 'shared-twin@1.0.0', 'shared-twin@1.1.0']) {
      expect(all.stdout).toMatch(new RegExp(`${name}.* yes \\(CPU `));
    }
    expect(all.code).toBe(0);
    writeFileSync(own('reader-home', 'library', 'shared-twin@1.0.0', 'units.csv'), 'damaged');
    writeContents(own('reader-home', 'library', 'nothing@1.0.0'), { 'twin.json': '{' });
    const damaged = await run('reader-home', 'twins', 'verify', '--all');
    expect(damaged.stdout).toMatch(/shared-twin@1\.0\.0 +not verified .*units\.csv has the hash/);
    expect(damaged.stdout).toMatch(/shared-twin@1\.1\.0 +yes/);
    expect(damaged.stdout).toMatch(/twin\.json is not JSON/);
    expect(damaged.code).toBe(1);
    rmSync(own('reader-home', 'library', 'nothing@1.0.0'), { recursive: true });
  });

  test('remove takes own twins only, one version at a time, and leaves results where they are', async () => {
    expectRefusal(await run('reader-home', 'twins', 'remove', builtIn), /comes with Twinscope and cannot be removed/);
    expectRefusal(await run('reader-home', 'twins', 'remove', 'shared-twin'), /several versions of shared-twin/);
    const plan = {
      format: 1,
      kind: 'run',
      twin: 'shared-twin@1.1.0',
      stimuli: { design: { type: 'noise', n: 4 } },
    };
    writeFileSync(own('run.plan.json'), JSON.stringify(plan));
    await succeeds('reader-home', 'run', own('run.plan.json'), '--project', own('lab.twinscope'));
    const removed = await succeeds('reader-home', 'twins', 'remove', 'shared-twin@1.1.0');
    expect(removed).toBe(
      'Removed Small twin (shared-twin@1.1.0). Results it gave stay in their projects; import the package again to run it again.\n',
    );
    expect(readdirSync(own('reader-home', 'library')).filter((name) => name.includes('@'))).toEqual([
      'shared-twin@1.0.0',
    ]);
    expect(await succeeds('reader-home', 'project', 'check', own('lab.twinscope'))).toMatch(/1 run\b/);
    const info = JSON.parse(await succeeds('reader-home', 'project', 'info', own('lab.twinscope'), '--json')) as {
      counts: { runs: number };
    };
    expect(info.counts.runs).toBe(1);
  });
});

describe('a package that is refused leaves the library as it was, byte for byte', () => {
  const inBytes = (contents: Record<string, string | Uint8Array>): Record<string, Uint8Array> =>
    Object.fromEntries(Object.entries(contents).map(([name, content]) => [name, Buffer.from(content)]));
  const good = (): Record<string, Uint8Array> => inBytes(hashed(authorContents({ id: 'bad' })));
  const without = (name: string): Record<string, Uint8Array> =>
    Object.fromEntries(Object.entries(good()).filter(([each]) => each !== name));
  function announced(): Uint8Array {
    const bytes = zipSync(good());
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    while (view.getUint32(at, true) !== 0x02014b50) at++;
    view.setUint32(at + 24, 2 ** 29, true);
    return bytes;
  }
  const link = { os: 3, attrs: (0o120777 << 16) >>> 0 };
  const refusedChecks = smallChecks(({ outputs }) => outputs['y']?.data.fill(NaN));
  const bad: [string, () => Uint8Array, RegExp][] = [
    ['a zip bomb', announced, /unpacks to \d+ times its size/],
    [
      'a path out of the package',
      () => zipSync({ ...good(), '../../x': new Uint8Array(3) }),
      /"\.\.\/\.\.\/x" is not allowed/,
    ],
    ['a symbolic link', () => zipSync({ ...good(), link: [Buffer.from('/etc'), link] }), /link is a symbolic link/],
    ['a wrong hash', () => zipSync({ ...good(), 'card.md': Buffer.from('other') }), /card\.md has the hash/],
    ['a missing file', () => zipSync(without('model.onnx')), /model\.onnx is missing/],
    [
      'a newer format',
      () => zipSync(inBytes(hashed(authorContents({ format: 3 })))),
      /has format 3, and this version of Twinscope reads format 1/,
    ],
    [
      'duplicate unit ids',
      () => zipSync(inBytes(hashed(authorContents({}, { 'units.csv': 'unit,area\na,V1\na,V1\n' })))),
      /unit id "a" is empty or taken/,
    ],
    [
      'NaN in golden checks',
      () => zipSync(inBytes(hashed(authorContents({}, { 'checks.npz': refusedChecks })))),
      /value 1 of the output "y" is NaN/,
    ],
  ];

  beforeAll(() => {
    mkdirSync(own('bad'));
    writeContents(own('bad-home', 'library', 'resident@1.0.0'), hashed(authorContents({ id: 'resident' })));
  });
  test.each(bad)('%s', async (name, archive, said) => {
    const file = own('bad', `${name.replaceAll(' ', '-')}.twin`);
    writeFileSync(file, archive());
    const before = snapshotOf(own('bad-home', 'library'));
    expectRefusal(await run('bad-home', 'twins', 'import', file), said);
    expect(snapshotOf(own('bad-home', 'library'))).toEqual(before);
  });

  test('what cannot be imported cannot be packed', async () => {
    const [input] = (JSON.parse(authorContents()['twin.json'] as string) as { inputs: { axes: object[] }[] }).inputs;
    const axes = input?.axes.map((axis) => ('size' in axis && axis.size === 4 ? { ...axis, size: 8 } : axis));
    const source = writeContents(own('bad', 'author'), authorContents({ inputs: [{ ...input, axes }] }));
    const before = snapshotOf(own('bad-home', 'library'));
    const refused = await run('bad-home', 'twins', 'pack', source, '--out', own('bad', 'never.twin'));
    expectRefusal(refused, /its input "x" is batch × 1 × 4 × 4, not what the manifest says\. Nothing was written\./);
    rmSync(path.join(source, 'card.md'));
    symlinkSync('/etc/hostname', path.join(source, 'card.md'));
    expectRefusal(await run('bad-home', 'twins', 'pack', source), /card\.md is a symbolic link/);
    expect(readdirSync(own('bad')).filter((name) => name.startsWith('never') || name.startsWith('.'))).toEqual([]);
    expect(snapshotOf(own('bad-home', 'library'))).toEqual(before);
  });
});
