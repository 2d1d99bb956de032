/** Gabors anywhere within ±3°. Local: the pattern's own peak has contrast 1, wherever it lies between the pixels. */
import type { GaborSpec } from '../../contract/stimuli.ts';
import { cos, degreesToRadians, exp } from '../../platform/exactMath.ts';
import { drawGabor } from '../carriers.ts';
import type { StimulusRaster } from '../geometry.ts';
import { tsr1Random } from './classes.ts';
import { logUniform, rounded, uniformBetween } from './draws.ts';

const reachDeg = 3;
/** σ in cycles. */
const sigmaCycles = 0.4;

export type GaborParameters = Pick<
  GaborSpec,
  'orientationDeg' | 'spatialFrequencyCpd' | 'phaseDeg' | 'sigmaDeg' | 'xDeg' | 'yDeg'
>;

/** Centre uniform, frequency log-uniform over .5–8 cpd, σ = .4/frequency, orientation and phase uniform. */
export function gaborParameters(k: number): GaborParameters {
  const random = tsr1Random('gabors', k);
  const xDeg = rounded(uniformBetween(random, -reachDeg, reachDeg));
  const yDeg = rounded(uniformBetween(random, -reachDeg, reachDeg));
  const spatialFrequencyCpd = rounded(logUniform(random, 0.5, 8));
  return {
    orientationDeg: rounded(uniformBetween(random, 0, 180)),
    spatialFrequencyCpd,
    phaseDeg: rounded(uniformBetween(random, 0, 360)),
    sigmaDeg: rounded(sigmaCycles / spatialFrequencyCpd),
    xDeg,
    yDeg,
  };
}

/** The largest |exp(−v²/(2·.4²))·cos(2πv + phase)| over v, the distance across the bars in cycles. */
export function gaborPeak(phaseDeg: number): number {
  const phase = degreesToRadians(phaseDeg);
  let peak = 0;
  // In steps of 1/800 cycle the peak is found within 1e-5; it lies within half a cycle of the centre.
  for (let step = -400; step <= 400; step++) {
    const v = step / 800;
    const value = exp((-v * v) / (2 * sigmaCycles * sigmaCycles)) * cos(2 * Math.PI * v + phase);
    peak = Math.max(peak, Math.abs(value));
  }
  return peak;
}

/** The same as a stimulus of its own, but for the contrast of its envelope, which exceeds 1 for an odd Gabor. */
export const gaborOf = (k: number): GaborSpec => ({
  type: 'gabor',
  ...gaborParameters(k),
  contrast: 1,
  aspectRatio: 1,
});

export function drawTsr1Gabor(k: number, raster: StimulusRaster, out: Float32Array): Float32Array {
  const gabor = gaborOf(k);
  return drawGabor({ ...gabor, contrast: 1 / gaborPeak(gabor.phaseDeg) }, raster, out);
}
