/** From the number of a clip and a time to a raster. */
import type { Tsr1vSpec } from '../../contract/stimuli.ts';
import { dotsAt, paintDots } from '../dots.ts';
import type { StimulusRaster } from '../geometry.ts';
import { tsr1Aperture } from '../tsr1/classes.ts';
import { drawFullField, requireDetail } from '../tsr1/draw.ts';
import { gridOnRaster } from '../tsr1/grid.ts';
import { addWave } from '../tsr1/periodic.ts';
import { tsr1vHighestCpd, tsr1vName, tsr1vPlace, tsr1vRandom, type Tsr1vClass } from './classes.ts';
import { dotsClip, gratingClip, plaidClip, type GratingClip } from './parameters.ts';
import { wavePattern } from './waves.ts';

/**
 * Writes the clip as it is at `timeS` into `out`, which holds the background. Throws 'bad-input' for a raster with fewer
 * than 8 px per degree, on which the finest clips would show other patterns.
 */
export function drawTsr1v(
  { index }: Tsr1vSpec,
  raster: StimulusRaster,
  out: Float32Array,
  timeS: number,
): Float32Array {
  requireDetail(raster, tsr1vName, tsr1vHighestCpd);
  const { key, k } = tsr1vPlace(index);
  return drawFullField((wide) => fieldOf(key, k, wide, timeS), raster, out, tsr1vName);
}

/** A frame before it has its mean, contrast and aperture. */
function fieldOf(key: Tsr1vClass, k: number, raster: StimulusRaster, timeS: number): Float32Array {
  if (key === 'images' || key === 'movies') return gridOnRaster(wavePattern(key, k, timeS), raster);
  const field = new Float32Array(raster.sizePx * raster.sizePx);
  if (key === 'gratings') {
    addDrift(field, gratingClip(k), 0, raster, timeS);
  } else if (key === 'plaids') {
    const plaid = plaidClip(k);
    for (const side of [-0.5, 0.5]) addDrift(field, plaid, side * plaid.plaidAngleDeg, raster, timeS);
  } else {
    const clip = dotsClip(k);
    const { diameterDeg, edgeDeg } = tsr1Aperture;
    const seed = tsr1vRandom('dots', k).int(Number.MAX_SAFE_INTEGER);
    const dots = dotsAt({ ...clip, diameterDeg, edgeDeg, seed }, timeS);
    paintDots(dots, clip.dotDiameterDeg, tsr1Aperture, { black: -1, white: 1 }, raster, field);
  }
  return field;
}

/** Adds a grating that drifts `turnDeg` counter-clockwise of the clip's direction. */
function addDrift(
  field: Float32Array,
  clip: GratingClip,
  turnDeg: number,
  raster: StimulusRaster,
  timeS: number,
): void {
  const { directionDeg, spatialFrequencyCpd, temporalFrequencyHz } = clip;
  // As in motion.ts: bars of direction − 90° move in the direction while their phase falls.
  const orientationDeg = directionDeg + turnDeg - 90;
  const phaseDeg = clip.phaseDeg - 360 * ((temporalFrequencyHz * timeS) % 1);
  addWave(field, { orientationDeg, spatialFrequencyCpd, phaseDeg }, raster);
}
