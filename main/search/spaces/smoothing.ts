/** Smoothing of images in space and of clips in time, and of gradients by spatial frequency. */
import { exp, pow } from '../../platform/exactMath.ts';
import { binFrequency } from '../../stimuli/fft.ts';
import { fft2AnySize } from '../../stimuli/fftAnySize.ts';

/** The kernel ends at so many standard deviations, as that of scipy.ndimage.gaussian_filter. */
const reach = 4;

/** Normalised weights at −radius … radius. */
function gaussianKernel(sigma: number): Float64Array {
  const radius = Math.floor(reach * sigma + 0.5);
  const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    exp(-((i - radius) ** 2) / (2 * sigma * sigma)),
  );
  let sum = 0;
  for (const weight of kernel) sum += weight;
  return kernel.map((weight) => weight / sum);
}

/** Where index i lies when the values are mirrored at their ends, d c b a | a b c d | d c b a. */
function mirrored(i: number, n: number): number {
  const within = ((i % (2 * n)) + 2 * n) % (2 * n);
  return within < n ? within : 2 * n - 1 - within;
}

/** Along one axis of `n` values, `stride` apart, for each of the starts in `lines`. */
function blurAxis(values: Float64Array, n: number, stride: number, lines: readonly number[], sigma: number): void {
  const kernel = gaussianKernel(sigma);
  const radius = (kernel.length - 1) / 2;
  if (radius === 0) return;
  const from = Array.from({ length: n * kernel.length }, (_, at) =>
    mirrored(Math.floor(at / kernel.length) + (at % kernel.length) - radius, n),
  );
  const line = new Float64Array(n);
  for (const start of lines) {
    for (let i = 0; i < n; i++) line[i] = values[start + i * stride] as number;
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let k = 0; k < kernel.length; k++) {
        sum += (kernel[k] as number) * (line[from[i * kernel.length + k] as number] as number);
      }
      values[start + i * stride] = sum;
    }
  }
}

/** Every frame (sizePx²) blurred by a Gaussian of standard deviation `sigmaPx`; edges are mirrored. Changes `image`. */
export function blurFrames(image: Float64Array, sizePx: number, sigmaPx: number): void {
  if (sigmaPx === 0) return;
  const plane = sizePx * sizePx;
  for (let at = 0; at < image.length; at += plane) {
    const frame = image.subarray(at, at + plane);
    const index = Array.from({ length: sizePx }, (_, i) => i);
    blurAxis(frame, sizePx, sizePx, index, sigmaPx);
    blurAxis(
      frame,
      sizePx,
      1,
      index.map((i) => i * sizePx),
      sigmaPx,
    );
  }
}

/** Standard deviation in seconds of the Gaussian that halves the amplitude at `cutoffHz`: √(ln 2 / 2) / (π·cutoffHz). */
export const temporalSigmaS = (cutoffHz: number): number => 0.1873906251292776 / cutoffHz;

/** Frames of `plane` values each, blurred from frame to frame; ends are mirrored. Changes `values`. */
export function blurTime(values: Float64Array, plane: number, sigmaFrames: number): void {
  const pixels = Array.from({ length: plane }, (_, i) => i);
  blurAxis(values, values.length / plane, plane, pixels, sigmaFrames);
}

/**
 * Every frame of some gradients divided by max(1, (fx² + fy²)^exponent), f in cycles per image, times a constant that makes
 * the mean of these factors 1 (Walker et al. 2019). Two frames at a time: the factors are real and even, so that what stands
 * in the real and in the imaginary part stays apart.
 */
export function preconditioner(
  sizePx: number,
  exponent: number,
): (gradients: readonly Float32Array[]) => Float64Array[] {
  const n = sizePx;
  const plane = n * n;
  const factors = new Float64Array(plane);
  let sum = 0;
  for (let v = 0; v < n; v++) {
    for (let u = 0; u < n; u++) {
      const squared = binFrequency(u, n) ** 2 + binFrequency(v, n) ** 2;
      const factor = 1 / Math.max(1, pow(squared, exponent));
      factors[v * n + u] = factor;
      sum += factor;
    }
  }
  // Two transforms make n² of every value.
  for (let i = 0; i < plane; i++) factors[i] = (factors[i] as number) / sum;
  return (gradients) => {
    const results = gradients.map((gradient) => Float64Array.from(gradient));
    const planes = results.flatMap((result) =>
      Array.from({ length: result.length / plane }, (_, frame) => result.subarray(frame * plane, (frame + 1) * plane)),
    );
    for (let first = 0; first < planes.length; first += 2) {
      const real = planes[first] as Float64Array;
      const imaginary = planes[first + 1] ?? new Float64Array(plane);
      fft2AnySize(real, imaginary, n);
      for (let i = 0; i < plane; i++) {
        const by = factors[i] as number;
        real[i] = (real[i] as number) * by;
        imaginary[i] = -(imaginary[i] as number) * by;
      }
      // The inverse transform by conjugates.
      fft2AnySize(real, imaginary, n);
      for (let i = 0; i < plane; i++) imaginary[i] = -(imaginary[i] as number);
    }
    return results;
  };
}
