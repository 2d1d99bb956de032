import { describe, expect, it } from 'vitest';
import type { Constraints } from '../../contract/plans.ts';
import { Random } from '../../platform/random.ts';
import { createConstraints } from './constraints.ts';
import { NoiseImages } from '../spaces/noise.ts';
import { projectDeviation } from './projection.ts';
import { measureResiduals, weightedStatistics } from './residuals.ts';

const field = { sizePx: 40, fieldOfViewDeg: 4, background: 0.5 };
const plain: Constraints = { meanLuminance: 0.5, contrastRms: 0.15, range: [0, 1] };

describe('projection onto the constraints', () => {
  it('meets them exactly for 500 random images and constraints', () => {
    const random = Random.fromSeed(1, 'images');
    let done = 0;
    for (let trial = 0; done < 500; trial++) {
      const low = trial % 2 === 0 ? 0 : 0.3 * random.uniform();
      const high = trial % 2 === 0 ? 1 : 0.7 + 0.3 * random.uniform();
      const mean = low + (0.25 + 0.5 * random.uniform()) * (high - low);
      const aperture =
        trial % 3 === 0
          ? undefined
          : {
              xDeg: random.normal() / 4,
              yDeg: random.normal() / 4,
              diameterDeg: 0.6 + 3 * random.uniform(),
              edgeDeg: 0.5 * random.uniform(),
            };
      const largest = Math.sqrt((mean - low) * (high - mean)) / mean;
      const contrastRms = largest * (0.02 + 0.68 * random.uniform());
      const constraints: Constraints = { meanLuminance: mean, contrastRms, range: [low, high], aperture };
      let set: ReturnType<typeof createConstraints>;
      try {
        set = createConstraints(constraints, field);
      } catch {
        // Wide edges lower the largest contrast: those sets are refused, which is tested below.
        continue;
      }
      const power = 1 + 2 * (trial % 2);
      const image = Float32Array.from({ length: field.sizePx ** 2 }, () => mean + 0.2 * random.normal() ** power);
      const projected = set.project(image, trial);
      const residuals = measureResiduals(projected, set.weights, constraints);
      expect(residuals.meanLuminance).toBeLessThan(1e-6);
      expect(residuals.contrastRms).toBeLessThan(1e-6);
      expect(residuals.range).toBe(0);
      let beyondFade = 0;
      for (const [i, luminance] of projected.entries()) {
        const a = set.weights[i] as number;
        const room = a * (luminance > field.background ? high - field.background : field.background - low) + 6e-8;
        beyondFade = Math.max(beyondFade, Math.abs(luminance - field.background) - (a === 0 ? 0 : room));
      }
      expect(beyondFade).toBe(0);
      done++;
    }
    expect(done).toBe(500);
  });

  it('projects a clip as one volume: mean and contrast over its frames, range per pixel', () => {
    const aperture = { xDeg: 0.3, yDeg: -0.2, diameterDeg: 2, edgeDeg: 0.4 };
    const constraints: Constraints = { meanLuminance: 0.5, contrastRms: 0.3, range: [0.1, 0.9], aperture };
    const set = createConstraints(constraints, field);
    const random = Random.fromSeed(5, 'clip');
    const pixels = field.sizePx ** 2;
    // Frames of contrast 1 : .5 : 0, at other means.
    const clip = Float32Array.from({ length: 3 * pixels }, (_, i) => {
      const frame = Math.floor(i / pixels);
      return 0.4 + 0.1 * frame + 0.25 * (1 - frame / 2) * random.normal();
    });
    const projected = set.project(clip, 1);
    const residuals = measureResiduals(projected, set.weights, constraints);
    expect(residuals.meanLuminance).toBeLessThan(1e-6);
    expect(residuals.contrastRms).toBeLessThan(1e-6);
    expect(residuals.range).toBe(0);
    const contrasts = [0, 1, 2].map(
      (frame) => weightedStatistics(projected.subarray(frame * pixels, (frame + 1) * pixels), set.weights).contrastRms,
    );
    expect(contrasts[0]).toBeGreaterThan(1.3 * (contrasts[1] as number));
    // What was uniform stays it but for the fading into the background.
    const flat = projected.subarray(2 * pixels).filter((_, i) => set.weights[i] === 1);
    expect(Math.max(...flat) - Math.min(...flat)).toBeLessThan(1e-6);
    // Clips of another length, and single frames afterwards, have bounds of their own.
    expect(set.project(clip.subarray(0, pixels), 1)).toEqual(
      createConstraints(constraints, field).project(clip.slice(0, pixels), 1),
    );
    expect(set.project(clip.subarray(0, 2 * pixels), 1)).toEqual(
      createConstraints(constraints, field).project(clip.slice(0, 2 * pixels), 1),
    );
  });

  it('leaves the background around the aperture, whatever the mean', () => {
    const aperture = { xDeg: 0.2, yDeg: 0, diameterDeg: 2, edgeDeg: 0.5 };
    const constraints: Constraints = { meanLuminance: 0.53, contrastRms: 0.2, range: [0, 1], aperture };
    const set = createConstraints(constraints, field);
    const image = new NoiseImages(set, 'pink', 1, 'test').image(0);
    const outside = [...image].filter((_, i) => set.weights[i] === 0);
    expect(outside.length).toBeGreaterThan(800);
    expect(outside.every((luminance) => luminance === 0.5)).toBe(true);
    const { mean, contrastRms } = weightedStatistics(image, set.weights);
    expect(mean).toBeCloseTo(0.53, 6);
    expect(contrastRms).toBeCloseTo(0.2, 6);
  });

  it('measures a hand-computed image', () => {
    const image = Float32Array.of(0.25, 0.75, 0.25, 0.75);
    expect(weightedStatistics(image, new Float64Array(4).fill(1))).toEqual({ mean: 0.5, contrastRms: 0.5 });
    expect(weightedStatistics(image, Float64Array.of(1, 1, 0, 2))).toEqual({
      mean: 0.625,
      contrastRms: expect.closeTo((Math.sqrt(3 / 4) * 0.25) / 0.625, 12),
    });
    const residuals = measureResiduals(Float32Array.of(-0.5, 1.25, 0.5, 0.75), new Float64Array(4).fill(1), plain);
    expect(residuals.range).toBe(0.5);
    expect(residuals.meanLuminance).toBeCloseTo(0, 12);
  });

  it('is the nearest feasible point: no sampled one of a small problem is nearer', () => {
    const random = Random.fromSeed(2, 'small problems');
    for (let trial = 0; trial < 40; trial++) {
      const n = 4;
      const weight = Float64Array.from({ length: n }, () => 0.3 + 0.7 * random.uniform());
      const below = weight.map((a) => a * 0.4);
      const above = weight.map((a) => a * 0.6);
      const target = Float64Array.from({ length: n }, () => random.normal());
      let total = 0;
      for (const a of weight) total += a;
      const sumOfSquares = (0.02 + 0.08 * random.uniform()) ** 2 * total;
      const found = projectDeviation({ target, weight, below, above, sumOfSquares, seed: 1 });
      const distance = (d: ArrayLike<number>): number => {
        let sum = 0;
        for (let k = 0; k < n; k++) sum += (weight[k] as number) * ((d[k] as number) - (target[k] as number)) ** 2;
        return sum;
      };
      const least = distance(found);
      let nearest = Infinity;
      for (let sample = 0; sample < 8_000; sample++) {
        const raw = Array.from({ length: n }, () => random.normal());
        let mean = 0;
        for (let k = 0; k < n; k++) mean += ((weight[k] as number) * (raw[k] as number)) / total;
        let squares = 0;
        for (let k = 0; k < n; k++) squares += (weight[k] as number) * ((raw[k] as number) - mean) ** 2;
        const point = raw.map((v) => (v - mean) * Math.sqrt(sumOfSquares / squares));
        const inside = point.every((d, k) => d <= (above[k] as number) && -d <= (below[k] as number));
        if (inside) nearest = Math.min(nearest, distance(point));
      }
      expect(nearest).toBeGreaterThan(least - 1e-9);
      // The samples come close, so the comparison is not empty.
      expect(nearest).toBeLessThan(least * 1.15 + 0.02);
    }
  });

  it('leaves a feasible image where it is', () => {
    const set = createConstraints({ ...plain, contrastRms: 0.3 }, field);
    const once = new NoiseImages(set, 'pink', 3, 'test').image(0);
    const twice = set.project(once, 1);
    for (let i = 0; i < once.length; i++) {
      expect(Math.abs((once[i] as number) - (twice[i] as number))).toBeLessThan(2e-7);
    }
  });

  it('gives a uniform image, an outlier and a binary image the wanted contrast, the same for the same seed', () => {
    const set = createConstraints(plain, field);
    const pixels = field.sizePx ** 2;
    for (const image of [
      new Float32Array(pixels).fill(0.3),
      Float32Array.from({ length: pixels }, (_, i) => (i === 777 ? 1 : 0.5)),
      Float32Array.from({ length: pixels }, (_, i) => (i % 7 < 3 ? 0 : 1)),
    ]) {
      const first = set.project(image, 5);
      expect(measureResiduals(first, set.weights, plain).contrastRms).toBeLessThan(1e-6);
      expect(set.project(image, 5)).toEqual(first);
    }
    const uniform = new Float32Array(pixels).fill(0.3);
    expect(set.project(uniform, 6)).not.toEqual(set.project(uniform, 5));
  });

  it('refuses pixels that are not numbers', () => {
    const image = new Float32Array(field.sizePx ** 2);
    image[3] = NaN;
    expect(() => createConstraints(plain, field).project(image, 1)).toThrow(/not numbers/);
  });
});

describe('constraints that cannot be met', () => {
  const refusal = (constraints: Partial<Constraints>): string => {
    try {
      createConstraints({ ...plain, ...constraints }, field);
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  };

  it('refuses a mean that cannot fade into the background, and a contrast below that of the fade', () => {
    const aperture = { xDeg: 0, yDeg: 0, diameterDeg: 2, edgeDeg: 1 };
    expect(refusal({ aperture, meanLuminance: 0.95 })).toMatch(/mean luminance of 0\.95 cannot be reached/);
    expect(refusal({ aperture, range: [0.55, 1], meanLuminance: 0.7 })).toMatch(
      /background of 0\.5 .* outside the range/,
    );
    const message = refusal({ aperture, meanLuminance: 0.7, contrastRms: 0.01 });
    const feasible = Number(/Raise the RMS contrast to ([\d.]+)/.exec(message)?.[1]);
    expect(feasible).toBeGreaterThan(0.01);
    const constraints: Constraints = { ...plain, aperture, meanLuminance: 0.7, contrastRms: feasible };
    const set = createConstraints(constraints, field);
    const image = new NoiseImages(set, 'white', 1, 'test').image(0);
    expect(measureResiduals(image, set.weights, constraints).contrastRms).toBeLessThan(1e-6);
  });

  it('names the RMS contrast and the nearest feasible one, which then works', () => {
    // All pixels at 0 or 1 with a mean of .6: sd = √(.6·.4), over .6 = .816.
    const message = refusal({ contrastRms: 0.9, meanLuminance: 0.6 });
    expect(message).toMatch(/RMS contrast of 0\.9 cannot be reached.*at most 0\.812/);
    expect(refusal({ contrastRms: 0.812, meanLuminance: 0.6 })).toBe('');
    const set = createConstraints({ ...plain, contrastRms: 0.812, meanLuminance: 0.6 }, field);
    const image = new NoiseImages(set, 'white', 1, 'test').image(0);
    expect(measureResiduals(image, set.weights, set.constraints).contrastRms).toBeLessThan(1e-6);
    expect(refusal({ contrastRms: 0.99 })).toBe('');
    expect(refusal({ contrastRms: 0.5, range: [0.4, 0.6] })).toMatch(/range of 0\.4 to 0\.6 it is at most 0\.199/);
  });

  it('names the mean luminance outside the range', () => {
    expect(refusal({ meanLuminance: 0.2, range: [0.3, 0.9] })).toMatch(
      /mean luminance of 0\.2 .* 0\.3 to 0\.9.*near 0\.6/,
    );
  });

  it('names an aperture that is too small, too soft or outside the field', () => {
    const base = { xDeg: 0, yDeg: 0, edgeDeg: 0 };
    expect(refusal({ aperture: { ...base, diameterDeg: 0.05 } })).toMatch(
      /smaller than one pixel of this twin \(0\.1°\)/,
    );
    expect(refusal({ aperture: { ...base, diameterDeg: 0.5, edgeDeg: 0.6 } })).toMatch(/wider than its diameter/);
    expect(refusal({ aperture: { ...base, xDeg: 9, diameterDeg: 1 } })).toMatch(/covers 0 pixels/);
  });
});

describe('noise', () => {
  it('has a flat or a 1/f spectrum', () => {
    const set = createConstraints({ ...plain, contrastRms: 0.1 }, { ...field, sizePx: 64 });
    const slopeOf = (spectrum: 'white' | 'pink'): number => {
      const noise = new NoiseImages(set, spectrum, 1, 'spectrum');
      // Power of horizontal components at 3 and 12 cycles per image, by the definition of the Fourier sum.
      const power = [3, 12].map((cycles) => {
        let sum = 0;
        for (let index = 0; index < 40; index++) {
          const image = noise.image(index);
          for (let row = 0; row < 64; row++) {
            let re = 0;
            let im = 0;
            for (let column = 0; column < 64; column++) {
              const angle = (2 * Math.PI * cycles * column) / 64;
              re += (image[row * 64 + column] as number) * Math.cos(angle);
              im += (image[row * 64 + column] as number) * Math.sin(angle);
            }
            sum += re * re + im * im;
          }
        }
        return sum;
      });
      return Math.log2((power[1] as number) / (power[0] as number)) / 2;
    };
    // A one-dimensional cut through 1/f² power integrates to 1/f.
    expect(slopeOf('white')).toBeCloseTo(0, 0);
    expect(Math.abs(slopeOf('white'))).toBeLessThan(0.15);
    expect(slopeOf('pink')).toBeGreaterThan(-1.3);
    expect(slopeOf('pink')).toBeLessThan(-0.8);
  });

  it('has a flat or a 1/f spectrum in time', () => {
    const frames = 16;
    const sizePx = 16;
    const set = createConstraints({ ...plain, contrastRms: 0.05 }, { ...field, sizePx, frames });
    // Mean power at 0, 1, 2, 4 and 8 cycles per clip over pixels and clips, by the definition of the Fourier sum.
    const powers = (spectrum: 'white' | 'pink'): number[] => {
      const noise = new NoiseImages(set, spectrum, 1, 'time', frames);
      const clips = Array.from({ length: 60 }, (_, index) => noise.image(index));
      return [0, 1, 2, 4, 8].map((cycles) => {
        let sum = 0;
        for (const clip of clips) {
          for (let at = 0; at < sizePx ** 2; at++) {
            let re = 0;
            let im = 0;
            for (let frame = 0; frame < frames; frame++) {
              const angle = (2 * Math.PI * cycles * frame) / frames;
              re += ((clip[frame * sizePx ** 2 + at] as number) - 0.5) * Math.cos(angle);
              im += ((clip[frame * sizePx ** 2 + at] as number) - 0.5) * Math.sin(angle);
            }
            sum += re * re + im * im;
          }
        }
        return sum;
      });
    };
    for (const [spectrum, expected] of [
      ['white', [1, 1, 1, 1, 1]],
      ['pink', [1, 1, 1 / 4, 1 / 16, 1 / 64]],
    ] as const) {
      const found = powers(spectrum);
      for (const [i, share] of expected.entries()) {
        const ratio = (found[i] as number) / (found[1] as number) / share;
        expect(ratio).toBeGreaterThan(0.85);
        expect(ratio).toBeLessThan(1.15);
      }
    }
  });

  it('depends on seed, stream and index alone; both images of a pair are unlike', () => {
    const set = createConstraints(plain, field);
    const noise = new NoiseImages(set, 'pink', 1, 'a');
    const third = noise.image(3);
    expect(new NoiseImages(set, 'pink', 1, 'a').image(3)).toEqual(third);
    expect(noise.image(2)).not.toEqual(third);
    expect(new NoiseImages(set, 'pink', 2, 'a').image(3)).not.toEqual(third);
    expect(new NoiseImages(set, 'pink', 1, 'b').image(3)).not.toEqual(third);
    const [a, b] = [noise.image(0), noise.image(1)];
    let dot = 0;
    for (let i = 0; i < a.length; i++) dot += ((a[i] as number) - 0.5) * ((b[i] as number) - 0.5);
    expect(Math.abs(dot / (a.length * 0.075 ** 2))).toBeLessThan(0.5);
  });

  it('inverts contrast exactly where the range allows', () => {
    const set = createConstraints({ ...plain, contrastRms: 0.05 }, field);
    const noise = new NoiseImages(set, 'white', 1, 'a');
    const [image, reversed] = [noise.image(0), noise.image(0, true)];
    for (let i = 0; i < image.length; i++) expect((image[i] as number) + (reversed[i] as number)).toBeCloseTo(1, 6);
  });
});
