/**
 * Fourier transforms of any size, fast where the odd factors are small, for rasters as they are; the same conventions and the same
 * reason to be our own as in fft.ts, whose transforms do the powers of two.
 */
import { cos, sin } from '../platform/exactMath.ts';
import { fft, fft2, nextPowerOfTwo } from './fft.ts';

type Plan = {
  /** The odd factors, one for each level of the recursion; below them stands a power of two. */
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
  let rest = n;
  while (rest % 2 === 0) rest /= 2;
  for (let p = 3; rest > 1;) {
    if (rest % p === 0) {
      factors.push(p);
      rest /= p;
    } else p = p * p > rest ? rest : p + 2;
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
  transform(plan, { from: 0, stride: 1, level: 0, length: n, to: 0 }, real, imaginary);
}

type Part = { from: number; stride: number; level: number; length: number; to: number };

function transform(plan: Plan, part: Part, real: Float64Array, imaginary: Float64Array): void {
  const { from, stride, level, length, to } = part;
  const p = plan.factors[level];
  if (p === undefined) {
    for (let i = 0; i < length; i++) {
      real[to + i] = plan.real[from + i * stride] as number;
      imaginary[to + i] = plan.imaginary[from + i * stride] as number;
    }
    if (length > 1) fft(real.subarray(to, to + length), imaginary.subarray(to, to + length));
    return;
  }
  const m = length / p;
  for (let r = 0; r < p; r++) {
    const below = { from: from + r * stride, stride: stride * p, level: level + 1, length: m, to: to + r * m };
    transform(plan, below, real, imaginary);
  }
  const { cosines, sines } = plan;
  const n = cosines.length;
  const step = n / length;
  const turn = n / p;
  const re = new Float64Array(p);
  const im = new Float64Array(p);
  const half = (p - 1) / 2;
  for (let k = 0; k < m; k++) {
    const re0 = real[to + k] as number;
    const im0 = imaginary[to + k] as number;
    for (let r = 1; r < p; r++) {
      const at = to + r * m + k;
      const c = cosines[r * k * step] as number;
      const s = sines[r * k * step] as number;
      const a = real[at] as number;
      const b = imaginary[at] as number;
      re[r] = a * c + b * s;
      im[r] = b * c - a * s;
    }
    // Terms r and p − r have conjugate factors: their sum and difference serve the outputs q and p − q.
    let sumRe = re0;
    let sumIm = im0;
    for (let r = 1; r <= half; r++) {
      const [a, b] = [re[r] as number, re[p - r] as number];
      const [c, d] = [im[r] as number, im[p - r] as number];
      re[r] = a + b;
      re[p - r] = a - b;
      im[r] = c + d;
      im[p - r] = c - d;
      sumRe += re[r] as number;
      sumIm += im[r] as number;
    }
    real[to + k] = sumRe;
    imaginary[to + k] = sumIm;
    for (let q = 1; q <= half; q++) {
      let evenRe = re0;
      let evenIm = im0;
      let oddRe = 0;
      let oddIm = 0;
      for (let r = 1, angle = q; r <= half; r++) {
        const c = cosines[angle * turn] as number;
        const s = sines[angle * turn] as number;
        evenRe += (re[r] as number) * c;
        evenIm += (im[r] as number) * c;
        oddRe += (im[p - r] as number) * s;
        oddIm -= (re[p - r] as number) * s;
        angle += q;
        if (angle >= p) angle -= p;
      }
      real[to + q * m + k] = evenRe + oddRe;
      imaginary[to + q * m + k] = evenIm + oddIm;
      real[to + (p - q) * m + k] = evenRe - oddRe;
      imaginary[to + (p - q) * m + k] = evenIm - oddIm;
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
