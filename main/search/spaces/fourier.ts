/**
 * Images as Fourier coefficients with amplitude 1/f^a (Olah, Mordvintsev & Schubert 2017, "Feature visualization"): a
 * gradient step in them favours low frequencies by 1/f^2a, so that high frequencies do not win by their number alone.
 */
import { pow } from '../../platform/exactMath.ts';
import { binFrequency } from '../../stimuli/fft.ts';
import { fft2AnySize } from '../../stimuli/fftAnySize.ts';
import type { LinearMap } from './parameterisation.ts';

/**
 * Parameters of n² pixels: real parts, then imaginary parts, of n rows of ⌊n/2⌋ + 1 coefficients each. The image is
 * irfft2(S·θ) of NumPy with norm 'ortho', S = c·max(f, 1/n)^−exponent, f in cycles per pixel, and c such that the mean of
 * S² over all n² frequencies is 1. As there, imaginary parts that a real image cannot have count for nothing.
 */
export function fourierMap(sizePx: number, exponent: number): LinearMap {
  const n = sizePx;
  const half = Math.floor(n / 2) + 1;
  const count = n * half;
  const scale = new Float64Array(count);
  /** How often a coefficient stands in the whole plane: 1 in the columns that are their own mirror images. */
  const times = (column: number): number => (column === 0 || 2 * column === n ? 1 : 2);
  let squares = 0;
  for (let row = 0; row < n; row++) {
    for (let column = 0; column < half; column++) {
      const fx = column / n;
      const fy = binFrequency(row, n) / n;
      const gain = 1 / pow(Math.max(Math.sqrt(fx * fx + fy * fy), 1 / n), exponent);
      scale[row * half + column] = gain;
      squares += times(column) * gain * gain;
    }
  }
  const normal = n / Math.sqrt(squares);
  for (let i = 0; i < count; i++) scale[i] = (scale[i] as number) * normal;

  /** The coefficients of a real image in the half plane, each through `factor`. */
  function analyse(values: ArrayLike<number>, factor: (column: number, scale: number) => number): Float64Array {
    const real = Float64Array.from(values);
    const imaginary = new Float64Array(n * n);
    fft2AnySize(real, imaginary, n);
    const theta = new Float64Array(2 * count);
    for (let row = 0; row < n; row++) {
      for (let column = 0; column < half; column++) {
        const at = row * half + column;
        const by = factor(column, scale[at] as number) / n;
        theta[at] = by * (real[row * n + column] as number);
        theta[count + at] = by * (imaginary[row * n + column] as number);
      }
    }
    return theta;
  }

  return {
    size: 2 * count,
    forward: (theta) => {
      const real = new Float64Array(n * n);
      const imaginary = new Float64Array(n * n);
      for (let row = 0; row < n; row++) {
        for (let column = 0; column < half; column++) {
          const at = row * half + column;
          const by = (times(column) * (scale[at] as number)) / n;
          real[row * n + column] = by * (theta[at] as number);
          // The inverse transform by the conjugate: the real part of the image is the same.
          imaginary[row * n + column] = -by * (theta[count + at] as number);
        }
      }
      fft2AnySize(real, imaginary, n);
      return real;
    },
    adjoint: (values) => analyse(values, (column, gain) => times(column) * gain),
    inverse: (values) => analyse(values, (_, gain) => 1 / gain),
  };
}
