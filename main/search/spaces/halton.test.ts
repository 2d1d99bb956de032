import { describe, expect, it } from 'vitest';
import { haltonSequence, randomSequence } from './halton.ts';

/** How many of the first `count` points fall into each box of a grid; `per` boxes along each dimension. */
function occupancy(points: readonly number[][], per: readonly number[]): number[] {
  const counts = Array.from({ length: per.reduce((a, b) => a * b, 1) }, () => 0);
  for (const point of points) {
    const at = point.reduce((index, t, d) => index * (per[d] as number) + Math.floor(t * (per[d] as number)), 0);
    counts[at] = (counts[at] as number) + 1;
  }
  return counts;
}

const first = (count: number, sequence: (index: number) => number[]) =>
  Array.from({ length: count }, (_, i) => sequence(i));

describe('the randomised Halton sequence', () => {
  it('puts exactly one of b^k points into each of b^k intervals, in every base', () => {
    for (const [d, base] of [2, 3, 5, 7, 11].entries()) {
      const count = base ** 3;
      const points = first(count, haltonSequence(5, 9, 'test')).map((point) => [point[d] as number]);
      expect(occupancy(points, [count])).toEqual(Array.from({ length: count }, () => 1));
    }
  });

  it('fills every elementary box of two and of three dimensions alike', () => {
    const sequence = haltonSequence(3, 4, 'test');
    expect(
      new Set(
        occupancy(
          first(8 * 27, sequence).map((point) => point.slice(0, 2)),
          [8, 27],
        ),
      ),
    ).toEqual(new Set([1]));
    expect(new Set(occupancy(first(2 * (4 * 9 * 5), sequence), [4, 9, 5]))).toEqual(new Set([2]));
  });

  it('is uniform over its randomisations: the mean of a point over seeds is the middle', () => {
    for (const index of [0, 1, 1000]) {
      const means = [0, 0, 0];
      for (let seed = 0; seed < 400; seed++) {
        for (const [d, t] of haltonSequence(3, seed, 'test')(index).entries())
          means[d] = (means[d] as number) + t / 400;
      }
      // The standard error of 400 uniform numbers is .0144.
      for (const mean of means) expect(Math.abs(mean - 0.5)).toBeLessThan(0.06);
    }
  });

  it('integrates a smooth function with a smaller error than random points', () => {
    const error = (sequence: (index: number) => number[]) => {
      const f = (point: readonly number[]) => point.reduce((product, t) => product * (1 + (t - 0.5)), 1);
      return Math.abs(first(4000, sequence).reduce((sum, point) => sum + f(point) / 4000, 0) - 1);
    };
    const rms = (make: (seed: number) => (index: number) => number[]) =>
      Math.sqrt(Array.from({ length: 20 }, (_, seed) => error(make(seed)) ** 2).reduce((a, b) => a + b, 0) / 20);
    const halton = rms((seed) => haltonSequence(5, seed, 'test'));
    expect(halton).toBeLessThan(0.2 * rms((seed) => randomSequence(5, seed, 'test')));
  });

  it('depends on seed and stream, and on nothing else', () => {
    expect(haltonSequence(2, 1, 'a')(12345)).toEqual(haltonSequence(2, 1, 'a')(12345));
    expect(haltonSequence(2, 1, 'a')(12345)).not.toEqual(haltonSequence(2, 2, 'a')(12345));
    expect(haltonSequence(2, 1, 'a')(12345)).not.toEqual(haltonSequence(2, 1, 'b')(12345));
    expect(() => haltonSequence(17, 1, 'a')).toThrow(RangeError);
  });
});
