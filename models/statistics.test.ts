import { describe, expect, it, test } from 'vitest';
import {
  binnedPercent,
  cumulativeHistogram,
  cumulativePercent,
  discoveries,
  kolmogorovSmirnov,
  quantile,
} from './statistics.ts';

test('quantiles are those of NumPy', () => {
  // numpy.quantile([3, 1, 4, 1, 5, 9, 2, 6], [0, .1, .25, .5, .9, 1])
  const parts = [0, 0.1, 0.25, 0.5, 0.9, 1];
  const quantiles = parts.map((p) => quantile([3, 1, 4, 1, 5, 9, 2, 6], p));
  for (const [i, value] of [1, 1, 1.75, 3.5, 6.9, 9].entries()) expect(quantiles[i]).toBeCloseTo(value, 12);
});

test('shares of a sample in bins and up to each of its values', () => {
  // A lower edge belongs to its bin; 3 and −1 lie outside.
  expect(binnedPercent([0, 0.5, 1, 3, -1], [0, 1, 3])).toEqual([40, 20]);
  expect(cumulativePercent([4, 1, 2, 2])).toEqual([
    [1, 25],
    [2, 50],
    [2, 75],
    [4, 100],
  ]);
});

test('the distance of a sample from a distribution', () => {
  const uniform = cumulativeHistogram([0, 1], [7]);
  expect(kolmogorovSmirnov([0.5], uniform)).toBeCloseTo(0.5, 12);
  expect(kolmogorovSmirnov([0.9, 0.1, 0.5, 0.3, 0.7], uniform)).toBeCloseTo(0.1, 12);
  expect(kolmogorovSmirnov([0.2, 0.2, 0.2], uniform)).toBeCloseTo(0.8, 12);
});

test('a histogram is uniform within its bins', () => {
  const cumulative = cumulativeHistogram([0, 1, 3], [1, 3]);
  expect([-1, 0, 0.5, 1, 2, 3, 9].map(cumulative)).toEqual([0, 0, 0.125, 0.25, 0.625, 1, 1]);
});

describe('discoveries at a false discovery rate', () => {
  it('are those of the worked example of Benjamini & Hochberg 1995', () => {
    const p = [
      0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1,
    ];
    // At 5 % the paper rejects the four smallest, one more than Bonferroni's three.
    expect(discoveries(p, 0.05)).toEqual(p.map((_, i) => i < 4));
    const shuffled = [0.5719, 0.0095, 1, 0.0001, 0.0019, 0.0004, 0.3];
    expect(discoveries(shuffled, 0.05)).toEqual([false, true, false, true, true, true, false]);
  });

  it('are none where no value is small enough, and all where every one is', () => {
    expect(discoveries([0.04, 0.6, 0.9], 0.05)).toEqual([false, false, false]);
    // The second smallest alone would not do; the larger one carries it.
    expect(discoveries([0.04, 0.04, 0.045], 0.05)).toEqual([true, true, true]);
  });
});
