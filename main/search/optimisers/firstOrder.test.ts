import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { firstOrderOptimiser, type SearchPlan } from '../../contract/plans.ts';
import { measureResiduals, weightedStatistics } from '../constraints/residuals.ts';
import { apertureWeights } from '../../stimuli/aperture.ts';
import type { ResponseModel } from '../model.ts';
import { differencesAfterResuming, finish, planOf, searchOn, smallField, sourceOf, unit } from '../testing/fixtures.ts';
import { GaborModel } from '../testing/gaborModel.ts';
import { displaced, displacementAt, undisplaced } from './jitter.ts';
import { applyRule, freshState, scheduled } from './rules.ts';

const reference = JSON.parse(readFileSync(new URL('./fixtures/first_order.json', import.meta.url), 'utf8')) as {
  rules: Record<string, number[][]>;
};

const small = { ...smallField, sizePx: 16, fieldOfViewDeg: 1.5 };
const model = (): GaborModel => new GaborModel([unit('simple', { spatialFrequencyCpd: 3 })], small, { batchSize: 8 });
const plan = (optimiser: object, changes: Record<string, unknown> = {}): SearchPlan =>
  planOf({
    optimiser: { type: 'first-order', rule: 'adam', steps: 8, rate: 0.02, ...optimiser },
    starts: 2,
    controls: { random: 0 },
    ...changes,
  });
const ones = new Float64Array(256).fill(1);

describe('update rules', () => {
  const options = (given: object) => firstOrderOptimiser.parse({ type: 'first-order', rule: 'sgd', ...given });
  it.each([
    ['sgd', { rate: 0.05 }],
    ['sgd momentum decay', { rate: 0.02, momentum: 0.9, weightDecay: 0.1 }],
    ['adam', { rule: 'adam', rate: 0.03 }],
    ['adam decay', { rule: 'adam', rate: 0.03, beta1: 0.8, beta2: 0.95, epsilon: 1e-4, weightDecay: 0.2 }],
    ['adamw', { rule: 'adamw', rate: 0.03, weightDecay: 0.1 }],
  ] as const)('%s goes where torch.optim goes, for 40 steps', (name, given) => {
    const [a, b] = [
      [0.5, 1, 2, 4],
      [1, -2, 0.5, 3],
    ] as const;
    const rule = options(given);
    let theta = Float64Array.of(0.3, -0.1, 0.7, 0);
    let state = freshState();
    for (const expected of reference.rules[name] as number[][]) {
      const slope = theta.map((x, i) => (b[i] as number) - (a[i] as number) * x - 0.4 * x ** 3);
      const before = [...theta];
      const next = applyRule(rule, rule.rate as number, state, theta, slope);
      expect([...theta]).toEqual(before);
      ({ theta, state } = next as { theta: Float64Array<ArrayBuffer>; state: typeof state });
      for (const [i, value] of expected.entries()) expect(Math.abs((theta[i] as number) - value)).toBeLessThan(1e-12);
    }
  });

  it('normalised: the mean absolute change is the rate, whatever the size of the gradient', () => {
    const rule = options({ rule: 'normalised', epsilon: 0 });
    for (const size of [1e-9, 1, 1e9]) {
      const { theta } = applyRule(rule, 0.1, freshState(), new Float64Array(4), Float64Array.of(size, -3 * size, 0, 0));
      for (const [i, value] of [0.1, -0.3, 0, 0].entries()) expect(theta[i]).toBeCloseTo(value, 12);
    }
    const none = applyRule(rule, 0.1, freshState(), Float64Array.of(1, 2), new Float64Array(2));
    expect([...none.theta]).toEqual([1, 2]);
  });

  it('schedules go from the first value towards the last', () => {
    const at = (kind: 'linear' | 'geometric' | 'cosine', step: number) => scheduled([8, 2], kind, step, 4);
    expect([at('linear', 0), at('linear', 1), at('linear', 4)]).toEqual([8, 6.5, 2]);
    expect(at('geometric', 2)).toBeCloseTo(4, 12);
    // 2 + 6·(1 + cos(π/4))/2
    expect(at('cosine', 1)).toBeCloseTo(7.121320343559642, 12);
    expect(at('cosine', 0)).toBe(8);
    expect(scheduled(3, 'geometric', 2, 4)).toBe(3);
  });
});

describe('first-order searches', () => {
  it.each([
    { rule: 'sgd', rate: 10, share: 0.97 },
    { rule: 'normalised', rate: 0.02, share: 0.97 },
    // Adam makes steps of all pixels equally long, and the contrast that the far ones take up is lost to the near ones.
    { rule: 'adam', rate: 0.01, share: 0.1 },
    { rule: 'adamw', rate: 0.01, share: 0.1 },
  ])('$rule reaches $share of the projected ascent', async ({ rule, rate, share }) => {
    const optimiser = { rule, rate: [rate, rate / 20], schedule: 'geometric', steps: 60 };
    const { candidates } = (await finish(searchOn(model(), plan(optimiser)))).result();
    const ascent = (await finish(searchOn(model(), plan({}, { optimiser: { type: 'gradient', steps: 60 } })))).result();
    expect(candidates[0]?.value).toBeGreaterThan(share * (ascent.candidates[0]?.value as number));
    for (const { residuals } of candidates) {
      expect(residuals?.meanLuminance).toBeLessThan(1e-6);
      expect(residuals?.contrastRms).toBeLessThan(1e-6);
      expect(residuals?.range).toBe(0);
    }
  });

  it('keeps the best image with the response to exactly this image, jittered or not', async () => {
    // A rate this large overshoots: the best image is not the last one.
    for (const optimiser of [
      { rate: 0.5 },
      { rate: 0.5, jitterDeg: 0.25 },
      { rate: 0.5, hold: 'at-end' },
      { rate: 0.1, hold: 'range', blurSigmaDeg: [0.15, 0] },
    ]) {
      const on = model();
      const { candidates, trajectory } = (await finish(searchOn(on, plan(optimiser)))).result();
      expect(candidates).toHaveLength(2);
      for (const { image, responses } of candidates) expect(await on.responses(image, 1)).toEqual(responses);
      expect(trajectory.at(-1)?.best).toBe(candidates[0]?.value);
    }
  });

  it('holds the constraints at the end only where it is told to, and exactly', async () => {
    const constraints = { meanLuminance: 0.44, contrastRms: 0.2 };
    const search = searchOn(model(), plan({ hold: 'at-end', rate: 0.05 }, { constraints }));
    while (search.step < search.total - 1) await search.advance();
    const before = search.result().candidates[0];
    expect(before?.residuals?.contrastRms).toBeGreaterThan(0.01);
    expect(before?.residuals?.range).toBe(0);
    const after = (await finish(search)).result();
    for (const { residuals } of after.candidates) {
      expect(residuals?.meanLuminance).toBeLessThan(1e-6);
      expect(residuals?.contrastRms).toBeLessThan(1e-6);
      expect(residuals?.range).toBe(0);
    }
    // Eight steps and two images at the end, of both starts.
    expect(after.evaluations - after.controlEvaluations).toBe(73 + 2 * 8 + 2 * 2);
  });

  it('leaves mean and contrast free within range and aperture, and matches the controls to what was found', async () => {
    const aperture = { xDeg: 0.1, yDeg: -0.1, diameterDeg: 1.1, edgeDeg: 0.2 };
    const constraints = { range: [0.2, 0.7], aperture };
    const optimiser = { hold: 'range', rate: 0.01, steps: 8 };
    const outcome = (
      await finish(searchOn(model(), plan(optimiser, { constraints, controls: { random: 20 } })))
    ).result();
    const [best] = outcome.candidates;
    if (best === undefined) throw new Error('nothing was found');
    expect(best.residuals).toBeNull();
    expect(Math.min(...best.image)).toBeGreaterThanOrEqual(0.2);
    expect(Math.max(...best.image)).toBeLessThanOrEqual(0.7);
    expect(best.image[0]).toBe(0.5);
    const weights = apertureWeights(aperture, small);
    const found = weightedStatistics(best.image, weights);
    expect(found.contrastRms).toBeGreaterThan(0.16);
    for (const [i, luminance] of best.image.entries()) {
      const room = (weights[i] as number) * (luminance > 0.5 ? 0.2 : 0.3);
      expect(Math.abs(luminance - 0.5)).toBeLessThan(room + 1e-7);
    }
    const noise = outcome.controls.find(({ kind }) => kind === 'random');
    const residuals = measureResiduals(noise?.image as Float32Array, weights, {
      meanLuminance: found.mean,
      contrastRms: found.contrastRms,
      range: [0.2, 0.7],
    });
    expect(residuals.meanLuminance).toBeLessThan(1e-6);
    expect(residuals.contrastRms).toBeLessThan(1e-6);
    expect(outcome.notices.join(' ')).toMatch(/Controls are matched to the best candidate/);
  });

  it('blurs away what is fine', async () => {
    const roughness = (image: Float32Array): number => {
      let sum = 0;
      for (let i = 0; i + 1 < image.length; i++) {
        if (i % 16 !== 15) sum += ((image[i + 1] as number) - (image[i] as number)) ** 2;
      }
      return sum;
    };
    const found = async (blurSigmaDeg: number) =>
      (await finish(searchOn(model(), plan({ blurSigmaDeg }, { space: { type: 'pixels', start: 'white' } })))).result();
    const [sharp, blurred] = [await found(0), await found(0.1)];
    const [a, b] = [sharp.candidates[0]?.image, blurred.candidates[0]?.image] as [Float32Array, Float32Array];
    expect(roughness(b)).toBeLessThan(0.8 * roughness(a));
    expect(measureResiduals(b, ones, plan({}).constraints).contrastRms).toBeLessThan(1e-6);
  });

  it('stops a start that no longer gains, and shows no more of its images', async () => {
    const on = new GaborModel([unit('linear', { spatialFrequencyCpd: 3 })], small, { batchSize: 8 });
    const target = [{ area: 'V1-linear' }];
    const stopping = { steps: 30, rate: 1e-6, earlyStopping: { patience: 3, minGain: 0.01 } };
    const outcome = (await finish(searchOn(on, plan(stopping, { target })))).result();
    // The first image counts as a gain; three without one follow.
    expect(outcome.evaluations - outcome.controlEvaluations).toBe(73 + 2 * 4);
    expect(outcome.candidates).toHaveLength(2);
    expect(outcome.trajectory).toHaveLength(30);
  });

  it.each([
    { rule: 'adam', jitterDeg: 0.2, blurSigmaDeg: [0.1, 0], preconditionerExponent: 0.2 },
    { rule: 'adamw', weightDecay: 0.1, hold: 'at-end', earlyStopping: { patience: 2, minGain: 0.1 } },
    { rule: 'sgd', momentum: 0.9, rate: [5, 1], schedule: 'cosine' },
    { rule: 'normalised', hold: 'range' },
  ])('gives the same bytes when it is stopped and resumed at every single step: %o', async (optimiser) => {
    expect(
      await differencesAfterResuming(() => searchOn(model(), plan(optimiser, { controls: { random: 5 } }))),
    ).toEqual([]);
  });

  it.each([
    { type: 'fourier', exponent: 1 },
    { type: 'low-resolution', cutoffCpd: 4 },
    { type: 'pixels', squash: 'sigmoid' },
  ])('searches %o, resumed as uninterrupted, with exact constraints', async (parameterisation) => {
    const space = { type: 'pixels', parameterisation };
    const make = () => searchOn(model(), plan({ steps: 12 }, { space }));
    expect(await differencesAfterResuming(make)).toEqual([]);
    const { candidates, trajectory } = (await finish(make())).result();
    expect(trajectory.at(-1)?.best).toBeGreaterThan(1.5 * (trajectory[0]?.best as number));
    expect(candidates[0]?.residuals?.contrastRms).toBeLessThan(1e-6);
  });

  it('refuses what does not fit, and says so of targets without a slope', async () => {
    const refusal = async (given: SearchPlan, on: ResponseModel = model()): Promise<string> => {
      try {
        await finish(searchOn(on, given));
      } catch (error) {
        return (error as Error).message;
      }
      return 'none';
    };
    expect(await refusal(plan({}), { ...model(), responses: async () => new Float32Array(8), gradient: null })).toMatch(
      /no gradient.*Nothing was started/,
    );
    const space = (changes: object) => plan({}, { space: { type: 'pixels', ...changes } });
    expect(await refusal(space({ motion: 'moving' }))).toMatch(
      /sees still pictures.*Nothing was started.*motion to still/,
    );
    expect(await refusal(space({ temporalCutoffHz: 5 }))).toMatch(/still pictures have no time/);
    expect(await refusal(plan({ jitterDeg: 0.05 }))).toMatch(/0\.05° is less than one pixel of this twin \(0\.094°\)/);
    expect(await refusal(plan({ blurSigmaDeg: [1, 0] }))).toMatch(
      /1° leaves nothing of a field of 1\.5°.*at most 0\.375°/,
    );
    const gratings = plan({}, { space: { type: 'gratings', spatialFrequencyCpd: [0.5, 2] } });
    expect(await refusal(gratings)).toMatch(/'gratings' cannot be searched by 'first-order'/);
    const squashed = { space: { type: 'pixels', parameterisation: { type: 'pixels', squash: 'sigmoid' } } };
    expect(await refusal(planOf(squashed))).toMatch(/sigmoid is searched by first-order/);
    const on = model();
    const flat: ResponseModel = {
      batchSize: 8,
      units: on.units,
      field: small,
      responses: (images, n) => on.responses(images, n),
      gradient: async (images, n) => ({
        responses: await on.responses(images, n),
        gradient: new Float32Array(images.length),
      }),
    };
    expect(await refusal(plan({ steps: 40 }), flat)).toMatch(/answered the same to all 16 starting images \(step 16\)/);
  });
});

describe('starts from a stimulus', () => {
  const grating = {
    type: 'grating',
    orientationDeg: 120,
    spatialFrequencyCpd: 3,
    phaseDeg: 0,
    contrast: 0.5,
    diameterDeg: 4,
    edgeDeg: 0,
    xDeg: 0,
    yDeg: 0,
  } as const;
  const given = sourceOf([{ type: 'blank' }, grating], small);
  const startOf = async (optimiser: object, space: object, starts = 3) => {
    const search = searchOn(
      model(),
      planOf({
        optimiser,
        starts,
        controls: { random: 0 },
        space: { type: 'pixels', startFrom: { from: { set: 'x' }, index: 1 }, ...space },
      }),
      { sources: { start: given } },
    );
    while (search.result().trajectory.length === 0) await search.advance();
    return search.result().candidates.toSorted((a, b) => a.start - b.start);
  };
  const correlation = (a: Float32Array, b: Float32Array): number => {
    let [ab, aa, bb] = [0, 0, 0];
    for (let i = 0; i < a.length; i++) {
      const [x, y] = [(a[i] as number) - 0.5, (b[i] as number) - 0.5];
      ab += x * y;
      aa += x * x;
      bb += y * y;
    }
    return ab / Math.sqrt(aa * bb);
  };

  it.each([
    { type: 'gradient', steps: 3 },
    { type: 'first-order', rule: 'adam', steps: 3 },
  ])('begin at the stimulus on the constraints; further starts carry noise: %o', async (optimiser) => {
    const drawn = await given.render(1);
    const found = await startOf(optimiser, { startNoise: 0.5 });
    expect(found).toHaveLength(3);
    expect(correlation(found[0]?.image as Float32Array, drawn)).toBeGreaterThan(0.9999);
    for (const { image, residuals, start } of found) {
      expect(residuals?.contrastRms).toBeLessThan(1e-6);
      if (start === 0) continue;
      // Of independent parts 1 and ½ the first has a correlation of 1/√1.25 with the sum.
      expect(correlation(image, drawn)).toBeGreaterThan(0.8);
      expect(correlation(image, drawn)).toBeLessThan(0.97);
    }
    await expect(startOf(optimiser, { startNoise: 0 })).rejects.toThrow(
      /all 3 starts would begin from the same image and find the same\. Nothing was started\. Set starts to 1/,
    );
  });

  it('are refused where the set has no such stimulus', async () => {
    await expect(
      startOf({ type: 'gradient', steps: 3 }, { startFrom: { from: { set: 'x' }, index: 2 } }),
    ).rejects.toThrow(/number 2 \(from 0\) of a set of 2\. Nothing was started/);
  });
});

describe('jitter', () => {
  it('moves pictures by whole pixels within its reach, and gradients back', () => {
    const seen = new Set<string>();
    for (let step = 0; step < 200; step++) {
      const { columns, rows } = displacementAt(1, 0, step, 0.2, small);
      expect(displacementAt(1, 0, step, 0.2, small)).toEqual({ columns, rows });
      // .2° are 2.1 pixels.
      expect(Math.max(Math.abs(columns), Math.abs(rows))).toBeLessThanOrEqual(2);
      seen.add(`${columns} ${rows}`);
    }
    expect(seen.size).toBe(25);
    const image = Float32Array.from({ length: 9 }, (_, i) => i);
    expect([...displaced(image, 3, { columns: 1, rows: 0 }, 9)]).toEqual([9, 0, 1, 9, 3, 4, 9, 6, 7]);
    expect([...displaced(image, 3, { columns: 0, rows: -1 }, 9)]).toEqual([3, 4, 5, 6, 7, 8, 9, 9, 9]);
    const slope = Float32Array.from({ length: 9 }, (_, i) => i * i);
    const move = { columns: -1, rows: 1 };
    const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
    expect(dot(displaced(image, 3, move, 0), slope)).toBe(dot(image, undisplaced(slope, 3, move)));
  });
});
