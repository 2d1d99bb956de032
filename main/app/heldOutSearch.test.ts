/** A search with held-out twins on the command line, and its report as files. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { searchPlan } from '../contract/plans.ts';
import type { SearchReport } from '../contract/results.ts';
import { GraphBuilder, writeGraph } from '../onnx/index.ts';
import { packDraft, writePackage } from '../twins/node/package.ts';
import { smallDraft } from '../twins/testing/smallTwin.ts';
import { runCli, type CliResult } from './testing/cliProcess.ts';
import { openWatchedBackend } from './testing/watchedBackend.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-held-out-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const own = (name: string): string => path.join(folder, name);
const run = (...args: string[]): Promise<CliResult> => runCli(args, own('home'));
const project = own('lab.twinscope');

const search = {
  format: 1,
  kind: 'search',
  name: 'Drive the upper half',
  twin: 'small-twin',
  device: 'cpu',
  target: [{ area: 'V1', units: ['u0'] }],
  space: { type: 'pixels', start: 'white' },
  optimiser: { type: 'gradient', steps: 12 },
  starts: 2,
  reference: {
    design: {
      type: 'gratings',
      factors: { orientationDeg: [0, 45, 90], spatialFrequencyCpd: [0.5], phaseDeg: [0, 90, 180, 270] },
    },
  },
  controls: { random: 20, phaseScrambled: 5 },
  heldOut: ['small-twin-sibling-5', 'stranger'],
};
const plan = (changes: object = {}): string => {
  writeFileSync(own('search.json'), JSON.stringify({ ...search, ...changes }));
  return own('search.json');
};

beforeAll(async () => {
  // The same graph under another id, and one that looks at twice as large a part of the field.
  const wider = smallDraft().manifest.inputs.map((input) => ({ ...input, fieldOfViewDeg: 4 }));
  const twins = [
    smallDraft(),
    smallDraft({ id: 'small-twin-sibling-5', title: 'Small twin, sibling' }),
    smallDraft({ id: 'stranger', title: 'Other twin', inputs: wider }),
  ];
  for (const draft of twins) {
    const packed = packDraft(draft, { card: '# Small\n', licence: 'x\n' });
    await writePackage(path.join(own('home'), 'library', `${draft.manifest.id}@1.0.0`), packed);
  }
});

test('a twin that is the same retains all of the gain, and says that it is no independent evidence', async () => {
  const { code, stdout, stderr } = await run('search', plan(), '--project', project, '--json');
  expect(code, stderr).toBe(0);
  const report = JSON.parse(stdout) as SearchReport & { claims: { text: string }[]; findings: { title: string }[] };
  const [sibling, stranger] = report.evidence?.heldOut ?? [];
  expect(sibling).toMatchObject({ tier: 'same architecture', failure: null, twin: { id: 'small-twin-sibling-5' } });
  const [area] = sibling?.areas ?? [];
  expect(area).toMatchObject({ area: 'V1', matchedBy: 'id', units: 1, matched: 1 });
  // The same weights answer the same.
  expect(area?.pairs[0]?.correlation).toBeCloseTo(1, 6);
  expect(area?.pairs[0]?.heldOutGain).toBeCloseTo(area?.pairs[0]?.gain as number, 6);
  expect(stranger).toMatchObject({ tier: 'another architecture', failure: null });
  expect(report.plan.heldOut).toEqual([
    expect.objectContaining({ id: 'small-twin-sibling-5', version: '1.0.0', sha256: sibling?.twin.sha256 }),
    expect.objectContaining({ id: 'stranger' }),
  ]);
  expect(report.controls.map(({ kind }) => kind)).toEqual(['random', 'best-grating', 'same-space', 'phase-scrambled']);
  expect(report.claims).toHaveLength(4);
  expect(report.findings.map(({ title }) => title)).toContain('Held out: small-twin-sibling-5 1.0.0');
  expect(report.evidence?.variations).toHaveLength(16);
});

test('the report is written as HTML and JSON, never over a file', async () => {
  const page = own('report.html');
  const first = await run('report', 'Drive the upper half', '--project', project, '--out', page);
  expect(first.code, first.stderr).toBe(0);
  const html = readFileSync(page, 'utf8');
  expect(html).toContain('Same architecture, other seed: not independent evidence.');
  // Two candidates and the best of four controls.
  expect(html.match(/<img src="data:image\/png;base64,/g)).toHaveLength(6);
  expect(html).not.toMatch(/<script|https?:/);
  const second = await run('report', 'Drive the upper half', '--project', project, '--out', page);
  expect([second.code, second.stderr]).toEqual([2, expect.stringMatching(/already exists and was left as it is/)]);
  const out = own('report');
  const exported = await run('export', project, '--what', 'Drive the upper half', '--format', 'report', '--out', out);
  expect(exported.code, exported.stderr).toBe(0);
  expect(readdirSync(out).toSorted()).toEqual(['Drive the upper half.html', 'Drive the upper half.json']);
  const json = JSON.parse(readFileSync(path.join(out, 'Drive the upper half.json'), 'utf8')) as SearchReport;
  expect(json.evidence?.heldOut).toHaveLength(2);
  const refused = await run('report', 'Drive the upper half', '--project', project, '--out', own('report.pdf'));
  expect(refused.stderr).toMatch(/neither in \.html nor in \.json.*Nothing was written/);
  const nowhere = await run('report', 'Drive the upper half', '--project', project, '--out', own('no/report.html'));
  expect(nowhere.code).not.toBe(0);
  expect(nowhere.stderr).toMatch(/There is no file or folder .*report\.html/);
  expect(existsSync(own('no'))).toBe(false);
});

test('the searched twin cannot be held out of its own search, and one that is not there is named', async () => {
  const itself = await run('search', plan({ heldOut: ['small-twin'] }), '--project', project);
  expect(itself.stderr).toMatch(/small-twin cannot be held out: it is the twin that is searched\. Nothing was started/);
  const absent = await run('search', plan({ heldOut: ['absent'] }), '--project', project);
  expect(absent.code).toBe(2);
  expect(absent.stderr).toMatch(/absent/);
  // Nor is a project made for it.
  const slip = await run('search', plan({ heldOut: ['absent'] }), '--project', own('new.twinscope'));
  expect([slip.code, existsSync(own('new.twinscope'))]).toEqual([2, false]);
});

test('one that cannot be loaded, and one that is removed before the search is resumed, are findings', async () => {
  const { backend, close } = await openWatchedBackend('held-out-gone');
  try {
    const { library } = backend.services;
    const { queue, project: lab } = backend.services.current();
    const builder = new GraphBuilder({ name: 'small' });
    builder.node('NoSuchOperator', [builder.input('x', 'float32', ['batch', 1, 4, 4])], {}, 'y');
    builder.output('y', 'float32', ['batch', 2]);
    const drafts = [
      smallDraft(),
      smallDraft({ id: 'gone' }),
      { ...smallDraft({ id: 'unloadable', title: 'Unloadable twin' }), model: writeGraph(builder.build()) },
      smallDraft({ id: 'stays' }),
    ];
    for (const draft of drafts) {
      const packed = packDraft(draft, { card: '# Small\n', licence: 'x\n' });
      await writePackage(own(`import/${draft.manifest.id}`), packed);
      await library.import(own(`import/${draft.manifest.id}`));
    }
    const long = { controls: { random: 20_000 }, heldOut: ['gone', 'unloadable', 'stays'] };
    const { id } = await queue.start('search', 'search', searchPlan.parse({ ...search, ...long }));
    const stop = queue.onChange(({ state, progress }) => {
      if (state === 'running' && progress.done > 0) void queue.pause(id);
    });
    expect(await queue.waitFor(id)).toMatchObject({ state: 'paused' });
    stop();
    await library.remove('gone');
    await queue.resume(id);
    const { state, resultId, error } = await queue.waitFor(id);
    expect(state, JSON.stringify(error)).toBe('finished');
    const { report } = await lab.searches.get(resultId as string);
    const found = report?.evidence?.heldOut ?? [];
    expect(found.map(({ twin, failure }) => [twin.id, failure])).toEqual([
      ['gone', expect.stringMatching(/^There is no twin "gone" in the library\./)],
      ['unloadable', expect.stringMatching(/^ONNX Runtime could not load Unloadable twin: .*NoSuchOperator/)],
      ['stays', null],
    ]);
    expect(found[2]?.areas[0]).toMatchObject({ matchedBy: 'id', matched: 1 });
  } finally {
    await close();
  }
});
