/** The twin build: the shipped twins give the locked packages, and a change is never taken over silently. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readChecks } from '../main/twins/node/checks.ts';
import { openLibrary } from '../main/twins/node/library.ts';
import { acceptanceFile, acceptanceName } from '../models/acceptance.ts';
import { buildTwins } from './build-twins.ts';

const repository = path.resolve(import.meta.dirname, '..');
const v1 = 'macaque-v1-gabor-energy';
const retina = 'primate-retina-ganglion';
const motion = 'primate-motion-v1-mt';
const mouse = 'mouse-v1-dynamic';
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'twinscope-twins-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the shipped twins', () => {
  it('are the locked ones, file by file, and whole in the library', async () => {
    const out = path.join(folder, 'twins');
    const built = await buildTwins({ out });
    expect(built.map(({ id }) => id)).toEqual(expect.arrayContaining([v1, mouse, retina, motion]));
    for (const { rebuilt, sizeBytes } of built) {
      expect(rebuilt).toBe(true);
      expect(sizeBytes).toBeLessThan(20e6);
    }
    expect((await buildTwins({ out })).some(({ rebuilt }) => rebuilt)).toBe(false);

    const library = await openLibrary({ folder: path.join(folder, 'library'), builtInFolder: out });
    expect((await library.list()).map(({ id }) => id).toSorted()).toEqual(built.map(({ id }) => id).toSorted());
    for (const { id, sha256 } of built) {
      const details = await library.get(id);
      expect(details.summary).toMatchObject({ sha256, builtIn: true, reproduces: null });
      expect(details.units.length).toBe(details.summary.units);
      expect(details.card.split('\n').find((line) => /^[A-Z]/.test(line))).toMatch(
        /^Mechanistic model from published equations, not fitted to recordings/,
      );
    }

    for (const { id } of built) {
      const kept = await readFile(path.join(repository, 'models', id, acceptanceName), 'utf8').catch(() => null);
      const rows = kept === null ? undefined : acceptanceFile.parse(JSON.parse(kept)).rows;
      expect((await library.get(id)).manifest.validity.acceptance).toEqual(rows);
    }

    for (const [id, units, rasterPx, fieldOfViewDeg, furthestDeg] of [
      [v1, 512, 224, 8, 2.5],
      [retina, 640, 480, 12, 5.5],
      [motion, 1260, 64, 8, 1.2],
    ] as const) {
      const details = await library.get(id);
      expect(details.summary).toMatchObject({ units, rasterPx, fieldOfViewDeg });
      for (const { xDeg, yDeg, sizeDeg } of details.units) {
        expect(Math.max(Math.abs(xDeg as number), Math.abs(yDeg as number))).toBeLessThanOrEqual(furthestDeg);
        expect(sizeDeg).toBeGreaterThan(0);
      }
      const size = String(rasterPx);
      const shape = id === motion ? ['batch', '1', '64', size, size] : ['batch', '1', size, size];
      expect(details.graph.inputs).toEqual([{ name: 'stimulus', type: 'float32', shape }]);
    }

    const dynamic = await library.get(mouse);
    expect(dynamic.summary).toMatchObject({ species: 'mouse', units: 400, rasterPx: 80, fieldOfViewDeg: 80 });
    expect(dynamic.manifest.inputs.map(({ role }) => role)).toEqual(['stimulus', 'behaviour', 'state']);
    expect(dynamic.graph.inputs).toEqual([
      { name: 'stimulus', type: 'float32', shape: ['batch', '1', '36', '80', '80'] },
      { name: 'behaviour', type: 'float32', shape: ['batch', '4', '36'] },
      { name: 'state', type: 'float32', shape: ['batch', '102', '16', '16'] },
    ]);

    // The second golden picture is the best grating of unit s100 at contrast .4. By hand, from the card: the gain of its
    // 1.535 cpd under a Gaussian of .08°, the fundamental of what it leaves (drive and pool alike), then the response.
    const checks = await readChecks(path.join(out, v1, 'checks.npz'));
    const [contrast, v, exponent, h] = [0.4, 0.22, 3, 1.5];
    const ripple = Math.exp(-0.5 * (2 * Math.PI * 2 * 1.53501 * 0.08) ** 2);
    const phases = Array.from({ length: 1000 }, (_, i) => (2 * Math.PI * i) / 1000);
    const fundamental = phases.reduce((sum, phase) => {
      const squares = (contrast ** 2 / 2) * (1 + ripple * Math.cos(2 * phase));
      return sum + (2 / 1000) * contrast * Math.cos(phase) ** 2 * Math.sqrt((0.5 + v ** 2) / (squares + v ** 2));
    }, 0);
    const drive = fundamental ** exponent;
    const expected = 0.82 + (32.98 * (1 + h) * drive) / (h + drive);
    expect(Math.abs((checks.outputs['v1_simple']?.data[256 + 100] as number) - expected)).toBeLessThan(0.05);
  });
});

describe('a twin whose content changes', () => {
  const values = (path_: string, content: { model: string; version: string }) =>
    writeFileSync(path.join(path_, 'values.json'), JSON.stringify(content));

  /** A repository with one twin whose "graph" is a text. */
  function plantRepository(): { root: string; model: string; out: string } {
    const root = path.join(folder, 'repository');
    const model = path.join(root, 'models', 'tiny');
    mkdirSync(model, { recursive: true });
    cpSync(path.join(repository, 'package.json'), path.join(root, 'package.json'));
    writeFileSync(path.join(model, 'card.md'), 'A tiny twin.\n');
    writeFileSync(path.join(model, 'LICENSE'), 'MIT\n');
    values(model, { model: 'first', version: '1.0.0' });
    writeFileSync(
      path.join(model, 'index.ts'),
      `import { readFileSync } from 'node:fs';
export const buildTwin = () => {
  const { model, version } = JSON.parse(readFileSync(new URL('values.json', import.meta.url), 'utf8'));
  return {
    manifest: { format: 1, id: 'tiny', version },
    model: new TextEncoder().encode(model),
    units: [],
    checks: { inputs: {}, outputs: {} },
  };
};
`,
    );
    return { root, model, out: path.join(root, 'dist', 'twins') };
  }

  it('is refused with the names of the files until it is accepted', async () => {
    const { root, model, out } = plantRepository();
    await expect(buildTwins({ root })).rejects.toThrow(/not in models\/twins\.lock\.json/);
    const [first] = await buildTwins({ root, accept: true });
    const packaged = () => readFileSync(path.join(out, 'tiny', 'model.onnx'), 'utf8');
    const lock = () => readFileSync(path.join(root, 'models', 'twins.lock.json'), 'utf8');
    const accepted = lock();
    expect(packaged()).toBe('first');

    values(model, { model: 'second', version: '1.0.0' });
    await expect(buildTwins({ root })).rejects.toThrow(
      /model\.onnx, twin\.json differ.*npm run build -- --accept-twins/,
    );
    expect(packaged()).toBe('first');
    expect(lock()).toBe(accepted);

    const [second] = await buildTwins({ root, accept: true });
    expect(second?.sha256).not.toBe(first?.sha256);
    expect(packaged()).toBe('second');
    expect((await buildTwins({ root }))[0]?.rebuilt).toBe(false);
  });

  it('takes rows, card section and figures from what npm run science kept, and needs a place for them', async () => {
    const { root, model, out } = plantRepository();
    const row = { check: 'size', published: '1', source: 'A | B', measured: '2', tolerance: '≤ 3', passed: true, n: 4 };
    writeFileSync(
      path.join(model, 'acceptance.json'),
      JSON.stringify({ model: 'a'.repeat(64), rows: [row], figures: [{ name: 'sizes', caption: 'All sizes.' }] }),
    );
    mkdirSync(path.join(model, 'figures'));
    writeFileSync(path.join(model, 'figures', 'sizes.svg'), '<svg/>');
    writeFileSync(
      path.join(model, 'index.ts'),
      readFileSync(path.join(model, 'index.ts'), 'utf8').replace(
        "'tiny', version",
        "'tiny', version, validity: { domains: [] }",
      ),
    );
    await expect(buildTwins({ root, accept: true })).rejects.toThrow(/no single line <!-- acceptance -->/);

    writeFileSync(path.join(model, 'card.md'), 'A tiny twin.\n\n<!-- acceptance -->\n\n## Limits\n');
    await buildTwins({ root, accept: true });
    const file = (name: string) => readFileSync(path.join(out, 'tiny', name), 'utf8');
    const manifest = JSON.parse(file('twin.json')) as { validity: unknown; files: Record<string, string> };
    expect(manifest.validity).toEqual({ domains: [], acceptance: [row] });
    expect(Object.keys(manifest.files)).toContain('figures/sizes.svg');
    expect(file('figures/sizes.svg')).toBe('<svg/>');
    expect(file('card.md')).toContain('\n| size | 1 (A \\| B) | 2 | 4 | ≤ 3 | yes |\n');
    expect(file('card.md')).toContain('\n![sizes](figures/sizes.svg)\n\n*All sizes.*\n');
    expect(file('card.md')).toMatch(/^A tiny twin\.\n\nWhat the twin must show .*all 1 rows are met/);
    expect(file('card.md')).toMatch(/\n\n## Limits\n$/);

    // Measured again with another outcome: another package.
    writeFileSync(
      path.join(model, 'acceptance.json'),
      JSON.stringify({ model: 'a'.repeat(64), rows: [{ ...row, passed: false }], figures: [] }),
    );
    await expect(buildTwins({ root })).rejects.toThrow(/card\.md, figures\/sizes\.svg, twin\.json differ/);
    await buildTwins({ root, accept: true });
    expect(file('card.md')).toContain('1 of 1 rows are not met');

    // Before anything is measured the card has no trace of the place.
    rmSync(path.join(model, 'acceptance.json'));
    await buildTwins({ root, accept: true });
    expect(file('card.md')).toBe('A tiny twin.\n\n## Limits\n');
  });

  it('is noticed when the lock, not the twin, was changed', async () => {
    const { root } = plantRepository();
    await buildTwins({ root, accept: true });
    const lockPath = path.join(root, 'models', 'twins.lock.json');
    const lock = JSON.parse(readFileSync(lockPath, 'utf8')) as Record<
      string,
      { sha256: string; files: Record<string, string> }
    >;
    const entry = lock['tiny'] as { sha256: string; files: Record<string, string> };
    entry.files['model.onnx'] = 'f'.repeat(64);
    entry.sha256 = 'e'.repeat(64);
    writeFileSync(lockPath, JSON.stringify(lock));
    await expect(buildTwins({ root })).rejects.toThrow(/model\.onnx differ/);
  });
});
