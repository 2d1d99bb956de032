/**
 * From a physical description to a raster of linear light: L = L_bg · (1 + c·s), s in [−1, 1] (science.md §1).
 * Deterministic: exactMath only, the same bits everywhere.
 */
import type { ImageSpec, RasterSpec, StimulusSpec } from '../contract/stimuli.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { drawGabor, drawGrating } from './carriers.ts';
import { drawRandomDots } from './dots.ts';
import type { StimulusRaster } from './geometry.ts';
import { rasterPxPerDeg } from './geometry.ts';
import { drawCounterphaseGrating, drawDriftingGrating, drawDriftingPlaid } from './motion.ts';
import { drawNoise } from './noise.ts';
import type { LinearImage, Square } from './resample.ts';
import { drawImage, sourceOf } from './resample.ts';
import { drawTsr1 } from './tsr1/draw.ts';
import { drawTsr1v } from './tsr1v/draw.ts';

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
 * The stimulus as sizePx² values of linear light, row-major, top row first; written into `out` where given. A moving one
 * is drawn as it is `timeS` seconds after its start, whatever was drawn before; the others are the same at any time.
 * Throws 'bad-input' for detail that the raster is too coarse for and noise that cannot have its contrast,
 * and 'not-found' when a photograph or raster is missing.
 */
export function renderSpec(
  spec: StimulusSpec,
  raster: StimulusRaster,
  sources: StimulusSources = {},
  out: Float32Array = new Float32Array(raster.sizePx * raster.sizePx),
  timeS = 0,
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
      return drawStored(spec, raster, sources, out, timeS);
    case 'tsr1':
      return drawTsr1(spec, raster, out);
    case 'drifting-grating':
      return drawDriftingGrating(spec, raster, out, timeS);
    case 'counterphase-grating':
      return drawCounterphaseGrating(spec, raster, out, timeS);
    case 'drifting-plaid':
      return drawDriftingPlaid(spec, raster, out, timeS);
    case 'random-dots':
      return drawRandomDots(spec, raster, out, timeS);
    case 'tsr1v':
      return drawTsr1v(spec, raster, out, timeS);
  }
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
  timeS: number,
): Float32Array {
  const stored = sources.array?.(spec.arraySha256);
  if (stored === undefined) throw missing('raster', spec.arraySha256);
  const { frames, frameRateHz } = spec.clip ?? { frames: 1, frameRateHz: 1 };
  const storedPx = Math.round(Math.sqrt(stored.length / frames));
  const pixels = storedPx * storedPx;
  if (frames * pixels !== stored.length) {
    const what = frames > 1 ? `not ${frames} square frames` : 'not square';
    throw new TwinscopeError('corrupt', `The stored raster ${spec.arraySha256.slice(0, 12)} is ${what}.`);
  }
  // Times are computed from frame numbers, and may fall short of a frame by rounding.
  const frame = Math.floor(timeS * frameRateHz + 1e-6) % frames;
  const luminance = stored.subarray(frame * pixels, (frame + 1) * pixels);
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
