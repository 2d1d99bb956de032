/** Grey 8-bit PNG files of linear-light rasters. Nothing is written to disk. */
import sharp from 'sharp';
import { encodeGrey } from '../encode.ts';
import type { GreyEncoding } from '../encode.ts';
import { resizeSquare } from '../resample.ts';

export type PngOptions = GreyEncoding & {
  /** Side of the file's image when it differs from the raster's; scaled smoothly in linear light. */
  outSizePx?: number;
};

/** PNG bytes of a square raster, encoded as `options` say: `{ srgb: true }`, `{ gamma }` or `{ display }`. */
export async function encodeGreyPng(
  linear: Float32Array,
  sizePx: number,
  options: PngOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { outSizePx = sizePx } = options;
  const codes = encodeGrey(resizeSquare(linear, sizePx, outSizePx, true), options);
  const png = await sharp(codes, { raw: { width: outSizePx, height: outSizePx, channels: 1 } })
    .toColourspace('b-w')
    .png({ compressionLevel: 6 })
    .toBuffer();
  return new Uint8Array(png);
}

/** sRGB PNG of square rasters of the same size, the first at the top. */
export async function encodeGreyStrip(
  rasters: readonly Float32Array[],
  sizePx: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const codes = new Uint8Array(rasters.length * sizePx * sizePx);
  for (const [at, raster] of rasters.entries()) codes.set(encodeGrey(raster, { srgb: true }), at * sizePx * sizePx);
  const png = await sharp(codes, { raw: { width: sizePx, height: rasters.length * sizePx, channels: 1 } })
    .toColourspace('b-w')
    .png({ compressionLevel: 6 })
    .toBuffer();
  return new Uint8Array(png);
}

/** A small sRGB picture of a raster; its background .5 becomes the stage grey, 188. */
export const thumbnail = (linear: Float32Array, sizePx: number, outSizePx = 96): Promise<Uint8Array<ArrayBuffer>> =>
  encodeGreyPng(linear, sizePx, { srgb: true, outSizePx });

/** PNG bytes of a square picture of display codes, one or three interleaved channels; one larger than `mostPx` is shrunk. */
export async function encodeCodesPng(
  codes: Uint8Array,
  sizePx: number,
  channels: 1 | 3,
  mostPx: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const picture = sharp(codes, { raw: { width: sizePx, height: sizePx, channels } });
  const sized = sizePx > mostPx ? picture.resize(mostPx, mostPx) : picture;
  const png = await (channels === 1 ? sized.toColourspace('b-w') : sized).png({ compressionLevel: 6 }).toBuffer();
  return new Uint8Array(png);
}
