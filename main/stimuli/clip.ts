/** A stimulus in all the frames in which it is shown. */
import type { StimulusSpec } from '../contract/stimuli.ts';
import type { StimulusRaster } from './geometry.ts';
import { isMoving, requireFrameRate } from './motion.ts';
import { renderSpec, type StimulusSources } from './render.ts';

/** A raster that may show clips: how many frames there are in one, and how many per second. */
export type ClipRaster = StimulusRaster & { frames?: number; frameRateHz?: number | null };

/**
 * A moving stimulus as frames × sizePx² values of linear light where the raster shows clips, any other as sizePx². Throws
 * as `renderSpec` does, and 'bad-input' for motion that is too fast for the frame rate.
 */
export function renderShown(spec: StimulusSpec, raster: ClipRaster, sources: StimulusSources = {}): Float32Array {
  const { frames, frameRateHz } = raster;
  if (frames === undefined || !frameRateHz || !isMoving(spec)) return renderSpec(spec, raster, sources);
  requireFrameRate(spec, frameRateHz);
  const pixels = raster.sizePx ** 2;
  const all = new Float32Array(frames * pixels);
  for (let frame = 0; frame < frames; frame++) {
    renderSpec(spec, raster, sources, all.subarray(frame * pixels, (frame + 1) * pixels), frame / frameRateHz);
  }
  return all;
}
