/** The circular window through which a candidate is seen, checked against what the raster can show. */
import type { Aperture } from '../../contract/plans.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { apertureWeights } from '../../stimuli/aperture.ts';
import { formatNumber } from '../../stimuli/words.ts';
import type { SearchField } from '../model.ts';

/** Fewer pixels than this cannot carry a mean and a contrast of their own. */
export const fewestPixels = 4;

/**
 * Weight of every pixel, in [0, 1]; all ones without an aperture. Throws 'bad-input' where the aperture covers too few
 * pixels, with the nearest size or place that works.
 */
export function searchAperture(aperture: Aperture | undefined, field: SearchField): Float64Array {
  const weights = apertureWeights(aperture, field);
  if (aperture === undefined) return weights;
  const degPerPx = field.fieldOfViewDeg / field.sizePx;
  const { diameterDeg, edgeDeg, xDeg, yDeg } = aperture;
  if (diameterDeg < degPerPx) {
    throw refuse(
      `The aperture of ${formatNumber(diameterDeg)}° is smaller than one pixel of this twin (${formatNumber(degPerPx)}°).`,
      `Make it at least ${formatNumber(3 * degPerPx)}° wide.`,
    );
  }
  if (edgeDeg > diameterDeg) {
    throw refuse(
      `The edge of the aperture (${formatNumber(edgeDeg)}°) is wider than its diameter (${formatNumber(diameterDeg)}°).`,
      `Make the edge at most ${formatNumber(diameterDeg)}° wide.`,
    );
  }
  const covered = weights.reduce((count, weight) => count + (weight > 0.5 ? 1 : 0), 0);
  if (covered < fewestPixels) {
    throw refuse(
      `The aperture (${formatNumber(diameterDeg)}° wide, at ${formatNumber(xDeg)}°, ${formatNumber(yDeg)}°) covers ` +
        `${covered} pixels of this twin's ${formatNumber(field.fieldOfViewDeg)}° field.`,
      `Make it at least ${formatNumber(3 * degPerPx)}° wide and keep its centre within ` +
        `±${formatNumber(field.fieldOfViewDeg / 2)}°.`,
    );
  }
  return weights;
}

function refuse(what: string, remedy: string): TwinscopeError {
  return new TwinscopeError('bad-input', `${what} Nothing was started. ${remedy}`);
}
