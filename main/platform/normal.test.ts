import { describe, expect, it } from 'vitest';
import { upperQuantile, upperTail } from './normal.ts';

describe('the standard normal distribution', () => {
  it('has the tails of the tables', () => {
    // Abramowitz & Stegun, table 26.1 (1 − P).
    const table = [
      [0, 0.5],
      [0.5, 0.3085375387],
      [1, 0.1586552539],
      [1.96, 0.0249978951],
      [3, 0.001349898],
    ] as const;
    for (const [z, share] of table) expect(Math.abs(upperTail(z) - share)).toBeLessThan(1e-7);
  });

  it('has the quantiles of the tables', () => {
    const table = [
      [0.5, 0],
      [0.25, 0.67449],
      [0.1, 1.28155],
      [0.025, 1.95996],
      [0.001, 3.09023],
      [1e-5, 4.26489],
    ] as const;
    for (const [p, z] of table) expect(Math.abs(upperQuantile(p) - z)).toBeLessThan(5e-4);
  });
});
