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
});
