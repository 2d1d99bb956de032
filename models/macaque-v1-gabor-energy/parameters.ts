/**
 * Constants, units and layout of the V1 twin. Coordinates: degrees, x right, y up, origin at fixation. Across the bars
 * runs u = −x·sin φ + y·cos φ and along them v = x·cos φ + y·sin φ, φ counter-clockwise from horizontal.
 */
import { cos, degreesToRadians, log, sin } from '../../main/platform/exactMath.ts';

export const sizePx = 224;
export const fieldOfViewDeg = 8;
export const pxPerDeg = sizePx / fieldOfViewDeg;
export const background = 0.5;

/** The Gaussian is cut where it falls below this part of its peak. */
export const envelopeCut = 1e-3;
/** Distance of the cut from the centre, in standard deviations. */
export const cutRadius = Math.sqrt(-2 * log(envelopeCut));

/** Firing-rate scale, spikes/s: cosmetic (published medians of spontaneous and maximum rate). */
export const spontaneousRate = 0.82;
export const maximumRate = 33.8;

/**
 * Contrast gain before the filters, design: s·√((½ + v²)/(L + v²)), L the mean of s² under a Gaussian of standard deviation
 * `gainReachDeg` and v = `gainContrast`, as suppressive fields of the lateral geniculate nucleus divide by local contrast
 * (Bonin, Mante & Carandini 2005). A full-field grating of contrast 1 has L = ½ and passes unchanged.
 */
export const gainReachDeg = 0.08;
export const gainContrast = 0.22;

/**
 * Normalisation after the filters, design: R = b + (R_max − b)·(1 + h)·aⁿ/(h + Pⁿ), P² = Σ_j w_j C_j² with a Gaussian
 * reach of the pool; 1 + h makes the rate for a = P = 1 the maximum. All five constants are chosen together by what the
 * experiments of the acceptance table then measure; the result is in `measured.ts`.
 */
export const responseExponent = 3;
export const halfSaturation = 1.5;
export const poolDistanceDeg = 0.5;
export const rateScale = (maximumRate - spontaneousRate) * (1 + halfSaturation);

export const areas = ['V1-simple', 'V1-complex'] as const;
export type Area = (typeof areas)[number];
export const unitsPerArea = 256;

/** Counts of foveal cells by preferred orientation, each bin 45° wide around its centre. */
export const orientationHistogram = { centresDeg: [0, 45, 90, 135], counts: [66, 49, 77, 54] };
/** Counts of simple cells by preferred spatial frequency; half-octave bins from 0.5 to 8 cpd. */
export const simpleFrequencyHistogram = { lowestCpd: 0.5, octavesPerBin: 0.5, counts: [4, 4, 8, 25, 32, 26, 28, 12] };
/** Quartiles of complex cells' preferred spatial frequency, with the range of the measurement at both ends. */
export const complexFrequencyQuantilesCpd = [0.5, 2.31, 4.43, 6.5, 8];
export const nxMedian = 0.366;
/** Chosen so that 8 % of units have n_x < .1874, for which the half-height bandwidth is undefined. */
export const nxLogSd = 0.476;
export const nxFrequencyCorrelation = 0.74;
export const aspectMedian = 1.15;
/** Design: the published sample gives the median only. */
export const aspectLogSd = 0.35;

export interface UnitParameters {
  area: Area;
  /** Position on the area's output axis. */
  index: number;
  unit: string;
  /** Centre in degrees, a multiple of half a pixel, so that even and odd filters are exactly so on the raster. */
  xDeg: number;
  yDeg: number;
  /** Counter-clockwise angle of the bars from horizontal. */
  orientationDeg: number;
  /** Frequency of the Gabor's carrier; the cell's preference is `preferredFrequencyCpd`. */
  carrierCpd: number;
  /** Phase of the carrier at the centre; 0 for complex cells, whose two filters have 0° and 90°. */
  phaseDeg: number;
  nx: number;
  ny: number;
}

/** Places of equal windows on the raster that share one matrix product. */
export interface WindowClass {
  name: string;
  windowPx: number;
  /** First column and row of each window. */
  windows: readonly { left: number; top: number }[];
  /** Units of each area in each window. */
  unitsPerWindow: number;
}

function windowsAt(windowPx: number, centresDeg: readonly number[]): { left: number; top: number }[] {
  const edge = (centreDeg: number) => Math.round(centreDeg * pxPerDeg + sizePx / 2 - windowPx / 2);
  return centresDeg.toReversed().flatMap((yDeg) => centresDeg.map((xDeg) => ({ left: edge(xDeg), top: edge(-yDeg) })));
}

/** Small fields tile the centre in 16 columns; the few large ones share larger windows. */
export const windowClasses: readonly WindowClass[] = [
  { name: 'small', windowPx: 56, windows: windowsAt(56, [-1.35, -0.45, 0.45, 1.35]), unitsPerWindow: 12 },
  { name: 'medium', windowPx: 96, windows: windowsAt(96, [-0.7, 0.7]), unitsPerWindow: 12 },
  { name: 'large', windowPx: 176, windows: windowsAt(176, [0]), unitsPerWindow: 16 },
];

export type Shape = Pick<UnitParameters, 'orientationDeg' | 'carrierCpd' | 'phaseDeg' | 'nx' | 'ny'>;

/** Half the width and height, in pixels, of the box that holds the cut Gaussian. */
export function extentPx(shape: Shape): { x: number; y: number } {
  const { sin, cos } = direction(shape.orientationDeg);
  const across = (shape.nx / shape.carrierCpd) * cutRadius * pxPerDeg;
  const along = (shape.ny / shape.carrierCpd) * cutRadius * pxPerDeg;
  const box = (a: number, b: number) => Math.sqrt(a * a * across * across + b * b * along * along);
  return { x: box(sin, cos), y: box(cos, sin) };
}

/** Sine and cosine of the bars' angle: u = −x·sin + y·cos runs across the bars, v = x·cos + y·sin along them. */
export function direction(orientationDeg: number): { sin: number; cos: number } {
  const angle = degreesToRadians(orientationDeg);
  return { sin: sin(angle), cos: cos(angle) };
}
