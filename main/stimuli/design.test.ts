import { describe, expect, it } from 'vitest';
import { stimulusDesign, stimulusSpec } from '../contract/stimuli.ts';
import type { StimulusDesign } from '../contract/stimuli.ts';
import { sha256Hex } from '../platform/hash.ts';
import {
  blankIndex,
  describeDesign,
  designCount,
  designWarnings,
  expandDesign,
  factorsOf,
  labelAt,
  levelsAt,
  shownFieldDeg,
  specAt,
  specLabel,
  stimuliHash,
  stimulusHash,
} from './design.ts';

const design = (value: object): StimulusDesign => stimulusDesign.parse(value);
const eight = [0, 22.5, 45, 67.5, 90, 112.5, 135, 157.5];
const gratings = design({
  type: 'gratings',
  factors: { orientationDeg: eight, spatialFrequencyCpd: [0.5, 1, 2, 3, 4, 6] },
});
const twin = { pxPerDeg: 28, fieldOfViewDeg: 8 };

describe('a factorial design', () => {
  it('counts, describes and names its axes', () => {
    expect(designCount(gratings)).toBe(193);
    expect(describeDesign(gratings)).toBe('8 orientations × 6 SF × 4 phases + blank = 193');
    expect(factorsOf(gratings).map(({ key, unit, levels }) => [key, unit, levels.length])).toEqual([
      ['orientationDeg', '°', 8],
      ['spatialFrequencyCpd', 'cpd', 6],
      ['phaseDeg', '°', 4],
      ['contrast', '', 1],
      ['diameterDeg', '°', 1],
    ]);
  });

  it('has every combination once, the first factor slowest, the blank last', () => {
    const { specs, labels } = expandDesign(gratings);
    expect(specs.at(-1)).toEqual({ type: 'blank' });
    expect(blankIndex(gratings)).toBe(192);
    expect(labels.at(-1)).toBe('blank');
    expect(new Set(specs.map(stimulusHash)).size).toBe(193);
    expect(new Set(labels).size).toBe(193);
    let index = 0;
    for (const orientationDeg of eight) {
      for (const spatialFrequencyCpd of [0.5, 1, 2, 3, 4, 6]) {
        for (const phaseDeg of [0, 90, 180, 270]) {
          expect(specs[index]).toEqual({
            type: 'grating',
            orientationDeg,
            spatialFrequencyCpd,
            phaseDeg,
            contrast: 1,
            diameterDeg: 4,
            edgeDeg: 0.25,
            xDeg: 0,
            yDeg: 0,
          });
          index++;
        }
      }
    }
    expect(levelsAt(gratings, 4 * 6 + 4 + 3)).toEqual([1, 1, 3, 0, 0]);
    expect(levelsAt(gratings, 192)).toBeNull();
    expect(labelAt(gratings, 31)).toBe('22.5° · 1 cpd · phase 270°');
  });

  it('does not depend on the order of the keys in its document', () => {
    const turned = design({
      type: 'gratings',
      factors: { spatialFrequencyCpd: [0.5, 1, 2, 3, 4, 6], orientationDeg: eight },
    });
    expect(stimuliHash(turned)).toBe(stimuliHash(gratings));
  });

  it('gives only valid specs', () => {
    const gabors = design({
      type: 'gabors',
      factors: {
        orientationDeg: [0, 90],
        spatialFrequencyCpd: [2],
        sigmaDeg: [0.2, 0.4],
        xDeg: [-1, 0, 1],
        yDeg: [0, 2],
      },
      aspectRatio: 1.5,
      blank: false,
    });
    expect(designCount(gabors)).toBe(96);
    expect(describeDesign(gabors)).toBe(
      '2 orientations × 4 phases × 2 envelope sizes × 3 x positions × 2 y positions = 96',
    );
    for (const spec of expandDesign(gabors).specs) expect(stimulusSpec.parse(spec)).toEqual(spec);
    expect(() => specAt(gabors, 96)).toThrow(RangeError);
    expect(() => specAt(gabors, -1)).toThrow(RangeError);
  });
});

describe('other designs', () => {
  const hashes = ['a', 'b', 'c'].map((digit) => digit.repeat(64));

  it('describes photographs, noise and lists', () => {
    const images = design({ type: 'images', imageSha256s: hashes });
    expect(describeDesign(images)).toBe('3 photographs + blank = 4');
    expect(specAt(images, 1)).toEqual({
      type: 'image',
      imageSha256: hashes[1],
      sizeDeg: 8,
      fit: 'cover',
      xDeg: 0,
      yDeg: 0,
    });
    expect(labelAt(images, 1)).toBe('photograph 2');
    expect(describeDesign(design({ type: 'noise', n: 1000, spectrum: 'pink', blank: false }))).toBe(
      '1,000 pink noise images',
    );
    const list = design({
      type: 'list',
      stimuli: [{ type: 'blank' }, { type: 'raster', arraySha256: hashes[0], sizeDeg: 8 }],
      labels: ['off', 'best'],
    });
    expect(describeDesign(list)).toBe('2 stimuli');
    expect(labelAt(list, 1)).toBe('best');
    expect(blankIndex(list)).toBeNull();
  });

  it('draws a new seed for every noise image, unrelated to the next design seed', () => {
    const seeds = (seed: number) =>
      expandDesign(design({ type: 'noise', n: 500, seed, blank: false })).specs.map((spec) =>
        spec.type === 'noise' ? spec.seed : -1,
      );
    expect(new Set([...seeds(0), ...seeds(1)]).size).toBe(1000);
    expect(specAt(design({ type: 'noise', n: 1_000_000 }), 999_999)).toMatchObject({ type: 'noise' });
  });
});

describe('hashes', () => {
  it('are those of the canonical text', () => {
    const blank = sha256Hex('{"type":"blank"}');
    expect(stimulusHash({ type: 'blank' })).toBe(blank);
    const list = design({ type: 'list', stimuli: [{ type: 'blank' }, { type: 'blank' }] });
    expect(stimuliHash(list)).toBe(sha256Hex(`${blank}\n${blank}\n`));
  });
});

it('labels call angles what they were asked for', () => {
  const labels = expandDesign(
    design({ type: 'gratings', factors: { orientationDeg: eight, spatialFrequencyCpd: [2] } }),
  ).labels;
  for (const deg of eight) expect(labels.some((label) => label.startsWith(`${deg}° · 2 cpd`))).toBe(true);
  expect(
    specLabel(
      stimulusSpec.parse({
        type: 'grating',
        orientationDeg: 157.5,
        spatialFrequencyCpd: 2,
        phaseDeg: 0,
        diameterDeg: 4,
      }),
    ),
  ).toBe('grating 157.5° · 2 cpd');
});

it('pictures of a set show a field in which its stimuli fit, where their bars can be drawn', () => {
  const wide = (diameterDeg: number, spatialFrequencyCpd: number) =>
    design({
      type: 'gratings',
      factors: { orientationDeg: [0], spatialFrequencyCpd: [spatialFrequencyCpd], diameterDeg: [diameterDeg] },
    });
  expect(shownFieldDeg(gratings)).toBe(8);
  expect(shownFieldDeg(wide(8, 2))).toBe(8);
  expect(shownFieldDeg(wide(9, 2))).toBe(16);
  expect(shownFieldDeg(wide(60, 0.1))).toBe(64);
  // 224 px hold 4 cpd on 16° (3.5 px for a period) and not on 32°.
  expect(shownFieldDeg(wide(60, 4))).toBe(16);
});

describe('warnings', () => {
  it('are silent for a design that can be shown', () => {
    expect(designWarnings(gratings, twin)).toEqual([]);
    expect(designWarnings(design({ type: 'noise', n: 10 }), twin)).toEqual([]);
    expect(designWarnings(design({ type: 'images', imageSha256s: ['a'.repeat(64)] }), twin)).toEqual([]);
  });

  it('say what a frequency needs and what there is', () => {
    const fine = design({ type: 'gratings', factors: { orientationDeg: [45], spatialFrequencyCpd: [4, 12, 16] } });
    expect(designWarnings(fine, twin)).toEqual([
      '16 cpd needs at least 32 px per degree; this twin has 28 per degree. It cannot be shown and will be refused.',
    ]);
    const twelve = design({ type: 'gratings', factors: { orientationDeg: [45], spatialFrequencyCpd: [12] } });
    expect(designWarnings(twelve, { ...twin, pxPerDegLowest: 21 })).toEqual([
      '12 cpd needs at least 24 px per degree; this twin has 28 per degree at the centre and 21 at the edge. Near the edge it would alias.',
    ]);
  });

  it('count the spread of a narrow envelope', () => {
    const narrow = design({
      type: 'gabors',
      factors: { orientationDeg: [0], spatialFrequencyCpd: [11], sigmaDeg: [0.05, 1] },
    });
    // 11 + 2/(2π·.05) = 17.4 cpd.
    expect(designWarnings(narrow, twin)[0]).toMatch(
      /spreads 11 cpd up to 17\.4 cpd .* needs at least 34\.7 px per degree/,
    );
  });

  it('name clipping, size and reach', () => {
    const bright = designWarnings(gratings, { ...twin, background: 0.75 });
    expect(bright[0]).toMatch(/Contrast 1 on a background of 0\.75 asks for 1\.5 times .* up to 0\.333/);
    const noise = designWarnings(design({ type: 'noise', n: 1, contrastRms: 0.5 }), twin);
    // ±1 is two standard deviations: 4.55 %.
    expect(noise[0]).toMatch(/RMS contrast 0\.5 reaches black or white in about 4\.55 %/);
    const large = design({
      type: 'gratings',
      factors: { orientationDeg: [0], spatialFrequencyCpd: [1], diameterDeg: [0.05, 12] },
    });
    const said = designWarnings(large, twin).join('\n');
    expect(said).toMatch(/smaller than its edge/);
    expect(said).toMatch(/1\.4 px wide/);
    expect(said).toMatch(/reaches 6° from fixation; this twin sees 4°/);
  });
});

describe('designs of moving stimuli', () => {
  const twelve = Array.from({ length: 12 }, (_, step) => 30 * step);

  it('are factorial, count, describe and name their axes', () => {
    const drifting = design({
      type: 'drifting-gratings',
      factors: { directionDeg: twelve, spatialFrequencyCpd: [1, 2], temporalFrequencyHz: [2, 4, 8] },
    });
    expect(describeDesign(drifting)).toBe('drifting gratings: 12 directions × 2 SF × 3 TF + blank = 73');
    expect(factorsOf(drifting).map(({ key, unit, scale }) => [key, unit, scale])).toEqual([
      ['directionDeg', '°', 'circular'],
      ['spatialFrequencyCpd', 'cpd', 'log'],
      ['temporalFrequencyHz', 'Hz', 'log'],
      ['phaseDeg', '°', 'circular'],
      ['contrast', '', 'log'],
      ['diameterDeg', '°', 'log'],
    ]);
    expect(labelAt(drifting, 4)).toBe('0° · 2 cpd · 4 Hz');
    expect(specAt(drifting, 4)).toEqual({
      type: 'drifting-grating',
      directionDeg: 0,
      spatialFrequencyCpd: 2,
      temporalFrequencyHz: 4,
      phaseDeg: 0,
      contrast: 1,
      diameterDeg: 4,
      edgeDeg: 0.25,
      xDeg: 0,
      yDeg: 0,
    });
    const plaids = design({
      type: 'drifting-plaids',
      factors: { directionDeg: twelve, spatialFrequencyCpd: [2], temporalFrequencyHz: [4] },
      blank: false,
    });
    expect(describeDesign(plaids)).toBe('drifting plaids: 12 directions');
    expect(labelAt(plaids, 3)).toBe('90° · 2 cpd · 4 Hz');
    expect(specAt(plaids, 3)).toMatchObject({ type: 'drifting-plaid', plaidAngleDeg: 120, componentContrast: 0.5 });
    const counterphase = design({
      type: 'counterphase-gratings',
      factors: { orientationDeg: [0, 90], spatialFrequencyCpd: [2], temporalFrequencyHz: [0, 4] },
    });
    expect(describeDesign(counterphase)).toBe('counterphase gratings: 2 orientations × 2 TF × 2 phases + blank = 9');
    expect(specAt(counterphase, 2)).toMatchObject({ temporalFrequencyHz: 4, phaseDeg: 0, orientationDeg: 0 });
    for (const one of [drifting, plaids, counterphase]) {
      const { specs, labels } = expandDesign(one);
      for (const spec of specs) expect(stimulusSpec.parse(spec)).toEqual(spec);
      expect(new Set(labels).size).toBe(labels.length);
      expect(new Set(specs.map(stimulusHash)).size).toBe(specs.length);
    }
  });

  it('give every sample of random dots a seed of its own', () => {
    const dots = design({
      type: 'random-dots',
      factors: { directionDeg: [0, 180], speedDegPerS: [5], coherence: [0, 0.512, 1] },
      n: 20,
    });
    expect(describeDesign(dots)).toBe('fields of dots: 2 directions × 3 coherences × 20 samples + blank = 121');
    expect(factorsOf(dots).at(-1)).toMatchObject({ key: 'sample', levels: { length: 20 } });
    expect(labelAt(dots, 21)).toBe('0° · 5 °/s · coherence 0.512 · sample 2');
    const { specs } = expandDesign(dots);
    expect(new Set(specs.map((spec) => (spec.type === 'random-dots' ? spec.seed : -1))).size).toBe(121);
    for (const spec of specs) expect(stimulusSpec.parse(spec)).toEqual(spec);
    expect(specs[21]).toMatchObject({ coherence: 0.512, dotsPerDeg2: 4, lifetimeS: 0.2 });
    const small = design({
      type: 'random-dots',
      factors: { directionDeg: [0], speedDegPerS: [5], coherence: [1], dotDiameterDeg: [0.02] },
    });
    expect(designWarnings(small, twin)).toEqual([
      'Dots of 0.02° are 0.56 px wide on this twin, so no pixel shows their full contrast.',
    ]);
  });
});
