/** Seeded noise on a search's constraints: starting points, and the random images a candidate has to beat. */
import { Random } from '../../platform/random.ts';
import { binFrequency, fft, fft2, nextPowerOfTwo } from '../../stimuli/fft.ts';
import type { ConstraintSet } from '../constraints/constraints.ts';

export type NoiseSpectrum = 'white' | 'pink';

/** Two independent fields, each of `samples` squares of `size`² behind each other: the real and the imaginary part. */
type ComplexImages = { size: number; samples: number; real: Float64Array; imaginary: Float64Array };

/** The square of pixels that holds the aperture; noise outside it would be thrown away. */
export type Box = { row: number; column: number; size: number };

/**
 * Image `index` of the noise family (seed, stream): each is a function of these alone, so that a resumed search draws
 * the same ones. Pink noise has amplitude 1/f; two neighbouring indices share one Fourier transform. With several frames
 * it moves: its amplitude is 1/f in space times 1/f in time, with what stands still as strong as the slowest component;
 * white noise is drawn anew for every frame.
 */
export class NoiseImages {
  readonly #constraints: ConstraintSet;
  readonly #spectrum: NoiseSpectrum;
  readonly #seed: number;
  readonly #stream: string;
  readonly #box: Box;
  readonly #frames: number;
  #pair: { index: number; images: ComplexImages } | null = null;

  constructor(constraints: ConstraintSet, spectrum: NoiseSpectrum, seed: number, stream: string, frames = 1) {
    this.#constraints = constraints;
    this.#spectrum = spectrum;
    this.#seed = seed;
    this.#stream = stream;
    this.#frames = frames;
    this.#box = boxOf(constraints);
  }

  /** An image (frames × sizePx²) that meets the constraints; `inverted` gives its contrast-reversed twin. */
  image(index: number, inverted = false): Float32Array {
    const { sizePx } = this.#constraints.field;
    const { row, column, size } = this.#box;
    const pair = Math.floor(index / 2);
    if (this.#pair?.index !== pair) {
      const random = Random.fromSeed(this.#seed, `${this.#stream}/${pair}`);
      const images =
        this.#spectrum === 'white'
          ? whiteNoise(size, this.#frames, random)
          : pinkNoise(nextPowerOfTwo(size), this.#frames, random);
      this.#pair = { index: pair, images };
    }
    const { images } = this.#pair;
    const values = index % 2 === 0 ? images.real : images.imaginary;
    const sign = inverted ? -1 : 1;
    const deviation = new Float64Array(this.#frames * sizePx * sizePx);
    for (let frame = 0; frame < this.#frames; frame++) {
      for (let y = 0; y < size; y++) {
        const from = (frame * images.size + y) * images.size;
        const to = (frame * sizePx + row + y) * sizePx + column;
        for (let x = 0; x < size; x++) deviation[to + x] = sign * (values[from + x] as number);
      }
    }
    return this.#constraints.projectNoise(deviation, this.#seed);
  }
}

/**
 * Each value is the sum of three uniform numbers cut from one 53-bit draw, centred and scaled to a variance of 1: close
 * to normal, at a fraction of the cost.
 */
function whiteNoise(size: number, samples: number, random: Random): ComplexImages {
  const cut = 131072;
  const scale = 2 / cut;
  const draw = (): number => {
    const first = random.uniform() * cut;
    const second = (first - Math.floor(first)) * cut;
    const third = (second - Math.floor(second)) * cut;
    return (Math.floor(first) + Math.floor(second) + Math.floor(third) - 1.5 * (cut - 1)) * scale;
  };
  const real = new Float64Array(samples * size * size);
  const imaginary = new Float64Array(samples * size * size);
  for (let i = 0; i < real.length; i++) real[i] = draw();
  for (let i = 0; i < imaginary.length; i++) imaginary[i] = draw();
  return { size, samples, real, imaginary };
}

/** `size` is a power of two. White noise is as white on either side of a Fourier transform, so it is drawn behind it. */
function pinkNoise(size: number, frames: number, random: Random): ComplexImages {
  const images = whiteNoise(size, nextPowerOfTwo(frames), random);
  pinkOverTime(images);
  for (let frame = 0; frame < frames; frame++) {
    const part = [frame * size * size, (frame + 1) * size * size] as const;
    const [real, imaginary] = [images.real.subarray(...part), images.imaginary.subarray(...part)];
    divideByFrequency(real, imaginary, size);
    fft2(real, imaginary, size);
  }
  return images;
}

/** Divides by the temporal frequency, at least one cycle per `samples`, and transforms from it to time. */
function pinkOverTime({ size, samples, real, imaginary }: ComplexImages): void {
  if (samples === 1) return;
  const plane = size * size;
  const gains = Float64Array.from({ length: samples }, (_, k) => 1 / Math.max(1, Math.abs(binFrequency(k, samples))));
  const re = new Float64Array(samples);
  const im = new Float64Array(samples);
  for (let at = 0; at < plane; at++) {
    for (let k = 0; k < samples; k++) {
      re[k] = (gains[k] as number) * (real[k * plane + at] as number);
      im[k] = (gains[k] as number) * (imaginary[k * plane + at] as number);
    }
    fft(re, im);
    for (let k = 0; k < samples; k++) {
      real[k * plane + at] = re[k] as number;
      imaginary[k * plane + at] = im[k] as number;
    }
  }
}

function divideByFrequency(real: Float64Array, imaginary: Float64Array, size: number): void {
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

export function boxOf({ field: { sizePx }, weights }: ConstraintSet): Box {
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
