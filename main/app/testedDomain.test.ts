/** On the command line every prediction for a stimulus outside what the twin was tested with says so. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseCsv } from '../protocols/csv.ts';
import { packDraft, writePackage } from '../twins/node/package.ts';
import { smallDraft } from '../twins/testing/smallTwin.ts';
import { runCli, type CliResult } from './testing/cliProcess.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-domain-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const own = (name: string): string => path.join(folder, name);
const run = (...args: string[]): Promise<CliResult> => runCli(args, own('home'));
const project = own('lab.twinscope');

/** The raster has two pixels per degree. */
const gratings = {
  design: {
    type: 'gratings',
    factors: { orientationDeg: [0], spatialFrequencyCpd: [0.25, 0.5], phaseDeg: [0], diameterDeg: [2] },
  },
};
function planFile(name: string, plan: object): string {
  writeFileSync(own(name), JSON.stringify({ format: 1, ...plan }));
  return own(name);
}

beforeAll(async () => {
  const stated = { stimuli: ['grating'], spatialFrequencyCpd: [0.1, 0.3] as [number, number] };
  for (const [id, tested] of [
    ['stated-twin', stated],
    ['silent-twin', undefined],
  ] as const) {
    const validity = { domains: [], knownFailures: [], ...(tested === undefined ? {} : { tested }) };
    const packed = packDraft(smallDraft({ id, validity }), { card: '# Small\n', licence: 'x\n' });
    await writePackage(path.join(own('home'), 'library', `${id}@1.0.0`), packed);
  }
});

test('a run counts its stimuli outside, and says where nothing is stated', async () => {
  const plan = planFile('run.json', { kind: 'run', twin: 'stated-twin', stimuli: gratings, device: 'cpu' });
  const { stdout, stderr, code } = await run('run', plan, '--project', project);
  expect(code, stderr).toBe(0);
  // Two gratings and the blank.
  expect(stdout).toMatch(
    /\n1 of 3 stimuli lie outside what the twin was tested with: tested from 0\.1 to 0\.3 cpd\.\n$/,
  );
  const silent = planFile('silent.json', { kind: 'run', twin: 'silent-twin', stimuli: gratings, device: 'cpu' });
  const json = await run('run', silent, '--project', project, '--json');
  expect((JSON.parse(json.stdout) as { testedDomain: unknown }).testedDomain).toEqual({
    outside: 3,
    sentence:
      'Whether these stimuli are like what the twin was tested with is not known: its author states no tested domain.',
  });
});

test('a search names candidate and controls, each by its own reason', async () => {
  const plan = planFile('search.json', {
    kind: 'search',
    twin: 'stated-twin',
    target: [{ area: 'V1', units: ['u0'] }],
    space: { type: 'pixels' },
    optimiser: { type: 'gradient', steps: 2 },
    reference: gratings,
    starts: 1,
    controls: { random: 2, phaseScrambled: 2 },
    device: 'cpu',
  });
  const { stdout, stderr, code } = await run('search', plan, '--project', project);
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/by the candidate +tested domain\n/);
  expect(stdout).toMatch(/^candidate .* found by search: outside what the twin was tested with$/m);
  expect(stdout).toMatch(/noise images.* tested with gratings, not with noise images$/m);
});

test('activations say it beside every stimulus', async () => {
  const plan = planFile('taps.json', { kind: 'run', twin: 'stated-twin', stimuli: gratings });
  const args = ['--tensors', 'y', '--stimuli', plan, '--out', own('a.npz')];
  const { stderr, code } = await run('twins', 'taps', 'stated-twin', ...args);
  expect(code, stderr).toBe(0);
  const { rows } = parseCsv(readFileSync(own('a.stimuli.csv'), 'utf8'));
  expect(rows.map((row) => row['tested_domain'])).toEqual([
    'inside',
    'tested from 0.1 to 0.3 cpd, this has 0.5 cpd',
    'inside',
  ]);
});
