/**
 * Pictures on the pixel grid of a flat screen. A pixel at distance x from the centre lies at arctan(x/D), so pixels
 * cover fewer degrees the farther out they are; stimuli are rendered evenly in degrees and resampled here.
 */
import type { Display } from '../contract/plans.ts';
import { centredPxToSize, centredSizeToPx, localPxPerDeg, pxToEccentricity } from '../stimuli/geometry.ts';
import { windowedSinc } from '../stimuli/resample.ts';

export const pixelsPerDegAtCentre = (display: Display): number => localPxPerDeg(display, 0);

export const screenDeg = (display: Display): { width: number; height: number } => ({
  width: centredPxToSize(display, display.widthPx),
  height: centredPxToSize(display, display.heightPx),
});

/** Side, in pixels, of the picture that holds a square of `sizeDeg` at the centre of the screen; always even. */
export function picturePx(sizeDeg: number, display: Display): number {
  return Math.max(2, 2 * Math.ceil(centredSizeToPx(display, sizeDeg) / 2 - 1e-6));
}

/** Raster size that keeps everything the display can show of a square of `sizeDeg`: twice its density at the edge. */
export function sourcePx(sizeDeg: number, display: Display): number {
  return 2 * Math.ceil(sizeDeg * localPxPerDeg(display, sizeDeg / 2));
}

/**
 * Lobes of the windowed sinc where the pixel grid is finer than the samples: a stored raster is shown up to its own
 * Nyquist limit, so that even white noise keeps its contrast within 2 %.
 */
const enlargingLobes = 24;
/** Lobes where the samples are finer than the pixel grid, and what would alias is taken away. */
const shrinkingLobes = 8;

interface Taps {
  /** First source sample of every target pixel; −1 where the pixel lies outside the stimulus. */
  first: Int32Array;
  weights: Float64Array[];
}

function axisTaps(size: number, sizeDeg: number, targetPx: number, display: Display): Taps {
  const first = new Int32Array(targetPx).fill(-1);
  const weights: Float64Array[] = [];
  const perDeg = size / sizeDeg;
  for (let pixel = 0; pixel < targetPx; pixel++) {
    const offset = pixel + 0.5 - targetPx / 2;
    const deg = pxToEccentricity(display, offset);
    const taps: number[] = [];
    if (Math.abs(deg) <= sizeDeg / 2) {
      const centre = (deg + sizeDeg / 2) * perDeg - 0.5;
      const widthDeg = pxToEccentricity(display, offset + 0.5) - pxToEccentricity(display, offset - 0.5);
      const reach = Math.max(1, widthDeg * perDeg);
      const lobes = reach > 1 ? shrinkingLobes : enlargingLobes;
      const lowest = Math.ceil(centre - lobes * reach);
      const highest = Math.floor(centre + lobes * reach);
      const start = Math.min(size - 1, Math.max(0, lowest));
      let sum = 0;
      for (let sample = lowest; sample <= highest; sample++) {
        const weight = windowedSinc((sample - centre) / reach, lobes);
        // Beyond the border the outermost sample is repeated.
        const at = Math.min(size - 1, Math.max(0, sample)) - start;
        taps[at] = (taps[at] ?? 0) + weight;
        sum += weight;
      }
      for (let at = 0; at < taps.length; at++) taps[at] = (taps[at] ?? 0) / sum;
      first[pixel] = start;
    }
    weights.push(Float64Array.from(taps));
  }
  return { first, weights };
}

/**
 * A stimulus on the display's own pixels: `linear` (size × size, evenly spaced in degrees over `sizeDeg`, row 0 on top)
 * becomes targetPx × targetPx linear light, each pixel at its exact visual angle on the flat screen, by one band-limited
 * resampling whether the raster is finer or coarser than the display. Pixels whose centre lies outside the square are
 * background.
 */
export function projectOntoScreen(
  source: { linear: Float32Array; sizePx: number; sizeDeg: number; background: number },
  targetPx: number,
  display: Display,
): Float32Array {
  const { linear, sizePx, sizeDeg, background } = source;
  const { first, weights } = axisTaps(sizePx, sizeDeg, targetPx, display);
  const across = new Float64Array(sizePx * targetPx);
  for (let row = 0; row < sizePx; row++) {
    for (let column = 0; column < targetPx; column++) {
      const taps = weights[column] as Float64Array;
      const from = row * sizePx + (first[column] as number);
      let sum = 0;
      for (let at = 0; at < taps.length; at++) sum += (taps[at] as number) * (linear[from + at] as number);
      across[row * targetPx + column] = sum;
    }
  }
  const picture = new Float32Array(targetPx * targetPx).fill(background);
  for (let row = 0; row < targetPx; row++) {
    const start = first[row] as number;
    if (start < 0) continue;
    const taps = weights[row] as Float64Array;
    for (let column = 0; column < targetPx; column++) {
      if ((first[column] as number) < 0) continue;
      let sum = 0;
      for (let at = 0; at < taps.length; at++) {
        sum += (taps[at] as number) * (across[(start + at) * targetPx + column] as number);
      }
      picture[row * targetPx + column] = sum;
    }
  }
  return picture;
}
