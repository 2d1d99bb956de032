/**
 * Photographs: what a file is, by its header; and its pixels as linear-light luminance. libvips (sharp) decodes, turns
 * the picture upright and converts embedded colour profiles to sRGB; linearisation and resampling are ours, because
 * sharp resamples encoded values.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import type { Metadata, Sharp } from 'sharp';
import { TwinscopeError } from '../../platform/errors.ts';
import { formatCount } from '../../platform/words.ts';
import { luminanceWeights, srgbDecodeTable } from '../encode.ts';
import { drawColours, drawImage } from '../resample.ts';
import type { ImageSource } from '../resample.ts';
import { formatNumber } from '../words.ts';

/** The largest image that is decoded; formats.md asks for 50 megapixels. */
export const mostPixels = 50_000_000;
const mostFiles = 100_000;

export type PhotographHeader = {
  /** Size as shown, after the orientation stored in the file. */
  widthPx: number;
  heightPx: number;
  mediaType: 'image/png' | 'image/jpeg' | 'image/webp' | 'image/tiff';
};

const signatures: { mediaType: PhotographHeader['mediaType']; at: number; bytes: number[] }[] = [
  { mediaType: 'image/png', at: 0, bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] },
  { mediaType: 'image/jpeg', at: 0, bytes: [0xff, 0xd8, 0xff] },
  { mediaType: 'image/webp', at: 8, bytes: [0x57, 0x45, 0x42, 0x50] },
  { mediaType: 'image/tiff', at: 0, bytes: [0x49, 0x49, 0x2a, 0x00] },
  { mediaType: 'image/tiff', at: 0, bytes: [0x4d, 0x4d, 0x00, 0x2a] },
];

const refuse = (sentence: string): TwinscopeError => new TwinscopeError('bad-input', sentence);

/** By the first bytes, so that no other decoder (SVG, PDF, GIF …) ever sees the file. */
function mediaTypeOf(bytes: Uint8Array, name: string): PhotographHeader['mediaType'] {
  if (bytes.length === 0)
    throw refuse(`${name} is empty (0 bytes). It was not imported; copy it again from its source.`);
  const found = signatures.find(({ at, bytes: expected }) =>
    expected.every((byte, index) => bytes[at + index] === byte),
  );
  if (found === undefined) {
    throw refuse(
      `${name} is not a PNG, JPEG, WebP or TIFF image. It was not imported; save it in one of these formats.`,
    );
  }
  return found.mediaType;
}

async function headerOf(bytes: Uint8Array, name: string): Promise<{ header: PhotographHeader; metadata: Metadata }> {
  const mediaType = mediaTypeOf(bytes, name);
  let metadata: Metadata;
  try {
    metadata = await sharp(bytes, { limitInputPixels: false }).metadata();
  } catch {
    throw refuse(`${name} cannot be read: its header is damaged. It was not imported; copy it again from its source.`);
  }
  const { width, height } = metadata.autoOrient;
  if (width * height > mostPixels) {
    throw refuse(
      `${name} has ${formatCount(width)} × ${formatCount(height)} pixels (${formatNumber((width * height) / 1e6)} ` +
        `megapixels); at most ${mostPixels / 1e6} are read. It was not imported; scale it down first.`,
    );
  }
  if (metadata.depth !== 'uchar' && metadata.depth !== 'ushort') {
    throw refuse(
      `${name} holds ${metadata.depth} values; 8 or 16 bits per channel are read. It was not imported; convert it first.`,
    );
  }
  return { header: { widthPx: width, heightPx: height, mediaType }, metadata };
}

/**
 * Checks a photograph without decoding more than it must: signature and header first, so that a huge image is refused
 * in little memory, then all pixels, so that a truncated file is refused now and not in the middle of a run.
 * Throws 'bad-input' with a sentence that begins with `name`.
 */
export async function readPhotograph(bytes: Uint8Array, name = 'The image'): Promise<PhotographHeader> {
  const { header } = await headerOf(bytes, name);
  try {
    // The smallest output that still makes the decoder read the file to its end.
    await decoder(bytes).resize(8, 8, { fit: 'fill' }).raw().toBuffer();
  } catch {
    throw damaged(name);
  }
  return header;
}

const damaged = (name: string): TwinscopeError =>
  refuse(
    `${name} is damaged or cut off: its pixels cannot be read. It was not imported; copy it again from its source.`,
  );

const decoder = (bytes: Uint8Array): Sharp => sharp(bytes, { limitInputPixels: mostPixels, failOn: 'error' });

type Decoded = {
  values: Uint8Array | Uint16Array;
  widthPx: number;
  heightPx: number;
  channels: number;
  deep: boolean;
};

/** Upright sRGB pixels as they come from the decoder: 1 to 4 channels of 8 or 16 bits, alpha last where there is one. */
async function decode(bytes: Uint8Array, name: string): Promise<Decoded> {
  // JPEG and WebP have 8 bits and the decoder has the same limit of pixels, so their header need not be read twice.
  const shallow = ['image/jpeg', 'image/webp'].includes(mediaTypeOf(bytes, name));
  const deep = !shallow && (await headerOf(bytes, name)).metadata.depth === 'ushort';
  try {
    const { data, info } = await decoder(bytes)
      .autoOrient()
      .toColourspace(deep ? 'rgb16' : 'srgb')
      .raw({ depth: deep ? 'ushort' : 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const { buffer, byteOffset, byteLength } = data;
    const values = deep
      ? new Uint16Array(buffer, byteOffset, byteLength / 2)
      : new Uint8Array(buffer, byteOffset, byteLength);
    return { values, widthPx: info.width, heightPx: info.height, channels: info.channels, deep };
  } catch {
    // What the header says is the better reason.
    await headerOf(bytes, name);
    throw damaged(name);
  }
}

/** Rows of luminance in linear light, Rec. 709 weights, transparent parts showing `background`. */
function luminanceRows(picture: Decoded, background: number): ImageSource & { channels: 1 } {
  const { values, widthPx, heightPx, channels, deep } = picture;
  const linear = srgbDecodeTable(deep ? 65536 : 256);
  const opaque = deep ? 65535 : 255;
  const colour = channels >= 3;
  const hasAlpha = channels === 2 || channels === 4;
  const [red, green, blue] = luminanceWeights;
  const value = (at: number): number => linear[values[at] as number] as number;
  return {
    widthPx,
    heightPx,
    channels: 1,
    readRow(row, into) {
      let at = row * widthPx * channels;
      for (let column = 0; column < widthPx; column++, at += channels) {
        const luminance = colour ? red * value(at) + green * value(at + 1) + blue * value(at + 2) : value(at);
        const alpha = hasAlpha ? (values[at + channels - 1] as number) / opaque : 1;
        into[column] = alpha === 1 ? luminance : alpha * luminance + (1 - alpha) * background;
      }
    },
  };
}

/** Rows of red, green and blue in linear light, transparent parts showing `background`. */
function colourRows(picture: Decoded, background: number): ImageSource & { channels: 3 } {
  const { values, widthPx, heightPx, channels, deep } = picture;
  const linear = srgbDecodeTable(deep ? 65536 : 256);
  const opaque = deep ? 65535 : 255;
  const colour = channels >= 3;
  const hasAlpha = channels === 2 || channels === 4;
  return {
    widthPx,
    heightPx,
    channels: 3,
    readRow(row, into) {
      let from = row * widthPx * channels;
      if (channels === 3) {
        for (let at = 0; at < 3 * widthPx; at++, from++) into[at] = linear[values[from] as number] as number;
        return;
      }
      for (let at = 0; at < 3 * widthPx; at += 3, from += channels) {
        const alpha = hasAlpha ? (values[from + channels - 1] as number) / opaque : 1;
        for (let channel = 0; channel < 3; channel++) {
          const light = linear[values[from + (colour ? channel : 0)] as number] as number;
          into[at + channel] = alpha === 1 ? light : alpha * light + (1 - alpha) * background;
        }
      }
    },
  };
}

export type RasteriseOptions = {
  /** Side of the square that the photograph is fitted to. */
  sizePx: number;
  /** cover: fill the square, cropping the longer side evenly; contain: all of it, letterboxed on the background. */
  fit: 'cover' | 'contain';
  /** Linear-light luminance behind transparent parts and beside a letterboxed image. */
  background: number;
};

/**
 * A photograph as sizePx² values of linear-light luminance, row-major, top row first: sRGB decoded, Rec. 709 weights,
 * shrunk by area averages (or enlarged by a windowed sinc) in linear light. The same file gives the same values
 * on every machine. Throws 'bad-input' as {@link readPhotograph} does.
 */
export async function rasterisePhotograph(
  bytes: Uint8Array,
  options: RasteriseOptions,
  name = 'The image',
): Promise<Float32Array> {
  const { sizePx, fit, background } = options;
  const picture = await decode(bytes, name);
  return drawImage(luminanceRows(picture, background), sizePx, { left: 0, top: 0, side: sizePx }, { fit, background });
}

/** Red, green and blue, sizePx² values each. */
export type Colours = readonly [Float32Array, Float32Array, Float32Array];

export function coloursOf(sizePx: number): Colours {
  const plane = (): Float32Array => new Float32Array(sizePx * sizePx);
  return [plane(), plane(), plane()];
}

/**
 * A photograph as three planes of sizePx² values of linear light, red, green and blue (Rec. 709 primaries); otherwise
 * as {@link rasterisePhotograph}. A grey photograph gives three equal planes. Written into `outs` where given, in one
 * go behind the decoding.
 */
export async function rasterisePhotographColours(
  bytes: Uint8Array,
  options: RasteriseOptions,
  outs: Colours = coloursOf(options.sizePx),
  name = 'The image',
): Promise<Colours> {
  const { sizePx, fit, background } = options;
  const source = colourRows(await decode(bytes, name), background);
  const square = { left: 0, top: 0, side: sizePx };
  drawColours(source, sizePx, square, { fit, background }, outs);
  return outs;
}

const extensions = new Set(['.png', '.jpg', '.jpeg', '.webp', '.tif', '.tiff']);

/**
 * Paths of the photographs in a folder (not in folders inside it), by extension, in natural order: 2.png before 10.png.
 * Throws 'not-found' when there is no such folder and 'bad-input' above 100,000 files.
 */
export async function listImageFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => {
    throw new TwinscopeError('not-found', `The folder ${folder} cannot be opened. Check the path and its permissions.`);
  });
  const byName = new Intl.Collator('en', { numeric: true });
  const names = entries
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .filter((name) => extensions.has(path.extname(name).toLowerCase()))
    .toSorted((a, b) => byName.compare(a, b) || (a < b ? -1 : 1));
  if (names.length > mostFiles) {
    throw refuse(
      `The folder holds ${formatCount(names.length)} images; at most ${formatCount(mostFiles)} are imported at once. ` +
        'Nothing was imported; split the folder.',
    );
  }
  return names.map((name) => path.join(folder, name));
}
