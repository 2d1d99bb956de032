/** Controls from the candidate, from its space and from the other half of the reference set. */
import { describe, expect, it } from 'vitest';
import { binFrequency, fft2 } from '../../stimuli/fft.ts';
import { createConstraints } from '../constraints/constraints.ts';
import { measureResiduals, weightedStatistics } from '../constraints/residuals.ts';
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
import { NoiseImages } from '../spaces/noise.ts';
import { PhaseScrambles } from './phaseScramble.ts';

const amplitudes = (contrast: Float64Array, size: number): number[] => {
  const re = contrast.slice();
  const im = new Float64Array(re.length);
  fft2(re, im, size);
  return Array.from(re, (value, k) => Math.hypot(value, im[k] as number));
};

describe('phase scrambles', () => {
  const whole = createConstraints({ meanLuminance: 0.5, contrastRms: 0.1, range: [0, 1] }, smallField);
  const image = new NoiseImages(whole, 'pink', 5, 'image').image(0);

  it('have the amplitudes of the image, frequency by frequency, and phases of their own', () => {
    const scrambles = new PhaseScrambles(image, whole, 7);
    const wanted = amplitudes(
      Float64Array.from(image, (luminance) => luminance - 0.5),
      32,
    );
    wanted[0] = 0;
    for (const index of [0, 1, 2, 5]) {
      const scrambled = scrambles.contrast(index);
      for (const [k, amplitude] of amplitudes(scrambled, 32).entries()) {
        expect(Math.abs(amplitude - (wanted[k] as number))).toBeLessThan(1e-9);
      }
      let [dot, norm] = [0, 0];
      for (const [i, value] of scrambled.entries()) {
        dot += value * ((image[i] as number) - 0.5);
        norm += value * value;
      }
      expect(Math.abs(dot / norm)).toBeLessThan(0.6);
    }
    expect(scrambles.contrast(0)).not.toEqual(scrambles.contrast(1));
  });

  it('have the histogram of the image and meet its constraints', () => {
    const shown = new PhaseScrambles(image, whole, 7).image(3) as Float32Array;
    const sorted = (values: Float32Array) => [...values].toSorted((a, b) => a - b);
    const expected = sorted(image);
    for (const [i, value] of sorted(shown).entries())
      expect(Math.abs(value - (expected[i] as number))).toBeLessThan(1e-6);
    const residuals = measureResiduals(shown, whole.weights, whole.constraints);
    expect(residuals.meanLuminance).toBeLessThan(1e-6);
    expect(residuals.contrastRms).toBeLessThan(1e-6);
    expect(residuals.range).toBe(0);
  });

  it('stay within the aperture', () => {
    const aperture = { xDeg: 0.3, yDeg: 0, diameterDeg: 1.2, edgeDeg: 0.3 };
    const set = createConstraints({ meanLuminance: 0.5, contrastRms: 0.1, range: [0, 1], aperture }, smallField);
    const candidate = new NoiseImages(set, 'pink', 5, 'image').image(0);
    const shown = new PhaseScrambles(candidate, set, 1).image(0) as Float32Array;
    const residuals = measureResiduals(shown, set.weights, set.constraints);
    expect(residuals.contrastRms).toBeLessThan(1e-6);
    const outside = shown.filter((_, i) => set.weights[i] === 0);
    expect(outside.length).toBeGreaterThan(100);
    expect(new Set(outside)).toEqual(new Set([0.5]));
  });

  it('of a clip keep the power of every speed: what drifts right stays as strong among what drifts right', () => {
    const field = { sizePx: 16, fieldOfViewDeg: 2, background: 0.5, frames: 8 };
    const set = createConstraints({ meanLuminance: 0.5, contrastRms: 0.2, range: [0, 1] }, field);
    const pixels = 256;
    // 2 cycles a frame's width, 1 cycle in 8 frames, to the right.
    const angle = (i: number): number => 2 * Math.PI * ((2 * (i % 16)) / 16 - Math.floor(i / pixels) / 8);
    const clip = Float32Array.from({ length: 8 * pixels }, (_, i) => 0.5 + 0.1 * Math.SQRT2 * Math.cos(angle(i)));
    const energy = (values: ArrayLike<number>, direction: number): number => {
      let [re, im] = [0, 0];
      for (let i = 0; i < values.length; i++) {
        const at = 2 * Math.PI * ((2 * (i % 16)) / 16 - (direction * Math.floor(i / pixels)) / 8);
        re += (values[i] as number) * Math.cos(at);
        im += (values[i] as number) * Math.sin(at);
      }
      return (re * re + im * im) / (8 * pixels) ** 2;
    };
    const scrambled = new PhaseScrambles(clip, set, 3).contrast(0);
    // A drifting sine of amplitude a: |Σ a·cos·e^{i…}/N|² = a²/4, for a clip that was rounded to float32.
    expect(energy(scrambled, 1)).toBeCloseTo(0.02 / 4, 8);
    expect(energy(scrambled, -1)).toBeLessThan(1e-12);
    expect(new PhaseScrambles(clip, set, 3).image(0)).toHaveLength(8 * pixels);
  });
});

describe('controls made by default', () => {
  const halfB = sourceOf(
    Array.from({ length: 10 }, (_, i) => gaborSet(smallField).spec(i)),
    smallField,
  );
  const controls = { random: 20, phaseScrambled: 9, sameSpace: 'equal', bestOfReference: true };
  const plan = planOf({ optimiser: { type: 'gradient', steps: 10 }, starts: 2, controls });
  const model = () => new GaborModel([unit('simple'), unit('complex')], smallField, { batchSize: 6 });

  it('are drawn from the space at equal evaluations, made from the candidate, and taken from half B', async () => {
    const outcome = (await finish(searchOn(model(), plan, { sources: { halfB } }))).result();
    // 10 steps of 2 starts; a drive is linear, so a step with a gradient is worth 3 passes.
    expect(outcome.controls.map(({ kind, n }) => [kind, n])).toEqual([
      ['random', 20],
      ['best-of-reference', 9],
      ['best-grating', 72],
      ['same-space', 60],
      ['phase-scrambled', 9],
    ]);
    const [random, halfBest, , space, scrambled] = outcome.controls;
    expect(halfBest?.label).toBe(
      'best of 9 images of half B of the reference set, which responses are not z-scored over, brought to the same mean and RMS contrast',
    );
    expect(space?.label).toBe(
      'best of 60 starting images of the same space (the search used 20 gradient steps, 60 forward passes)',
    );
    // With jitter each of them is shown once more as it is; two images of every start are brought to the constraints.
    const jittered = {
      optimiser: { type: 'first-order', rule: 'adam', steps: 3, rate: 0.02, jitterDeg: 0.2, hold: 'at-end' },
      starts: 2,
      controls: { ...controls, random: 0, phaseScrambled: 0, bestOfReference: false },
    };
    const followed = (await finish(searchOn(model(), planOf(jittered), { sources: {} }))).result();
    expect(followed.controls.find(({ kind }) => kind === 'same-space')?.label).toBe(
      'best of 28 starting images of the same space (the search used 6 gradient steps, 28 forward passes)',
    );
    // The noise control's images are the first ones of the space: shown once, counted in both.
    expect(space?.values.slice(0, 20)).toEqual(random?.values);
    expect(outcome.controlEvaluations).toBe(60 + 9 + 72 + 9);
    expect(space?.best).toBe(Math.max(...(space?.values ?? [])));
    for (const control of outcome.controls) {
      const residuals = measureResiduals(control.image, new Float64Array(1024).fill(1), plan.constraints);
      expect(residuals.meanLuminance).toBeLessThan(1e-6);
      expect(residuals.contrastRms).toBeLessThan(1e-6);
      expect(control.beaten).toBe((outcome.candidates[0]?.value ?? 0) > control.best);
    }
    expect(scrambled?.beaten).toBe(true);
  });

  it('are drawn from the parameters that are searched, and meet the constraints', async () => {
    const coarse = planOf({
      space: { type: 'pixels', parameterisation: { type: 'low-resolution', pxPerDeg: 4 } },
      optimiser: { type: 'gradient', steps: 3 },
      controls: { random: 4, sameSpace: 6 },
    });
    const outcome = (await finish(searchOn(model(), coarse, { sources: {} }))).result();
    const space = outcome.controls.find(({ kind }) => kind === 'same-space');
    // Noise of full resolution is another family, so nothing is shared with it.
    expect(outcome.controlEvaluations).toBe(4 + 72 + 6);
    const residuals = measureResiduals(
      space?.image as Float32Array,
      new Float64Array(1024).fill(1),
      coarse.constraints,
    );
    expect(residuals.contrastRms).toBeLessThan(1e-6);
    // Twelve samples across the field hold no more than six cycles of it.
    const power = (image: Float32Array, above: number): number => {
      const contrast = Float64Array.from(image, (luminance) => luminance - 0.5);
      const cycles = (k: number): number => Math.abs(binFrequency(k, 32));
      return amplitudes(contrast, 32).reduce(
        (sum, amplitude, k) =>
          sum + (Math.max(cycles(k % 32), cycles(Math.floor(k / 32))) > above ? amplitude ** 2 : 0),
        0,
      );
    };
    const coarseOnes = space?.image as Float32Array;
    expect(power(coarseOnes, 6)).toBeLessThan(1e-4 * power(coarseOnes, 0));
    const noise = outcome.controls.find(({ kind }) => kind === 'random')?.image as Float32Array;
    expect(power(noise, 6)).toBeGreaterThan(0.05 * power(noise, 0));
  });

  it('draw fewer than the noise control, or none, where the plan says so', async () => {
    const few = planOf({ optimiser: { type: 'gradient', steps: 2 }, controls: { random: 20, sameSpace: 8 } });
    const outcome = (await finish(searchOn(model(), few, { sources: {} }))).result();
    expect(outcome.controls.map(({ kind, n, values }) => [kind, n, values.length])).toEqual([
      ['random', 20, 20],
      ['best-grating', 72, 72],
      ['same-space', 8, 8],
    ]);
    const [random, , space] = outcome.controls;
    expect(space?.values).toEqual(random?.values.slice(0, 8));
    expect(outcome.controlEvaluations).toBe(20 + 72);
    const [response] = await model().responses(space?.image as Float32Array, 1);
    const [most] = await model().responses(random?.image as Float32Array, 1);
    // A drive rises with the response of its unit.
    expect(space?.best).toBe(Math.max(...(space?.values ?? [])));
    expect((response as number) <= (most as number)).toBe(true);
    expect(space?.best === random?.best).toBe(response === most);
  });

  it('take every reference stimulus where the set has no halves, and say that it is the one z-scored on', async () => {
    const mixed = sourceOf(
      [...Array.from({ length: 6 }, (_, i) => gaborSet(smallField).spec(i + 1)), gratingReference(smallField).spec(0)],
      smallField,
    );
    const search = searchOn(model(), plan, { reference: mixed, sources: {} });
    const labels = (await finish(search)).result().controls.map(({ label }) => label);
    expect(labels[1]).toBe(
      'best of 7 images of the reference set, the one that responses are z-scored over, brought to the same mean and RMS contrast',
    );
    const gratings = searchOn(model(), plan, { sources: {} });
    const [, best] = (await finish(gratings)).result().controls;
    expect(best).toMatchObject({
      kind: 'best-grating',
      label:
        'best of 72 gratings of the reference set, all that responses are z-scored over, brought to the same mean and RMS contrast',
    });
  });

  it('give the same bytes when the search is stopped and resumed at every single step', async () => {
    const full = planOf({
      optimiser: { type: 'gradient', steps: 4 },
      starts: 2,
      controls: { ...controls, random: 7 },
      checkCandidate: true,
      target: [{ area: 'V1-complex' }, { area: 'V1-simple', weight: -1 }],
    });
    const make = () =>
      searchOn(new GaborModel([unit('simple'), unit('complex')], smallField, { batchSize: 7 }), full, {
        reference: sourceOf(
          Array.from({ length: 12 }, (_, i) => gaborSet(smallField).spec(i)),
          smallField,
        ),
        sources: { halfB },
      });
    expect(await differencesAfterResuming(make)).toEqual([]);
  });

  it('are matched to the last best alone, however often a window asks for them before', async () => {
    const free = planOf({
      optimiser: { type: 'first-order', rule: 'adam', rate: 0.02, hold: 'range', steps: 4 },
      starts: 2,
      // The starting images are all among the noise, so the last of the controls shows nothing itself.
      controls: { random: 7, sameSpace: 5, phaseScrambled: 3 },
    });
    const make = () => searchOn(model(), free, { sources: {} });
    expect(await differencesAfterResuming(make)).toEqual([]);
    const search = make();
    while (!search.done) {
      search.live();
      await search.advance();
    }
    const { controls: shown, candidates } = search.result();
    expect(shown.map(({ kind, n }) => [kind, n])).toEqual([
      ['random', 7],
      ['best-grating', 72],
      ['same-space', 5],
      ['phase-scrambled', 3],
    ]);
    const { mean, contrastRms } = weightedStatistics(
      candidates[0]?.image as Float32Array,
      new Float64Array(1024).fill(1),
    );
    for (const { image } of shown) {
      const own = weightedStatistics(image, new Float64Array(1024).fill(1));
      expect(own.mean).toBeCloseTo(mean, 6);
      expect(own.contrastRms).toBeCloseTo(contrastRms, 6);
    }
  });
});
