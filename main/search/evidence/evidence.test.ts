/** What is reported of the best candidate, against values computed by hand. */
import { describe, expect, it } from 'vitest';
import { selectiveTerms } from './selective.ts';
import type { StimulusSpec } from '../../contract/stimuli.ts';
import { srgbToLinear } from '../../stimuli/encode.ts';
import { renderSpec } from '../../stimuli/render.ts';
import type { ResponseModel, SearchField, StimulusSource } from '../model.ts';
import { differencesAfterResuming, finish, gaborSet, planOf, searchOn, smallField, unit } from '../testing/fixtures.ts';
import { GaborModel } from '../testing/gaborModel.ts';
import { maskSuppression, suppressionOutcome } from './candidatePhase.ts';
import { stretchOf, weightedCorrelation } from './summary.ts';
import { atContrast, superimposed, transformed, variationCount, variationsOf } from './variations.ts';

const field: SearchField = { sizePx: 8, fieldOfViewDeg: 4, background: 0.5 };
/** 2 px per degree; pixel (row, column) is centred at x = (column − 3.5)/2°, y = (3.5 − row)/2°. */
const dot = (row: number, column: number, luminance = 1): Float32Array => {
  const image = new Float32Array(64).fill(0.5);
  image[row * 8 + column] = luminance;
  return image;
};
const middle = { xDeg: 0, yDeg: 0 };

describe('variations of a picture', () => {
  it('move it in degrees, up is up', () => {
    const move = (xDeg: number, yDeg: number) =>
      transformed(dot(4, 4), field, { xDeg, yDeg, scale: 1, centre: middle });
    expect(move(1, 0)).toEqual(dot(4, 6));
    expect(move(0, 1)).toEqual(dot(2, 4));
    expect(move(-2, -1)).toEqual(dot(6, 0));
    // A quarter of a degree is half a pixel: half of it in each of two.
    const between = move(0.25, 0);
    expect([between[4 * 8 + 4], between[4 * 8 + 5]]).toEqual([0.75, 0.75]);
    // What leaves the field is gone, and what comes into view is background.
    expect(move(5, 0)).toEqual(new Float32Array(64).fill(0.5));
  });

  it('resize it about the centre of the aperture', () => {
    const block = new Float32Array(64).fill(0.5);
    for (const row of [2, 3, 4, 5]) for (const column of [2, 3, 4, 5]) block[row * 8 + column] = 0.9;
    const half = transformed(block, field, { xDeg: 0, yDeg: 0, scale: 0.5, centre: middle });
    // 4 × 4 pixels become the 2 × 2 around the middle: four samples inside it each, ¼ and ¾ of a pixel from the edges.
    const at = (row: number, column: number) => half[row * 8 + column];
    expect(at(3, 3)).toBeCloseTo(0.9, 6);
    expect(at(4, 4)).toBeCloseTo(0.9, 6);
    expect(at(1, 1)).toBeCloseTo(0.5, 6);
    const twice = transformed(block, field, { xDeg: 0, yDeg: 0, scale: 2, centre: middle });
    // It fills the field; a sample a quarter of a source pixel beyond its edge mixes ¾ and ¼ along either axis.
    expect(twice[3 * 8 + 3]).toBeCloseTo(0.9, 6);
    expect(twice[3 * 8]).toBeCloseTo(0.5 + 0.4 * 0.75, 6);
    expect(twice[0]).toBeCloseTo(0.5 + 0.4 * 0.75 * 0.75, 6);
    const about = { xDeg: 0.75, yDeg: -0.75 };
    const still = transformed(dot(5, 5), field, { xDeg: 0, yDeg: 0, scale: 2, centre: about });
    expect(still[5 * 8 + 5]).toBe(1);
  });

  it('scale contrast about the background, superimpose at half contrast, and encode in 8 bits', () => {
    expect(atContrast(dot(1, 1, 0.9), 0.5, 0.25)[9]).toBeCloseTo(0.6, 6);
    expect(superimposed(dot(1, 1, 0.9), dot(1, 1, 0.7), 0.5)[9]).toBeCloseTo(0.5 + (0.4 + 0.2) / 2, 6);
    // A still picture lies under both frames of a clip.
    const clip = new Float32Array([...dot(0, 0, 0.9), ...dot(0, 1, 0.9)]);
    const both = superimposed(dot(0, 0, 0.1), clip, 0.5);
    expect([both[0], both[64], both[65]].map((value) => Math.round((value as number) * 1e6) / 1e6)).toEqual([
      0.5, 0.3, 0.7,
    ]);
    const all = variationsOf(dot(1, 1, 0.9), field, { centre: middle, fieldDeg: 1, seed: 3 });
    expect(all).toHaveLength(variationCount);
    expect(all.map(({ kind }) => kind).filter((kind) => kind === 'jitter')).toHaveLength(16);
    // .9 in sRGB is code 243: (1.055·.9^(1/2.4) − .055)·255 = 243.4; linear light of 243/255.
    const encoded = all.find(({ label }) => label === '8 bits, sRGB')?.image()[9] as number;
    expect(encoded).toBeCloseTo(srgbToLinear(243 / 255), 6);
    const bare = all.find(({ label }) => label === '8 bits, gamma 2.2')?.image()[9] as number;
    expect(bare).toBeCloseTo((243 / 255) ** 2.2, 6);
    expect(all.slice(2, 6).map(({ label }) => label)).toEqual([
      '0.5° to the right',
      '0.5° to the left',
      '0.5° up',
      '0.5° down',
    ]);
  });
});

describe('rules of the report', () => {
  it('stretch: over the blank, relative to the best reference stimulus, and none where nothing exceeds the blank', () => {
    expect(stretchOf(30, 2, 16)).toBe(2);
    expect(stretchOf(2, 2, 16)).toBe(0);
    expect(stretchOf(30, 16, 16)).toBeNull();
    expect(stretchOf(30, 20, 16)).toBeNull();
  });

  it('suppression: below blank only with spontaneous activity, otherwise at floor', () => {
    expect(suppressionOutcome(3, 5, 0.01)).toBe('below blank');
    expect(suppressionOutcome(5, 5, 0.01)).toBe('at blank');
    expect(suppressionOutcome(4.995, 5, 0.01)).toBe('at blank');
    expect(suppressionOutcome(5.1, 5, 0.01)).toBe('driven');
    expect(suppressionOutcome(0, 0, 0.01)).toBe('at floor');
    expect(suppressionOutcome(0.5, 0, 0.01)).toBe('driven');
    // (8 − 2)/(14 − 2): half of the driven response is left.
    expect(maskSuppression(14, 8, 2, 0.01)).toBe(0.5);
    expect(maskSuppression(2, 1, 2, 0.01)).toBeNull();
  });

  it('correlates contrast with weights', () => {
    const weights = Float64Array.of(1, 1, 1, 0);
    // Deviations (−1, 0, 1) and (−1, 1, 0): 1 ÷ 2; the fourth pixel does not count.
    expect(weightedCorrelation(Float32Array.of(1, 2, 3, 9), Float32Array.of(1, 3, 2, -9), weights)).toBeCloseTo(
      0.5,
      12,
    );
    expect(weightedCorrelation(Float32Array.of(1, 1, 1, 9), Float32Array.of(1, 3, 2, 0), weights)).toBe(0);
  });
});

/** Two linear units on a field of two by two pixels, with spontaneous rates of 4 and 0; no response is below 0. */
class PairModel implements ResponseModel {
  readonly batchSize = 5;
  readonly units = [
    { area: 'A', unit: 'left' },
    { area: 'B', unit: 'right' },
  ];
  readonly field: SearchField = { sizePx: 2, fieldOfViewDeg: 2, background: 0.5 };
  readonly gradient = null;
  async responses(images: Float32Array, n: number): Promise<Float32Array> {
    return Float32Array.from({ length: 2 * n }, (_, i) => {
      const [topLeft, topRight] = images.subarray(4 * Math.floor(i / 2), 4 * Math.floor(i / 2) + 2) as unknown as [
        number,
        number,
      ];
      return i % 2 === 0 ? Math.max(0, 4 + 10 * (topLeft - 0.5)) : Math.max(0, 20 * (topRight - 0.5));
    });
  }
}

const shown = (images: readonly Float32Array[]): StimulusSource => ({
  count: images.length,
  render: async (index) => images[index] as Float32Array,
  spec: (index): StimulusSpec => ({ type: 'raster', arraySha256: String(index).padStart(64, '0'), sizeDeg: 2 }),
});

describe('evidence of a search', () => {
  const reference = shown([
    Float32Array.of(0.9, 0.5, 0.5, 0.5),
    Float32Array.of(0.1, 0.5, 0.5, 0.5),
    Float32Array.of(0.5, 0.7, 0.5, 0.5),
    Float32Array.of(0.5, 0.6, 0.5, 0.5),
  ]);
  const screened = shown([Float32Array.of(0.2, 0.8, 0.5, 0.5)]);
  const plan = planOf({
    target: [{ area: 'B' }, { area: 'A', weight: -1 }],
    space: { type: 'set', stimuli: { set: 'x' } },
    optimiser: { type: 'screening', keep: 1 },
    controls: { random: 0 },
    checkCandidate: true,
  });

  it('has stretch, suppression with a mask and the selective score of responses worked out by hand', async () => {
    const search = searchOn(new PairModel(), plan, { reference, sources: { screening: screened } });
    const { evidence, candidates } = (await finish(search)).result();
    // Responses of A: 8, 0, 4, 4 and 1; of B: 0, 0, 4, 2 and 6. Blank: 4 and 0.
    expect(candidates[0]?.units.map(({ response }) => Math.round(response * 1e4) / 1e4)).toEqual([1, 6]);
    const stretches = evidence?.stretch?.units.map(({ unit, referenceMax, stretch }) => [unit, referenceMax, stretch]);
    expect(stretches?.[0]?.[0]).toBe('left');
    expect(stretches?.[0]?.[1]).toBeCloseTo(8, 5);
    expect(stretches?.[0]?.[2]).toBeCloseTo((1 - 4) / (8 - 4), 5);
    expect(stretches?.[1]?.[2]).toBeCloseTo(6 / 4, 5);
    // One unit per area: its activity is linear in the response, so the stretch of the area is that of the unit.
    expect(evidence?.stretch?.areas.map(({ stretch }) => Math.round((stretch as number) * 1e4) / 1e4)).toEqual([
      -0.75, 1.5,
    ]);
    // Half the best reference: 4 + 10·.2 = 6; with half the candidate on it: 4 + 10·(.2 − .15) = 4.5.
    const [left] = evidence?.suppression?.units ?? [];
    expect(evidence?.suppression).toMatchObject({ suppressed: 1, masked: 1 });
    expect(left).toMatchObject({ area: 'A', unit: 'left', outcome: 'below blank' });
    expect(left?.mask?.alone).toBeCloseTo(6, 5);
    expect(left?.mask?.both).toBeCloseTo(4.5, 5);
    expect(left?.mask?.suppression).toBeCloseTo(1 - 0.5 / 2, 5);
    // a_B = (6 − 1.5)/sd, sd of (0, 0, 4, 2) = √2.75; a_A = (1 − 4)/√8. Score: a_B − ln[(e^{a_B} + e^{a_A})/2].
    const [aB, aA] = [4.5 / Math.sqrt(2.75), -3 / Math.sqrt(8)];
    expect(evidence?.selectivity?.candidate).toBeCloseTo(aB - Math.log((Math.exp(aB) + Math.exp(aA)) / 2), 5);
    expect(evidence?.selectivity).toMatchObject({ bestOfReference: null, target: ['B'], against: ['A'] });
  });

  it('has the candidate at other contrasts, and the candidate itself among them', async () => {
    const search = searchOn(new PairModel(), plan, { reference, sources: { screening: screened } });
    const { evidence, candidates } = (await finish(search)).result();
    const contrast = evidence?.variations.filter(({ kind }) => kind === 'contrast') ?? [];
    expect(contrast.map(({ label }) => label)).toEqual(['¼ × contrast', '½ × contrast', '1 × contrast, as found']);
    expect(contrast[2]?.objective).toBe(candidates[0]?.value);
    // B: 20·.3·gain; A: 4 − 10·.3·gain; the mean of both.
    expect(contrast.map(({ response }) => Math.round(response * 1e4) / 1e4)).toEqual([2.375, 2.75, 3.5]);
    const jitter = evidence?.variations.find(({ kind }) => kind === 'jitter');
    expect(jitter?.n).toBe(16);
    expect(jitter?.smallest).toBeLessThanOrEqual(jitter?.objective as number);
    expect(evidence?.variations.filter(({ kind }) => kind === 'position')).toHaveLength(8);
    expect(evidence?.uniqueness).toBeNull();
  });

  it('tells whether all starts found one image', async () => {
    const model = () => new GaborModel([unit('linear')], smallField);
    const pixels = planOf({
      target: [{ area: 'V1-linear' }],
      optimiser: { type: 'gradient', steps: 60 },
      constraints: { contrastRms: 0.1, aperture: { diameterDeg: 1.2 } },
      starts: 3,
      controls: { random: 0 },
    });
    const { evidence } = (await finish(searchOn(model(), pixels, { sources: {} }))).result();
    // A linear unit has one best image, its own filter, whatever the start.
    expect(evidence?.uniqueness).toMatchObject({ starts: 3, correlations: expect.any(Array) });
    expect(evidence?.uniqueness?.smallest).toBeGreaterThan(0.99);
  });

  it('compares no starts where a screening keeps them or they are driven apart', async () => {
    const on = () => new GaborModel([unit('linear')], smallField);
    const found = async (changes: object, sources = {}) =>
      (
        await finish(
          searchOn(on(), planOf({ target: [{ area: 'V1-linear' }], controls: { random: 0 }, ...changes }), { sources }),
        )
      ).result();
    const gabors = await found(
      { space: { type: 'set', stimuli: { set: 'x' } }, optimiser: { type: 'screening', keep: 3 } },
      { screening: gaborSet(smallField) },
    );
    expect([gabors.candidates.length, gabors.evidence?.uniqueness]).toEqual([3, null]);
    const apart = await found({ optimiser: { type: 'gradient', steps: 3 }, starts: 2, diverse: { weight: 1 } });
    expect([apart.candidates.length, apart.evidence?.uniqueness]).toEqual([2, null]);
  });

  it('keeps the twin of what is to stay quiet, and scores no sum', () => {
    const units = [
      { area: 'A', unit: 'left' },
      { area: 'B', unit: 'right' },
      { area: 'B: A', unit: 'left', member: 'B' },
    ];
    const terms = (changes: object) =>
      selectiveTerms(planOf({ with: [{ twin: 'other', as: 'B' }], ...changes }), units, smallField);
    const quiet = [{ area: 'B' }, { twin: 'B', area: 'A', weight: -1 }];
    expect(terms({ target: quiet })?.terms.flatMap(({ against }) => against.map(({ units: u }) => u))).toEqual([[2]]);
    const sum = (weight: number) => ({ type: 'sum', terms: [{ weight, objective: { type: 'drive' } }] });
    expect(terms({ target: quiet, objective: sum(-1) })).toBeNull();
    expect(terms({ target: [{ area: 'B' }], objective: sum(1) })).toBeNull();
    const between = { type: 'controversial', between: ['A', 'B'] };
    expect(terms({ target: [{ area: 'A', weight: -1 }], objective: between })).toBeNull();
  });

  it('resumes at every step with equal bytes', async () => {
    const make = () => searchOn(new PairModel(), plan, { reference, sources: { screening: screened } });
    expect(await differencesAfterResuming(make)).toEqual([]);
  });

  it('measures half B with the selective score', async () => {
    const two = () => new GaborModel([unit('complex'), unit('simple', { orientationDeg: 120 })], smallField);
    const selective = planOf({
      target: [{ area: 'V1-complex' }],
      objective: { type: 'selective' },
      optimiser: { type: 'gradient', steps: 15 },
      controls: { random: 0, bestOfReference: true },
    });
    const search = searchOn(two(), selective, { sources: { halfB: gaborSet(smallField) } });
    const outcome = (await finish(search)).result();
    const control = outcome.controls.find(({ kind }) => kind === 'best-of-reference');
    // The plan's own objective is the score.
    expect(outcome.evidence?.selectivity?.bestOfReference).toBe(control?.best);
    expect(outcome.evidence?.selectivity?.candidate).toBe(outcome.candidates[0]?.value);
  });
});

it('draws the blank on the field of a test model', () => {
  expect(renderSpec({ type: 'blank' }, new PairModel().field)).toEqual(Float32Array.of(0.5, 0.5, 0.5, 0.5));
});
