import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parameterisation as schema } from '../../contract/plans.ts';
import { Random } from '../../platform/random.ts';
import type { SearchField } from '../model.ts';
import { fourierMap } from './fourier.ts';
import { createParameterisation, type Parameterisation } from './parameterisation.ts';
import { blurFrames, blurTime, preconditioner, temporalSigmaS } from './smoothing.ts';

const reference = JSON.parse(
  readFileSync(new URL('../optimisers/fixtures/first_order.json', import.meta.url), 'utf8'),
) as {
  fourier: { n: number; exponent: number; image: number[]; gradient: number[] }[];
  blur: { space: { sigma: number; image: number[] }[]; time: { sigma: number; values: number[] }[] };
  precondition: { exponent: number; gradient: number[] }[];
};

const field: SearchField = { sizePx: 12, fieldOfViewDeg: 3, background: 0.5 };
const constraints = { meanLuminance: 0.45, range: [0.1, 0.9] as [number, number] };
const make = (options: object, on = field): Parameterisation =>
  createParameterisation(schema.parse(options), constraints, on);

const draw = (length: number, seed: number, scale = 1): Float64Array => {
  const random = Random.fromSeed(seed, 'values');
  return Float64Array.from({ length }, () => scale * random.normal());
};
const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
};
const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs((a[i] as number) - (b[i] as number)));
  return largest;
};

const all: object[] = [
  { type: 'pixels' },
  { type: 'fourier', exponent: 1 },
  { type: 'fourier', exponent: 0.5 },
  { type: 'low-resolution', pxPerDeg: 2, upsampling: 'bilinear' },
  { type: 'low-resolution', cutoffCpd: 1 },
];

describe('parameterisations', () => {
  it.each(all)('%o: the pullback is the adjoint, frame by frame', (options) => {
    for (const frames of [1, 3]) {
      const map = make(options);
      const theta = draw(frames * map.size, 1);
      const values = draw(frames * 144, 2);
      const image = map.decode(theta).map((value) => value - constraints.meanLuminance);
      expect(image).toHaveLength(frames * 144);
      const scale = Math.sqrt(dot(image, image) * dot(values, values));
      expect(Math.abs(dot(image, values) - dot(theta, map.pullback(values, theta)))).toBeLessThan(1e-13 * scale);
    }
  });

  it.each(all)('%o: what it can show is encoded and decoded exactly', (options) => {
    for (const on of [field, { ...field, sizePx: 13 }]) {
      const map = make(options, on);
      const shown = map.decode(draw(2 * map.size, 3, 0.1));
      expect(largestDifference(map.decode(map.encode(shown)), shown)).toBeLessThan(1e-12);
    }
  });

  it.each([{ type: 'pixels' }, { type: 'fourier', exponent: 1.5 }])('%o shows every image', (options) => {
    const image = draw(144, 4, 0.1).map((value) => 0.5 + value);
    const map = make(options);
    expect(largestDifference(map.decode(map.encode(image)), image)).toBeLessThan(1e-12);
  });

  it.each([
    { type: 'low-resolution', pxPerDeg: 2, upsampling: 'bilinear' },
    { type: 'low-resolution', cutoffCpd: 1 },
  ])('%o: the encoding is the nearest image in least squares', (options) => {
    const map = make(options);
    const image = draw(144, 5, 0.1).map((value) => 0.5 + value);
    const theta = map.encode(image);
    const residual = map.decode(theta).map((value, i) => value - (image[i] as number));
    // The gradient of the squared distance vanishes.
    for (const slope of map.pullback(residual, theta)) expect(Math.abs(slope)).toBeLessThan(1e-12);
  });

  it.each([
    { type: 'pixels', squash: 'sigmoid' },
    { type: 'fourier', squash: 'sigmoid' },
  ])('%o keeps to the range, and its pullback agrees with differences', (options) => {
    const map = make(options);
    const theta = draw(map.size, 6);
    const image = map.decode(theta.map((value) => 30 * value));
    expect(Math.min(...image)).toBeGreaterThanOrEqual(0.1);
    expect(Math.max(...image)).toBeLessThanOrEqual(0.9);
    const values = draw(144, 7);
    const gradient = map.pullback(values, theta);
    for (const at of [0, 5, map.size - 3]) {
      const moved = (by: number) => dot(values, map.decode(theta.map((value, i) => (i === at ? value + by : value))));
      expect(gradient[at]).toBeCloseTo((moved(1e-5) - moved(-1e-5)) / 2e-5, 7);
    }
    const inside = map.decode(theta);
    expect(largestDifference(map.decode(map.encode(inside)), inside)).toBeLessThan(1e-9);
  });

  it('Fourier images and gradients are those of PyTorch', () => {
    for (const { n, exponent, image, gradient } of reference.fourier) {
      const map = fourierMap(n, exponent);
      const theta = Float64Array.from({ length: map.size }, (_, i) => (((i * 7) % 13) - 6) / 10);
      const values = Float64Array.from({ length: n * n }, (_, i) => (((i * 5) % 11) - 5) / 10);
      expect(largestDifference(map.forward(theta), image)).toBeLessThan(1e-12);
      expect(largestDifference(map.adjoint(values), gradient)).toBeLessThan(1e-12);
    }
  });

  it('a band-limited grid holds the frequencies up to its cutoff and no other', () => {
    const map = make({ type: 'low-resolution', cutoffCpd: 1 });
    // 3 cycles across the field are 1 cpd.
    const wave = (cycles: number) =>
      Float64Array.from(
        { length: 144 },
        (_, i) => 0.45 + 0.1 * Math.cos((2 * Math.PI * cycles * ((i % 12) + 0.3)) / 12),
      );
    expect(largestDifference(map.decode(map.encode(wave(3))), wave(3))).toBeLessThan(1e-12);
    expect(largestDifference(map.decode(map.encode(wave(4))), wave(0).fill(0.45))).toBeLessThan(1e-12);
  });

  it('refuses grids that are finer than the raster or hold nothing, and unclear ones', () => {
    expect(() => make({ type: 'low-resolution', pxPerDeg: 5, upsampling: 'bilinear' })).toThrow(
      /5 samples per degree would have 15 × 15 samples on this twin's 12 × 12 pixels.*less than 4 samples/,
    );
    expect(() => make({ type: 'low-resolution', cutoffCpd: 0.1 })).toThrow(/1 × 1 samples.*at least 2/);
    expect(() => make({ type: 'low-resolution' })).toThrow(/either pxPerDeg or cutoffCpd/);
    expect(() => make({ type: 'low-resolution', cutoffCpd: 1, pxPerDeg: 2 })).toThrow(/either pxPerDeg or cutoffCpd/);
  });
});

describe('smoothing', () => {
  it('in space and in time is that of SciPy', () => {
    for (const { sigma, image } of reference.blur.space) {
      const values = Float64Array.from({ length: 49 }, (_, i) => ((i * 7) % 13) / 10);
      blurFrames(values, 7, sigma);
      expect(largestDifference(values, image)).toBeLessThan(1e-13);
    }
    for (const { sigma, values: expected } of reference.blur.time) {
      const values = Float64Array.from({ length: 15 }, (_, i) => ((i * 7) % 13) / 10);
      blurTime(values, 3, sigma);
      expect(largestDifference(values, expected)).toBeLessThan(1e-13);
    }
  });

  it('in time halves the amplitude at its cutoff', () => {
    const [cutoffHz, frameRateHz] = [5, 100];
    const sigma = temporalSigmaS(cutoffHz) * frameRateHz;
    const values = Float64Array.from({ length: 400 }, (_, i) => Math.cos((2 * Math.PI * cutoffHz * i) / frameRateHz));
    blurTime(values, 1, sigma);
    expect(values[200]).toBeCloseTo(0.5, 4);
  });

  it('of a gradient by spatial frequency is that of NumPy', () => {
    const gradient = Float32Array.from({ length: 49 }, (_, i) => (((i * 7) % 13) - 6) / 10);
    const doubled = gradient.map((value) => 2 * value);
    for (const { exponent, gradient: expected } of reference.precondition) {
      // Three gradients, one of them of two frames, share their transforms and stay apart.
      const clip = Float32Array.from([...gradient, ...doubled]);
      const [first, second, third] = preconditioner(7, exponent)([gradient, clip, doubled]);
      const twice = expected.map((value) => 2 * value);
      expect(largestDifference(first as Float64Array, expected)).toBeLessThan(1e-7);
      expect(largestDifference(second as Float64Array, [...expected, ...twice])).toBeLessThan(1e-7);
      expect(largestDifference(third as Float64Array, twice)).toBeLessThan(1e-7);
    }
  });
});
