/**
 * From the description of a stimulus to the values that a twin's graph takes. One function for the drawing threads and
 * for whoever draws without them, so that both give the same bits.
 */
import type { ImageSpec, StimulusSpec } from '../../contract/stimuli.ts';
import { rasterisePhotograph, rasterisePhotographColours } from '../../stimuli/node/photographs.ts';
import { decodeNpy } from '../../stimuli/npy.ts';
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
export async function drawPicture({ spec, bytes, field, format }: PictureOrder, out: Float32Array): Promise<void> {
  if (spec.type === 'image' && bytes !== null) {
    const options = { sizePx: photographPx(spec, field), fit: spec.fit, background: field.background };
    const planes = format.colour
      ? await rasterisePhotographColours(bytes, options)
      : [await rasterisePhotograph(bytes, options)];
    const raster = new Float32Array(field.sizePx * field.sizePx);
    for (const [channel, luminance] of planes.entries()) {
      const image = { widthPx: options.sizePx, heightPx: options.sizePx, luminance };
      renderSpec(spec, field, { image: () => image }, raster);
      if (format.colour) encodeChannel(format, channel, raster, out);
      else encodeGreyPicture(format, raster, out);
    }
    return;
  }
  const stored = spec.type === 'raster' && bytes !== null ? decodeNpy(bytes).data : undefined;
  encodeGreyPicture(format, renderSpec(spec, field, { array: () => stored }), out);
}

/** Side in pixels of the square that a photograph is fitted to before it is placed. */
export const photographPx = (spec: ImageSpec, field: StimulusRaster): number =>
  Math.max(1, Math.round((spec.sizeDeg / field.fieldOfViewDeg) * field.sizePx));
