/**
 * The acceptance tables that are kept with the twins are those of the graphs that are shipped, every row of them is met,
 * and a wrong constant of a builder makes rows fail.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256Hex } from '../main/platform/hash.ts';
import { acceptanceFile, acceptanceName, figurePath, withAcceptance } from '../models/acceptance.ts';
import { changedSource, parseChange } from './constants.ts';
import { root } from './tools.ts';

const models = path.join(root, 'models');
const lock = JSON.parse(readFileSync(path.join(models, 'twins.lock.json'), 'utf8')) as Record<
  string,
  { files: Record<string, string> }
>;
const measured = readdirSync(models).filter((twin) => existsSync(path.join(models, twin, acceptanceName)));

describe.each(measured)('the kept table of %s', (twin) => {
  const file = (...names: string[]) => readFileSync(path.join(models, twin, ...names));
  const accepted = acceptanceFile.parse(JSON.parse(file(acceptanceName).toString('utf8')));
  const { files } = lock[twin] as { files: Record<string, string> };

  it('was measured on the graph that is shipped; after a change: npm run science -- TWIN --write', () => {
    expect(accepted.model).toBe(files['model.onnx']);
  });

  it('stands on the card of the package, with its figures', () => {
    const card = withAcceptance(file('card.md').toString('utf8'), accepted);
    expect(sha256Hex(new TextEncoder().encode(card))).toBe(files['card.md']);
    const figures = Object.keys(files).filter((name) => name.startsWith('figures/'));
    expect(figures.toSorted()).toEqual(accepted.figures.map(({ name }) => figurePath(name)).toSorted());
    for (const name of figures) expect(sha256Hex(file(...name.split('/')))).toBe(files[name]);
  });
});

it('every built-in twin has a kept table with figures, and its rows are met', () => {
  expect(measured.toSorted()).toEqual(Object.keys(lock).toSorted());
  for (const twin of measured) {
    const text = readFileSync(path.join(models, twin, acceptanceName), 'utf8');
    const { rows, figures } = acceptanceFile.parse(JSON.parse(text));
    expect(rows.filter(({ passed }) => !passed).map(({ check }) => check)).toEqual([]);
    expect(figures.length).toBeGreaterThanOrEqual(3);
  }
});

interface Row {
  check: string;
  passed: boolean;
}

/** Runs `npm run science` without npm. */
function science(...args: string[]): Promise<{ code: number; rows: Row[]; stderr: string }> {
  const script = path.join(root, 'scripts', 'science.ts');
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args, '--json'], { cwd: root }, (error, stdout, stderr) => {
      const [table] = stdout === '' ? [] : (JSON.parse(stdout) as { rows: Row[] }[]);
      resolve({ code: error === null ? 0 : Number(error.code), rows: table?.rows ?? [], stderr });
    });
  });
}
const failed = (rows: readonly Row[]): string[] => rows.filter(({ passed }) => !passed).map(({ check }) => check);

describe('a builder with a wrong constant', () => {
  it('fails on the contrast response: parasol cells that saturate at .3 instead of .13', async () => {
    const args = ['primate-retina-ganglion', '--only', 'contrast'];
    const right = await science(...args);
    expect(right).toMatchObject({ code: 0, stderr: '' });
    expect(right.rows.length).toBe(3);
    const wrong = await science(...args, '--set', 'semiSaturationContrast=0.3');
    expect(wrong.code).toBe(1);
    expect(failed(wrong.rows)).toEqual(['Semi-saturation contrast of parasol cells']);
  });

  it('fails on the filters in the graph: HMAX wavelengths of 2·size/5 at the finest scale', async () => {
    const args = ['macaque-ventral-hierarchy', '--only', 'hmax'];
    const wrong = await science(...args, '--set', 'wavelengthDivisors=[5, 3.25]');
    expect(wrong.code).toBe(1);
    expect(failed(wrong.rows)).toEqual([expect.stringMatching(/wavelengths λ of Gabors fitted/)]);
  });

  it('is refused where the constant, the experiment or the twin is not there', async () => {
    const retina = 'primate-retina-ganglion';
    for (const [args, sentence] of [
      [
        [retina, '--set', 'nothing=1'],
        /has no constant nothing\. Nothing was measured\. It has .*semiSaturationContrast/,
      ],
      [[retina, '--set', 'poolReach'], /names no constant and value/],
      [[retina, '--set', 'poolReach=two'], /two is no value for poolReach/],
      [[retina, '--only', 'nothing'], /has no experiment nothing\. It has fields, contrast, surround\./],
      [['nothing'], /There is no built-in twin nothing/],
      [[retina, '--write', '--only', 'contrast'], /Only a whole table of an unchanged twin is kept/],
      [['--set', 'poolReach=1'], /Name one twin/],
      [[retina, '--sett', 'poolReach=1'], /Unknown option '--sett'/],
    ] as const) {
      const { code, rows, stderr } = await science(...args);
      expect(stderr).toMatch(sentence);
      expect(stderr).not.toMatch(/ {4}at /);
      expect(rows).toEqual([]);
      expect(code).toBe(2);
    }
  });
});

describe('changing a constant in a source', () => {
  const source = [
    'export const reach = 2;',
    "export const kinds: Record<'a' | 'b', number> = {",
    '  a: 1,',
    '};',
    'export const reachable = reach * 2;',
    '',
  ].join('\n');

  it('replaces that one declaration', () => {
    expect(changedSource(source, [parseChange('reach=3')])).toBe(source.replace('reach = 2', 'reach = 3'));
    expect(changedSource(source, [parseChange('kinds={"a": 5}')])).toContain(
      `export const kinds: Record<'a' | 'b', number> = {"a": 5};\nexport const reachable`,
    );
  });

  it('refuses a name that only begins like one', () => {
    expect(() => changedSource(source, [parseChange('reac=3')])).toThrow(/no constant reac\./);
  });
});
