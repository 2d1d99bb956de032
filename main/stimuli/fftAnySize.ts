/**
 * Fourier transforms of any size, of factors 2, 3, 5, 7 fast, for rasters as they are; the same conventions and the same
 * reason to be our own as in fft.ts, whose transforms do the powers of two.
 */
import { cos, sin } from '../platform/exactMath.ts';
import { fft, fft2, nextPowerOfTwo } from './fft.ts';

type Plan = {
  factors: number[];
  cosines: Float64Array;
  sines: Float64Array;
  real: Float64Array;
  imaginary: Float64Array;
};
const plans = new Map<number, Plan>();

function planFor(n: number): Plan {
  const known = plans.get(n);
  if (known !== undefined) return known;
  const factors: number[] = [];
  for (let rest = n, p = 2; rest > 1;) {
    if (rest % p === 0) {
      factors.push(p);
      rest /= p;
    } else p = p * p > rest ? rest : p + 1;
  }
  const plan: Plan = {
    factors,
    cosines: Float64Array.from({ length: n }, (_, k) => cos((2 * Math.PI * k) / n)),
    sines: Float64Array.from({ length: n }, (_, k) => sin((2 * Math.PI * k) / n)),
    real: new Float64Array(n),
    imaginary: new Float64Array(n),
  };
  plans.set(n, plan);
  return plan;
}

/** In place, X_k = Σ x_j·e^{−2πi·jk/n}, not normalised (Cooley & Tukey 1965, decimation in time, any factors). */
export function fftAnySize(real: Float64Array, imaginary: Float64Array): void {
  const n = real.length;
  if (nextPowerOfTwo(n) === n) return fft(real, imaginary);
  const plan = planFor(n);
  plan.real.set(real);
  plan.imaginary.set(imaginary);
  transform(plan, n, { from: 0, stride: 1, level: 0, length: n, to: 0 }, real, imaginary);
}

type Part = { from: number; stride: number; level: number; length: number; to: number };

function transform(plan: Plan, n: number, part: Part, real: Float64Array, imaginary: Float64Array): void {
  const { from, stride, level, length, to } = part;
  if (length === 1) {
    real[to] = plan.real[from] as number;
    imaginary[to] = plan.imaginary[from] as number;
    return;
  }
  const p = plan.factors[level] as number;
  const m = length / p;
  for (let r = 0; r < p; r++) {
    const below = { from: from + r * stride, stride: stride * p, level: level + 1, length: m, to: to + r * m };
    transform(plan, n, below, real, imaginary);
  }
  const { cosines, sines } = plan;
  const step = n / length;
  const turn = n / p;
  const re = new Float64Array(p);
  const im = new Float64Array(p);
  for (let k = 0; k < m; k++) {
    for (let r = 0; r < p; r++) {
      const at = to + r * m + k;
      const angle = r * k * step;
      const c = cosines[angle] as number;
      const s = -(sines[angle] as number);
      const a = real[at] as number;
      const b = imaginary[at] as number;
      re[r] = a * c - b * s;
      im[r] = a * s + b * c;
    }
    for (let q = 0; q < p; q++) {
      let sumRe = re[0] as number;
      let sumIm = im[0] as number;
      for (let r = 1; r < p; r++) {
        const angle = ((r * q) % p) * turn;
        const c = cosines[angle] as number;
        const s = -(sines[angle] as number);
        sumRe += (re[r] as number) * c - (im[r] as number) * s;
        sumIm += (re[r] as number) * s + (im[r] as number) * c;
      }
      real[to + q * m + k] = sumRe;
      imaginary[to + q * m + k] = sumIm;
    }
  }
}

/** In place over a square of n², row-major, not normalised. */
export function fft2AnySize(real: Float64Array, imaginary: Float64Array, n: number): void {
  if (nextPowerOfTwo(n) === n) return fft2(real, imaginary, n);
  for (let row = 0; row < n; row++) {
    fftAnySize(real.subarray(row * n, (row + 1) * n), imaginary.subarray(row * n, (row + 1) * n));
  }
  const re = new Float64Array(n);
  const im = new Float64Array(n);
  for (let column = 0; column < n; column++) {
    for (let row = 0; row < n; row++) {
      re[row] = real[row * n + column] as number;
      im[row] = imaginary[row * n + column] as number;
    }
    fftAnySize(re, im);
    for (let row = 0; row < n; row++) {
      real[row * n + column] = re[row] as number;
      imaginary[row * n + column] = im[row] as number;
    }
  }
}
