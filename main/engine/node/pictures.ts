/**
 * From the description of a stimulus to the values that a twin's graph takes, a picture or all frames of a clip. One function for the drawing threads and
 * for whoever draws without them, so that both give the same bits.
 */
import type { ImageSpec, StimulusSpec } from '../../contract/stimuli.ts';
import { coloursOf, rasterisePhotograph, rasterisePhotographColours } from '../../stimuli/node/photographs.ts';
import { decodeNpy } from '../../stimuli/npy.ts';
import { isMoving, requireFrameRate, requireStill } from '../../stimuli/motion.ts';
import { renderSpec, type StimulusRaster } from '../../stimuli/render.ts';
import { encodeChannel, encodeGreyPicture, type PictureFormat } from '../inputAdapter.ts';

/** Which stored bytes a stimulus is drawn from, or null where its description says everything. */
export function sourceOfSpec(spec: StimulusSpec): { kind: 'image' | 'array'; sha256: string } | null {
  if (spec.type === 'image') return { kind: 'image', sha256: spec.imageSha256 };
  if (spec.type === 'raster') return { kind: 'array', sha256: spec.arraySha256 };
  return null;
}

export type PictureOrder = {
  spec: StimulusSpec;
  /** What `sourceOfSpec` asks for. */
  bytes: Uint8Array | null;
  field: StimulusRaster;
  format: PictureFormat;
};

/**
 * Draws a stimulus into `out` (`pictureFloats` values), encoded as the twin takes it. Throws 'bad-input' and 'not-found'
 * as `renderSpec` and `rasterisePhotograph` do; `out` then holds nothing of use.
 */
export type DrawPicture = (order: PictureOrder, out: Float32Array) => Promise<void>;

/** A drawer with buffers of its own, which it uses again and again: one picture after the other. */
export function createDrawer(): DrawPicture {
  let raster = new Float32Array(0);
  let colours = coloursOf(0);

  return async ({ spec, bytes, field, format }, out) => {
    const pixels = field.sizePx * field.sizePx;
    if (raster.length !== pixels) raster = new Float32Array(pixels);
    const stored = spec.type === 'raster' && bytes !== null ? decodeNpy(bytes).data : undefined;
    const sources = { array: () => stored };
    if (isMoving(spec)) {
      const { clip } = format;
      if (clip === null) return requireStill([spec], 'This twin');
      requireFrameRate(spec, clip.frameRateHz);
      for (let frame = 0; frame < clip.frames; frame++) {
        encodeGreyPicture(format, renderSpec(spec, field, sources, raster, frame / clip.frameRateHz), out, frame);
      }
      return;
    }
    if (spec.type !== 'image' || bytes === null) {
      encodeGreyPicture(format, renderSpec(spec, field, sources, raster), out);
      return;
    }
    const sizePx = photographPx(spec, field);
    const options = { sizePx, fit: spec.fit, background: field.background };
    const placed = (luminance: Float32Array): Float32Array =>
      renderSpec(spec, field, { image: () => ({ widthPx: sizePx, heightPx: sizePx, luminance }) }, raster);
    if (!format.colour) {
      encodeGreyPicture(format, placed(await rasterisePhotograph(bytes, options)), out);
      return;
    }
    if (colours[0].length !== sizePx * sizePx) colours = coloursOf(sizePx);
    await rasterisePhotographColours(bytes, options, colours);
    for (const [channel, plane] of colours.entries()) encodeChannel(format, channel, placed(plane), out);
  };
}

/** Side in pixels of the square that a photograph is fitted to before it is placed. */
export const photographPx = (spec: ImageSpec, field: StimulusRaster): number =>
  Math.max(1, Math.round((spec.sizeDeg / field.fieldOfViewDeg) * field.sizePx));
