import { describe, expect, it } from 'vitest';
import { searchPlan } from '../contract/plans.ts';
import type { Control, SearchReport } from '../contract/results.ts';
import { searchReportPage } from './reportPage.ts';

const sha = 'b'.repeat(64);
const control = (changes: Partial<Control>): Control => ({
  kind: 'random',
  label: '999 pink noise images',
  n: 999,
  best: 1.25,
  median: 0.1,
  values: [0.1, 1.25, -0.4],
  beaten: true,
  spec: null,
  sourceSpec: null,
  sha256: null,
  thumbnail: null,
  ...changes,
});
const report: SearchReport = {
  id: 'search-1',
  name: 'Drive <one> & "all"',
  plan: searchPlan.parse({
    format: 1,
    kind: 'search',
    twin: 'v1',
    target: [{ area: 'V1', units: ['u1'] }],
    space: { type: 'pixels' },
    optimiser: { type: 'gradient', steps: 2 },
    heldOut: [{ id: 'v1-sibling-5', version: '1.0.0', sha256: 'c'.repeat(64) }],
  }),
  provenance: {
    plan: { kind: 'search' } as never,
    planSha256: sha,
    twin: { id: 'v1', version: '1.0.0', sha256: sha },
    stimuliSha256: null,
    sets: { reference: { name: 'TSR-1, half A', sha256: sha } },
    seeds: [7],
    device: 'cpu',
    batchSize: 16,
    threads: 2,
    gradientForms: null,
    versions: { twinscope: '0.1.0' },
  },
  state: 'complete',
  referenceName: 'TSR-1, half A',
  referenceStimuli: 512,
  candidates: [
    {
      rank: 1,
      start: 0,
      objective: 3.5,
      spec: { type: 'blank' },
      sha256: sha,
      thumbnail: '/resource/thumbnail/x.png',
      areas: [{ area: 'V1', z: 2.25 }],
      units: [{ area: 'V1', unit: 'u1', response: 41, z: 3.5, blank: 1 }],
      residuals: { meanLuminance: 1e-9, contrastRms: 2e-9, range: 0 },
    },
  ],
  controls: [
    control({}),
    control({ kind: 'phase-scrambled', label: '99 phase scrambles of the candidate', n: 99, best: 4, beaten: false }),
  ],
  evidence: {
    stretch: { units: [{ area: 'V1', unit: 'u1', referenceMax: 21, stretch: 2 }], areas: [] },
    suppression: null,
    selectivity: null,
    variations: [],
    uniqueness: null,
    heldOut: [],
  },
  trajectory: [
    { step: 1, best: 1, median: 0.5 },
    { step: 2, best: 3.5, median: 2 },
  ],
  evaluations: 2000,
  controlEvaluations: 1098,
  responseUnits: 'spikes/s',
  seconds: 12.3,
  contentSha256: sha,
  createdAt: '2026-01-01T00:00:00Z',
};
const picture = 'data:image/png;base64,AAAA';
const page = searchReportPage(report, { candidates: [picture], controls: [null, picture] });

describe('the report as a page', () => {
  it('needs nothing from elsewhere and runs nothing', () => {
    expect(page).not.toMatch(/<script|<link|<iframe|https?:|url\(|\son\w+=/i);
    expect([...page.matchAll(/<img src="([^"]+)"/g)].map(([, source]) => source)).toEqual([picture, picture]);
    // The first control is a clip.
    expect(page).toContain('its frames are not kept');
  });

  it('shows names as text', () => {
    expect(page).toContain('<h1>Drive &lt;one&gt; &amp; &quot;all&quot;</h1>');
    expect(page).not.toContain('<one>');
  });

  it('names the control of every claim, numbers with their units, plan and provenance', () => {
    expect(page).toContain('<li class="yes">Beats 999 pink noise images: 3.5 z against 1.25 z.</li>');
    expect(page).toMatch(/<li class="no">Does not beat 99 phase scrambles of the candidate: 3\.5 z against 4 z/);
    expect(page).toContain('response (spikes/s)');
    expect(page).toContain(
      'Stretch of V1 u1: 2 × its largest response to the reference (21 spikes/s), both over the blank.',
    );
    expect(page).toMatch(
      /<td>RMS contrast<\/td><td class="n">0\.15<\/td><td class="n">2\.0e-9<\/td><td>not measured<\/td>/,
    );
    expect(page).toContain('2,000 evaluations, of which 1,098 for controls, in 12.3 s on cpu.');
    expect(page).toContain(`v1 1.0.0, SHA-256 ${sha}`);
    expect(page).toContain('v1-sibling-5 1.0.0, SHA-256 ccc');
    expect(page).toContain('&quot;optimiser&quot;');
  });

  it('says that a search has not ended, and that nothing was found', () => {
    const early = searchReportPage(
      { ...report, state: 'partial', candidates: [], controls: [] },
      { candidates: [], controls: [] },
    );
    expect(early).toContain('This search has not ended');
    expect(early).toContain('Nothing was found yet.');
  });

  const changed = (plan: object, changes: Partial<SearchReport> = {}): string =>
    searchReportPage(
      { ...report, ...changes, plan: searchPlan.parse({ ...report.plan, ...plan }) },
      { candidates: [picture], controls: [null, picture] },
    );
  const found = report.candidates[0] as SearchReport['candidates'][number];

  it('counts a match as an error in z² and says what was matched', () => {
    const html = changed(
      { objective: { type: 'match', goal: { from: { set: 'set-1' }, index: 2 } } },
      {
        candidates: [{ ...found, objective: -0.5 }],
        controls: [control({ best: -1.25, median: -2, values: [-1.25, -2] })],
        trajectory: [
          { step: 1, best: -1, median: -3 },
          { step: 2, best: -0.5, median: -2 },
        ],
        evidence: {
          ...(report.evidence as NonNullable<SearchReport['evidence']>),
          variations: [{ kind: 'contrast', label: '¼ ×', n: 1, objective: -2, smallest: null, response: 3, areas: [] }],
        },
        provenance: { ...report.provenance, sets: { 'goal 0': { name: 'Scenes', sha256: sha } } },
      },
    );
    expect(html).toContain('<td>Match: match V1 unit u1 to stimulus 3 of Scenes</td>');
    expect(html).toContain('Beats 999 pink noise images: error 0.5 z² against error 1.25 z².');
    expect(html).toContain('Candidate 1 (start 1): error 0.5 z²<');
    expect(html).toContain('<th>best mean squared error</th>');
    expect(html).toContain('<th class="n">−mean squared error (z²)</th>');
    expect(html).toContain('the candidate, error 0.5 z².');
    expect(html).not.toMatch(/−[\d.]+ z\b|objective \(z\)/);
  });

  it('counts selectivity in nats of z, and a sum in no unit', () => {
    const selective = changed({ objective: { type: 'selective' } });
    expect(selective).toContain('drive V1 unit u1 alone, against every other area');
    expect(selective).toContain('Beats 999 pink noise images: 3.5 nats of z against 1.25 nats of z.');
    expect(selective).toContain('aria-label="Over steps, selectivity (nats of z)"');
    const sum = changed({ objective: { type: 'sum', terms: [{ weight: 2, objective: { type: 'drive' } }] } });
    expect(sum).toContain('2 × (drive V1 unit u1)');
    expect(sum).toContain('Beats 999 pink noise images: 3.5 against 1.25.');
    expect(sum).not.toContain('3.5 z<');
  });

  it('says the target of a suppression the right way round', () => {
    expect(changed({ objective: { type: 'suppress' } })).toContain('<td>Suppress: suppress V1 unit u1</td>');
  });

  it('prints every twin, state, window, origin of the reference, batch and gradient form', () => {
    const measuredAt = '2026-01-02T03:04:05Z';
    const html = changed(
      {
        with: [{ twin: 'retina', behaviour: { pupil: 3 } }],
        behaviour: { pupil: 1 },
        states: [{ behaviour: { running: 0 } }, { behaviour: { running: 20 }, weight: 3 }],
        window: { fromMs: 50, toMs: 150 },
      },
      {
        candidates: [
          { ...found, units: [...found.units, { area: 'B: RGC', unit: 'r', response: 7, z: 1, blank: 0.5 }] },
        ],
        provenance: {
          ...report.provenance,
          sets: {
            halfB: { name: 'half B of TSR-1', sha256: sha },
            'constraint spectrum': { name: 'Scenes', sha256: sha },
          },
          segments: [{ first: 640, batchSize: 8 }],
          gradientForms: { strided: { a: 'phases', b: 'phases' }, mask: 'comparison', blockedLayout: true },
          reference: { from: 'cache', measuredAt, sha256: 'd'.repeat(64) },
          others: [
            {
              as: 'state 2',
              twin: { id: 'v1', version: '1.0.0', sha256: sha },
              behaviour: { pupil: 1, running: 20 },
              device: 'cpu',
              threads: 2,
              gradientForms: null,
              versions: {},
            },
            {
              as: 'B',
              twin: { id: 'retina', version: '2.0.0', sha256: 'e'.repeat(64) },
              behaviour: { pupil: 3 },
              device: 'gpu',
              threads: 1,
              gradientForms: null,
              versions: { runtime: '1.2' },
              reference: { from: 'search', measuredAt, sha256: 'f'.repeat(64) },
            },
          ],
        },
      },
    );
    const row = (label: string, value: string): void => expect(html).toContain(`<td>${label}</td><td>${value}`);
    row('Twin B', 'retina 2.0.0, pupil 3</td>');
    // Weights 1 and 3.
    row(
      'States of behaviour',
      'state 1: pupil 1, running 0, 25 % of the objective; state 2: pupil 1, running 20, 75 % of the objective',
    );
    row('Behaviour', 'pupil 1, running 0</td>');
    row('Window', '50 to 150 ms from onset');
    row('B: package', `retina 2.0.0, SHA-256 ${'e'.repeat(64)}`);
    row('B: session', 'gpu, 1 thread, gradient forms: the usual ones of the device; runtime 1.2');
    row('B: reference measured', `${measuredAt}, by this search, SHA-256 ${'f'.repeat(64)}`);
    row('state 2: behaviour', 'pupil 1, running 20');
    row('Reference measured', `${measuredAt}, before it, on the same device, SHA-256 ${'d'.repeat(64)}`);
    row('Best reference stimulus of', 'half B of TSR-1');
    row('Spectrum of a stimulus of', 'Scenes');
    row('Smaller batches', 'after 640 steps: batches of 8');
    row('Gradient forms', 'mask by comparison, strided layers phases, blocked layout');
    // The other twin answers in units of its own.
    expect(html).toContain('<th class="n">response</th>');
    expect(html).toMatch(/<td>B: RGC r<\/td><td class="n">7<\/td><td class="n">0\.5<\/td>/);
    expect(html).toMatch(/<td>V1 u1<\/td><td class="n">41 spikes\/s<\/td>/);
  });

  it('says of pixels held to the range alone that their contrast is free, not that a generator made them', () => {
    const html = changed(
      { optimiser: { type: 'first-order', rule: 'adam', hold: 'range' } },
      { candidates: [{ ...found, residuals: null }] },
    );
    expect(html).toContain('Within the range 0 to 1 and the aperture; mean and RMS contrast are their own.');
    expect(html).not.toMatch(/generator|by construction/);
  });
});
