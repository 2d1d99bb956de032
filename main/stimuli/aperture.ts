/** Circular apertures with a raised-cosine edge; the diameter is measured at half height. */
import type { StimulusSpec } from '../contract/stimuli.ts';
import { cos } from '../platform/exactMath.ts';
import { columnCentresDeg, rasterPxPerDeg, rowCentresDeg } from './geometry.ts';
import { tsr1Aperture, tsr1Place } from './tsr1/classes.ts';

export type Aperture = { xDeg: number; yDeg: number; diameterDeg: number; edgeDeg: number };

/** Weight as a function of the squared distance from the centre: 1 up to `innerSquared`, 0 from `outerSquared` on. */
export type ApertureProfile = {
  outerDeg: number;
  innerSquared: number;
  outerSquared: number;
  /** Weight between the two. */
  edge(distanceSquared: number): number;
};

/**
 * ½·(1 + cos(π·(r − inner)/edge)) between inner = (diameter − edge)/2 and outer = (diameter + edge)/2. An edge narrower
 * than one pixel becomes a linear ramp one pixel wide, the share of a pixel that a straight edge leaves uncovered.
 */
export function apertureProfile(aperture: { diameterDeg: number; edgeDeg: number }, pxPerDeg: number): ApertureProfile {
  const radius = aperture.diameterDeg / 2;
  const hard = aperture.edgeDeg * pxPerDeg < 1;
  const width = hard ? 1 / pxPerDeg : aperture.edgeDeg;
  const inner = radius - width / 2;
  const outer = radius + width / 2;
  return {
    outerDeg: outer,
    innerSquared: inner < 0 ? -1 : inner * inner,
    outerSquared: outer * outer,
    edge: hard
      ? (squared) => (outer - Math.sqrt(squared)) / width
      : (squared) => 0.5 * (1 + cos((Math.PI * (Math.sqrt(squared) - inner)) / width)),
  };
}

/** Indices [from, to) of the ascending or descending `centres` that lie within `reach` of `centre`. */
export function within(centres: Float64Array, centre: number, reach: number): [number, number] {
  let from = 0;
  let to = centres.length;
  while (from < to && Math.abs((centres[from] as number) - centre) >= reach) from++;
  while (to > from && Math.abs((centres[to - 1] as number) - centre) >= reach) to--;
  return [from, to];
}

/** The aperture's weight at every pixel (sizePx²), within [0, 1]; all ones without an aperture. */
export function apertureWeights(
  aperture: Aperture | undefined,
  raster: { sizePx: number; fieldOfViewDeg: number },
): Float64Array {
  const { sizePx } = raster;
  const weights = new Float64Array(sizePx * sizePx);
  if (aperture === undefined) return weights.fill(1);
  const profile = apertureProfile(aperture, rasterPxPerDeg(raster));
  const x = columnCentresDeg(raster);
  const y = rowCentresDeg(raster);
  const [left, right] = within(x, aperture.xDeg, profile.outerDeg);
  const [top, bottom] = within(y, aperture.yDeg, profile.outerDeg);
  for (let row = top; row < bottom; row++) {
    const dy = (y[row] as number) - aperture.yDeg;
    for (let column = left; column < right; column++) {
      const dx = (x[column] as number) - aperture.xDeg;
      const squared = dx * dx + dy * dy;
      if (squared >= profile.outerSquared) continue;
      weights[row * sizePx + column] = squared <= profile.innerSquared ? 1 : profile.edge(squared);
    }
  }
  return weights;
}

/** The aperture in which a stimulus is measured: its own where it has one, otherwise the whole field (undefined). */
export function apertureOf(spec: StimulusSpec): Aperture | undefined {
  if (spec.type === 'tsr1') return tsr1Place(spec.index).local ? undefined : tsr1Aperture;
  if (spec.type === 'tsr1v') return tsr1Aperture;
  if (!('diameterDeg' in spec)) return undefined;
  const { xDeg, yDeg, diameterDeg, edgeDeg } = spec;
  return { xDeg, yDeg, diameterDeg, edgeDeg };
}
