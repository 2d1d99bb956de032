/** The figures on the card: stated in one place, and what the graph does when a part of the units is measured again. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildTwin } from './index.ts';
import { stated, type Measurement } from '../figures.ts';
import { measured, measuredTable, type Figure, type FigureId } from './measured.ts';
import { createReference } from './reference.ts';
import { openBench } from './testing/bench.ts';
import {
  drawUnits,
  contrastCurves,
  contrastFigures,
  maskedRates,
  maskFigures,
  measurePhase,
  sizeCurves,
  sizeFigures,
  measureTuning,
  placedUnits,
} from './testing/measurements.ts';

describe('the figures the twin states', () => {
  it('stand on the card as they stand in measured.ts, and nowhere else on it', () => {
    const card = readFileSync(path.join(import.meta.dirname, 'card.md'), 'utf8');
    expect(card).toContain(`\n\n${measuredTable()}\n\n`);
    // Outside the table, figures of measurements would not be kept up to date: none of them may appear.
    const prose = card.replace(measuredTable(), '');
    const withQuartiles = Object.values<Figure>(measured).filter(({ quartiles }) => quartiles !== undefined);
    for (const figure of withQuartiles) expect(prose).not.toContain(stated(figure));
  });

  it('stand among the known failures', () => {
    const failures = buildTwin().manifest.validity.knownFailures.join('\n');
    for (const id of ['circularVarianceSimple', 'contrastExponent', 'surroundSuppression'] as const) {
      expect(failures).toContain(stated(measured[id]));
    }
  });
});

describe('measured again on a seeded part of the units', () => {
  let again: Record<FigureId, Measurement>;

  beforeAll(async () => {
    const reference = createReference();
    const placed = placedUnits(reference);
    const [full, linear] = [await openBench({}), await openBench({ normalisation: false })];
    // Another seed than the card's: other units.
    const some = drawUnits(placed, 40, 2);
    again = {
      ...sizeFigures(await sizeCurves(full, some)),
      ...maskFigures(
        await maskedRates(
          full,
          some.filter((_, i) => i % 2 === 0),
        ),
      ),
      ...(await measureTuning(full, linear, placed, { stepDeg: 10, stepsPerOctave: 8 })),
      ...(await measurePhase(full, linear, some)),
      ...contrastFigures(await contrastCurves(full, reference, some)),
    };
  });

  it.each(Object.keys(measured) as FigureId[])('%s is as stated, within its tolerance', (id) => {
    const figure: Figure = measured[id];
    expect(Math.abs(again[id].value - figure.value)).toBeLessThanOrEqual(figure.tolerance);
    for (const [i, quartile] of (figure.quartiles ?? []).entries()) {
      // Quartiles of 40 units scatter more than their median.
      expect(Math.abs((again[id].quartiles?.[i] as number) - quartile)).toBeLessThanOrEqual(2 * figure.tolerance);
    }
  });

  it('meets what the model must show', () => {
    expect(again.f1F0Agreement.value).toBeGreaterThanOrEqual(95);
    expect(again.energyPhaseVariation.value).toBeLessThanOrEqual(2);
    expect(again.filterPreferenceKept.value).toBeGreaterThanOrEqual(98);
    expect(again.maskAlone.value).toBeLessThan(2);
    expect(again.mask12.value).toBeGreaterThanOrEqual(20);
    expect(again.mask12.value).toBeLessThanOrEqual(60);
    expect(again.preferenceKept.value).toBeGreaterThanOrEqual(98);
  });
});
