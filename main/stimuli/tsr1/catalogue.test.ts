import { describe, expect, it } from 'vitest';
import { stimulusDesign, stimulusSpec, tsr1Images, type StimulusDesign } from '../../contract/stimuli.ts';
import {
  blankIndex,
  describeDesign,
  designCount,
  designWarnings,
  expandDesign,
  factorsOf,
  labelAt,
  specAt,
} from '../design.ts';
import { tsr1Label, tsr1Parameters } from './catalogue.ts';
import { tsr1Classes, tsr1IndexOf, tsr1Place, tsr1Weight } from './classes.ts';

const all = Array.from({ length: tsr1Images }, (_, index) => index);
const design = (value: object): StimulusDesign => stimulusDesign.parse({ type: 'tsr1', ...value });
const byKey = (key: string) => all.filter((index) => tsr1Place(index).key === key);

/** How often every combination of the named parameters occurs. */
function counts(indices: readonly number[], ...names: string[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const index of indices) {
    const parameters = tsr1Parameters(index);
    const combination = names.map((name) => parameters[name]).join(' ');
    found.set(combination, (found.get(combination) ?? 0) + 1);
  }
  return found;
}
const frequencies = (found: Map<string, number>): number[] => [...new Set(found.values())];

describe('the classes of TSR-1', () => {
  it('hold the published numbers of images, half of each in either half', () => {
    const expected = {
      gratings: 128,
      Gabors: 128,
      plaids: 32,
      'polar gratings': 64,
      noise: 128,
      'dead leaves': 128,
      textures: 96,
      'phase scrambles': 96,
      shapes: 128,
      'shaded scenes': 96,
    };
    expect(Object.fromEntries(counts(all, 'class'))).toEqual(expected);
    for (const [name, count] of Object.entries(expected)) {
      expect(counts(all, 'class', 'half').get(`${name} A`)).toBe(count / 2);
      expect(counts(all, 'class', 'half').get(`${name} B`)).toBe(count / 2);
    }
    expect(tsr1Place(0)).toMatchObject({ key: 'gratings', k: 0 });
    expect(tsr1Place(1023)).toMatchObject({ key: 'scenes', k: 95 });
    expect(() => tsr1Place(1024)).toThrow(RangeError);
    for (const index of all) {
      const { key, k } = tsr1Place(index);
      expect(tsr1IndexOf(key, k)).toBe(index);
    }
  });

  it('have every combination of their levels, and both halves the same levels', () => {
    const gratings = counts(byKey('gratings'), 'orientationDeg', 'spatialFrequencyCpd', 'phaseDeg');
    expect(gratings.size).toBe(8 * 4 * 4);
    expect(frequencies(counts(byKey('gratings'), 'orientationDeg', 'spatialFrequencyCpd', 'half'))).toEqual([2]);
    expect(frequencies(counts(byKey('gratings'), 'phaseDeg', 'half'))).toEqual([16]);
    const plaids = counts(byKey('plaids'), 'orientationDeg', 'angleDeg', 'spatialFrequencyCpd');
    expect(plaids.size).toBe(32);
    expect(frequencies(counts(byKey('plaids'), 'angleDeg', 'half'))).toEqual([8]);
    expect(frequencies(counts(byKey('polar'), 'family', 'spatialFrequencyCpd', 'half'))).toEqual([2]);
    expect(counts(byKey('polar'), 'family', 'spatialFrequencyCpd', 'phaseDeg', 'orientationDeg', 'turn').size).toBe(64);
    expect(counts(byKey('noise'), 'family', 'spatialFrequencyCpd')).toEqual(
      new Map([
        ['white ', 32],
        ['1/f ', 32],
        ['octave 0.75', 16],
        ['octave 1.5', 16],
        ['octave 3', 16],
        ['octave 6', 16],
      ]),
    );
    expect(frequencies(counts(byKey('deadLeaves'), 'family', 'half'))).toEqual([32]);
    for (const key of ['textures', 'scrambles']) {
      expect(counts(byKey(key), 'family').size).toBe(8);
      expect(frequencies(counts(byKey(key), 'family', 'half'))).toEqual([6]);
    }
    expect(counts(byKey('shapes'), 'family').size).toBe(8);
    expect(frequencies(counts(byKey('shapes'), 'family', 'drawing', 'polarity', 'half'))).toEqual([2]);
    expect(frequencies(counts(byKey('scenes'), 'solids', 'half'))).toEqual([16]);
  });

  it('keep to the ranges of what is drawn at random', () => {
    const spread = (key: string, name: string) => {
      const values = byKey(key).map((index) => tsr1Parameters(index)[name] as number);
      return { low: Math.min(...values), high: Math.max(...values) };
    };
    const covers = (key: string, name: string, low: number, high: number) => {
      const found = spread(key, name);
      expect(found.low, name).toBeGreaterThanOrEqual(low);
      expect(found.high, name).toBeLessThanOrEqual(high);
      // 128 uniform numbers miss a tenth at either end with a chance of 3e-6.
      expect(found.high - found.low, name).toBeGreaterThan(0.8 * (high - low));
    };
    covers('gabors', 'xDeg', -3, 3);
    covers('gabors', 'yDeg', -3, 3);
    covers('gabors', 'orientationDeg', 0, 180);
    covers('gabors', 'phaseDeg', 0, 360);
    covers('shapes', 'sizeDeg', 1, 4);
    covers('shapes', 'xDeg', -2, 2);
    covers('shapes', 'yDeg', -2, 2);
    covers('shapes', 'rotationDeg', 0, 360);
    const { low, high } = spread('gabors', 'spatialFrequencyCpd');
    expect(low).toBeGreaterThanOrEqual(0.5);
    expect(low).toBeLessThan(0.6);
    expect(high).toBeLessThanOrEqual(8);
    expect(high).toBeGreaterThan(6.7);
    for (const index of byKey('gabors')) {
      const { sigmaDeg, spatialFrequencyCpd } = tsr1Parameters(index) as Record<string, number>;
      expect((sigmaDeg as number) * (spatialFrequencyCpd as number)).toBeCloseTo(0.4, 2);
    }
  });

  it('weigh equally', () => {
    for (const { key } of tsr1Classes) {
      for (const parity of [0, 1]) {
        const half = byKey(key).filter((index) => index % 2 === parity);
        expect(half.reduce((sum, index) => sum + tsr1Weight(index), 0)).toBeCloseTo(51.2, 9);
      }
    }
  });

  it('give every image a label of its own that says class and parameters', () => {
    expect(new Set(all.map(tsr1Label)).size).toBe(tsr1Images);
    expect(tsr1Label(0)).toBe('grating 0° · 0.75 cpd · phase 0°');
    expect(tsr1Label(tsr1IndexOf('plaids', 0))).toBe('plaid 0° ± 30° · 0.75 cpd');
    expect(tsr1Label(tsr1IndexOf('scrambles', 0))).toBe('scrambled texture: Voronoi · 0.35°');
    expect(tsr1Label(tsr1IndexOf('scenes', 2))).toBe('scene of 2 solids · 3');
  });
});

describe('the design', () => {
  it('is the whole set or a half, with a blank at its end', () => {
    expect(describeDesign(design({}))).toBe('TSR-1: 1,024 images of 10 classes + blank = 1,025');
    expect(describeDesign(design({ half: 'B', blank: false }))).toBe('TSR-1, half B: 512 images of 10 classes');
    expect(designCount(design({}))).toBe(1025);
    expect(blankIndex(design({ half: 'A' }))).toBe(512);
    expect(specAt(design({ half: 'A' }), 512)).toEqual({ type: 'blank' });
    expect(factorsOf(design({}))).toEqual([]);
    expect(labelAt(design({}), 1024)).toBe('blank');
    const halves = (['A', 'B'] as const).map((half) => expandDesign(design({ half, blank: false })));
    const indices = halves.map(({ specs }) => specs.map((spec) => (spec.type === 'tsr1' ? spec.index : -1)));
    expect(indices[0]).toEqual(all.filter((index) => index % 2 === 0));
    expect(indices[1]).toEqual(all.filter((index) => index % 2 === 1));
    expect(halves[1]?.labels[0]).toBe(tsr1Label(1));
    for (const { specs } of halves) for (const spec of specs) expect(stimulusSpec.parse(spec)).toEqual(spec);
    expect(() => stimulusSpec.parse({ type: 'tsr1', index: 1024 })).toThrow(/1023/);
  });

  it('warns of a raster that is too coarse, and of a field that cuts it', () => {
    expect(designWarnings(design({}), { pxPerDeg: 28, fieldOfViewDeg: 8 })).toEqual([]);
    expect(designWarnings(design({}), { pxPerDeg: 14, fieldOfViewDeg: 6 })).toEqual([
      '8 cpd needs at least 16 px per degree; this twin has 14 per degree. It cannot be shown and will be refused.',
      'The set TSR-1 reaches 4° from fixation; this twin sees 3°. What lies beyond is cut off.',
    ]);
  });
});
