/** Pieces that texture families are drawn with, all on a torus of 256 px. */
import type { Random } from '../../../main/platform/random.ts';
import { fft2 } from '../../../main/stimuli/fft.ts';

export const n = 256;

/** Distance on the torus along one axis, between −n/2 and n/2. */
export const around = (d: number): number => d - n * Math.round(d / n);

export interface Element {
  x: number;
  y: number;
  angle: number;
  size: number;
  value: number;
}

export function scatter(random: Random, count: number, sizes: readonly [number, number]): Element[] {
  return Array.from({ length: count }, () => ({
    x: n * random.uniform(),
    y: n * random.uniform(),
    angle: Math.PI * random.uniform(),
    size: sizes[0] + (sizes[1] - sizes[0]) * random.uniform(),
    value: random.uniform() < 0.5 ? -1 : 1,
  }));
}

/** Paints elements over one another: `cover` gives the coverage (0 … 1) at a place in the element's own axes. */
export function painted(
  elements: readonly Element[],
  reach: number,
  cover: (along: number, across: number, size: number) => number,
  shade: (element: Element, along: number, across: number) => number = ({ value }) => value,
): Float64Array {
  const image = new Float64Array(n * n);
  for (const element of elements) {
    const [c, s] = [Math.cos(element.angle), Math.sin(element.angle)];
    const far = Math.ceil(reach * element.size) + 1;
    const [x0, y0] = [Math.round(element.x), Math.round(element.y)];
    for (let dy = -far; dy <= far; dy++) {
      for (let dx = -far; dx <= far; dx++) {
        const [ox, oy] = [around(x0 + dx - element.x), around(y0 + dy - element.y)];
        const [along, across] = [ox * c + oy * s, oy * c - ox * s];
        const part = cover(along, across, element.size);
        if (part <= 0) continue;
        const at = ((y0 + dy + 2 * n) % n) * n + ((x0 + dx + 2 * n) % n);
        image[at] += Math.min(1, part) * (shade(element, along, across) - image[at]);
      }
    }
  }
  return image;
}

export const disc = (along: number, across: number, size: number) => size - Math.hypot(along, across) + 0.5;
export const bar = (width: number) => (along: number, across: number, size: number) =>
  Math.min(size - Math.abs(along), width - Math.abs(across)) + 0.5;

/** Distances to the nearest and second nearest of some points, and which is nearest. */
export function voronoi(
  random: Random,
  count: number,
): { first: Float64Array; second: Float64Array; owner: Int32Array } {
  const points = scatter(random, count, [1, 1]);
  const result = { first: new Float64Array(n * n), second: new Float64Array(n * n), owner: new Int32Array(n * n) };
  for (let at = 0; at < n * n; at++) {
    let [first, second, owner] = [Infinity, Infinity, 0];
    for (const [i, { x, y }] of points.entries()) {
      const d = Math.hypot(around((at % n) - x), around(Math.floor(at / n) - y));
      if (d < first) [first, second, owner] = [d, first, i];
      else if (d < second) second = d;
    }
    result.first[at] = first;
    result.second[at] = second;
    result.owner[at] = owner;
  }
  return result;
}

/** Gaussian noise whose amplitude follows `gain` of the frequency in cycles per image. */
export function noise(random: Random, gain: (frequency: number) => number): Float64Array {
  const real = Float64Array.from({ length: n * n }, () => random.normal());
  const imaginary = new Float64Array(n * n);
  fft2(real, imaginary, n);
  for (let at = 0; at < n * n; at++) {
    const frequency = Math.hypot(around(at % n), around(Math.floor(at / n)));
    const factor = frequency === 0 ? 0 : gain(frequency);
    real[at] *= factor;
    // Conjugated, so that the next transform is the inverse one but for scale and reflection.
    imaginary[at] *= -factor;
  }
  fft2(real, imaginary, n);
  return real;
}

export const bandAround = (centre: number, octaves: number) => (f: number) =>
  Math.exp(-((Math.log2(f / centre) / octaves) ** 2));
export const sign = (image: Float64Array, at = 0) => image.map((value) => (value > at ? 1 : -1));
export const standardised = (image: Float64Array): Float64Array => {
  const mean = image.reduce((sum, value) => sum + value, 0) / image.length;
  const sd = Math.sqrt(image.reduce((sum, value) => sum + (value - mean) ** 2, 0) / image.length);
  return image.map((value) => (value - mean) / sd);
};

export function lattice(random: Random, period: number, jitter: number): Element[] {
  const cells = Math.round(n / period);
  return Array.from({ length: cells * cells }, (_, i) => ({
    x: ((i % cells) + 0.5 + jitter * (random.uniform() - 0.5)) * (n / cells),
    y: (Math.floor(i / cells) + 0.5 + jitter * (random.uniform() - 0.5)) * (n / cells),
    angle: 0.3 * (random.uniform() - 0.5),
    size: (0.3 + 0.08 * random.uniform()) * (n / cells),
    value: 1,
  }));
}

export const square = (a: number, b: number, size: number) => size - Math.max(Math.abs(a), Math.abs(b)) + 0.5;

/** Draws one sample of each family. */
export type Families = Record<string, (random: Random) => Float64Array>;
