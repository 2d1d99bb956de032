/** `twinscope twins reference` on a twin whose responses are the mean light of the upper and of the lower half of its field. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { renderSpec } from '../stimuli/render.ts';
import { designCount, specAt } from '../stimuli/design.ts';
import { packDraft, writePackage } from '../twins/node/package.ts';
import { smallDraft, smallManifest } from '../twins/testing/smallTwin.ts';
import { defaultReferenceFor } from './defaultReference.ts';
import { runCli } from './testing/cliProcess.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-ahead-'));
const home = path.join(folder, 'home');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('prints the statistics of every unit, and takes them from this machine the second time', async () => {
  const twin = path.join(folder, 'small.twin');
  await writePackage(twin, packDraft(smallDraft(), { card: '# Small\n', licence: 'MIT\n' }));
  await runCli(['twins', 'import', twin], home);
  const measure = () => runCli(['twins', 'reference', 'small-twin', '--device', 'cpu', '--json'], home);
  const first = await measure();
  expect(first, first.stderr).toMatchObject({ code: 0, stderr: '' });

  const { design, name, notice } = defaultReferenceFor(smallManifest());
  const field = { sizePx: 4, fieldOfViewDeg: 2, background: 0.5 };
  const light = (index: number, from: number): number =>
    renderSpec(specAt(design, index), field)
      .slice(from, from + 8)
      .reduce((sum, value) => sum + value / 8, 0);
  const shown = Array.from({ length: designCount(design) - 1 }, (_, index) => index);
  const expected = [0, 8].map((from) => {
    const lights = shown.map((index) => light(index, from));
    const mean = lights.reduce((sum, value) => sum + value, 0) / lights.length;
    const variance = lights.reduce((sum, value) => sum + (value - mean) ** 2, 0) / lights.length;
    return { mean, sd: Math.sqrt(variance), blank: 0.5 };
  });
  const said = JSON.parse(first.stdout) as { units: { unit: string; mean: number; sd: number; blank: number }[] };
  expect(said).toMatchObject({ name, notice, stimuli: 128, device: 'cpu', twin: { id: 'small-twin' } });
  expect(said.units.map(({ unit }) => unit)).toEqual(['u0', 'u1']);
  for (const [u, { mean, sd, blank }] of said.units.entries()) {
    expect(mean).toBeCloseTo(expected[u]?.mean as number, 6);
    expect(sd).toBeCloseTo(expected[u]?.sd as number, 6);
    expect(sd).toBeGreaterThan(0.01);
    expect(blank).toBeCloseTo(0.5, 6);
  }

  // The same date and duration: nothing was measured again.
  const second = await measure();
  expect(JSON.parse(second.stdout)).toEqual(said);
  const text = await runCli(['twins', 'reference', 'small-twin', '--device', 'cpu'], home);
  expect(text.stdout).toContain(`${name} on small-twin@1.0.0, CPU, measured `);
  expect(text.stdout).toContain(notice as string);
  const unknown = await runCli(['twins', 'reference', 'nothing'], home);
  expect(unknown.code).toBe(2);
});
