/**
 * Phase scrambles of an image or a clip (science.md §4, control b): the amplitude spectrum of its contrast with phases drawn
 * anew, then its own histogram by rank, then its constraints by projection. A clip is transformed in space and time, so that
 * what moves keeps its speeds and directions and loses its form.
 */
import { Random } from '../../platform/random.ts';
import { fft, fft2, nextPowerOfTwo } from '../../stimuli/fft.ts';
import type { ConstraintSet } from '../constraints/constraints.ts';
import { type Box, boxOf } from '../spaces/noise.ts';

/** `samples` squares of `size`² behind each other, row-major. */
type Volume = { size: number; samples: number };

/** Scramble `index` is a function of the image, the constraints, the seed and the index alone. */
export class PhaseScrambles {
  readonly #constraints: ConstraintSet;
  readonly #seed: number;
  readonly #box: Box;
  readonly #frames: number;
  readonly #volume: Volume;
  /** Of the contrast image, padded with zeros to powers of two; nothing at frequency 0. */
  readonly #amplitude: Float64Array;
  /** The contrasts inside the aperture in ascending order. */
  readonly #histogram: Float64Array;
  /** Places of these in frames × sizePx². */
  readonly #inside: Int32Array;
  #pair: { index: number; real: Float64Array; imaginary: Float64Array } | null = null;

  /** @param image linear luminance, frames × sizePx² */
  constructor(image: Float32Array, constraints: ConstraintSet, seed: number) {
    const { weights, field } = constraints;
    this.#constraints = constraints;
    this.#seed = seed;
    this.#box = boxOf(constraints);
    this.#frames = image.length / weights.length;
    this.#volume = { size: nextPowerOfTwo(this.#box.size), samples: nextPowerOfTwo(this.#frames) };
    const contrast = Float64Array.from(image, (luminance) => luminance - field.background);
    const { real, imaginary } = this.#empty();
    this.#eachRow((from, to, length) => {
      for (let x = 0; x < length; x++) real[to + x] = contrast[from + x] as number;
    });
    transform(real, imaginary, this.#volume);
    this.#amplitude = real.map((re, k) => Math.sqrt(re * re + (imaginary[k] as number) * (imaginary[k] as number)));
    this.#amplitude[0] = 0;
    this.#inside = Int32Array.from([...contrast.keys()].filter((at) => (weights[at % weights.length] as number) > 0));
    this.#histogram = Float64Array.from(this.#inside, (at) => contrast[at] as number).sort();
  }

  /** On the constraints, frames × sizePx²; null where it cannot be brought there. */
  image(index: number): Float32Array | null {
    const scrambled = this.contrast(index);
    const values = Float64Array.from(this.#inside, (at) => scrambled[at] as number);
    const ascending = values.slice().sort();
    const deviation = new Float64Array(scrambled.length);
    for (const [k, at] of this.#inside.entries()) {
      deviation[at] = this.#histogram[rankOf(values[k] as number, ascending)] as number;
    }
    return this.#constraints.bringDeviation(deviation);
  }

  /** Before histogram and constraints: luminance less the background, frames × sizePx², 0 outside the aperture's square. */
  contrast(index: number): Float64Array {
    const pair = Math.floor(index / 2);
    if (this.#pair?.index !== pair) this.#pair = { index: pair, ...this.#scramble(pair) };
    const values = index % 2 === 0 ? this.#pair.real : this.#pair.imaginary;
    const contrast = new Float64Array(this.#frames * this.#constraints.weights.length);
    this.#eachRow((from, to, length) => {
      for (let x = 0; x < length; x++) contrast[from + x] = values[to + x] as number;
    });
    return contrast;
  }

  /**
   * Two scrambles with one transform: of Z = X₁ + i·X₂ with Hermitian X₁ and X₂, whose inverse transforms are the real and the
   * imaginary part. The forward transform gives them mirrored through a point, with the same amplitudes.
   */
  #scramble(pair: number): { real: Float64Array; imaginary: Float64Array } {
    const random = Random.fromSeed(this.#seed, `phase scramble/${pair}`);
    const { real, imaginary } = this.#empty();
    const count = real.length;
    for (let k = 1; k < count; k++) {
      const mirrored = mirror(k, this.#volume);
      if (mirrored < k) continue;
      const amplitude = (this.#amplitude[k] as number) / count;
      if (mirrored === k) {
        real[k] = amplitude * (random.uniform() < 0.5 ? -1 : 1);
        imaginary[k] = amplitude * (random.uniform() < 0.5 ? -1 : 1);
        continue;
      }
      const [re1, im1] = unitVector(random);
      const [re2, im2] = unitVector(random);
      real[k] = amplitude * (re1 - im2);
      imaginary[k] = amplitude * (im1 + re2);
      real[mirrored] = amplitude * (re1 + im2);
      imaginary[mirrored] = amplitude * (re2 - im1);
    }
    transform(real, imaginary, this.#volume);
    return { real, imaginary };
  }

  #empty(): { real: Float64Array; imaginary: Float64Array } {
    const length = this.#volume.samples * this.#volume.size ** 2;
    return { real: new Float64Array(length), imaginary: new Float64Array(length) };
  }

  /** Rows of the aperture's square: where one begins in the field, where in the volume, and its length. */
  #eachRow(visit: (from: number, to: number, length: number) => void): void {
    const { sizePx } = this.#constraints.field;
    const { row, column, size } = this.#box;
    for (let frame = 0; frame < this.#frames; frame++) {
      for (let y = 0; y < size; y++) {
        visit((frame * sizePx + row + y) * sizePx + column, (frame * this.#volume.size + y) * this.#volume.size, size);
      }
    }
  }
}

/** In x and y, then over the samples. */
function transform(real: Float64Array, imaginary: Float64Array, { size, samples }: Volume): void {
  const plane = size * size;
  for (let t = 0; t < samples; t++) {
    fft2(real.subarray(t * plane, (t + 1) * plane), imaginary.subarray(t * plane, (t + 1) * plane), size);
  }
  if (samples === 1) return;
  const re = new Float64Array(samples);
  const im = new Float64Array(samples);
  for (let at = 0; at < plane; at++) {
    for (let t = 0; t < samples; t++) {
      re[t] = real[t * plane + at] as number;
      im[t] = imaginary[t * plane + at] as number;
    }
    fft(re, im);
    for (let t = 0; t < samples; t++) {
      real[t * plane + at] = re[t] as number;
      imaginary[t * plane + at] = im[t] as number;
    }
  }
}

/** The bin of the opposite frequency. */
function mirror(k: number, { size, samples }: Volume): number {
  const plane = size * size;
  const t = Math.floor(k / plane);
  const v = Math.floor(k / size) % size;
  const u = k % size;
  return ((samples - t) % samples) * plane + ((size - v) % size) * size + ((size - u) % size);
}

/** Uniform over the circle, by √ alone. */
function unitVector(random: Random): [number, number] {
  for (;;) {
    const x = 2 * random.uniform() - 1;
    const y = 2 * random.uniform() - 1;
    const squared = x * x + y * y;
    if (squared === 0 || squared > 1) continue;
    const norm = Math.sqrt(squared);
    return [x / norm, y / norm];
  }
}

/** Place of the first entry that is not below `value`. */
function rankOf(value: number, ascending: Float64Array): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
