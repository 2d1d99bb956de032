/**
 * Fourier transforms of power-of-two size. Our own because rasters made with them are hashed: the twiddle factors come
 * from exactMath, where the libraries use Math.sin, whose last bits differ between engines.
 */
import { cos, sin } from '../platform/exactMath.ts';

export const nextPowerOfTwo = (n: number): number => {
  let size = 1;
  while (size < n) size *= 2;
  return size;
};

type Plan = { reversed: Uint32Array; cosines: Float64Array; sines: Float64Array };
const plans = new Map<number, Plan>();

function planFor(n: number): Plan {
  const known = plans.get(n);
  if (known !== undefined) return known;
  if (n < 1 || nextPowerOfTwo(n) !== n) throw new RangeError(`A transform needs a power-of-two size, not ${n}.`);
  const reversed = new Uint32Array(n);
  for (let index = 1; index < n; index++) {
    reversed[index] = ((reversed[index >> 1] as number) >> 1) | (index % 2 === 1 ? n >> 1 : 0);
  }
  const plan: Plan = {
    reversed,
    cosines: Float64Array.from({ length: n / 2 }, (_, k) => cos((2 * Math.PI * k) / n)),
    sines: Float64Array.from({ length: n / 2 }, (_, k) => sin((2 * Math.PI * k) / n)),
  };
  plans.set(n, plan);
  return plan;
}

/** In-place radix-2 transform (Cooley & Tukey 1965), X_k = Σ x_j·e^{−2πi·jk/n}, not normalised. */
export function fft(real: Float64Array, imaginary: Float64Array): void {
  const n = real.length;
  const { reversed, cosines, sines } = planFor(n);
  for (let index = 0; index < n; index++) {
    const other = reversed[index] as number;
    if (other <= index) continue;
    const re = real[index] as number;
    const im = imaginary[index] as number;
    real[index] = real[other] as number;
    imaginary[index] = imaginary[other] as number;
    real[other] = re;
    imaginary[other] = im;
  }
  for (let half = 1; half < n; half *= 2) {
    const step = n / (2 * half);
    for (let block = 0; block < n; block += 2 * half) {
      for (let k = 0, twiddle = 0; k < half; k++, twiddle += step) {
        const wr = cosines[twiddle] as number;
        const wi = -(sines[twiddle] as number);
        const a = block + k;
        const b = a + half;
        const br = real[b] as number;
        const bi = imaginary[b] as number;
        const tr = br * wr - bi * wi;
        const ti = br * wi + bi * wr;
        const ar = real[a] as number;
        const ai = imaginary[a] as number;
        real[b] = ar - tr;
        imaginary[b] = ai - ti;
        real[a] = ar + tr;
        imaginary[a] = ai + ti;
      }
    }
  }
}

/** In-place two-dimensional transform of a square, row-major, not normalised. */
export function fft2(real: Float64Array, imaginary: Float64Array, n: number): void {
  const transformRows = () => {
    for (let row = 0; row < n; row++) {
      fft(real.subarray(row * n, (row + 1) * n), imaginary.subarray(row * n, (row + 1) * n));
    }
  };
  transformRows();
  transpose(real, n);
  transpose(imaginary, n);
  transformRows();
  transpose(real, n);
  transpose(imaginary, n);
}

function transpose(values: Float64Array, n: number): void {
  for (let row = 0; row < n; row++) {
    for (let column = row + 1; column < n; column++) {
      const upper = values[row * n + column] as number;
      values[row * n + column] = values[column * n + row] as number;
      values[column * n + row] = upper;
    }
  }
}

/** Signed frequency of bin k in cycles per n samples. */
export const binFrequency = (k: number, n: number): number => (k <= n / 2 ? k : k - n);
