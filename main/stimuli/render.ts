/**
 * From a physical description to a raster of linear light: L = L_bg · (1 + c·s), s in [−1, 1] (science.md §1). The
 * phase of gratings and Gabors is that at their own centre. Deterministic: exactMath only, the same bits everywhere.
 */
import type { GaborSpec, GratingSpec, ImageSpec, RasterSpec, StimulusSpec } from '../contract/stimuli.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { cos, degreesToRadians, exp, sin } from '../platform/exactMath.ts';
import { apertureProfile, within } from './aperture.ts';
import type { StimulusRaster } from './geometry.ts';
import { columnCentresDeg, nyquistCpd, rasterPxPerDeg, rowCentresDeg } from './geometry.ts';
import { drawNoise } from './noise.ts';
import type { LinearImage, Square } from './resample.ts';
import { drawImage, sourceOf } from './resample.ts';
import { formatNumber } from './words.ts';

export type { StimulusRaster } from './geometry.ts';
export type { LinearImage } from './resample.ts';

/** Where photographs and stored rasters come from, by their hash; undefined when there is none. */
export type StimulusSources = {
  /** An image of any shape, or one already fitted to a square: `rasterisePhotograph` gives the latter. */
  image?: (sha256: string) => LinearImage | undefined;
  /** A stored square raster of linear light. */
  array?: (sha256: string) => Float32Array | undefined;
};

/**
 * The stimulus as sizePx² values of linear light, row-major, top row first; written into `out` where given.
 * Throws 'bad-input' for a spatial frequency above the raster's Nyquist limit or noise that cannot have its contrast,
 * and 'not-found' when a photograph or raster is missing.
 */
export function renderSpec(
  spec: StimulusSpec,
  raster: StimulusRaster,
  sources: StimulusSources = {},
  out: Float32Array = new Float32Array(raster.sizePx * raster.sizePx),
): Float32Array {
  out.fill(raster.background);
  switch (spec.type) {
    case 'blank':
      return out;
    case 'grating':
      return drawGrating(spec, raster, out);
    case 'gabor':
      return drawGabor(spec, raster, out);
    case 'noise':
      return drawNoise(spec, raster, out);
    case 'image':
      return drawPhotograph(spec, raster, sources, out);
    case 'raster':
      return drawStored(spec, raster, sources, out);
  }
}

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

/**
 * cos(2π·f·u + phase) with u = −x·sin φ + y·cos φ, as products of one sine and cosine per column and per row:
 * cos(a + b) = cos a · cos b − sin a · sin b.
 */
function carrierTables(spec: GratingSpec | GaborSpec, x: Float64Array, y: Float64Array) {
  const orientation = degreesToRadians(spec.orientationDeg % 360);
  const omega = 2 * Math.PI * spec.spatialFrequencyCpd;
  const phase = degreesToRadians(spec.phaseDeg % 360);
  const alongX = x.map((at) => -omega * sin(orientation) * (at - spec.xDeg));
  const alongY = y.map((at) => omega * cos(orientation) * (at - spec.yDeg) + phase);
  return { cosX: alongX.map(cos), sinX: alongX.map(sin), cosY: alongY.map(cos), sinY: alongY.map(sin) };
}

function drawGrating(spec: GratingSpec, raster: StimulusRaster, out: Float32Array): Float32Array {
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

function drawGabor(spec: GaborSpec, raster: StimulusRaster, out: Float32Array): Float32Array {
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

function drawPhotograph(
  spec: ImageSpec,
  raster: StimulusRaster,
  sources: StimulusSources,
  out: Float32Array,
): Float32Array {
  const image = sources.image?.(spec.imageSha256);
  if (image === undefined) throw missing('photograph', spec.imageSha256);
  const pxPerDeg = rasterPxPerDeg(raster);
  const square = {
    left: (spec.xDeg - spec.sizeDeg / 2) * pxPerDeg + raster.sizePx / 2,
    top: raster.sizePx / 2 - (spec.yDeg + spec.sizeDeg / 2) * pxPerDeg,
    side: spec.sizeDeg * pxPerDeg,
  };
  if (fillsRaster(image, square, raster.sizePx)) {
    out.set(image.luminance);
    return out;
  }
  return drawImage(sourceOf(image), raster.sizePx, square, { fit: spec.fit, background: raster.background }, out);
}

/** Drawing it would copy it, at the cost of drawing. */
const fillsRaster = ({ widthPx, heightPx }: LinearImage, { left, top, side }: Square, sizePx: number): boolean =>
  widthPx === sizePx && heightPx === sizePx && left === 0 && top === 0 && side === sizePx;

function drawStored(
  spec: RasterSpec,
  raster: StimulusRaster,
  sources: StimulusSources,
  out: Float32Array,
): Float32Array {
  const luminance = sources.array?.(spec.arraySha256);
  if (luminance === undefined) throw missing('raster', spec.arraySha256);
  const storedPx = Math.round(Math.sqrt(luminance.length));
  if (storedPx * storedPx !== luminance.length) {
    throw new TwinscopeError('corrupt', `The stored raster ${spec.arraySha256.slice(0, 12)} is not square.`);
  }
  const side = spec.sizeDeg * rasterPxPerDeg(raster);
  const start = (raster.sizePx - side) / 2;
  const image = sourceOf({ widthPx: storedPx, heightPx: storedPx, luminance });
  const square = { left: start, top: start, side };
  return drawImage(image, raster.sizePx, square, { fit: 'cover', background: raster.background }, out);
}

const missing = (what: string, sha256: string): TwinscopeError =>
  new TwinscopeError(
    'not-found',
    `The ${what} ${sha256.slice(0, 12)} is not in this project. Nothing was drawn. Import it again, or take it out of the set.`,
    { sha256 },
  );
