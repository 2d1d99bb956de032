/** The standard normal distribution in + − × ÷ √ and our exact maths, so that its bits are the same everywhere. */
import { exp, log } from './exactMath.ts';

/** Share beyond z ≥ 0 (Abramowitz & Stegun 26.2.17, error below 7.5e-8). */
export function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (series * exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}

/** The z ≥ 0 beyond which the share p of 0 < p ≤ ½ lies (Abramowitz & Stegun 26.2.23, error below 4.5e-4). */
export function upperQuantile(p: number): number {
  const t = Math.sqrt(-2 * log(p));
  const z = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  return Math.max(0, z);
}
