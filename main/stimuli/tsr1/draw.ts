/** From the number of an image to its raster. */
import type { Tsr1Spec } from '../../contract/stimuli.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { apertureWeights } from '../aperture.ts';
import { scaleToContrast } from '../contrast.ts';
import type { StimulusRaster } from '../geometry.ts';
import { nyquistCpd, rasterPxPerDeg } from '../geometry.ts';
import { formatNumber } from '../words.ts';
import {
  tsr1Aperture,
  tsr1ContrastRms,
  tsr1HighestCpd,
  tsr1Name,
  tsr1Place,
  tsr1SizeDeg,
  type Tsr1Class,
} from './classes.ts';
import { deadLeavesPattern } from './deadLeaves.ts';
import { drawTsr1Gabor } from './gabors.ts';
import { gridOnRaster } from './grid.ts';
import { noisePattern } from './noise.ts';
import { gratingField, plaidField } from './periodic.ts';
import { polarField } from './polar.ts';
import { scenePattern } from './scenes.ts';
import { drawShape } from './shapes.ts';
import { scramblePattern, texturePattern } from './textures.ts';

/**
 * Writes the image around fixation into `out`, which holds the background. Throws 'bad-input' for a raster with fewer
 * than 16 px per degree, on which the finest images would show other patterns.
 */
export function drawTsr1({ index }: Tsr1Spec, raster: StimulusRaster, out: Float32Array): Float32Array {
  requireDetail(raster, tsr1Name, tsr1HighestCpd);
  const { key, k } = tsr1Place(index);
  if (key === 'gabors') return drawTsr1Gabor(k, raster, out);
  if (key === 'shapes') return drawShape(k, raster, out);
  return drawFullField((wide) => fieldOf(key, k, wide), raster, out, tsr1Name);
}

/** An image of a full-field class before it has its mean, contrast and aperture. */
function fieldOf(key: Exclude<Tsr1Class, 'gabors' | 'shapes'>, k: number, raster: StimulusRaster): Float32Array {
  switch (key) {
    case 'gratings':
      return gratingField(k, raster);
    case 'plaids':
      return plaidField(k, raster);
    case 'polar':
      return polarField(k, raster);
    case 'noise':
      return gridOnRaster(noisePattern(k), raster);
    case 'deadLeaves':
      return gridOnRaster(deadLeavesPattern(k), raster);
    case 'textures':
      return gridOnRaster(texturePattern(k), raster);
    case 'scrambles':
      return gridOnRaster(scramblePattern(k), raster);
    case 'scenes':
      return gridOnRaster(scenePattern(k), raster);
  }
}

/**
 * Mean and RMS contrast are exact on the raster at hand, also where resampling changed the pattern's. A field that shows
 * only a part of the image gets it from one that shows all: its contrast is that of the image, not of the part.
 */
export function drawFullField(
  field: (raster: StimulusRaster) => Float32Array,
  raster: StimulusRaster,
  out: Float32Array,
  setName: string,
): Float32Array {
  const { sizePx, background } = raster;
  const pxPerDeg = rasterPxPerDeg(raster);
  const missingPx = Math.max(0, Math.ceil(((tsr1SizeDeg - raster.fieldOfViewDeg) / 2) * pxPerDeg - 1e-9));
  const widePx = sizePx + 2 * missingPx;
  const wide = missingPx === 0 ? raster : { sizePx: widePx, fieldOfViewDeg: widePx / pxPerDeg, background };
  const image = missingPx === 0 ? out : new Float32Array(widePx * widePx).fill(background);
  const weights = apertureWeights(tsr1Aperture, wide);
  scaleToContrast(field(wide), weights, background, tsr1ContrastRms, image, `A picture of ${setName}`);
  if (missingPx === 0) return out;
  for (let row = 0; row < sizePx; row++) {
    const start = (row + missingPx) * widePx + missingPx;
    out.set(image.subarray(start, start + sizePx), row * sizePx);
  }
  return out;
}

export function requireDetail(raster: StimulusRaster, setName: string, highestCpd: number): void {
  const pxPerDeg = rasterPxPerDeg(raster);
  if (highestCpd <= nyquistCpd(pxPerDeg)) return;
  throw new TwinscopeError(
    'bad-input',
    `${setName} holds detail of up to ${highestCpd} cpd and needs at least ${2 * highestCpd} px per degree; ` +
      `this raster has ${formatNumber(pxPerDeg)}, so it would show other patterns. Nothing was drawn. Use a finer raster, ` +
      'or a set of coarser stimuli.',
  );
}
