import { expect, test } from 'vitest';
import { cumulativeHistogram, kolmogorovSmirnov } from './statistics.ts';

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
