/** A picture of one twin's raster on another's. */
import { TwinscopeError } from '../../platform/errors.ts';
import { renderSpec } from '../../stimuli/render.ts';
import type { SearchField } from '../model.ts';

/**
 * At its size in degrees, each frame for itself; what lies beyond the picture is background.
 * @param image sizePx² or frames × sizePx² of `from`
 */
export function onRaster(image: Float32Array, from: SearchField, to: SearchField): Float32Array {
  const pixels = from.sizePx ** 2;
  const shown = image.length / pixels;
  if (shown > 1 && shown !== (to.frames ?? 1)) {
    throw new TwinscopeError(
      'unsupported',
      `The candidate has ${shown} frames, and this twin sees ${to.frames ?? 1}, so it cannot be shown to it.`,
    );
  }
  const same = from.sizePx === to.sizePx && from.fieldOfViewDeg === to.fieldOfViewDeg;
  if (same) return image;
  const result = new Float32Array(shown * to.sizePx ** 2);
  const spec = { type: 'raster', arraySha256: '', sizeDeg: from.fieldOfViewDeg } as const;
  for (let frame = 0; frame < shown; frame++) {
    const luminance = image.subarray(frame * pixels, (frame + 1) * pixels);
    result.set(renderSpec(spec, to, { array: () => luminance }), frame * to.sizePx ** 2);
  }
  return result;
}
