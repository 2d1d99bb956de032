/**
 * The package that resources/exporter/example.py made from a module of PyTorch, as its author sends it: imported into an
 * empty profile, verified and driven with nothing edited by hand, and refused once a byte of it is another one.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { SearchReport } from '../contract/results.ts';
import { twinManifest, type CheckedTwin } from '../contract/twins.ts';
import { isTwinscopeError } from '../platform/errors.ts';
import { openLibrary, type Library } from '../twins/node/library.ts';
import { installFolder } from './backend.ts';
import { runCli } from './testing/cliProcess.ts';

const exporter = path.join(installFolder, 'resources', 'exporter');
const archive = path.join(exporter, 'fixtures', 'example-conv-readout.twin');
const plan = path.join(exporter, 'drive-one-unit.plan.yaml');
const name = 'example-conv-readout@1.0.0';

const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-exporter-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const own = (file: string): string => path.join(folder, file);

async function cli<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await runCli([...args, '--json'], own('home'));
  // A search says on the way how far it is, and what it left out.
  expect(args[0] === 'search' ? '' : stderr).toBe('');
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as T;
}

test('import, verify and a 100-step drive of one unit', async () => {
  const imported = await cli<CheckedTwin>('twins', 'import', archive);
  expect(imported).toMatchObject({ id: 'example-conv-readout', units: 12, licence: 'MIT', commercialUse: true });
  expect(imported.gradientCheck?.verdict, imported.gradientCheck?.sentence).toBe('verified');

  const [verified] = await cli<CheckedTwin[]>('twins', 'verify', 'example-conv-readout', '--device', 'cpu');
  expect(verified?.reproduces).toMatchObject({ device: 'cpu', passed: true, tolerance: Math.fround(1e-4) });
  // ONNX Runtime against PyTorch, both in float32.
  expect(verified?.reproduces?.maxError).toBeLessThan(1e-5);

  await cli('twins', 'export', 'example-conv-readout', own('exported.twin'));
  expect(readFileSync(own('exported.twin')).equals(readFileSync(archive))).toBe(true);

  const report = await cli<SearchReport>('search', plan, '--project', own('drive.twinscope'));
  expect(report).toMatchObject({ state: 'complete', responseUnits: 'arbitrary' });
  expect(report.trajectory.at(-1)?.step).toBe(100);
  const [best] = report.candidates;
  expect(best?.units.map(({ area, unit }) => `${area} ${unit}`)).toEqual(['V1 r03']);
  expect(best?.units[0]?.response).toBeGreaterThan(best?.units[0]?.blank as number);
  const [random] = report.controls;
  expect(random).toMatchObject({ n: 200, beaten: true });
  expect(best?.objective).toBeGreaterThan(random?.best as number);
});

describe('one byte changed', () => {
  const files = unzipSync(readFileSync(archive));
  const source = own('package');
  let library: Library;
  let sha256: string;

  beforeAll(async () => {
    mkdirSync(source);
    for (const [file, bytes] of Object.entries(files)) writeFileSync(path.join(source, file), bytes);
    library = await openLibrary({ folder: own('library'), builtInFolder: own('none') });
    ({ sha256 } = await library.import(source));
    await library.remove(name);
  });

  /**
   * The refusal, or the hash of the twin that was taken in and whether a plan that pins the original's would be served by it.
   * The library is empty again afterwards.
   */
  async function outcome(from: string): Promise<{ refused: string } | { taken: string; serves: boolean }> {
    try {
      const taken = await library.import(from);
      const pinned = { id: 'example-conv-readout', version: '1.0.0', sha256 };
      const serves = await library.resolve(pinned).then(
        () => true,
        () => false,
      );
      await library.remove(`${taken.id}@${taken.version}`);
      return { taken: taken.sha256, serves };
    } catch (error) {
      if (!isTwinscopeError(error)) throw error;
      return { refused: error.message };
    } finally {
      expect(readdirSync(own('library'))).toEqual([]);
    }
  }

  const offsets = (length: number, count: number): number[] => [
    ...new Set(Array.from({ length: count }, (_, at) => Math.round((at * (length - 1)) / (count - 1)))),
  ];

  /** A copy with another bit at each of the offsets in turn. */
  function* flipped(bytes: Uint8Array, count: number): Generator<{ at: number; changed: Uint8Array }> {
    for (const at of offsets(bytes.length, count)) {
      const changed = Uint8Array.from(bytes);
      changed[at] = (changed[at] as number) ^ 1;
      yield { at, changed };
    }
  }

  test('the package as it is is taken, from its folder and from its archive', async () => {
    expect(Object.keys(files)).toEqual(['twin.json', 'model.onnx', 'units.csv', 'checks.npz', 'card.md', 'LICENSE']);
    expect(await outcome(source)).toEqual({ taken: sha256, serves: true });
    expect(await outcome(archive)).toEqual({ taken: sha256, serves: true });
  });

  test.each(Object.keys(files).filter((file) => file !== 'twin.json'))('in %s of the folder', async (file) => {
    const bytes = files[file] as Uint8Array;
    for (const { at, changed } of flipped(bytes, 9)) {
      writeFileSync(path.join(source, file), changed);
      expect(await outcome(source), `byte ${at}`).toEqual({ refused: expect.stringContaining(`${file} has the hash`) });
    }
    writeFileSync(path.join(source, file), bytes);
  });

  /** Nothing in a folder vouches for its manifest; the hash does that its author published and plans pin. */
  test('in twin.json of the folder: refused, or not the twin of that hash', async () => {
    const manifest = files['twin.json'] as Uint8Array;
    const taken = new Set<string>();
    for (const { at, changed } of flipped(manifest, 60)) {
      writeFileSync(path.join(source, 'twin.json'), changed);
      const result = await outcome(source);
      expect(result, `byte ${at}`).not.toMatchObject({ serves: true });
      if ('taken' in result) taken.add(result.taken);
    }
    writeFileSync(path.join(source, 'twin.json'), manifest);
    expect(taken).not.toContain(sha256);
    expect(taken.size).toBeGreaterThan(0);
  });

  test('in the archive', async () => {
    const changedArchive = own('changed.twin');
    for (const { at, changed } of flipped(readFileSync(archive), 400)) {
      writeFileSync(changedArchive, changed);
      expect(await outcome(changedArchive), `byte ${at}`).toEqual({ refused: expect.stringMatching(/\.$/) });
    }
  });

  test('is told on the command line, and nothing is taken', async () => {
    const changed = readFileSync(archive);
    const at = changed.indexOf('Ada Example');
    changed[at] = (changed[at] as number) ^ 1;
    writeFileSync(own('changed.twin'), changed);
    const { code, stdout, stderr } = await runCli(['twins', 'import', own('changed.twin')], own('another-home'));
    expect(stderr).toMatch(/changed\.twin cannot be unpacked: it was changed or cut off after it was sealed/);
    expect(stdout).toBe('');
    expect(code).not.toBe(0);
  });
});

describe('docs/sharing-a-twin.md', () => {
  const guide = readFileSync(path.join(installFolder, 'docs', 'sharing-a-twin.md'), 'utf8');

  test.each(['example.py', 'drive-one-unit.plan.yaml'])('shows %s as it was run', (file) => {
    expect(guide).toContain(`\n${readFileSync(path.join(exporter, file), 'utf8')}\`\`\`\n`);
  });

  test('explains every field of the manifest', () => {
    const rows = guide.split('\n').filter((line) => line.startsWith('| `'));
    const explained = new Set(
      rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, field]) => field)),
    );
    const missing = fieldsOf(twinManifest, '').filter((field) => !explained.has(field));
    expect(missing).toEqual([]);
  });
});

/** `areas[].name` and the like; of an object, its fields instead of itself. */
function fieldsOf(schema: unknown, at: string): string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return fieldsOf(schema.unwrap(), at);
  if (schema instanceof z.ZodDiscriminatedUnion) {
    return [...new Set(schema.options.flatMap((option) => fieldsOf(option, at)))];
  }
  if (schema instanceof z.ZodArray) return fieldsOf(schema.element, `${at}[]`);
  if (!(schema instanceof z.ZodObject)) return [at.replace(/\[\]$/, '')];
  return Object.entries(schema.shape).flatMap(([key, inside]) => fieldsOf(inside, at === '' ? key : `${at}.${key}`));
}
