/**
 * Patterns that have no formula are made of samples: 256 × 256 of them, 28 per degree, around fixation, the top row
 * first. They are periodic, so that transforms of them have no seam; their period of 9.14° is more than the aperture
 * shows.
 */
import type { Random } from '../../platform/random.ts';
import { binFrequency, fft2 } from '../fft.ts';
import type { StimulusRaster } from '../geometry.ts';
import { rasterPxPerDeg } from '../geometry.ts';
import { drawImage, sourceOf } from '../resample.ts';

export const cells = 256;
export const cellsPerDeg = 28;
export const periodDeg = cells / cellsPerDeg;
/** `index & lastCell` brings any row or column back into the period. */
export const lastCell = cells - 1;

/** A pattern on a raster: copied where that has 28 px per degree too, otherwise resampled. */
export function gridOnRaster(pattern: Float64Array, raster: StimulusRaster): Float32Array {
  const side = cells * (rasterPxPerDeg(raster) / cellsPerDeg);
  const start = (raster.sizePx - side) / 2;
  const source = sourceOf({ widthPx: cells, heightPx: cells, luminance: Float32Array.from(pattern) });
  return drawImage(source, raster.sizePx, { left: start, top: start, side }, { fit: 'cover', background: 0 });
}

/** Mean 0 and standard deviation 1, in place. */
export function standardise(values: Float64Array): Float64Array {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) * (value - mean);
  const scale = 1 / Math.sqrt(squares / values.length);
  for (let at = 0; at < values.length; at++) values[at] = ((values[at] as number) - mean) * scale;
  return values;
}

export function whiteNoise(random: Random): Float64Array {
  return Float64Array.from({ length: cells * cells }, () => random.normal());
}

/** Multiplies every bin of a transform by a gain of its spatial frequency in cpd; the mean becomes 0. */
function filter(real: Float64Array, imaginary: Float64Array, gain: (cpd: number) => number): void {
  for (let row = 0, at = 0; row < cells; row++) {
    const fy = binFrequency(row, cells) / periodDeg;
    for (let column = 0; column < cells; column++, at++) {
      const fx = binFrequency(column, cells) / periodDeg;
      const factor = at === 0 ? 0 : gain(Math.sqrt(fx * fx + fy * fy));
      real[at] = (real[at] as number) * factor;
      imaginary[at] = (imaginary[at] as number) * factor;
    }
  }
}

/** Gaussian noise whose amplitude spectrum follows `gain`, with mean 0 and standard deviation 1. */
export function filteredNoise(random: Random, gain: (cpd: number) => number): Float64Array {
  const real = whiteNoise(random);
  const imaginary = new Float64Array(cells * cells);
  fft2(real, imaginary, cells);
  filter(real, imaginary, gain);
  // With the two parts exchanged the forward transform is the inverse one.
  fft2(imaginary, real, cells);
  return standardise(real);
}

/** Amplitude spectrum 1/f. */
export const pinkNoise = (random: Random): Float64Array => filteredNoise(random, (cpd) => 1 / cpd);

/** The same amplitude at every frequency and orientation, other phases: those of the transform of white noise. */
export function scramblePhases(pattern: Float64Array, random: Random): Float64Array {
  const real = Float64Array.from(pattern);
  const imaginary = new Float64Array(cells * cells);
  fft2(real, imaginary, cells);
  const noiseReal = whiteNoise(random);
  const noiseImaginary = new Float64Array(cells * cells);
  fft2(noiseReal, noiseImaginary, cells);
  real[0] = 0;
  imaginary[0] = 0;
  for (let at = 1; at < real.length; at++) {
    const re = real[at] as number;
    const im = imaginary[at] as number;
    const turnReal = noiseReal[at] as number;
    const turnImaginary = noiseImaginary[at] as number;
    const length = Math.sqrt(turnReal * turnReal + turnImaginary * turnImaginary);
    real[at] = (re * turnReal - im * turnImaginary) / length;
    imaginary[at] = (re * turnImaginary + im * turnReal) / length;
  }
  fft2(imaginary, real, cells);
  for (let at = 0; at < real.length; at++) real[at] = (real[at] as number) / (cells * cells);
  return real;
}

/** 1 above `level` and 0 below, with the boundary drawn by the share of the cell it covers. */
export function thresholded(field: Float64Array, level: number): Float64Array {
  const result = new Float64Array(field.length);
  for (let row = 0, at = 0; row < cells; row++) {
    const above = ((row - 1) & lastCell) * cells;
    const below = ((row + 1) & lastCell) * cells;
    for (let column = 0; column < cells; column++, at++) {
      const left = row * cells + ((column - 1) & lastCell);
      const right = row * cells + ((column + 1) & lastCell);
      const dx = ((field[right] as number) - (field[left] as number)) / 2;
      const dy = ((field[above + column] as number) - (field[below + column] as number)) / 2;
      const slope = Math.sqrt(dx * dx + dy * dy) + 1e-12;
      result[at] = Math.min(1, Math.max(0, 0.5 + ((field[at] as number) - level) / slope));
    }
  }
  return result;
}
