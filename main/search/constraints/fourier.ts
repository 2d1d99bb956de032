/**
 * Fourier transforms of real squares of any size (rasters of twins are 224 wide, say), from exactMath's sines: rasters
 * made with them are hashed. X_k = Σ x_j·e^{−2πi·jk/n}, mixed radix (Cooley & Tukey 1965), not normalised.
 */
import { cos, sin } from '../../platform/exactMath.ts';

/** Columns u = 0 … ⌊n/2⌋ of the transform of a real n × n image, column behind column, each over v = 0 … n − 1. */
export type HalfSpectrum = { real: Float64Array; imaginary: Float64Array };

export type SquareTransform = {
  n: number;
  columns: number;
  /** n² values, row-major. */
  forward(image: Float64Array, out: HalfSpectrum): void;
  /** Destroys `spectrum`. */
  inverse(spectrum: HalfSpectrum, out: Float64Array): void;
};

type Line = { real: Float64Array; imaginary: Float64Array };

const line = (n: number): Line => ({ real: new Float64Array(n), imaginary: new Float64Array(n) });

function factorsOf(n: number): number[] {
  const factors: number[] = [];
  let left = n;
  for (let factor = 2; left > 1; factor++) {
    while (left % factor === 0) {
      factors.push(factor);
      left /= factor;
    }
  }
  return factors;
}

/** A one-dimensional transform from `from` into `to`. */
function lineTransform(n: number): (from: Line, to: Line) => void {
  const factors = factorsOf(n);
  const cosines = Float64Array.from({ length: n }, (_, k) => cos((2 * Math.PI * k) / n));
  const sines = Float64Array.from({ length: n }, (_, k) => -sin((2 * Math.PI * k) / n));
  const largest = factors.reduce((a, b) => Math.max(a, b), 1);
  const gatheredRe = new Float64Array(largest);
  const gatheredIm = new Float64Array(largest);

  /** `size` samples from `start` on, every `stride`-th, into to[at …]. */
  const recurse = (
    from: Line,
    to: Line,
    size: number,
    start: number,
    stride: number,
    at: number,
    depth: number,
  ): void => {
    if (size === 1) {
      to.real[at] = from.real[start] as number;
      to.imaginary[at] = from.imaginary[start] as number;
      return;
    }
    const radix = factors[depth] as number;
    const part = size / radix;
    for (let q = 0; q < radix; q++)
      recurse(from, to, part, start + q * stride, stride * radix, at + q * part, depth + 1);
    const { real, imaginary } = to;
    if (radix === 2) {
      for (let k = 0; k < part; k++) {
        const a = at + k;
        const b = a + part;
        const c = cosines[k * stride] as number;
        const s = sines[k * stride] as number;
        const br = real[b] as number;
        const bi = imaginary[b] as number;
        const tr = br * c - bi * s;
        const ti = br * s + bi * c;
        const ar = real[a] as number;
        const ai = imaginary[a] as number;
        real[a] = ar + tr;
        imaginary[a] = ai + ti;
        real[b] = ar - tr;
        imaginary[b] = ai - ti;
      }
      return;
    }
    const turn = n / radix;
    for (let k = 0; k < part; k++) {
      for (let q = 0; q < radix; q++) {
        const re = real[at + q * part + k] as number;
        const im = imaginary[at + q * part + k] as number;
        const c = cosines[q * k * stride] as number;
        const s = sines[q * k * stride] as number;
        gatheredRe[q] = re * c - im * s;
        gatheredIm[q] = re * s + im * c;
      }
      for (let j = 0; j < radix; j++) {
        let sumRe = 0;
        let sumIm = 0;
        for (let q = 0; q < radix; q++) {
          const angle = ((j * q) % radix) * turn;
          const c = cosines[angle] as number;
          const s = sines[angle] as number;
          sumRe += (gatheredRe[q] as number) * c - (gatheredIm[q] as number) * s;
          sumIm += (gatheredRe[q] as number) * s + (gatheredIm[q] as number) * c;
        }
        real[at + j * part + k] = sumRe;
        imaginary[at + j * part + k] = sumIm;
      }
    }
  };
  return (from, to) => recurse(from, to, n, 0, 1, 0, 0);
}

const transforms = new Map<number, SquareTransform>();

export function squareTransform(n: number): SquareTransform {
  const known = transforms.get(n);
  if (known !== undefined) return known;
  const transform = lineTransform(n);
  const columns = Math.floor(n / 2) + 1;
  const from = line(n);
  const to = line(n);
  /** Two real rows are the real and the imaginary part of one line. */
  const forward = (image: Float64Array, { real, imaginary }: HalfSpectrum): void => {
    for (let row = 0; row < n; row += 2) {
      const pair = row + 1 < n;
      for (let x = 0; x < n; x++) {
        from.real[x] = image[row * n + x] as number;
        from.imaginary[x] = pair ? (image[(row + 1) * n + x] as number) : 0;
      }
      transform(from, to);
      for (let u = 0; u < columns; u++) {
        const mirrored = u === 0 ? 0 : n - u;
        const re = to.real[u] as number;
        const im = to.imaginary[u] as number;
        const mirroredRe = to.real[mirrored] as number;
        const mirroredIm = to.imaginary[mirrored] as number;
        real[u * n + row] = (re + mirroredRe) / 2;
        imaginary[u * n + row] = (im - mirroredIm) / 2;
        if (!pair) continue;
        real[u * n + row + 1] = (im + mirroredIm) / 2;
        imaginary[u * n + row + 1] = (mirroredRe - re) / 2;
      }
    }
    for (let u = 0; u < columns; u++) {
      from.real.set(real.subarray(u * n, (u + 1) * n));
      from.imaginary.set(imaginary.subarray(u * n, (u + 1) * n));
      transform(from, to);
      real.set(to.real, u * n);
      imaginary.set(to.imaginary, u * n);
    }
  };
  /** Real and imaginary part exchanged, a forward transform is an inverse one. */
  const inverse = ({ real, imaginary }: HalfSpectrum, image: Float64Array): void => {
    for (let u = 0; u < columns; u++) {
      from.real.set(imaginary.subarray(u * n, (u + 1) * n));
      from.imaginary.set(real.subarray(u * n, (u + 1) * n));
      transform(from, to);
      real.set(to.imaginary, u * n);
      imaginary.set(to.real, u * n);
    }
    const scale = 1 / (n * n);
    for (let row = 0; row < n; row += 2) {
      const pair = row + 1 < n;
      for (let u = 0; u < n; u++) {
        const mirrored = u >= columns;
        const at = (mirrored ? n - u : u) * n + row;
        const sign = mirrored ? -1 : 1;
        const re = real[at] as number;
        const im = sign * (imaginary[at] as number);
        const nextRe = pair ? (real[at + 1] as number) : 0;
        const nextIm = pair ? sign * (imaginary[at + 1] as number) : 0;
        from.imaginary[u] = re - nextIm;
        from.real[u] = im + nextRe;
      }
      transform(from, to);
      for (let x = 0; x < n; x++) {
        image[row * n + x] = scale * (to.imaginary[x] as number);
        if (pair) image[(row + 1) * n + x] = scale * (to.real[x] as number);
      }
    }
  };
  const made = { n, columns, forward, inverse };
  transforms.set(n, made);
  return made;
}

export const emptySpectrum = ({ n, columns }: SquareTransform): HalfSpectrum => ({
  real: new Float64Array(n * columns),
  imaginary: new Float64Array(n * columns),
});

/** How often a column of the half spectrum stands in the whole one. */
export const multiplicity = (u: number, n: number): number => (u === 0 || 2 * u === n ? 1 : 2);
