import { describe, expect, it } from 'vitest';
import type { StimulusDesign } from '../../../main/contract/stimuli.ts';
import {
  bestLevels,
  levelsOutside,
  lifetimeSparseness,
  populationOver,
  preferredOrder,
  relativeToMax,
  quantile,
  responseTable,
  tuning,
  unitsByStimuli,
  unitStatistics,
} from './analysis.ts';

const design: StimulusDesign = {
  type: 'gratings',
  factors: {
    orientationDeg: [0, 45, 90, 135],
    spatialFrequencyCpd: [1, 2],
    phaseDeg: [0, 180],
    contrast: [1],
    diameterDeg: [4],
  },
  edgeDeg: 0.25,
  xDeg: 0,
  yDeg: 0,
  blank: true,
};
const areas = [
  { area: 'V1', units: ['a', 'b'], responseUnits: 'arbitrary' },
  { area: 'V2', units: ['c'], responseUnits: 'arbitrary' },
];
/** Orientation slowest, then SF, then phase: planted r(a) = 10·[90°]·[2 cpd]·phase 0 twice as strong as 180°; b flat; c dead. */
function planted(): Float32Array {
  const rows: number[][] = [];
  for (const orientation of [0, 45, 90, 135]) {
    for (const sf of [1, 2]) {
      for (const phase of [0, 180]) {
        const a = orientation === 90 ? (sf === 2 ? (phase === 0 ? 12 : 8) : 2) : 1;
        rows.push([a, 4, 0.5]);
      }
    }
  }
  rows.push([1, 0, 0.5]);
  return Float32Array.from(rows.flat());
}
const table = responseTable(design, areas, planted());

describe('tuning', () => {
  it('averages over everything else', () => {
    // At 90°: (12 + 8 + 2 + 2) / 4 = 6; elsewhere 1.
    expect(tuning(table, 0, 'orientationDeg', 'averaged')).toEqual([1, 1, 6, 1]);
    expect(tuning(table, 1, 'orientationDeg', 'averaged')).toEqual([4, 4, 4, 4]);
  });
  it('holds other factors at their best, averaging over phase', () => {
    expect(bestLevels(table, 0)?.slice(0, 2)).toEqual([2, 1]);
    // At 2 cpd: (12 + 8) / 2 = 10 at 90°.
    expect(tuning(table, 0, 'orientationDeg', 'best')).toEqual([1, 1, 10, 1]);
    expect(tuning(table, 0, 'spatialFrequencyCpd', 'best')).toEqual([2, 10]);
  });
  it('can be split by another factor', () => {
    const at2cpd = { factorKey: 'spatialFrequencyCpd', level: 1 };
    expect(tuning(table, 0, 'orientationDeg', 'averaged', at2cpd)).toEqual([1, 1, 10, 1]);
    expect(tuning(table, 0, 'orientationDeg', 'best', { factorKey: 'phaseDeg', level: 1 })).toEqual([1, 1, 8, 1]);
  });
  it('shows levels without a measurement as missing', () => {
    const half = responseTable(design, areas, planted().subarray(0, 8 * 3));
    expect(tuning(half, 0, 'orientationDeg', 'averaged')).toEqual([1, 1, null, null]);
  });
});

describe('unit statistics', () => {
  const rows = unitStatistics(table);
  it('finds the best stimulus and the blank', () => {
    expect(rows[0]).toMatchObject({ area: 'V1', unit: 'a', max: 12, best: 10, blank: 1, responsive: true });
  });
  it('leaves indices of unresponsive units missing', () => {
    expect(rows[2]).toMatchObject({ responsive: false, sparseness: null, gOsi: null });
  });
  it('gives an untuned unit no selectivity', () => {
    expect(rows[1]?.gOsi).toBeCloseTo(0, 12);
    expect(rows[1]?.sparseness).toBeCloseTo(0, 6);
  });
  it('gives gOSI by its formula', () => {
    // Σ r e^{2iθ} over r = 1, 1, 6, 1 at 0, 45, 90, 135°: real 1 − 6 = −5, imaginary 1 − 1 = 0; Σ r = 9.
    expect(rows[0]?.gOsi).toBeCloseTo(5 / 9, 12);
  });
});

describe('indices on known cases', () => {
  it('sparseness is 1 for one response and 0 for equal ones', () => {
    expect(lifetimeSparseness([0, 0, 0, 7])).toBeCloseTo(1, 12);
    expect(lifetimeSparseness([3, 3, 3, 3])).toBeCloseTo(0, 12);
    expect(lifetimeSparseness([0, 0])).toBeNaN();
  });
  it('interpolates quantiles', () => {
    expect(quantile([1, 2, 3, 4], 0.25)).toBeCloseTo(1.75, 12);
    expect(quantile([5], 0.5)).toBe(5);
  });
});

it('summarises areas over a factor', () => {
  const [v1, v2] = populationOver(table, 'orientationDeg');
  expect(v1?.points.map((point) => point.mean)).toEqual([2.5, 2.5, 5, 2.5]);
  expect(v1?.points[2]).toEqual({ mean: 5, q1: 4.5, q3: 5.5 });
  expect(v1?.blank).toBeCloseTo(0.5, 12);
  expect(v2?.units).toBe(1);
});

it('transposes for the heat map in the order asked for', () => {
  const map = unitsByStimuli(table, [2, 0]);
  expect(map.length).toBe(2 * 17);
  expect(map[0]).toBe(0.5);
  expect(map[17 + 10]).toBe(12);
});

it('orders rows by area and best condition, and scales them to their maxima', () => {
  // c is alone in V2; a is best at stimulus 10, b equally good everywhere, so first at 0.
  expect(preferredOrder(unitStatistics(table))).toEqual([1, 0, 2]);
  expect([...relativeToMax(Float32Array.from([1, 4, 2, 0, 0, -1]), 3)]).toEqual([
    0.25,
    1,
    0.5,
    Number.NaN,
    Number.NaN,
    Number.NaN,
  ]);
});

describe('levels outside what a twin was tested with', () => {
  // Two stimuli of each of 4 orientations × 2 SF, then the blank: outside are all of 2 cpd, and of 45° one of four.
  const outside = Array.from({ length: 17 }, (_, stimulus) =>
    stimulus < 16 && (stimulus % 4 >= 2 || stimulus === 4) ? 'why' : null,
  );
  it('are those at which every stimulus is', () => {
    expect(levelsOutside(table, 'spatialFrequencyCpd', outside)).toEqual([false, true]);
    expect(levelsOutside(table, 'orientationDeg', outside)).toEqual([false, false, false, false]);
  });
  it('are none where nothing is known', () => {
    expect(levelsOutside(table, 'spatialFrequencyCpd', [])).toEqual([false, false]);
  });
});
