/** The contrast gain: the Gaussian under which it averages on the raster, and what it makes of a grating. */
import { cos, exp } from '../../main/platform/exactMath.ts';
import { gainContrast, gainReachDeg, pxPerDeg, sizePx } from './parameters.ts';

/** Pixels beyond this many standard deviations do not count. */
const cut = 4;

/**
 * Matrix [rows, 224] whose row i averages around pixel `from` + i. Weights sum to 1 over the whole Gaussian: beyond the
 * raster lies background, whose contrast is 0.
 */
export function averagingMatrix(from: number, rows: number): Float64Array {
  const sdPx = gainReachDeg * pxPerDeg;
  const reach = Math.ceil(cut * sdPx);
  const kernel = Array.from({ length: 2 * reach + 1 }, (_, i) => {
    const z = (i - reach) / sdPx;
    return exp((-z * z) / 2);
  });
  const total = kernel.reduce((sum, weight) => sum + weight, 0);
  const matrix = new Float64Array(rows * sizePx);
  for (let row = 0; row < rows; row++) {
    for (const [i, weight] of kernel.entries()) {
      const column = from + row + i - reach;
      if (column >= 0 && column < sizePx) matrix[row * sizePx + column] = weight / total;
    }
  }
  return matrix;
}

/**
 * Amplitudes of the first and third harmonic of a full-field grating of contrast 1 behind the gain: of
 * cos θ·√((½ + v²)/(½ + ½ρ·cos 2θ + v²)), ρ what the Gaussian leaves of the ripple of the grating's square.
 */
export function gratingHarmonics(cpd: number): readonly [number, number] {
  const k = 4 * Math.PI * cpd * gainReachDeg;
  const ripple = exp((-k * k) / 2) / 2;
  const v2 = gainContrast * gainContrast;
  const samples = 64;
  let [first, third] = [0, 0];
  for (let i = 0; i < samples; i++) {
    const theta = (2 * Math.PI * (i + 0.5)) / samples;
    const s = cos(theta) * Math.sqrt((0.5 + v2) / (0.5 + ripple * cos(2 * theta) + v2));
    first += (2 * s * cos(theta)) / samples;
    third += (2 * s * cos(3 * theta)) / samples;
  }
  return [first, third];
}
