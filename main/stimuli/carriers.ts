/** Gratings, plaids and Gabors. Their phase is that at their own centre. */
import type { GaborSpec, GratingSpec } from '../contract/stimuli.ts';
import type { Aperture } from './aperture.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { cos, degreesToRadians, exp, sin } from '../platform/exactMath.ts';
import { apertureProfile, within } from './aperture.ts';
import type { StimulusRaster } from './geometry.ts';
import { columnCentresDeg, nyquistCpd, rasterPxPerDeg, rowCentresDeg } from './geometry.ts';
import { formatNumber } from './words.ts';

function checkFrequency(name: string, cpd: number, raster: StimulusRaster): void {
  const pxPerDeg = rasterPxPerDeg(raster);
  if (cpd <= nyquistCpd(pxPerDeg)) return;
  throw new TwinscopeError(
    'bad-input',
    `A ${name} of ${formatNumber(cpd)} cpd needs at least ${formatNumber(2 * cpd)} px per degree; this raster has ` +
      `${formatNumber(pxPerDeg)}, so it would show another pattern. Nothing was drawn. Keep the spatial frequency at or ` +
      `below ${formatNumber(pxPerDeg / 2)} cpd, or use a finer raster.`,
  );
}

/** Bars: phase is that at (xDeg, yDeg). */
export type Carrier = {
  orientationDeg: number;
  spatialFrequencyCpd: number;
  phaseDeg: number;
  xDeg: number;
  yDeg: number;
};

/**
 * cos(2π·f·u + phase) with u = −x·sin φ + y·cos φ, as products of one sine and cosine per column and per row:
 * cos(a + b) = cos a · cos b − sin a · sin b.
 */
export function carrierTables(spec: Carrier, x: Float64Array, y: Float64Array) {
  const orientation = degreesToRadians(spec.orientationDeg % 360);
  const omega = 2 * Math.PI * spec.spatialFrequencyCpd;
  const phase = degreesToRadians(spec.phaseDeg % 360);
  const alongX = x.map((at) => -omega * sin(orientation) * (at - spec.xDeg));
  const alongY = y.map((at) => omega * cos(orientation) * (at - spec.yDeg) + phase);
  return { cosX: alongX.map(cos), sinX: alongX.map(sin), cosY: alongY.map(cos), sinY: alongY.map(sin) };
}

/** A negative contrast turns black and white around. */
export function drawGrating(spec: Omit<GratingSpec, 'type'>, raster: StimulusRaster, out: Float32Array): Float32Array {
  checkFrequency('grating', spec.spatialFrequencyCpd, raster);
  const { sizePx, background } = raster;
  const x = columnCentresDeg(raster);
  const y = rowCentresDeg(raster);
  const { cosX, sinX, cosY, sinY } = carrierTables(spec, x, y);
  const profile = apertureProfile(spec, rasterPxPerDeg(raster));
  const amplitude = background * spec.contrast;
  const [left, right] = within(x, spec.xDeg, profile.outerDeg);
  const [top, bottom] = within(y, spec.yDeg, profile.outerDeg);
  for (let row = top; row < bottom; row++) {
    const dy = (y[row] as number) - spec.yDeg;
    const cosine = amplitude * (cosY[row] as number);
    const sine = amplitude * (sinY[row] as number);
    for (let column = left; column < right; column++) {
      const dx = (x[column] as number) - spec.xDeg;
      const squared = dx * dx + dy * dy;
      if (squared >= profile.outerSquared) continue;
      const wave = (cosX[column] as number) * cosine - (sinX[column] as number) * sine;
      const weight = squared <= profile.innerSquared ? 1 : profile.edge(squared);
      out[row * sizePx + column] = Math.min(1, Math.max(0, background + weight * wave));
    }
  }
  return out;
}

/** The sum of two gratings of the same contrast in one aperture. */
export function drawPlaid(
  components: readonly [Carrier, Carrier],
  componentContrast: number,
  aperture: Aperture,
  raster: StimulusRaster,
  out: Float32Array,
): Float32Array {
  for (const { spatialFrequencyCpd } of components) checkFrequency('plaid', spatialFrequencyCpd, raster);
  const { sizePx, background } = raster;
  const x = columnCentresDeg(raster);
  const y = rowCentresDeg(raster);
  const a = carrierTables(components[0], x, y);
  const b = carrierTables(components[1], x, y);
  const profile = apertureProfile(aperture, rasterPxPerDeg(raster));
  const amplitude = background * componentContrast;
  const [left, right] = within(x, aperture.xDeg, profile.outerDeg);
  const [top, bottom] = within(y, aperture.yDeg, profile.outerDeg);
  for (let row = top; row < bottom; row++) {
    const dy = (y[row] as number) - aperture.yDeg;
    for (let column = left; column < right; column++) {
      const dx = (x[column] as number) - aperture.xDeg;
      const squared = dx * dx + dy * dy;
      if (squared >= profile.outerSquared) continue;
      const first =
        (a.cosX[column] as number) * (a.cosY[row] as number) - (a.sinX[column] as number) * (a.sinY[row] as number);
      const second =
        (b.cosX[column] as number) * (b.cosY[row] as number) - (b.sinX[column] as number) * (b.sinY[row] as number);
      const weight = squared <= profile.innerSquared ? 1 : profile.edge(squared);
      out[row * sizePx + column] = Math.min(1, Math.max(0, background + weight * amplitude * (first + second)));
    }
  }
  return out;
}

export function drawGabor(spec: GaborSpec, raster: StimulusRaster, out: Float32Array): Float32Array {
  checkFrequency('Gabor', spec.spatialFrequencyCpd, raster);
  const { sizePx, background } = raster;
  const x = columnCentresDeg(raster);
  const y = rowCentresDeg(raster);
  const { cosX, sinX, cosY, sinY } = carrierTables(spec, x, y);
  const amplitude = background * spec.contrast;
  const orientation = degreesToRadians(spec.orientationDeg % 360);
  const sine = sin(orientation);
  const cosine = cos(orientation);
  // −½(u²/σ² + v²/(σ·aspect)²) written out as a quadratic form in x and y, v being the distance along the bars.
  const across = 1 / (2 * spec.sigmaDeg * spec.sigmaDeg);
  const along = across / (spec.aspectRatio * spec.aspectRatio);
  const xx = across * sine * sine + along * cosine * cosine;
  const yy = across * cosine * cosine + along * sine * sine;
  const xy = 2 * (along - across) * sine * cosine;
  const round = spec.aspectRatio === 1;
  const bell = (at: number) => exp(-across * at * at);
  const bellX = round ? x.map((at) => bell(at - spec.xDeg)) : x;
  for (let row = 0; row < sizePx; row++) {
    const dy = (y[row] as number) - spec.yDeg;
    const bellY = round ? bell(dy) : 0;
    const rowCosine = amplitude * (cosY[row] as number);
    const rowSine = amplitude * (sinY[row] as number);
    for (let column = 0; column < sizePx; column++) {
      let envelope = 0;
      if (round) {
        envelope = (bellX[column] as number) * bellY;
      } else {
        const dx = (x[column] as number) - spec.xDeg;
        const exponent = xx * dx * dx + xy * dx * dy + yy * dy * dy;
        // e⁻²⁵ is far below the resolution of a float32 at the background.
        if (exponent > 25) continue;
        envelope = exp(-exponent);
      }
      const wave = (cosX[column] as number) * rowCosine - (sinX[column] as number) * rowSine;
      out[row * sizePx + column] = Math.min(1, Math.max(0, background + envelope * wave));
    }
  }
  return out;
}
