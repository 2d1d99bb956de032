import { describe, expect, it } from 'vitest';
import { searchPlan } from '../contract/plans.ts';
import type { Control } from '../contract/results.ts';
import type { HeldOutResult, SearchEvidence } from '../contract/searchEvidence.ts';
import { controlFamily, controlName, controlTitle } from './controlWords.ts';
import { evidenceSections } from './evidenceWords.ts';

const plan = searchPlan.parse({
  format: 1,
  kind: 'search',
  twin: 't',
  target: [{ area: 'V1' }],
  space: { type: 'pixels' },
  optimiser: { type: 'gradient' },
});
const none: SearchEvidence = {
  stretch: null,
  suppression: null,
  selectivity: null,
  variations: [],
  uniqueness: null,
  heldOut: [],
};
const sections = (evidence: Partial<SearchEvidence>) =>
  evidenceSections({
    evidence: { ...none, ...evidence },
    responseUnits: 'spikes/s',
    referenceName: 'TSR-1, half A',
    plan,
  });
const area: HeldOutResult['areas'][number] = {
  area: 'V1',
  matchedBy: 'correlation',
  units: 4,
  matched: 3,
  applicable: 2,
  correlation: { median: 0.75, smallest: 0.6, largest: 0.9 },
  bestUnmatched: 0.3,
  gainRetained: { median: 0.62, low: 0.4, high: 0.81, units: 2 },
  areaGain: { gain: 8, heldOutGain: 6, retained: 0.75 },
  pairs: [],
};
const heldOut: HeldOutResult = {
  twin: { id: 'v1-seed-2', version: '1.0.0', sha256: 'a'.repeat(64) },
  tier: 'same architecture',
  failure: null,
  areas: [area],
};

describe('what was found out, in words', () => {
  it('says nothing of what was not measured, and nothing before the candidate was checked', () => {
    expect(sections({})).toEqual([]);
    expect(evidenceSections({ responseUnits: '', referenceName: '', plan })).toEqual([]);
  });

  it('states stretch with its reference, and where it does not apply', () => {
    const [section] = sections({
      stretch: {
        units: [
          { area: 'V1', unit: 'a', referenceMax: 10, stretch: 2 },
          { area: 'V1', unit: 'b', referenceMax: 10, stretch: 0.5 },
          { area: 'V1', unit: 'c', referenceMax: 0, stretch: null },
        ],
        areas: [{ area: 'V1', referenceMax: 3, stretch: 1.5 }],
      },
    });
    expect(section?.sentences).toEqual([
      'Median stretch of 2 driven units: 1.25 ×; 1 exceeds its largest response to the reference (TSR-1, half A).',
      'Not applicable to 1 unit, which no reference stimulus drives above the blank.',
      'V1 as a whole: 1.5 × its largest activity over the reference.',
    ]);
  });

  it('leaves suppressed units out of the stretch', () => {
    const unit = { area: 'V2', unit: 'x' };
    const [section] = sections({
      stretch: {
        units: [
          { area: 'V1', unit: 'a', referenceMax: 10, stretch: 2 },
          { ...unit, referenceMax: 10, stretch: -0.5 },
        ],
        areas: [
          { area: 'V1', referenceMax: 3, stretch: 2 },
          { area: 'V2', referenceMax: 3, stretch: -0.5 },
        ],
      },
      suppression: {
        units: [
          { ...unit, response: 1, blank: 2, outcome: 'below blank', mask: { alone: 8, both: 5, suppression: 0.5 } },
        ],
        suppressed: 1,
        masked: 1,
      },
    });
    expect(section?.sentences).toEqual([
      'Stretch of V1 a: 2 × its largest response to the reference (10 spikes/s), both over the blank.',
      'V1 as a whole: 2 × its largest activity over the reference.',
    ]);
  });

  it('calls a twin of the same architecture no independent evidence, beside every number of it', () => {
    const [section] = sections({ heldOut: [heldOut] });
    expect(section?.title).toBe('Held out: v1-seed-2 1.0.0');
    expect(section?.sentences).toEqual([
      'Same architecture, other seed: not independent evidence.',
      'V1: 3 of 4 units matched by response correlation, median 0.75. Gain over the best reference stimulus retained: median 62 %, 95 % interval 40 % to 81 % over 2 units with a gain.',
      'V1 as a whole retains 75 %: 6 z of 8 z over the best reference stimulus.',
    ]);
    expect(section?.table.rows).toEqual([
      ['V1', 'response correlation', '3 of 4', '0.75', '62 % (40 % to 81 %)', '75 %'],
    ]);
    const [other] = sections({ heldOut: [{ ...heldOut, tier: 'another architecture' }] });
    expect(other?.sentences[0]).toBe('Another architecture: stronger evidence than a sibling.');
  });

  it('says with the evidence that no unit matches, and why nothing was compared', () => {
    const missed = { ...area, matched: 0, applicable: 0, correlation: null, gainRetained: null, areaGain: null };
    const [section] = sections({ heldOut: [{ ...heldOut, areas: [missed] }] });
    expect(section?.sentences[1]).toBe(
      'V1: no match for 4 units; the best correlation over the reference (TSR-1, half A) is 0.3, and 0.5 is needed.',
    );
    const [failed] = sections({ heldOut: [{ ...heldOut, failure: 'It sees 8 frames.', areas: [] }] });
    expect(failed?.sentences[1]).toBe('Not compared: It sees 8 frames.');
  });

  it('labels no response of another twin with the units of the own one', () => {
    const shared = searchPlan.parse({
      ...plan,
      with: [{ twin: 'u' }],
      target: [{ area: 'V1' }, { area: 'V1', twin: 'B' }],
      objective: { type: 'selective' },
    });
    const variation = { label: '¼ ×', n: 1, objective: 1.5, smallest: null, response: 3, areas: [] };
    const [stretch, suppression, selectivity, variations] = evidenceSections({
      evidence: {
        ...none,
        stretch: { units: [{ area: 'B: V1', unit: 'a', referenceMax: 10, stretch: 2 }], areas: [] },
        suppression: {
          units: ['B: V1', 'V1'].map((name) => ({
            area: name,
            unit: 'x',
            response: 1,
            blank: 2,
            outcome: 'below blank' as const,
            mask: null,
          })),
          suppressed: 2,
          masked: 0,
        },
        selectivity: { candidate: 2.5, bestOfReference: 1.25, target: ['V1'], against: ['B: V1'] },
        variations: [{ kind: 'contrast', ...variation }],
      },
      responseUnits: 'spikes/s',
      referenceName: 'TSR-1, half A',
      plan: shared,
    });
    expect(stretch?.sentences[0]).toBe(
      'Stretch of B: V1 a: 2 × its largest response to the reference (10), both over the blank.',
    );
    expect(suppression?.table.columns.slice(1, 3)).toEqual(['response', 'blank']);
    expect(suppression?.table.rows.map((row) => row.slice(0, 3))).toEqual([
      ['B: V1 x', '1', '2'],
      ['V1 x', '1 spikes/s', '2 spikes/s'],
    ]);
    expect(selectivity?.sentences[0]).toContain('against B: V1: 2.5 nats of z, higher than');
    expect(selectivity?.sentences[0]).toContain('(1.25 nats of z)');
    expect(variations?.table.columns.slice(2)).toEqual(['selectivity (nats of z)', 'mean response of the target']);
  });

  it('tells one image from several', () => {
    const of = (smallest: number, largest: number) =>
      sections({ uniqueness: { starts: 3, median: 0.5, smallest, largest, correlations: [] } })[0]?.sentences[0];
    expect(of(0.95, 0.99)).toContain('all starts found the same image');
    expect(of(-0.1, 0.2)).toContain('no two starts found the same image: it is not unique');
    expect(of(0.1, 0.95)).toContain('some starts found the same image');
  });
});

describe('names of controls', () => {
  const control = (kind: Control['kind'], label: string, n = 9) => ({ kind, label, n, sourceSpec: null, spec: null });
  it('tell what is compared', () => {
    const gratings = control('same-space', '200 random gratings of the same space', 200);
    expect([controlTitle(gratings), controlName(gratings)]).toEqual(['best of 200 random gratings', 'random gratings']);
    expect(controlTitle(control('same-space', '9 random gratings of the same space'))).toBe(
      'best of 9 random gratings',
    );
    expect(controlTitle(control('same-space', 'best of 9 starting images'))).toBe('best of 9 starting images');
    expect(controlTitle(control('phase-scrambled', ''))).toBe('best of 9 phase scrambles');
    expect(controlFamily(control('best-of-reference', ''))).toBe('Best of the reference set');
  });
});
