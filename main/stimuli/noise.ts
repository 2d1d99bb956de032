/**
 * Noise fields. A seed draws cells on a lattice fixed in degrees (28 per degree, fewer for very large apertures), not
 * on the raster, so that one stimulus is the same pattern on a twin's raster and on a display.
 */
import type { NoiseSpec } from '../contract/stimuli.ts';
import { Random } from '../platform/random.ts';
import { apertureWeights } from './aperture.ts';
import { scaleToContrast } from './contrast.ts';
import { binFrequency, fft2, nextPowerOfTwo } from './fft.ts';
import type { StimulusRaster } from './geometry.ts';
import { rasterPxPerDeg } from './geometry.ts';
import { drawImage, sourceOf } from './resample.ts';

const cellsPerDeg = 28;
const mostCells = 1024;

/** The unscaled field: `cells` × `cells` values covering `extentDeg`. */
function drawCells(spec: NoiseSpec): { cells: number; extentDeg: number; values: Float32Array } {
  const wanted = spec.diameterDeg + Math.max(spec.edgeDeg, 2 / cellsPerDeg);
  const density = Math.min(cellsPerDeg, mostCells / wanted);
  const cells = Math.max(2, 2 * Math.ceil((wanted * density) / 2 - 1e-9));
  const random = Random.fromSeed(spec.seed, 'noise stimulus');
  const extentDeg = cells / density;
  if (spec.spectrum === 'pink') return { cells, extentDeg, values: pinkField(cells, random) };
  const values = new Float32Array(cells * cells);
  for (let at = 0; at < values.length; at++) values[at] = random.normal();
  return { cells, extentDeg, values };
}

/** White noise filtered to an amplitude spectrum of 1/f: the corner of a periodic field of power-of-two size. */
function pinkField(cells: number, random: Random): Float32Array {
  const n = nextPowerOfTwo(cells);
  const real = new Float64Array(n * n);
  const imaginary = new Float64Array(n * n);
  for (let at = 0; at < real.length; at++) real[at] = random.normal();
  fft2(real, imaginary, n);
  for (let row = 0, at = 0; row < n; row++) {
    const fy = binFrequency(row, n);
    for (let column = 0; column < n; column++, at++) {
      const fx = binFrequency(column, n);
      const gain = at === 0 ? 0 : 1 / Math.sqrt(fx * fx + fy * fy);
      real[at] = (real[at] as number) * gain;
      imaginary[at] = (imaginary[at] as number) * gain;
    }
  }
  // With the two parts exchanged the forward transform is the inverse one; the scale does not matter here.
  fft2(imaginary, real, n);
  const field = new Float32Array(cells * cells);
  for (let row = 0; row < cells; row++) field.set(real.subarray(row * n, row * n + cells), row * cells);
  return field;
}

export function drawNoise(spec: NoiseSpec, raster: StimulusRaster, out: Float32Array): Float32Array {
  if (spec.contrastRms === 0) return out;
  const { cells, extentDeg, values } = drawCells(spec);
  const pxPerDeg = rasterPxPerDeg(raster);
  const square = {
    left: (spec.xDeg - extentDeg / 2) * pxPerDeg + raster.sizePx / 2,
    top: raster.sizePx / 2 - (spec.yDeg + extentDeg / 2) * pxPerDeg,
    side: extentDeg * pxPerDeg,
  };
  const source = sourceOf({ widthPx: cells, heightPx: cells, luminance: values });
  const field = drawImage(source, raster.sizePx, square, { fit: 'cover', background: 0 });
  const weights = apertureWeights(spec, raster);
  return scaleToContrast(field, weights, raster.background, spec.contrastRms, out, 'Noise');
}
