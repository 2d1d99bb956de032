/** What controls are matched to, and which stimuli cannot be: against values worked out by hand. */
import { describe, expect, it } from 'vitest';
import type { StimulusSpec } from '../../contract/stimuli.ts';
import { renderSpec } from '../../stimuli/render.ts';
import { createConstraints } from '../constraints/constraints.ts';
import { measureResiduals, weightedStatistics } from '../constraints/residuals.ts';
import type { FoundStimulus, SearchContext } from '../phase.ts';
import type { SearchPlan } from '../../contract/plans.ts';
import {
  differencesAfterResuming,
  finish,
  gaborSet,
  gratingReference,
  planOf,
  searchOn,
  smallField,
  sourceOf,
  unit,
} from '../testing/fixtures.ts';
import { GaborModel } from '../testing/gaborModel.ts';
import { matchedTo, windowOf } from './controls.ts';

const model = () => new GaborModel([unit('simple'), unit('complex')], smallField, { batchSize: 6 });
const contextOf = (plan: SearchPlan): SearchContext =>
  ({ plan, model: model(), notices: [] as string[] }) as unknown as SearchContext;
const found = (image: Float32Array, spec: StimulusSpec | null = null): Pick<FoundStimulus, 'spec' | 'image'> => ({
  image,
  spec,
});
/** Two luminances in stripes of one pixel, `bright` of 8 rows at the higher one. */
const stripes = (low: number, high: number, bright = 4): Float32Array =>
  Float32Array.from({ length: 1024 }, (_, i) => (Math.floor(i / 32) % 8 < bright ? high : low));

describe('what controls are matched to', () => {
  const range = planOf({
    optimiser: { type: 'first-order', rule: 'adam', rate: 0.02, hold: 'range', steps: 2 },
  });

  it('is the largest usable contrast where the candidate is saturated, and the notice says so', () => {
    const context = contextOf(range);
    // Half black, half white: contrast 1, the largest there is; 99.5 % of it is usable.
    const matched = matchedTo(context, found(stripes(0, 1)));
    expect(matched?.constraints.constraints.contrastRms).toBeCloseTo(0.995, 12);
    expect(context.notices).toEqual([
      expect.stringMatching(/RMS contrast 0\.995\. The candidate itself has 1, .* largest RMS contrast that is usable/),
    ]);
    const below = contextOf(range);
    expect(matchedTo(below, found(stripes(0.2, 0.8)))?.constraints.constraints.contrastRms).toBeCloseTo(0.6, 6);
    expect(below.notices[0]).not.toMatch(/candidate itself/);
  });

  it('leaves a saturated search its controls', async () => {
    const plan = planOf({
      space: { type: 'set', stimuli: { set: 'x' } },
      optimiser: { type: 'screening', keep: 1 },
      controls: { random: 4, phaseScrambled: 2 },
    });
    const screening = {
      count: 1,
      render: async () => stripes(0, 1),
      spec: (): StimulusSpec => ({ type: 'raster', arraySha256: 'a'.repeat(64), sizeDeg: 3 }),
    };
    const { controls, notices } = (await finish(searchOn(model(), plan, { sources: { screening } }))).result();
    expect(notices.join()).toMatch(/largest RMS contrast that is usable/);
    expect(controls.map(({ kind }) => kind)).toEqual(['random', 'phase-scrambled']);
    // Around the gratings stands one luminance, which cannot be at both bounds.
    expect(notices.join()).toMatch(/All 72 images of the control ‘best-grating’/);
    for (const { image } of controls) {
      expect(weightedStatistics(image, new Float64Array(1024).fill(1)).contrastRms).toBeCloseTo(0.995, 6);
    }
  });

  it('is the foreground of a mask, on its background', () => {
    const foreground = { shape: 'rectangle', xDeg: 0, yDeg: 0, widthDeg: 1.5, heightDeg: 1.5 };
    const masked = planOf({
      optimiser: range.optimiser,
      constraints: { mask: { foreground, background: { from: { set: 'x' }, index: 0 } } },
    });
    const background = stripes(0.1, 0.9, 2);
    // The middle 16 × 16 pixels: .4 and .8 in equal parts, mean .6, contrast .2/.6.
    const inside = (i: number): boolean => Math.abs((i % 32) - 15.5) < 8 && Math.abs(Math.floor(i / 32) - 15.5) < 8;
    const image = stripes(0.4, 0.8).map((value, i) => (inside(i) ? value : (background[i] as number)));
    const matched = matchedTo(contextOf(masked), found(image), { background });
    expect(matched?.constraints.constraints.meanLuminance).toBeCloseTo(0.6, 6);
    expect(matched?.constraints.constraints.contrastRms).toBeCloseTo(1 / 3, 6);
    const noise = matched?.constraints.projectNoise(
      Float64Array.from({ length: 1024 }, (_, i) => ((37 * i) % 101) - 50),
      1,
    ) as Float32Array;
    expect([...noise].every((value, i) => inside(i) || value === background[i])).toBe(true);
    expect(new Set(noise.filter((_, i) => inside(i))).size).toBeGreaterThan(90);
  });

  it('is that foreground for every control of a search', async () => {
    const foreground = { shape: 'rectangle', xDeg: 0, yDeg: 0, widthDeg: 1.5, heightDeg: 1.5 };
    const masked = planOf({
      optimiser: range.optimiser,
      starts: 1,
      constraints: { mask: { foreground, background: { from: { set: 'x' }, index: 0 } } },
      controls: { random: 3, sameSpace: 5, phaseScrambled: 3 },
    });
    const background = stripes(0.1, 0.9, 2);
    const make = () => searchOn(model(), masked, { sources: { constraints: { background } } });
    const { controls, candidates } = (await finish(make())).result();
    expect(controls.map(({ kind }) => kind)).toEqual(['random', 'best-grating', 'same-space', 'phase-scrambled']);
    const inside = (i: number): boolean => Math.abs((i % 32) - 15.5) < 8 && Math.abs(Math.floor(i / 32) - 15.5) < 8;
    const weights = Float64Array.from({ length: 1024 }, (_, i) => (inside(i) ? 1 : 0));
    const best = weightedStatistics(candidates[0]?.image as Float32Array, weights);
    for (const { image } of controls) {
      expect(image.every((value, i) => inside(i) || value === background[i])).toBe(true);
      const own = weightedStatistics(image, weights);
      expect([own.mean, own.contrastRms]).toEqual([expect.closeTo(best.mean, 6), expect.closeTo(best.contrastRms, 6)]);
    }
    expect(await differencesAfterResuming(make)).toEqual([]);
  });

  it('is the aperture of every stimulus that has one, and a window of ±2 standard deviations for a Gabor', () => {
    const gabor = gaborSet(smallField).spec(8) as Extract<StimulusSpec, { type: 'gabor' }>;
    const { xDeg, yDeg, sigmaDeg } = gabor;
    expect(windowOf(gabor, smallField)).toEqual({ xDeg, yDeg, diameterDeg: 4 * sigmaDeg, edgeDeg: sigmaDeg });
    expect(windowOf({ ...gabor, aspectRatio: 1.5 }, smallField)?.diameterDeg).toBeCloseTo(6 * sigmaDeg, 12);
    expect(windowOf({ ...gabor, aspectRatio: 0.5 }, smallField)?.diameterDeg).toBe(4 * sigmaDeg);
    const noise = {
      type: 'noise',
      spectrum: 'pink',
      contrastRms: 0.2,
      diameterDeg: 1,
      edgeDeg: 0.2,
      xDeg: 0.3,
      yDeg: 0,
      seed: 1,
    } as const;
    expect(windowOf(noise, smallField)).toEqual({ xDeg: 0.3, yDeg: 0, diameterDeg: 1, edgeDeg: 0.2 });
    expect(windowOf({ type: 'blank' }, smallField)).toBeUndefined();

    const context = contextOf(
      planOf({ space: { type: 'set', stimuli: { set: 'x' } }, optimiser: { type: 'screening' } }),
    );
    const image = renderSpec(gabor, smallField);
    const matched = matchedTo(context, found(image, gabor));
    const whole = weightedStatistics(image, new Float64Array(1024).fill(1)).contrastRms;
    // The whole field dilutes it.
    expect(matched?.constraints.constraints.contrastRms).toBeGreaterThan(1.5 * whole);
    expect(context.notices[0]).toMatch(/a window of ±2 standard deviations of the Gabor/);
    expect(
      matchedTo(context, found(renderSpec(noise, smallField), noise))?.constraints.constraints.contrastRms,
    ).toBeCloseTo(0.2, 3);
  });
});

describe('stimuli that cannot be brought to the constraints', () => {
  const aperture = { xDeg: 0.9, yDeg: 0, diameterDeg: 0.9, edgeDeg: 0.2 };
  /** Gratings of which every second one is uniform inside the aperture. */
  const besides = sourceOf(
    Array.from({ length: 10 }, (_, i) => ({
      ...(gratingReference(smallField).spec(4 * i + 1) as Extract<StimulusSpec, { type: 'grating' }>),
      diameterDeg: 0.6,
      xDeg: i % 2 === 0 ? 0.9 : -0.9,
    })),
    smallField,
  );

  it('are not replaced by noise: uniform ones, and those without the spectrum', () => {
    const plain = { meanLuminance: 0.5, contrastRms: 0.15, range: [0, 1] as [number, number] };
    const set = createConstraints(plain, smallField);
    expect(set.bringDeviation(new Float64Array(1024).fill(0.1))).toBeNull();
    expect(set.bringDeviation(Float64Array.from({ length: 1024 }, (_, i) => 1e-7 * (i % 2)))).toBeNull();
    const shown = set.bringDeviation(Float64Array.from(stripes(-0.01, 0.01))) as Float32Array;
    // Stripes stay stripes: .5·(1 ± .15).
    const asThey = stripes(0.425, 0.575);
    expect(Math.max(...shown.map((value, i) => Math.abs(value - (asThey[i] as number))))).toBeLessThan(1e-6);
    const open = createConstraints({ ...plain, contrastRms: { max: 0.2 } }, smallField);
    expect(new Set(open.bringDeviation(new Float64Array(1024).fill(0.1)))).toEqual(new Set([0.5]));
    // A band without the only frequency of the stripes.
    const band = createConstraints({ ...plain, spectrum: { highCpd: 0.5 } }, smallField);
    const fine = Float64Array.from({ length: 1024 }, (_, i) => (i % 2 === 0 ? 0.1 : -0.1));
    expect(band.bringDeviation(fine)).toBeNull();
    expect(
      measureResiduals(band.projectDeviation(fine, 1), band.weights, band.constraints, band).spectrum,
    ).toBeLessThan(1e-6);
  });

  it('are left out of every control made from them, and counted', async () => {
    const plan = planOf({
      optimiser: { type: 'gradient', steps: 2 },
      constraints: { aperture, contrastRms: 0.1 },
      starts: 1,
      controls: { random: 3, bestOfReference: true, bestOf: { set: 'x' } },
    });
    const uniform = sourceOf([besides.spec(1), besides.spec(3)], smallField);
    const sources = { bestOf: besides, halfB: uniform };
    const make = () => searchOn(model(), plan, { reference: besides, sources });
    const outcome = (await finish(make())).result();
    expect(outcome.controls.map(({ kind, n, values }) => [kind, n, values.length])).toEqual([
      ['random', 3, 3],
      ['best-of-set', 5, 5],
      ['best-grating', 5, 5],
    ]);
    expect(outcome.controls[1]?.label).toMatch(/^best of 10 images.*; 5 of them left out, which cannot be brought/);
    // Counted among all of the set.
    expect((outcome.controls[1]?.sourceIndex as number) % 2).toBe(0);
    expect(outcome.controls[1]?.best).toBe(Math.max(...(outcome.controls[1]?.values ?? [])));
    expect(outcome.controlEvaluations).toBe(3 + 5 + 5);
    expect(outcome.notices).toEqual([
      expect.stringMatching(/^5 of the 10 images of the control ‘best-of-set’/),
      expect.stringMatching(/^All 2 images of the control ‘best-of-reference’/),
      expect.stringMatching(/^5 of the 10 images of the control ‘best-grating’/),
    ]);
    expect(await differencesAfterResuming(make)).toEqual([]);
  });
});

it('a step of a set that is diverse in its responses costs four passes', async () => {
  const n = async (diverse: object) => {
    const plan = planOf({
      optimiser: { type: 'gradient', steps: 2 },
      starts: 2,
      diverse,
      controls: { random: 0, sameSpace: 'equal' },
    });
    const { controls } = (await finish(searchOn(model(), plan, { sources: {} }))).result();
    return controls.find(({ kind }) => kind === 'same-space')?.n;
  };
  expect(await n({ weight: 0.1, over: 'pixels' })).toBe(3 * 4);
  expect(await n({ weight: 0.1, over: 'responses' })).toBe(4 * 4);
});
