/** How far a stored image is from its constraints, in float64, by code that shares nothing with the projection. */
import type { Constraints } from '../../contract/plans.ts';

/** Relative errors of mean luminance and RMS contrast; `range`: largest distance outside the luminance range. */
export type Residuals = { meanLuminance: number; contrastRms: number; range: number };

/** `weights` are the aperture's, one per pixel. */
export function measureResiduals(image: Float32Array, weights: Float64Array, constraints: Constraints): Residuals {
  const { mean, contrastRms } = weightedStatistics(image, weights);
  let outside = 0;
  for (const luminance of image) {
    outside = Math.max(outside, luminance - constraints.range[1], constraints.range[0] - luminance);
  }
  return {
    meanLuminance: Math.abs(mean / constraints.meanLuminance - 1),
    contrastRms: Math.abs(contrastRms / constraints.contrastRms - 1),
    range: outside,
  };
}

/** Weighted mean of the luminance, and its weighted standard deviation over that mean; of a clip, over all its frames. */
export function weightedStatistics(image: Float32Array, weights: Float64Array): { mean: number; contrastRms: number } {
  const pixels = weights.length;
  let total = 0;
  let sum = 0;
  for (let i = 0; i < image.length; i++) {
    total += weights[i % pixels] as number;
    sum += (weights[i % pixels] as number) * (image[i] as number);
  }
  const mean = sum / total;
  let squares = 0;
  for (let i = 0; i < image.length; i++) {
    const deviation = (image[i] as number) - mean;
    squares += (weights[i % pixels] as number) * deviation * deviation;
  }
  return { mean, contrastRms: Math.sqrt(squares / total) / mean };
}
