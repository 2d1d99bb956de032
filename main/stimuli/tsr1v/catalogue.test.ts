import { describe, expect, it } from 'vitest';
import { stimulusDesign, stimulusSpec, tsr1vClips, type StimulusDesign } from '../../contract/stimuli.ts';
import {
  blankIndex,
  describeDesign,
  designCount,
  designWarnings,
  expandDesign,
  factorsOf,
  labelAt,
  parametersOf,
  specAt,
} from '../design.ts';
import { tsr1Label } from '../tsr1/catalogue.ts';
import { tsr1IndexOf } from '../tsr1/classes.ts';
import { tsr1vLabel, tsr1vParameters } from './catalogue.ts';
import { tsr1vClasses, tsr1vIndexOf, tsr1vPlace, tsr1vWeight } from './classes.ts';
import { imageClip } from './parameters.ts';

const all = Array.from({ length: tsr1vClips }, (_, index) => index);
const design = (value: object): StimulusDesign => stimulusDesign.parse({ type: 'tsr1v', ...value });
const byKey = (key: string) => all.filter((index) => tsr1vPlace(index).key === key);

/** How often every combination of the named parameters occurs. */
function counts(indices: readonly number[], ...names: string[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const index of indices) {
    const parameters = tsr1vParameters(index);
    const combination = names.map((name) => parameters[name]).join(' ');
    found.set(combination, (found.get(combination) ?? 0) + 1);
  }
  return found;
}
const frequencies = (found: Map<string, number>): number[] => [...new Set(found.values())];

describe('the classes of TSR-1V', () => {
  it('hold the published numbers of clips, half of each in either half', () => {
    const expected = {
      'drifting gratings': 64,
      'drifting plaids': 32,
      'random dots': 48,
      'translating images': 64,
      '1/f movies': 48,
    };
    expect(Object.fromEntries(counts(all, 'class'))).toEqual(expected);
    for (const [name, count] of Object.entries(expected)) {
      for (const half of ['A', 'B']) expect(counts(all, 'class', 'half').get(`${name} ${half}`)).toBe(count / 2);
    }
    expect(() => tsr1vPlace(256)).toThrow(RangeError);
    for (const index of all) {
      const { key, k } = tsr1vPlace(index);
      expect(tsr1vIndexOf(key, k)).toBe(index);
    }
  });

  it('have every combination of their levels, and both halves the same levels', () => {
    const grating = ['directionDeg', 'spatialFrequencyCpd'];
    expect(counts(byKey('gratings'), ...grating, 'temporalFrequencyHz').size).toBe(8 * 4 * 2);
    expect(frequencies(counts(byKey('gratings'), ...grating, 'half'))).toEqual([1]);
    for (const name of ['directionDeg', 'spatialFrequencyCpd']) {
      const both = counts(byKey('gratings'), name, 'temporalFrequencyHz', 'half');
      expect(new Set(both.values()).size, name).toBe(1);
    }
    expect(counts(byKey('plaids'), ...grating, 'plaidAngleDeg').size).toBe(8 * 2 * 2);
    expect(frequencies(counts(byKey('plaids'), 'plaidAngleDeg', 'spatialFrequencyCpd', 'half'))).toEqual([4]);
    expect(counts(byKey('dots'), 'directionDeg', 'speedDegPerS', 'coherence').size).toBe(8 * 3 * 2);
    expect(frequencies(counts(byKey('dots'), 'speedDegPerS', 'coherence', 'half'))).toEqual([4]);
    expect(counts(byKey('images'), 'family', 'directionDeg', 'speedDegPerS').size).toBe(4 * 8 * 2);
    expect(frequencies(counts(byKey('images'), 'family', 'speedDegPerS', 'half'))).toEqual([4]);
    expect(frequencies(counts(byKey('movies'), 'speedScaleDegPerS', 'half'))).toEqual([8]);
  });

  it('translate 64 different images of TSR-1, of all families of their classes', () => {
    const images = Array.from({ length: 64 }, (_, k) => imageClip(k)).map(({ family, image }) =>
      tsr1IndexOf(family, image),
    );
    expect(new Set(images).size).toBe(64);
    const textures = images.map(tsr1Label).filter((label) => label.startsWith('texture:'));
    expect(new Set(textures.map((label) => label.slice(9).split(' · ')[0])).size).toBe(8);
    const scenes = images.map(tsr1Label).filter((label) => label.startsWith('scene'));
    expect(new Set(scenes.map((label) => label.split(' · ')[0])).size).toBe(3);
    const leaves = images.map(tsr1Label).filter((label) => label.startsWith('dead leaves'));
    expect(leaves.filter((label) => label.includes('textured'))).toHaveLength(8);
    // Nothing in them passes faster than 8 Hz.
    for (let k = 0; k < 64; k++) {
      const { highestCpd, speedDegPerS } = imageClip(k);
      expect(highestCpd * speedDegPerS).toBeLessThanOrEqual(8);
    }
  });

  it('weigh equally', () => {
    for (const { key } of tsr1vClasses) {
      for (const parity of [0, 1]) {
        const half = byKey(key).filter((index) => index % 2 === parity);
        expect(half.reduce((sum, index) => sum + tsr1vWeight(index), 0)).toBeCloseTo(25.6, 9);
      }
    }
  });

  it('give every clip a label of its own that says class and parameters', () => {
    expect(new Set(all.map(tsr1vLabel)).size).toBe(tsr1vClips);
    expect(tsr1vLabel(0)).toBe('drifting grating 0° · 0.5 cpd · 2 Hz');
    expect(tsr1vLabel(tsr1vIndexOf('plaids', 1))).toBe('drifting plaid 0° ± 60° · 1 cpd');
    expect(tsr1vLabel(tsr1vIndexOf('dots', 0))).toBe('dots 0° · 2 °/s · coherence 1');
    expect(tsr1vLabel(tsr1vIndexOf('images', 0))).toBe('dead leaves going 0° · 1 °/s');
    expect(tsr1vLabel(tsr1vIndexOf('movies', 20))).toBe('1/f movie, v₀ 2 °/s · 21');
    expect(parametersOf({ type: 'tsr1v', index: 96 })).toMatchObject({ index: 96, class: 'random dots', half: 'A' });
  });
});

describe('the design', () => {
  it('is the whole set or a half, with a blank at its end', () => {
    expect(describeDesign(design({}))).toBe('TSR-1V: 256 clips of 5 classes + blank = 257');
    expect(describeDesign(design({ half: 'B', blank: false }))).toBe('TSR-1V, half B: 128 clips of 5 classes');
    expect(designCount(design({}))).toBe(257);
    expect(blankIndex(design({ half: 'A' }))).toBe(128);
    expect(specAt(design({ half: 'A' }), 128)).toEqual({ type: 'blank' });
    expect(factorsOf(design({}))).toEqual([]);
    expect(labelAt(design({}), 256)).toBe('blank');
    const halves = (['A', 'B'] as const).map((half) => expandDesign(design({ half, blank: false })));
    const indices = halves.map(({ specs }) => specs.map((spec) => (spec.type === 'tsr1v' ? spec.index : -1)));
    expect(indices[0]).toEqual(all.filter((index) => index % 2 === 0));
    expect(indices[1]).toEqual(all.filter((index) => index % 2 === 1));
    expect(halves[1]?.labels[0]).toBe(tsr1vLabel(1));
    for (const { specs } of halves) for (const spec of specs) expect(stimulusSpec.parse(spec)).toEqual(spec);
    expect(() => stimulusSpec.parse({ type: 'tsr1v', index: 256 })).toThrow(/255/);
  });

  it('warns of a raster that is too coarse, of frames too few and of a field that cuts it', () => {
    const twin = { pxPerDeg: 8, fieldOfViewDeg: 8, frameRateHz: 30 };
    expect(designWarnings(design({}), twin)).toEqual([]);
    expect(designWarnings(design({}), { pxPerDeg: 7, fieldOfViewDeg: 6, frameRateHz: 15 })).toEqual([
      '4 cpd needs at least 8 px per degree; this twin has 7 per degree. It cannot be shown and will be refused.',
      '8 Hz needs at least 16 frames per second; this twin has 15. It cannot be shown and will be refused.',
      'The set TSR-1V reaches 4° from fixation; this twin sees 3°. What lies beyond is cut off.',
    ]);
  });
});
