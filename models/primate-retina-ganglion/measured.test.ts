/** The figures on the card: stated in one place, measured again, and near what was planted and published. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildTwin } from './index.ts';
import { stated, type Measurement } from '../figures.ts';
import { quantile } from '../statistics.ts';
import { measured, measuredTable, type Figure, type FigureId } from './measured.ts';
import { areas, type UnitParameters } from './parameters.ts';
import { createReference } from './reference.ts';
import { openBench } from './testing/bench.ts';
import { hasWholeSurround, isMidget, mean, measureAll, median, type Fitted } from './testing/measurements.ts';

describe('the figures the twin states', () => {
  const card = readFileSync(path.join(import.meta.dirname, 'card.md'), 'utf8');

  it('stand on the card as they stand in measured.ts', () => {
    expect(card).toContain(`\n\n${measuredTable()}\n\n`);
    expect(card.split('\n').find((line) => /^[A-Z]/.test(line))).toBe(
      'Mechanistic model from published equations, not fitted to recordings.',
    );
  });

  it('stand among the known failures', () => {
    const failures = buildTwin().manifest.validity.knownFailures.join('\n');
    for (const id of ['parasolSurround', 'midgetSurroundFar', 'midgetSpacing'] as const) {
      expect(failures).toContain(stated(measured[id]));
    }
  });
});

describe('measured again', () => {
  let fitted: Fitted[];
  let planted: UnitParameters[];
  let again: Record<FigureId, Measurement>;

  beforeAll(async () => {
    const reference = createReference();
    planted = areas.flatMap((area) => reference.units[area]);
    ({ fitted, figures: again } = await measureAll(await openBench(), reference));
  }, 240_000);

  it.each(Object.keys(measured) as FigureId[])('%s is as stated', (id) => {
    const figure: Figure = measured[id];
    const tolerance = 1.01 * 10 ** -figure.digits;
    expect(again[id].n).toBe(figure.n);
    expect(Math.abs(again[id].value - figure.value)).toBeLessThanOrEqual(tolerance);
    for (const [i, quartile] of (figure.quartiles ?? []).entries()) {
      expect(Math.abs((again[id].quartiles?.[i] as number) - quartile)).toBeLessThanOrEqual(tolerance);
    }
  });

  it('has the radii and gains that were planted, unit by unit', () => {
    const errors = (units: Fitted[], of: (unit: Fitted, truth: UnitParameters) => number) =>
      units.map((unit) => Math.abs(Math.log(of(unit, planted[unit.at] as UnitParameters))));
    const whole = fitted.filter(hasWholeSurround);
    const centre = errors(fitted, ({ fit }, truth) => fit.centreRadiusDeg / truth.centreRadiusDeg);
    const surround = errors(whole, ({ fit }, truth) => fit.surroundRadiusDeg / truth.surroundRadiusDeg);
    const ratio = errors(whole, ({ fit }, truth) => fit.surroundGain / fit.centreGain / truth.surroundGain);
    for (const [values, typical, nearlyAll] of [
      // Centres of less than a pixel are at the limit of the raster; they are the few that are further off.
      [centre, 0.01, 0.1],
      [surround, 0.02, 0.1],
      [ratio, 0.02, 0.1],
    ] as const) {
      expect(median(values)).toBeLessThan(typical);
      expect(quantile(values, 0.98)).toBeLessThan(nearlyAll);
    }
    expect(median(fitted.map(({ fit }) => fit.residual))).toBeLessThan(0.01);
  });

  it('has centres and surrounds that grow with eccentricity as planted', () => {
    // The spread over units is a quarter of the centre and a third of the surround: tolerances are twice the slope's
    // standard error, or a little more.
    for (const [midget, radius, perDegree, tolerance] of [
      [true, 'centreRadiusDeg', 0.004, 0.35],
      [false, 'centreRadiusDeg', 0.008, 0.35],
      [true, 'surroundRadiusDeg', 0.05, 0.35],
      [false, 'surroundRadiusDeg', 0.0448, 0.45],
    ] as const) {
      const units = fitted.filter(
        (unit) => isMidget(unit) === midget && (radius === 'centreRadiusDeg' || hasWholeSurround(unit)),
      );
      const [x, y] = [units.map(({ eccentricityDeg }) => eccentricityDeg), units.map(({ fit }) => fit[radius])];
      const slope =
        mean(x.map((value, i) => (value - mean(x)) * ((y[i] as number) - mean(y)))) /
        mean(x.map((value) => (value - mean(x)) ** 2));
      expect(Math.abs(slope / perDegree - 1)).toBeLessThan(tolerance);
    }
  });

  it('is near the published values, parasol surrounds excepted, which the card says are smaller', () => {
    const near: [FigureId, number, number][] = [
      ['midgetCentreNear', 0.03, 0.2],
      ['midgetCentreFar', 0.05, 0.2],
      ['parasolCentre', 0.1, 0.2],
      ['centreRatio', 2, 0.4],
      ['onOffRatio', 1.2, 0.15],
      ['midgetRadiusRatio', 6.7, 0.05],
      ['parasolRadiusRatio', 4.8, 0.25],
      ['midgetSurroundNear', 0.18, 0.25],
      ['midgetSurroundFar', 0.43, 0.25],
      ['surroundGain', 0.55, 0.05],
      ['gainRatio', 6, 0.05],
      ['parasolC50', 0.13, 0.05],
      ['midgetExponent', 1, 0.01],
      ['parasolSuppression', 50, 0.3],
    ];
    for (const [id, published, tolerance] of near) {
      expect(Math.abs(again[id].value / published - 1), id).toBeLessThan(tolerance);
    }
    expect(Math.abs(again.midgetSuppression.value)).toBeLessThan(10);
  });
});
