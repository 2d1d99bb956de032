/** What an image measures: luminance, contrast, histogram and spectrum, in double precision. */
import { cos } from '../platform/exactMath.ts';
import { binFrequency, fft2, nextPowerOfTwo } from './fft.ts';

const weightAt = (weights: ArrayLike<number> | undefined, index: number): number =>
  weights === undefined ? 1 : (weights[index] as number);

/** Mean luminance, weighted by an aperture's weights where given. */
export function mean(luminance: ArrayLike<number>, weights?: ArrayLike<number>): number {
  let sum = 0;
  let total = 0;
  for (let index = 0; index < luminance.length; index++) {
    const weight = weightAt(weights, index);
    sum += weight * (luminance[index] as number);
    total += weight;
  }
  return sum / total;
}

/** RMS contrast sd(L)/mean(L), population standard deviation, both weighted by the aperture. */
export function contrastRms(luminance: ArrayLike<number>, weights?: ArrayLike<number>): number {
  const centre = mean(luminance, weights);
  let sum = 0;
  let total = 0;
  for (let index = 0; index < luminance.length; index++) {
    const weight = weightAt(weights, index);
    const deviation = (luminance[index] as number) - centre;
    sum += weight * deviation * deviation;
    total += weight;
  }
  return Math.sqrt(sum / total) / centre;
}

export function range(luminance: ArrayLike<number>): { min: number; max: number } {
  let min = Infinity;
  let max = -Infinity;
  for (let index = 0; index < luminance.length; index++) {
    const value = luminance[index] as number;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min, max };
}

/** Fraction of pixels in equal bins of linear luminance over 0 … 1; the last bin includes 1. */
export function histogram(luminance: ArrayLike<number>, bins = 32): number[] {
  const counts = Array.from({ length: bins }, () => 0);
  for (let index = 0; index < luminance.length; index++) {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor((luminance[index] as number) * bins)));
    counts[bin] = (counts[bin] as number) + 1;
  }
  return counts.map((count) => count / luminance.length);
}

/**
 * Radially averaged amplitude spectrum of L − mean(L), relative to its maximum, in rings one cycle per field of view
 * wide up to the Nyquist limit. The outer tenth of the field is tapered so that its border does not appear in it.
 */
export function radialSpectrum(
  luminance: ArrayLike<number>,
  raster: { sizePx: number; fieldOfViewDeg: number },
): { cpd: number; amplitude: number }[] {
  const { sizePx, fieldOfViewDeg } = raster;
  const centre = mean(luminance);
  const n = nextPowerOfTwo(sizePx);
  const taperPx = Math.max(1, Math.round(sizePx / 10));
  const taper = Float64Array.from({ length: sizePx }, (_, index) => {
    const fromBorder = Math.min(index, sizePx - 1 - index) + 0.5;
    return fromBorder >= taperPx ? 1 : 0.5 * (1 - cos((Math.PI * fromBorder) / taperPx));
  });
  const real = new Float64Array(n * n);
  const imaginary = new Float64Array(n * n);
  for (let row = 0; row < sizePx; row++) {
    for (let column = 0; column < sizePx; column++) {
      const weight = (taper[row] as number) * (taper[column] as number);
      real[row * n + column] = weight * ((luminance[row * sizePx + column] as number) - centre);
    }
  }
  fft2(real, imaginary, n);
  // One ring is one cycle per field of view; a transform bin is sizePx / n of that.
  const rings = Math.floor(sizePx / 2);
  const sums = new Float64Array(rings + 1);
  const counts = new Float64Array(rings + 1);
  for (let row = 0; row < n; row++) {
    const fy = binFrequency(row, n);
    for (let column = 0; column < n; column++) {
      const fx = binFrequency(column, n);
      const ring = Math.round((Math.sqrt(fx * fx + fy * fy) * sizePx) / n);
      if (ring > rings) continue;
      const re = real[row * n + column] as number;
      const im = imaginary[row * n + column] as number;
      sums[ring] = (sums[ring] as number) + Math.sqrt(re * re + im * im);
      counts[ring] = (counts[ring] as number) + 1;
    }
  }
  const means = sums.map((sum, ring) => ((counts[ring] as number) > 0 ? sum / (counts[ring] as number) : 0));
  const largest = means.subarray(1).reduce((best, value) => Math.max(best, value), 0);
  // A uniform field leaves rounding noise only, which is not a spectrum.
  const unit = largest > 1e-9 * n * n ? largest : Infinity;
  return Array.from({ length: rings }, (_, index) => ({
    cpd: (index + 1) / fieldOfViewDeg,
    amplitude: (means[index + 1] as number) / unit,
  }));
}
