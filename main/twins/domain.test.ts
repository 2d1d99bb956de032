import { describe, expect, test } from 'vitest';
import { stimulusDesign, stimulusSpec, type StimulusSpec } from '../contract/stimuli.ts';
import { twinManifest, type TestedDomain } from '../contract/twins.ts';
import { designCount, specAt } from '../stimuli/design.ts';
import {
  domainSentence,
  foundBySearch,
  noTestedDomain,
  outsideDomain,
  outsideInDesign,
  outsideSpace,
  outsideSummary,
  outsideTested,
  outsideTestedControl,
  testedLines,
} from './domain.ts';

const tested: TestedDomain = {
  stimuli: ['grating', 'image'],
  spatialFrequencyCpd: [0.5, 4],
  contrast: [0.1, 1],
};
const grating = (over: Partial<Extract<StimulusSpec, { type: 'grating' }>> = {}): StimulusSpec => ({
  type: 'grating',
  orientationDeg: 0,
  spatialFrequencyCpd: 2,
  phaseDeg: 0,
  contrast: 1,
  diameterDeg: 2,
  edgeDeg: 0,
  xDeg: 0,
  yDeg: 0,
  ...over,
});
const sha = 'a'.repeat(64);
const image: StimulusSpec = { type: 'image', imageSha256: sha, sizeDeg: 8, fit: 'cover', xDeg: 0, yDeg: 0 };
const raster: StimulusSpec = { type: 'raster', arraySha256: sha, sizeDeg: 8 };
const noise: StimulusSpec = {
  type: 'noise',
  spectrum: 'white',
  contrastRms: 0.05,
  diameterDeg: 8,
  edgeDeg: 0,
  xDeg: 0,
  yDeg: 0,
  seed: 1,
};

describe('one stimulus', () => {
  test('the ends of a stated range belong to it, a little beyond them does not', () => {
    for (const spatialFrequencyCpd of [0.5, 2, 4])
      expect(outsideTested(tested, grating({ spatialFrequencyCpd }))).toBeNull();
    expect(outsideTested(tested, grating({ spatialFrequencyCpd: 4.01 }))).toBe(
      'tested from 0.5 to 4 cpd, this has 4.01 cpd',
    );
    expect(outsideTested(tested, grating({ spatialFrequencyCpd: 0.49 }))).toBe(
      'tested from 0.5 to 4 cpd, this has 0.49 cpd',
    );
    expect(outsideTested(tested, grating({ contrast: 0.05 }))).toBe('tested from contrast 0.1 to 1, this has 0.05');
    // A computed level is the one that was meant.
    expect(outsideTested({ ...tested, contrast: [0.3, 1] }, grating({ contrast: 0.1 + 0.2 }))).toBeNull();
    expect(outsideTested({ ...tested, contrast: [0, 0.3] }, grating({ contrast: 0.1 + 0.2 }))).toBeNull();
  });

  test('a type that is not listed is outside whatever its parameters', () => {
    expect(outsideTested(tested, noise)).toBe('tested with gratings, photographs, not with noise images');
    expect(outsideTested(tested, image)).toBeNull();
    expect(outsideTested({ stimuli: ['blank', 'grating'] }, noise)).toBe('tested with gratings, not with noise images');
    expect(outsideTested({ stimuli: ['blank'] }, noise)).toBe('tested with no stimuli, not with noise images');
    // RMS contrast is not Michelson's.
    expect(outsideTested({ stimuli: ['noise'], contrast: [0.5, 1] }, noise)).toBeNull();
  });

  test('the background alone is inside, by its type or by contrast 0', () => {
    expect(outsideTested(tested, { type: 'blank' })).toBeNull();
    expect(outsideTested(tested, grating({ contrast: 0 }))).toBeNull();
  });

  test('what a search found is outside unless such images are listed', () => {
    expect(outsideTested(tested, raster)).toBe(foundBySearch);
    expect(outsideTested({ ...tested, stimuli: ['raster'] }, raster)).toBeNull();
  });

  test('moving stimuli are held against temporal frequency and component contrast, still ones are not', () => {
    const moving: TestedDomain = {
      stimuli: ['drifting-grating', 'drifting-plaid', 'grating'],
      temporalFrequencyHz: [1, 16],
      contrast: [0.2, 1],
    };
    const drifting = (temporalFrequencyHz: number) =>
      stimulusSpec.parse({
        type: 'drifting-grating',
        directionDeg: 0,
        spatialFrequencyCpd: 1,
        temporalFrequencyHz,
        diameterDeg: 2,
      });
    expect(outsideTested(moving, drifting(8))).toBeNull();
    expect(outsideTested(moving, drifting(20))).toBe('tested from 1 to 16 Hz, this has 20 Hz');
    expect(outsideTested(moving, grating())).toBeNull();
    const plaid = (componentContrast: number) =>
      stimulusSpec.parse({
        type: 'drifting-plaid',
        directionDeg: 0,
        spatialFrequencyCpd: 1,
        temporalFrequencyHz: 4,
        componentContrast,
        diameterDeg: 2,
      });
    // Two components of half a contrast reach the whole.
    expect(outsideTested({ ...moving, contrast: [0.9, 1] }, plaid(0.5))).toBeNull();
    expect(outsideTested(moving, plaid(0.05))).toBe('tested from contrast 0.2 to 1, this has 0.1');
  });

  test('without a stated domain everything is said to be untested', () => {
    for (const nothing of [null, undefined]) expect(outsideTested(nothing, grating())).toBe(noTestedDomain);
    const validity = twinManifest.shape.validity.parse({});
    expect(outsideDomain({ validity }, grating())).toBe(noTestedDomain);
    expect(outsideDomain({ validity: { ...validity, tested } }, grating())).toBeNull();
  });
});

test('candidates over pixels are of one kind before they are found', () => {
  expect(['pixels', 'gratings', 'set'].map((space) => outsideSpace(tested, space))).toEqual([
    foundBySearch,
    null,
    null,
  ]);
  expect(outsideSpace({ ...tested, stimuli: ['raster'] }, 'pixels')).toBeNull();
  expect(outsideSpace(null, 'gratings')).toBe(noTestedDomain);
});

test('a control is judged by what it was before it was matched', () => {
  expect(outsideTestedControl(tested, { spec: raster, sourceSpec: image })).toBeNull();
  expect(outsideTestedControl(tested, { spec: raster, sourceSpec: grating({ spatialFrequencyCpd: 8 }) })).toMatch(
    /8 cpd/,
  );
  expect(outsideTestedControl(tested, { spec: raster, sourceSpec: null })).toMatch(/not with noise images/);
  expect(outsideTestedControl({ ...tested, stimuli: ['noise'] }, { spec: raster, sourceSpec: null })).toBeNull();
  expect(outsideTestedControl(tested, { spec: grating(), sourceSpec: null })).toBeNull();
  expect(outsideTestedControl(tested, { spec: null, sourceSpec: null })).toBeNull();
  expect(outsideTestedControl(null, { spec: raster, sourceSpec: image })).toBe(noTestedDomain);
});

describe('a design', () => {
  test('every stimulus is judged as it is on its own', () => {
    const designs = [
      {
        type: 'gratings',
        factors: { orientationDeg: [0, 90], spatialFrequencyCpd: [0.25, 1, 8], contrast: [0.05, 1] },
      },
      { type: 'noise', n: 5, blank: true },
      { type: 'images', imageSha256s: [sha, 'b'.repeat(64)], blank: false },
      { type: 'tsr1', half: 'A' },
      { type: 'list', stimuli: [raster, { type: 'blank' }, grating({ spatialFrequencyCpd: 9 })] },
    ];
    for (const document of designs) {
      const design = stimulusDesign.parse(document);
      const singly = Array.from({ length: designCount(design) }, (_, index) =>
        outsideTested(tested, specAt(design, index)),
      );
      expect(outsideInDesign(tested, design)).toEqual(singly);
      expect(outsideInDesign(null, design)).toEqual(singly.map(() => noTestedDomain));
    }
  });

  test('is summed up in one sentence', () => {
    const design = stimulusDesign.parse({
      type: 'gratings',
      factors: { orientationDeg: [0], spatialFrequencyCpd: [1, 8, 16], phaseDeg: [0] },
    });
    expect(outsideSummary(outsideInDesign(tested, design))).toBe(
      '2 of 4 stimuli lie outside what the twin was tested with: tested from 0.5 to 4 cpd.',
    );
    expect(outsideSummary([null, null])).toBeNull();
    expect(outsideSummary(outsideInDesign(null, design))).toMatch(/its author states no tested domain\.$/);
    expect(outsideSummary([foundBySearch, foundBySearch], 'candidates')).toMatch(/^All 2 candidates lie outside/);
  });
});

test('every reason reads as a sentence', () => {
  const reasons = [noTestedDomain, foundBySearch, outsideTested(tested, grating({ contrast: 0.05 })) ?? ''];
  expect(reasons.map(domainSentence)).toEqual([
    'Its author states no tested domain: whether this lies inside is not known.',
    'Found by search: outside what the twin was tested with.',
    'Outside what the twin was tested with: tested from contrast 0.1 to 1, this has 0.05.',
  ]);
});

test('the stated domain in words', () => {
  expect(testedLines(tested)).toEqual(['gratings, photographs', 'spatial frequency 0.5 to 4 cpd', 'contrast 0.1 to 1']);
  expect(testedLines(null)).toEqual([]);
});
