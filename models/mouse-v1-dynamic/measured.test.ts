/** The figures on the card: stated in one place, measured again, and near what was planted and published. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Measurement } from '../figures.ts';
import { measured, measuredTable, type Figure, type FigureId } from './measured.ts';
import { sampleUnits } from './sampling.ts';
import { openBench } from './testing/bench.ts';
import { measureAll, peakOf } from './testing/measurements.ts';

it('the card says in its first line what the twin is, and shows the figures as they stand in measured.ts', () => {
  const card = readFileSync(path.join(import.meta.dirname, 'card.md'), 'utf8');
  expect(card).toContain(`\n\n${measuredTable()}\n\n`);
  const first = card.split('\n').find((line) => /^[A-Z]/.test(line));
  expect(first).toMatch(/^Mechanistic model from published equations, not fitted to recordings/);
  expect(first).toContain('architecture of a published digital twin of mouse V1 with parameters set by rule');
});

it('finds the top of a parabola', () => {
  const x = [0, 0.5, 1, 1.5];
  expect(
    peakOf(
      x,
      x.map((value) => 3 - (value - 0.8) ** 2),
    ),
  ).toBeCloseTo(0.8, 10);
  expect(peakOf(x, [1, 2, 3, 4])).toBeNull();
});

describe('measured again', () => {
  let again: Record<FigureId, Measurement>;
  let classes: boolean[];

  beforeAll(async () => {
    const { figures, ratios } = await measureAll(await openBench());
    again = figures;
    const units = sampleUnits(1);
    classes = ratios.map(({ unit, ratio }) => ratio > 1 === (units[unit]?.energyPart === 0));
  }, 600_000);

  it.each(Object.keys(measured) as FigureId[])('%s is as stated', (id) => {
    const figure: Figure = measured[id];
    const tolerance = 1.01 * 10 ** -figure.digits;
    expect(again[id].n).toBe(figure.n);
    expect(Math.abs(again[id].value - figure.value)).toBeLessThanOrEqual(tolerance);
    for (const [i, quartile] of (figure.quartiles ?? []).entries()) {
      expect(Math.abs((again[id].quartiles?.[i] as number) - quartile)).toBeLessThanOrEqual(tolerance);
    }
  });

  it('is near the published values', () => {
    expect(again.runningGain.value).toBeGreaterThan(2);
    expect(again.orientationSelectivity.quartiles?.[0]).toBeGreaterThan(0.5);
    expect(again.spatialFrequency.value).toBeGreaterThan(0.02);
    expect(again.spatialFrequency.value).toBeLessThan(0.06);
    expect(again.temporalFrequency.value).toBe(2);
  });

  it('tells simple from complex units as they were planted', () => {
    expect(classes.filter(Boolean).length / classes.length).toBeGreaterThan(0.95);
  });
});
