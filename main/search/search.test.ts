import { describe, expect, it } from 'vitest';
import { apertureWeights } from '../stimuli/aperture.ts';
import { formatCount } from '../platform/words.ts';
import { renderSpec } from '../stimuli/render.ts';
import { decodeCheckpoint } from './checkpoint.ts';
import type { ResponseModel } from './model.ts';
import {
  differencesAfterResuming,
  finish,
  gaborSet,
  outcomeOf,
  planOf,
  searchOn,
  smallField,
  sourceOf,
  unit,
} from './testing/fixtures.ts';
import { gaborBank, GaborModel } from './testing/gaborModel.ts';

const complex = { target: [{ area: 'V1-complex', units: ['u0'] }] };
const coarseBank = gaborBank().filter(({ spatialFrequencyCpd }) => spatialFrequencyCpd < 4);

describe('pixel search', () => {
  it('beats every control with normalisation on and finds the planted filter', async () => {
    for (const type of ['simple', 'complex'] as const) {
      const model = new GaborModel([unit(type)], smallField, { pool: coarseBank, semisaturation: 0.6 });
      const plan = planOf({
        target: [{ area: `V1-${type}`, units: ['u0'] }],
        optimiser: { type: 'gradient', steps: 60 },
        constraints: { contrastRms: 0.1 },
      });
      const outcome = (await finish(searchOn(model, plan))).result();
      expect(outcome.controls.map(({ kind, n }) => [kind, n])).toEqual([
        ['random', 60],
        ['best-of-set', 40],
        ['best-grating', 72],
      ]);
      for (const control of outcome.controls) {
        expect(control.beaten).toBe(true);
        expect(control.best).toBe(Math.max(...control.values));
      }
      const best = outcome.candidates[0];
      const { even, odd } = model.filters[0] as { even: Float64Array; odd: Float64Array };
      expect(cosineWithin(best?.image as Float32Array, type === 'simple' ? [even] : [even, odd])).toBeGreaterThan(0.9);
      expect(best?.residuals?.meanLuminance).toBeLessThan(1e-6);
      expect(best?.residuals?.contrastRms).toBeLessThan(1e-6);
      expect(best?.residuals?.range).toBe(0);
    }
  });

  it('keeps with every candidate the score and the responses of exactly that image', async () => {
    const model = new GaborModel([unit('complex'), unit('simple')], smallField, { pool: coarseBank });
    const plan = planOf({ ...complex, optimiser: { type: 'gradient', steps: 25 }, controls: { random: 9 } });
    const outcome = (await finish(searchOn(model, plan))).result();
    expect(outcome.candidates).toHaveLength(4);
    for (const [i, candidate] of outcome.candidates.entries()) {
      expect(await model.responses(candidate.image, 1)).toEqual(candidate.responses);
      // A single target unit: its own z is the objective.
      expect(candidate.units).toEqual([
        expect.objectContaining({ area: 'V1-complex', unit: 'u0', z: expect.closeTo(candidate.value, 9) }),
      ]);
      expect(candidate.rank).toBe(i + 1);
    }
    const values = outcome.candidates.map(({ value }) => value);
    expect(values).toEqual(values.toSorted((a, b) => b - a));
    // z is linear in the response, so two candidates fix the line on which the control has to lie.
    const [random] = outcome.controls;
    const [first, last] = [outcome.candidates[0]?.units[0], outcome.candidates[3]?.units[0]];
    if (random === undefined || first === undefined || last === undefined) throw new Error('nothing was found');
    const [response] = await model.responses(random.image, 1);
    const slope = (first.z - last.z) / (first.response - last.response);
    expect(first.z + slope * ((response as number) - first.response)).toBeCloseTo(random.best, 4);
  });

  it('gives the same bytes when it is stopped and resumed at every single step', async () => {
    const make = () =>
      searchOn(
        new GaborModel([unit('simple'), unit('complex')], smallField, { batchSize: 3, pool: coarseBank.slice(0, 9) }),
        planOf({ optimiser: { type: 'gradient', steps: 14 }, controls: { random: 7 }, starts: 4 }),
        { reference: sourceOf(specsOf(gaborSet(smallField)), smallField), sources: {} },
      );
    expect(await differencesAfterResuming(make)).toEqual([]);
  });

  it('reproduces a seed and tells seeds apart', async () => {
    const run = async (seed: number) => {
      const model = new GaborModel([unit('simple')], smallField);
      const search = searchOn(model, planOf({ seed, optimiser: { type: 'gradient', steps: 10 } }));
      return outcomeOf(await finish(search));
    };
    expect(await run(1)).toBe(await run(1));
    expect(await run(1)).not.toBe(await run(2));
  });

  it('never asks for more than a batch, and stops between two batches', async () => {
    const model = new GaborModel([unit('simple')], smallField, { batchSize: 3 });
    const search = searchOn(
      model,
      planOf({ starts: 7, optimiser: { type: 'gradient', steps: 3 }, controls: { random: 10 } }),
    );
    while (search.step < search.total - 3) await search.advance();
    const before = search.checkpoint();
    model.calls.length = 0;
    const aborting = {
      aborted: false,
      throwIfAborted: () => {
        if (model.calls.length > 0) throw new Error('stopped');
      },
      addEventListener: () => {},
      removeEventListener: () => {},
    };
    await expect(search.advance(aborting)).rejects.toThrow('stopped');
    expect(model.calls).toEqual([3]);
    expect(search.checkpoint()).toEqual(before);
    await finish(search);
    expect(model.calls.slice(1)).toEqual([3, 3, 1, 3, 3, 1, 3, 3, 1]);
    // 72 gratings and the blank, 10 random, 40 images, 72 gratings, 3 × 7 steps.
    expect(search.result().evaluations).toBe(73 + 10 + 40 + 72 + 21);
    expect(search.result().controlEvaluations).toBe(10 + 40 + 72);
  });

  it('shows live tiles, trajectory, residuals and area activity', async () => {
    const model = new GaborModel([unit('simple'), unit('complex')], smallField);
    const search = searchOn(model, planOf({ optimiser: { type: 'gradient', steps: 12 }, controls: { random: 8 } }));
    const points: number[] = [];
    expect(search.live()).toEqual({
      best: [],
      tiles: [],
      areas: [],
      units: [],
      residuals: null,
      bestImage: null,
      controls: [],
    });
    const phases = new Set<string>();
    let controlsAtFirstStep: number | null = null;
    while (!search.done) {
      const update = await search.advance();
      phases.add(update.phase);
      if (update.point !== null) points.push(update.point.best);
      if (points.length === 1) controlsAtFirstStep ??= search.live().controls.length;
    }
    expect([...phases]).toEqual([
      'measuring the reference set',
      'measuring random controls',
      'measuring the set of images',
      'measuring gratings',
      'climbing the gradient',
    ]);
    expect(points).toHaveLength(12);
    // What needs no candidate is there to be beaten from the first step on.
    expect(controlsAtFirstStep).toBe(3);
    for (let i = 1; i < points.length; i++) expect(points[i]).toBeGreaterThanOrEqual(points[i - 1] as number);
    const live = search.live();
    expect(live.tiles.map(({ length }) => length)).toEqual([1024, 1024, 1024, 1024]);
    expect(live.areas.map(({ area }) => area)).toEqual(['V1-simple', 'V1-complex']);
    expect(live.residuals?.range).toBe(0);
    expect(points.at(-1)).toBe(Math.max(...live.best));
    const [best] = search.result().candidates;
    expect([live.bestImage, live.units]).toEqual([best?.image, best?.units]);
    expect(live.controls).toEqual(
      search
        .result()
        .controls.map(({ kind, label, n, best, median, sourceSpec }) => ({ kind, label, n, best, median, sourceSpec })),
    );
  });

  it('suppresses a unit to its floor', async () => {
    const model = new GaborModel([unit('complex')], smallField);
    const plan = planOf({
      target: [{ area: 'V1-complex', units: ['u0'], weight: -1 }],
      optimiser: { type: 'gradient', steps: 80 },
      controls: { random: 50 },
    });
    const outcome = (await finish(searchOn(model, plan))).result();
    const [suppressed] = outcome.candidates[0]?.units ?? [];
    expect(suppressed?.response).toBeLessThan(1e-3);
    expect(outcome.candidates[0]?.residuals?.contrastRms).toBeLessThan(1e-6);
  });

  it('drives one group and not the other', async () => {
    const model = new GaborModel([unit('complex'), unit('simple', { orientationDeg: 120 })], smallField);
    const plan = planOf({
      target: [{ area: 'V1-complex' }, { area: 'V1-simple', weight: -1 }],
      optimiser: { type: 'gradient', steps: 40 },
    });
    const outcome = (await finish(searchOn(model, plan))).result();
    const areas = outcome.candidates[0]?.areas ?? [];
    expect(areas[0]?.z).toBeGreaterThan(1.5);
    expect(areas[1]?.z).toBeLessThan(0);
    // One unit per area: the objective is the difference of the two activities.
    expect((areas[0]?.z as number) - (areas[1]?.z as number)).toBeCloseTo(outcome.candidates[0]?.value as number, 9);
  });
});

const cma = { type: 'cma-es', sigma: 0.25, covariance: 'full' } as const;

describe('grating search by CMA-ES', () => {
  const planted = { orientationDeg: 70, spatialFrequencyCpd: 2.3, xDeg: 0.3, yDeg: -0.2, sigmaDeg: 0.25 };
  const plan = planOf({
    ...complex,
    space: { type: 'gratings', spatialFrequencyCpd: [0.5, 5], diameterDeg: [0.3, 2.5], xDeg: [-1, 1], yDeg: [-1, 1] },
    optimiser: { type: 'cma-es', evaluations: 2000 },
    controls: { sameSpace: 'equal' },
  });

  it('recovers planted parameters without a gradient and beats its controls', async () => {
    const model = new GaborModel([unit('complex', planted)], smallField, { batchSize: 16 });
    const withoutGradient: ResponseModel = {
      batchSize: 16,
      units: model.units,
      field: smallField,
      responses: (images, n) => model.responses(images, n),
      gradient: null,
    };
    const outcome = (await finish(searchOn(withoutGradient, plan))).result();
    const best = outcome.candidates[0];
    if (best?.spec?.type !== 'grating') throw new Error('not a grating');
    expect(Math.abs(best.spec.orientationDeg - planted.orientationDeg)).toBeLessThan(4);
    expect(Math.abs(Math.log2(best.spec.spatialFrequencyCpd / planted.spatialFrequencyCpd))).toBeLessThan(0.15);
    expect(Math.abs(best.spec.xDeg - planted.xDeg)).toBeLessThan(0.12);
    expect(Math.abs(best.spec.yDeg - planted.yDeg)).toBeLessThan(0.12);
    expect(best.residuals).toBeNull();
    expect(await model.responses(renderSpec(best.spec, smallField), 1)).toEqual(best.responses);
    expect(outcome.controls.map(({ kind }) => kind)).toEqual(['same-space', 'random', 'best-of-set', 'best-grating']);
    // As many random gratings as the optimiser showed: what is left of all evaluations is shared equally.
    // The smallest Gabor fills too little of the best grating's aperture for its contrast of .68: all around it is one luminance.
    expect(outcome.controls[2]).toMatchObject({
      n: 39,
      label: expect.stringMatching(/^best of 40 images.*; 1 of them left out/),
    });
    const shown = (outcome.evaluations - (73 + 60 + 39 + 72)) / 2;
    expect(outcome.controls[0]?.n).toBe(shown);
    expect(outcome.controls[0]?.label).toBe(
      `${formatCount(shown)} random gratings of the same space (the search used ${formatCount(shown)} evaluations)`,
    );
    const winner = outcome.controls[2];
    expect(winner?.sourceSpec).toEqual(gaborSet(smallField).spec(winner?.sourceIndex as number));
    expect(winner?.sourceSpec?.type).toBe('gabor');
    expect(outcome.controls[0]?.sourceIndex).toBeNull();
    expect(outcome.controls[0]?.beaten).toBe(true);
    expect(outcome.controls[1]?.beaten).toBe(true);
  });

  it('matches its noise controls to the candidate in mean, RMS contrast and aperture', async () => {
    const model = new GaborModel([unit('complex', planted)], smallField);
    const outcome = (await finish(searchOn(model, { ...plan, optimiser: { ...cma, evaluations: 300 } }))).result();
    const best = outcome.candidates[0];
    if (best?.spec?.type !== 'grating') throw new Error('not a grating');
    const weights = apertureWeights(best.spec, smallField);
    const statistics = (image: Float32Array) => {
      let total = 0;
      let sum = 0;
      let squares = 0;
      for (const [i, a] of weights.entries()) {
        total += a;
        sum += a * (image[i] as number);
        squares += a * (image[i] as number) ** 2;
      }
      return [sum / total, squares / total];
    };
    const [mean, power] = statistics(best.image);
    for (const control of outcome.controls.slice(1)) {
      const [controlMean, controlPower] = statistics(control.image);
      expect(controlMean).toBeCloseTo(mean as number, 6);
      expect(controlPower).toBeCloseTo(power as number, 6);
    }
  });

  it('gives the same bytes when it is stopped and resumed at every single step', async () => {
    const different = await differencesAfterResuming(() =>
      searchOn(
        new GaborModel([unit('complex')], smallField, { batchSize: 7 }),
        planOf({
          ...complex,
          space: { type: 'gratings', spatialFrequencyCpd: [1, 4] },
          optimiser: { type: 'cma-es', evaluations: 120 },
          controls: { random: 9 },
          starts: 2,
        }),
        { sources: {} },
      ),
    );
    expect(different).toEqual([]);
  });

  it('lowers the contrast to the luminance range and says so', async () => {
    const model = new GaborModel([unit('complex')], smallField);
    const narrow = { ...plan, constraints: { ...plan.constraints, range: [0.2, 0.9] as [number, number] } };
    const search = searchOn(model, { ...narrow, optimiser: { ...cma, evaluations: 40 } });
    const outcome = (await finish(search)).result();
    for (const { spec, image } of outcome.candidates) {
      expect(spec?.type === 'grating' && spec.contrast).toBeCloseTo(0.6, 12);
      expect(Math.min(...image)).toBeGreaterThanOrEqual(0.2 - 1e-7);
    }
    expect(outcome.notices[0]).toMatch(/contrast of the gratings was lowered from 1 to 0\.6/);
  });
});

describe('screening of a set', () => {
  const plan = planOf({
    ...complex,
    space: { type: 'set', stimuli: { set: 'gabors' } },
    optimiser: { type: 'screening', keep: 5 },
  });

  it('keeps the best few, in order', async () => {
    const model = new GaborModel([unit('complex')], smallField, { batchSize: 6 });
    const outcome = (await finish(searchOn(model, plan))).result();
    const set = gaborSet(smallField);
    const all: { index: number; response: number }[] = [];
    for (let index = 0; index < set.count; index++) {
      const [response] = await model.responses(await set.render(index), 1);
      all.push({ index, response: response as number });
    }
    const expected = all.toSorted((a, b) => b.response - a.response).slice(0, 5);
    expect(outcome.candidates.map(({ sourceIndex }) => sourceIndex)).toEqual(expected.map(({ index }) => index));
    expect(outcome.candidates[0]?.spec).toEqual(set.spec(expected[0]?.index as number));
  });

  it('keeps no pictures in its checkpoints', async () => {
    const search = await finish(searchOn(new GaborModel([unit('complex')], smallField, { batchSize: 6 }), plan));
    // 32² pixels a picture; one unit, 10 steps of three numbers, 60 + 40 + 72 controls.
    const { arrays } = decodeCheckpoint(search.checkpoint());
    expect(Object.values(arrays).reduce((sum, { length }) => sum + length, 0)).toBeLessThan(300);
  });

  it('gives the same bytes when it is stopped and resumed at every single step', async () => {
    expect(
      await differencesAfterResuming(() =>
        searchOn(new GaborModel([unit('complex')], smallField, { batchSize: 6 }), plan),
      ),
    ).toEqual([]);
  });
});

/** The first 12 stimuli of a set. */
function specsOf(source: ReturnType<typeof gaborSet>) {
  return Array.from({ length: 12 }, (_, i) => source.spec(i));
}

/** Length of an image's projection onto the span of orthogonal filters, over its length inside their envelope. */
function cosineWithin(image: Float32Array, filters: readonly Float64Array[]): number {
  const largest = Math.max(...filters.flatMap((filter) => [...filter].map(Math.abs)));
  const inside = (i: number): boolean => filters.some((filter) => Math.abs(filter[i] as number) > 0.05 * largest);
  let length = 0;
  for (const [i, luminance] of image.entries()) if (inside(i)) length += (luminance - 0.5) ** 2;
  let along = 0;
  for (const filter of filters) {
    let dot = 0;
    let norm = 0;
    for (const [i, luminance] of image.entries()) {
      if (!inside(i)) continue;
      dot += (filter[i] as number) * (luminance - 0.5);
      norm += (filter[i] as number) ** 2;
    }
    along += (dot * dot) / norm;
  }
  return Math.sqrt(along / length);
}
