/**
 * Physical geometry: where the pixels of a raster lie in degrees of visual angle, and what an angle measures on a flat
 * screen (science.md §1): position x = D·tan(eccentricity), a centred stimulus of size θ covers 2·D·tan(θ/2).
 */
import { degreesToRadians, tan } from '../platform/exactMath.ts';

/**
 * A square raster of linear-light luminance covering `fieldOfViewDeg` × `fieldOfViewDeg` centred at fixation, row-major
 * with the top row (largest y) first. A twin's raster is linear in degrees: its px per degree are the same everywhere.
 */
export type StimulusRaster = {
  sizePx: number;
  fieldOfViewDeg: number;
  /** Linear-light luminance, display white at 1. */
  background: number;
};

/** Pixels per degree of a twin's raster. */
export const rasterPxPerDeg = (raster: { sizePx: number; fieldOfViewDeg: number }): number =>
  raster.sizePx / raster.fieldOfViewDeg;

/** Highest spatial frequency that `pxPerDeg` can carry, with room for rounding in the ratio of size to field. */
export const nyquistCpd = (pxPerDeg: number): number => (pxPerDeg / 2) * (1 + 1e-9);

/** x of every column's centre in degrees, ascending (length sizePx). */
export function columnCentresDeg(raster: { sizePx: number; fieldOfViewDeg: number }): Float64Array {
  const pxPerDeg = rasterPxPerDeg(raster);
  return Float64Array.from({ length: raster.sizePx }, (_, column) => (column + 0.5 - raster.sizePx / 2) / pxPerDeg);
}

/** y of every row's centre in degrees, descending (length sizePx). */
export function rowCentresDeg(raster: { sizePx: number; fieldOfViewDeg: number }): Float64Array {
  return columnCentresDeg(raster).map((x) => 0 - x);
}

/** The part of a display that fixes angles; pixels are taken as square. */
export type ScreenGeometry = { widthPx: number; widthCm: number; distanceCm: number };

/** Arc tangent in degrees: three half-angle steps, then the Taylor series for |t| ≤ tan 11.25° = .199. */
function arcTangentDeg(x: number): number {
  let t = x;
  for (let step = 0; step < 3; step++) t /= 1 + Math.sqrt(1 + t * t);
  let series = 0;
  for (let n = 23; n >= 1; n -= 2) series = 1 / n - t * t * series;
  return (8 * t * series * 180) / Math.PI;
}

/** Distance on the screen from the point straight ahead, in cm, at an eccentricity within ±90° exclusive. */
export const eccentricityToCm = (screen: ScreenGeometry, eccentricityDeg: number): number =>
  screen.distanceCm * tan(degreesToRadians(eccentricityDeg));

export const cmToEccentricity = (screen: ScreenGeometry, cm: number): number => arcTangentDeg(cm / screen.distanceCm);

const pxPerCm = (screen: ScreenGeometry): number => screen.widthPx / screen.widthCm;

/** Pixels from the point straight ahead; the sign is kept. */
export const eccentricityToPx = (screen: ScreenGeometry, eccentricityDeg: number): number =>
  eccentricityToCm(screen, eccentricityDeg) * pxPerCm(screen);

export const pxToEccentricity = (screen: ScreenGeometry, px: number): number =>
  cmToEccentricity(screen, px / pxPerCm(screen));

/** Extent on the screen of a centred stimulus of `sizeDeg`: 2·D·tan(θ/2). */
export const centredSizeToCm = (screen: ScreenGeometry, sizeDeg: number): number =>
  2 * eccentricityToCm(screen, sizeDeg / 2);

export const centredSizeToPx = (screen: ScreenGeometry, sizeDeg: number): number =>
  2 * eccentricityToPx(screen, sizeDeg / 2);

/** Visual angle of a centred extent in pixels: 2·atan(s / 2D). */
export const centredPxToSize = (screen: ScreenGeometry, px: number): number => 2 * pxToEccentricity(screen, px / 2);

/** Extent in pixels between two eccentricities on one axis: D·(tan e₂ − tan e₁). */
export const extentBetweenPx = (screen: ScreenGeometry, fromDeg: number, toDeg: number): number =>
  eccentricityToPx(screen, toDeg) - eccentricityToPx(screen, fromDeg);

/** Local px per degree along the axis through fixation: (π/180)·D·(1 + tan²e)·px/cm. */
export function localPxPerDeg(screen: ScreenGeometry, eccentricityDeg: number): number {
  const t = tan(degreesToRadians(eccentricityDeg));
  return degreesToRadians(1) * screen.distanceCm * (1 + t * t) * pxPerCm(screen);
}

/** Visual angle of the whole screen width. */
export const screenWidthDeg = (screen: ScreenGeometry): number => centredPxToSize(screen, screen.widthPx);
