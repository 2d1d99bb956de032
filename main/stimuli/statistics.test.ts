import { describe, expect, it } from 'vitest';
import { stimulusSpec } from '../contract/stimuli.ts';
import { fft, fft2 } from './fft.ts';
import { renderSpec } from './render.ts';
import { contrastRms, histogram, mean, radialSpectrum, range } from './statistics.ts';

const raster = { sizePx: 224, fieldOfViewDeg: 8, background: 0.5 };

describe('luminance statistics', () => {
  it('weighs by the aperture', () => {
    // Weighted mean (1·1 + 3·3)/4 = 2.5, variance (1·2.25 + 3·.25)/4 = .75.
    expect(mean([1, 3, 100], [1, 3, 0])).toBe(2.5);
    expect(contrastRms([1, 3, 100], [1, 3, 0])).toBeCloseTo(Math.sqrt(0.75) / 2.5, 14);
    expect(range([0.2, 0.9, 0.1])).toEqual({ min: 0.1, max: 0.9 });
  });

  it('counts 1 in the last bin', () => {
    expect(histogram([0, 0.24, 0.5, 1], 4)).toEqual([0.5, 0, 0.25, 0.25]);
  });

  it('finds the RMS contrast of a full-field grating, c/√2', () => {
    const grating = stimulusSpec.parse({
      type: 'grating',
      orientationDeg: 90,
      spatialFrequencyCpd: 2,
      contrast: 0.6,
      diameterDeg: 40,
    });
    expect(contrastRms(renderSpec(grating, raster))).toBeCloseTo(0.6 / Math.SQRT2, 6);
  });
});

describe('the spectrum', () => {
  it.each([
    [0, 1],
    [30, 2.5],
    [45, 6],
    [90, 12],
  ])('peaks at the grating’s frequency: %d°, %d cpd', (orientationDeg, spatialFrequencyCpd) => {
    for (const type of ['grating', 'gabor']) {
      const spec = stimulusSpec.parse({
        type,
        orientationDeg,
        spatialFrequencyCpd,
        ...(type === 'grating' ? { diameterDeg: 7 } : { sigmaDeg: 1.2 }),
      });
      const spectrum = radialSpectrum(renderSpec(spec, raster), raster);
      const peak = spectrum.reduce((best, ring) => (ring.amplitude > best.amplitude ? ring : best));
      // Rings are 1/8 cpd wide.
      expect(Math.abs(peak.cpd - spatialFrequencyCpd)).toBeLessThanOrEqual(0.125);
      expect(peak.amplitude).toBe(1);
    }
  });

  it('falls as 1/f for pink noise and is flat for white', () => {
    const slope = (spectrum: 'pink' | 'white') => {
      const sums = new Map<number, number>();
      for (let seed = 0; seed < 6; seed++) {
        const spec = stimulusSpec.parse({ type: 'noise', spectrum, contrastRms: 0.15, diameterDeg: 12, seed });
        for (const { cpd, amplitude } of radialSpectrum(renderSpec(spec, raster), raster)) {
          sums.set(cpd, (sums.get(cpd) ?? 0) + amplitude);
        }
      }
      const points = [...sums]
        .filter(([cpd]) => cpd >= 1 && cpd <= 10)
        .map(([cpd, sum]) => [Math.log(cpd), Math.log(sum)]);
      const mx = points.reduce((s, p) => s + (p[0] as number), 0) / points.length;
      const my = points.reduce((s, p) => s + (p[1] as number), 0) / points.length;
      const xy = points.reduce((s, p) => s + ((p[0] as number) - mx) * ((p[1] as number) - my), 0);
      return xy / points.reduce((s, p) => s + ((p[0] as number) - mx) ** 2, 0);
    };
    expect(slope('pink')).toBeGreaterThan(-1.15);
    expect(slope('pink')).toBeLessThan(-0.85);
    expect(Math.abs(slope('white'))).toBeLessThan(0.08);
  });

  it('is zero for a blank', () => {
    const spectrum = radialSpectrum(renderSpec({ type: 'blank' }, raster), raster);
    expect(spectrum).toHaveLength(112);
    expect(spectrum.every((ring) => ring.amplitude === 0)).toBe(true);
    expect(spectrum.at(-1)?.cpd).toBe(14);
  });
});

describe('the Fourier transform', () => {
  it('equals the defining sum', () => {
    const n = 16;
    const re = Float64Array.from({ length: n }, (_, j) => ((j * 37) % 11) - 5);
    const im = Float64Array.from({ length: n }, (_, j) => ((j * 13) % 7) - 3);
    const [a, b] = [re.slice(), im.slice()];
    fft(a, b);
    for (let k = 0; k < n; k++) {
      let sumRe = 0;
      let sumIm = 0;
      for (let j = 0; j < n; j++) {
        const angle = (-2 * Math.PI * j * k) / n;
        sumRe += (re[j] as number) * Math.cos(angle) - (im[j] as number) * Math.sin(angle);
        sumIm += (re[j] as number) * Math.sin(angle) + (im[j] as number) * Math.cos(angle);
      }
      expect(a[k]).toBeCloseTo(sumRe, 11);
      expect(b[k]).toBeCloseTo(sumIm, 11);
    }
  });

  it('puts a plane wave into one bin, rows being the second axis', () => {
    const n = 8;
    const real = Float64Array.from({ length: 64 }, (_, at) =>
      Math.cos((2 * Math.PI * (3 * (at >> 3) + 2 * (at % 8))) / n),
    );
    const imaginary = Float64Array.from({ length: 64 }, (_, at) =>
      Math.sin((2 * Math.PI * (3 * (at >> 3) + 2 * (at % 8))) / n),
    );
    fft2(real, imaginary, n);
    expect(real[3 * n + 2]).toBeCloseTo(64, 11);
    expect(real.reduce((sum, value) => sum + Math.abs(value), 0)).toBeCloseTo(64, 10);
  });

  it('refuses other sizes', () => {
    expect(() => fft(new Float64Array(12), new Float64Array(12))).toThrow(/power-of-two/);
  });
});
