/** Fourier transforms of real squares of any size, X_k = Σ x_j·e^{−2πi·jk/n}, not normalised. */
import { fftAnySize } from '../../stimuli/fftAnySize.ts';

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

/** A one-dimensional transform from `from` into `to`. */
function transform(from: Line, to: Line): void {
  to.real.set(from.real);
  to.imaginary.set(from.imaginary);
  fftAnySize(to.real, to.imaginary);
}

const transforms = new Map<number, SquareTransform>();

export function squareTransform(n: number): SquareTransform {
  const known = transforms.get(n);
  if (known !== undefined) return known;
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
