import { describe, expect, it } from 'vitest';
import { fitContrastResponse } from './nakaRushton.ts';

const contrasts = [0, ...Array.from({ length: 10 }, (_, i) => 0.01 * 100 ** (i / 9))];

describe('the fitted contrast response', () => {
  it('gives back the constants of curves of its own form', () => {
    for (const [n, c50, largest] of [
      [1.1, 0.08, 12],
      [2.4, 0.33, 40],
      [4.7, 0.61, 3],
    ] as const) {
      const rates = contrasts.map((c) => (largest * c ** n) / (c ** n + c50 ** n));
      const fit = fitContrastResponse(contrasts, rates);
      expect(Math.abs(fit.exponent - n)).toBeLessThan(1e-3);
      expect(Math.abs(fit.semiSaturation / c50 - 1)).toBeLessThan(1e-3);
      expect(Math.abs(fit.largest / largest - 1)).toBeLessThan(1e-3);
    }
  });

  it('has no smaller squared error nearby for a curve of another form', () => {
    const rates = contrasts.map((c) => 30 * (1 - Math.exp(-5 * c * c)) + Math.sin(40 * c));
    const { exponent, semiSaturation, largest } = fitContrastResponse(contrasts, rates);
    const error = (n: number, c50: number, top: number) =>
      contrasts.reduce((sum, c, i) => sum + ((top * c ** n) / (c ** n + c50 ** n) - (rates[i] as number)) ** 2, 0);
    const least = error(exponent, semiSaturation, largest);
    for (const factor of [0.99, 1.01]) {
      expect(error(exponent * factor, semiSaturation, largest)).toBeGreaterThan(least);
      expect(error(exponent, semiSaturation * factor, largest)).toBeGreaterThan(least);
      expect(error(exponent, semiSaturation, largest * factor)).toBeGreaterThan(least);
    }
  });
});
