/** Contrast–response functions. */

export interface ContrastResponse {
  exponent: number;
  /** Contrast of half the largest rate. */
  semiSaturation: number;
  /** Rate at infinite contrast. */
  largest: number;
}

/**
 * R = R_max·cⁿ/(cⁿ + c50ⁿ) (Naka & Rushton 1966; Albrecht & Hamilton 1982) by least squares over rates without the blank's.
 * For given n and c50 the best R_max is in closed form; those two are searched for on a grid, then by a compass search with
 * steps that halve. Exponents between 0.5 and 8, semi-saturations between 0.02 and 3.
 */
export function fitContrastResponse(contrasts: readonly number[], rates: readonly number[]): ContrastResponse {
  const at = (exponent: number, logC50: number) => {
    const shape = contrasts.map((c) => (c === 0 ? 0 : 1 / (1 + Math.exp(exponent * (logC50 - Math.log(c))))));
    const product = shape.reduce((sum, value, i) => sum + value * (rates[i] as number), 0);
    const largest = product / shape.reduce((sum, value) => sum + value * value, 1e-300);
    const error = shape.reduce((sum, value, i) => sum + (largest * value - (rates[i] as number)) ** 2, 0);
    return { exponent, logC50, largest, error };
  };
  const [lowest, highest] = [Math.log(0.02), Math.log(3)];
  let best = at(2, lowest);
  let [exponentStep, logStep] = [0.5, (highest - lowest) / 20];
  for (let i = 1; i <= 16; i++) {
    for (let j = 0; j <= 20; j++) {
      const next = at(0.5 * i, lowest + j * logStep);
      if (next.error < best.error) best = next;
    }
  }
  while (exponentStep > 1e-6) {
    const { exponent, logC50, error } = best;
    for (const [a, b] of [-1, 0, 1].flatMap((i) => [-1, 0, 1].map((j) => [i, j] as const))) {
      const inBounds = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));
      const next = at(inBounds(exponent + a * exponentStep, 0.5, 8), inBounds(logC50 + b * logStep, lowest, highest));
      if (next.error < best.error) best = next;
    }
    if (best.error === error) [exponentStep, logStep] = [exponentStep / 2, logStep / 2];
  }
  return { exponent: best.exponent, semiSaturation: Math.exp(best.logC50), largest: best.largest };
}
