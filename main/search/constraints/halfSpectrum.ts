/**
 * Fourier transforms of real squares by half of their spectrum, in a quarter of the time of a complex one: two rows share a transform,
 * and half of the columns follow from the others. X_k = Σ x_j·e^{−2πi·jk/n}, not normalised.
 */
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

const transforms = new Map<number, SquareTransform>();

export function squareTransform(n: number): SquareTransform {
  const known = transforms.get(n);
  if (known !== undefined) return known;
  const columns = Math.floor(n / 2) + 1;
  const re = new Float64Array(n);
  const im = new Float64Array(n);
  const transform = (): void => fftAnySize(re, im);
  /** Two real rows are the real and the imaginary part of one line. */
  const forward = (image: Float64Array, { real, imaginary }: HalfSpectrum): void => {
    for (let row = 0; row < n; row += 2) {
      const pair = row + 1 < n;
      for (let x = 0; x < n; x++) {
        re[x] = image[row * n + x] as number;
        im[x] = pair ? (image[(row + 1) * n + x] as number) : 0;
      }
      transform();
      for (let u = 0; u < columns; u++) {
        const mirrored = u === 0 ? 0 : n - u;
        const a = re[u] as number;
        const b = im[u] as number;
        const mirroredA = re[mirrored] as number;
        const mirroredB = im[mirrored] as number;
        real[u * n + row] = (a + mirroredA) / 2;
        imaginary[u * n + row] = (b - mirroredB) / 2;
        if (!pair) continue;
        real[u * n + row + 1] = (b + mirroredB) / 2;
        imaginary[u * n + row + 1] = (mirroredA - a) / 2;
      }
    }
    for (let u = 0; u < columns; u++) {
      re.set(real.subarray(u * n, (u + 1) * n));
      im.set(imaginary.subarray(u * n, (u + 1) * n));
      transform();
      real.set(re, u * n);
      imaginary.set(im, u * n);
    }
  };
  /** Real and imaginary part exchanged, a forward transform is an inverse one. */
  const inverse = ({ real, imaginary }: HalfSpectrum, image: Float64Array): void => {
    for (let u = 0; u < columns; u++) {
      re.set(imaginary.subarray(u * n, (u + 1) * n));
      im.set(real.subarray(u * n, (u + 1) * n));
      transform();
      real.set(im, u * n);
      imaginary.set(re, u * n);
    }
    const scale = 1 / (n * n);
    for (let row = 0; row < n; row += 2) {
      const pair = row + 1 < n;
      for (let u = 0; u < n; u++) {
        const mirrored = u >= columns;
        const at = (mirrored ? n - u : u) * n + row;
        const sign = mirrored ? -1 : 1;
        const a = real[at] as number;
        const b = sign * (imaginary[at] as number);
        const nextA = pair ? (real[at + 1] as number) : 0;
        const nextB = pair ? sign * (imaginary[at + 1] as number) : 0;
        im[u] = a - nextB;
        re[u] = b + nextA;
      }
      transform();
      for (let x = 0; x < n; x++) {
        image[row * n + x] = scale * (im[x] as number);
        if (pair) image[(row + 1) * n + x] = scale * (re[x] as number);
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
