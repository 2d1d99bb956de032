import { describe, expect, it } from 'vitest';
import type { SearchOptions } from '../search.ts';
import { differencesAfterResuming, finish, gaborSet, planOf, searchOn, smallField, unit } from '../testing/fixtures.ts';
import { GaborModel } from '../testing/gaborModel.ts';
import { apertureWeights } from '../../stimuli/aperture.ts';
import { renderSpec } from '../../stimuli/render.ts';
import type { ConstraintImages } from './constraints.ts';
import { measureResiduals } from './residuals.ts';

const model = new GaborModel([unit('simple'), unit('complex')], smallField);
const given = { from: { set: 'gabors' }, index: 0 };
const texture = renderSpec(
  { type: 'noise', spectrum: 'pink', contrastRms: 0.2, diameterDeg: 4, edgeDeg: 0, xDeg: 0, yDeg: 0, seed: 5 },
  smallField,
);
const options = (images: ConstraintImages): Partial<SearchOptions> => ({
  sources: { bestOf: gaborSet(smallField), screening: gaborSet(smallField), constraints: images },
});

describe('searches over pixels under joint constraints', () => {
  it.each([
    ['a band', { contrastRms: 0.2, spectrum: { lowCpd: 0.5, highCpd: 3 } }, {}],
    ['a spectral law and no contrast', { contrastRms: { max: 0.25 }, spectrum: { exponent: 1 } }, {}],
    [
      'a distance to a texture, in a band',
      { contrastRms: 0.25, distance: { ...given, rms: { max: 0.3 } }, spectrum: { highCpd: 4 } },
      { distance: texture },
    ],
    [
      'a foreground over a texture',
      {
        normL2: { max: 0.4 },
        mask: { foreground: { shape: 'ellipse', widthDeg: 1.5, heightDeg: 1.2, angleDeg: 20 }, background: given },
      },
      { background: texture },
    ],
  ] as const)(
    '%s: candidates and controls meet them, and the candidate beats its noise',
    async (_, constraints, images) => {
      const plan = planOf({
        constraints,
        starts: 2,
        optimiser: { type: 'gradient', steps: 25 },
        controls: { random: 40, bestOf: { set: 'gabors' } },
      });
      const { candidates, controls } = (await finish(searchOn(model, plan, options(images)))).result();
      expect(candidates).toHaveLength(2);
      const shown = [...candidates, ...controls];
      expect(controls.map(({ kind }) => kind)).toEqual(['random', 'best-of-set', 'best-grating']);
      for (const { label } of controls) expect(label).toContain('the same constraints');
      for (const { image } of shown) {
        const weights = apertureWeights(undefined, smallField);
        if ('mask' in constraints) {
          // The ellipse by its equation, at pixel centres.
          for (let i = 0; i < weights.length; i++) {
            const x = ((i % 32) + 0.5) * (3 / 32) - 1.5;
            const y = 1.5 - (Math.floor(i / 32) + 0.5) * (3 / 32);
            const turn = (20 * Math.PI) / 180;
            const along = (x * Math.cos(turn) + y * Math.sin(turn)) / 0.75;
            const across = (y * Math.cos(turn) - x * Math.sin(turn)) / 0.6;
            if (along ** 2 + across ** 2 > 1) weights[i] = 0;
          }
        }
        const residuals = measureResiduals(image, weights, plan.constraints, { field: smallField, images });
        expect(Object.keys(residuals).length).toBeGreaterThan(2);
        for (const [name, residual] of Object.entries(residuals)) expect(residual, name).toBeLessThanOrEqual(1e-6);
      }
      for (const { residuals, residuals8Bit } of candidates) {
        expect(Math.max(...Object.values(residuals ?? { none: 1 }))).toBeLessThanOrEqual(1e-6);
        expect(Object.keys(residuals8Bit ?? {})).toEqual(Object.keys(residuals ?? {}));
        expect(Math.max(...Object.values(residuals8Bit ?? { none: 0 }))).toBeGreaterThan(1e-6);
      }
      expect(controls.find(({ kind }) => kind === 'random')?.beaten).toBe(true);
    },
  );

  it('gives the same bytes when it is stopped and resumed at every single step', async () => {
    const plan = planOf({
      constraints: { contrastRms: 0.2, spectrum: { lowCpd: 0.5, highCpd: 3 } },
      starts: 1,
      optimiser: { type: 'gradient', steps: 3 },
      controls: { random: 8 },
    });
    expect(await differencesAfterResuming(() => searchOn(model, plan, options({})))).toEqual([]);
  });

  it('measures the best image once, however often it is looked at', async () => {
    const plan = planOf({
      constraints: { contrastRms: 0.2, spectrum: { lowCpd: 0.5, highCpd: 3 } },
      starts: 1,
      optimiser: { type: 'gradient', steps: 3 },
      controls: { random: 0 },
    });
    const search = await finish(searchOn(model, plan, options({})));
    const { residuals } = search.live();
    expect(residuals?.spectrum).toBeLessThanOrEqual(1e-6);
    expect(search.live().residuals).toBe(residuals);
    const [best] = search.result().candidates;
    expect(best?.residuals?.spectrum).toBeCloseTo(residuals?.spectrum as number, 9);
    expect(search.result().candidates[0]?.residuals).toBe(best?.residuals);
  });

  it('refuses before the first step what cannot be, and changes over time of a still picture', () => {
    const band = { contrastRms: 0.9, spectrum: { highCpd: 0.5 } };
    expect(() => searchOn(model, planOf({ constraints: band }))).toThrow(
      /cannot be met together: spectrum, contrastRms\. Nothing was started\..*nearest feasible value of contrastRms is 0\.[3-8]/,
    );
    // One that has a checkpoint was seen to be feasible when it was started.
    expect(searchOn(model, planOf({ constraints: band }), { resumes: true }).step).toBe(0);
    expect(() => searchOn(model, planOf({ constraints: { temporal: { maxChangeRms: 0.1 } } }))).toThrow(
      /still picture does not change over time.*: temporal\. Nothing was started/,
    );
    const gratings = { space: { type: 'gratings' }, optimiser: { type: 'cma-es', evaluations: 20 } };
    expect(() => searchOn(model, planOf({ ...gratings, constraints: { normL2: 1 } }))).toThrow(/contrastRms, normL2/);
  });
});
