/** Seeded noise on a search's constraints: starting points, and the random images a candidate has to beat. */
import { Random } from '../platform/random.ts';
import { binFrequency, fft2, nextPowerOfTwo } from '../stimuli/fft.ts';
import type { ConstraintSet } from './constraints.ts';

export type NoiseSpectrum = 'white' | 'pink';

/** Two independent fields: the real and the imaginary part. */
type ComplexImage = { size: number; real: Float64Array; imaginary: Float64Array };

/** The square of pixels that holds the aperture; noise outside it would be thrown away. */
type Box = { row: number; column: number; size: number };

/**
 * Image `index` of the noise family (seed, stream): each is a function of these alone, so that a resumed search draws
 * the same ones. Pink noise has amplitude 1/f; two neighbouring indices share one Fourier transform.
 */
export class NoiseImages {
  readonly #constraints: ConstraintSet;
  readonly #spectrum: NoiseSpectrum;
  readonly #seed: number;
  readonly #stream: string;
  readonly #box: Box;
  #pair: { index: number; images: ComplexImage } | null = null;

  constructor(constraints: ConstraintSet, spectrum: NoiseSpectrum, seed: number, stream: string) {
    this.#constraints = constraints;
    this.#spectrum = spectrum;
    this.#seed = seed;
    this.#stream = stream;
    this.#box = boxOf(constraints);
  }

  /** An image that meets the constraints; `inverted` gives its contrast-reversed twin. */
  image(index: number, inverted = false): Float32Array {
    const { sizePx } = this.#constraints.field;
    const { row, column, size } = this.#box;
    const pair = Math.floor(index / 2);
    if (this.#pair?.index !== pair) {
      const random = Random.fromSeed(this.#seed, `${this.#stream}/${pair}`);
      const fieldSize = this.#spectrum === 'white' ? size : nextPowerOfTwo(size);
      const images = whiteNoise(fieldSize, random);
      if (this.#spectrum === 'pink') {
        divideByFrequency(images);
        fft2(images.real, images.imaginary, images.size);
      }
      this.#pair = { index: pair, images };
    }
    const { images } = this.#pair;
    const values = index % 2 === 0 ? images.real : images.imaginary;
    const sign = inverted ? -1 : 1;
    const deviation = new Float64Array(sizePx * sizePx);
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        deviation[(row + y) * sizePx + column + x] = sign * (values[y * images.size + x] as number);
      }
    }
    return this.#constraints.projectDeviation(deviation, this.#seed);
  }
}

/**
 * Each value is the sum of three uniform numbers cut from one 53-bit draw, centred and scaled to a variance of 1: close
 * to normal, at a fraction of the cost.
 */
function whiteNoise(size: number, random: Random): ComplexImage {
  const cut = 131072;
  const scale = 2 / cut;
  const draw = (): number => {
    const first = random.uniform() * cut;
    const second = (first - Math.floor(first)) * cut;
    const third = (second - Math.floor(second)) * cut;
    return (Math.floor(first) + Math.floor(second) + Math.floor(third) - 1.5 * (cut - 1)) * scale;
  };
  const real = new Float64Array(size * size);
  const imaginary = new Float64Array(size * size);
  for (let i = 0; i < real.length; i++) real[i] = draw();
  for (let i = 0; i < imaginary.length; i++) imaginary[i] = draw();
  return { size, real, imaginary };
}

function divideByFrequency({ size, real, imaginary }: ComplexImage): void {
  for (let v = 0; v < size; v++) {
    const fy = binFrequency(v, size);
    for (let u = 0; u < size; u++) {
      const fx = binFrequency(u, size);
      const at = v * size + u;
      const gain = at === 0 ? 0 : 1 / Math.sqrt(fx * fx + fy * fy);
      real[at] = (real[at] as number) * gain;
      imaginary[at] = (imaginary[at] as number) * gain;
    }
  }
}

function boxOf({ field: { sizePx }, weights }: ConstraintSet): Box {
  let top = sizePx;
  let bottom = -1;
  let left = sizePx;
  let right = -1;
  for (let row = 0; row < sizePx; row++) {
    for (let column = 0; column < sizePx; column++) {
      if (weights[row * sizePx + column] === 0) continue;
      top = Math.min(top, row);
      bottom = Math.max(bottom, row);
      left = Math.min(left, column);
      right = Math.max(right, column);
    }
  }
  const size = Math.max(bottom - top, right - left) + 1;
  return { row: Math.min(top, sizePx - size), column: Math.min(left, sizePx - size), size };
}
