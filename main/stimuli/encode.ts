/**
 * From linear light to the numbers a display or an image file holds, and back. Stimuli are linear everywhere else;
 * encoding happens at the edge.
 */
import { pow } from '../platform/exactMath.ts';

/** IEC 61966-2-1: encoded sRGB value in [0, 1] of linear light in [0, 1]. */
export const linearToSrgb = (linear: number): number =>
  linear <= 0.0031308 ? 12.92 * linear : 1.055 * pow(linear, 1 / 2.4) - 0.055;

/** IEC 61966-2-1: linear light in [0, 1] of an encoded sRGB value in [0, 1]. */
export const srgbToLinear = (encoded: number): number =>
  encoded <= 0.04045 ? encoded / 12.92 : pow((encoded + 0.055) / 1.055, 2.4);

const kneeLight = 0.0031308;
/** The bits of a float32 above these: exponent and the first seven of the fraction. They number the pieces. */
const lowBits = 16;
const lowMask = 0xffff;
const bitsOf = (light: number): number => new Int32Array(Float32Array.of(light).buffer)[0] as number;
const lightOf = (bits: number): number => new Float32Array(Int32Array.of(bits).buffer)[0] as number;
const kneeBits = bitsOf(kneeLight);
const whiteBits = bitsOf(1);
const firstPiece = kneeBits >> lowBits;
let cubics: Float64Array | null = null;

/** Coefficients of a + t·(b + t·(c + t·d)), t in [0, 1), for every piece of {@link linearToSrgb} above its knee. */
function srgbCubics(): Float64Array {
  const pieces = (whiteBits >> lowBits) - firstPiece + 1;
  const made = new Float64Array(4 * pieces);
  for (let piece = 0; piece < pieces; piece++) {
    const from = lightOf((firstPiece + piece) << lowBits);
    const to = lightOf((firstPiece + piece + 1) << lowBits);
    const power = (light: number): number => 1.055 * pow(light, 1 / 2.4);
    const slope = (light: number): number => ((to - from) * power(light)) / (2.4 * light);
    const rise = power(to) - power(from);
    // Hermite: value and slope are those of the curve at both ends of the piece.
    made.set(
      [power(from) - 0.055, slope(from), 3 * rise - 2 * slope(from) - slope(to), slope(from) + slope(to) - 2 * rise],
      4 * piece,
    );
  }
  return made;
}

/**
 * {@link linearToSrgb} of every value, then times `scale` plus `shift`, written to out[start], out[start + step] …
 * Within 1e-10 and several times as fast, from a table of cubic pieces, 128 for every halving of the light; + and ×
 * alone, so the same on every machine.
 */
export function encodeSrgb(
  linear: Float32Array,
  out: Float32Array,
  { scale, shift, start, step }: { scale: number; shift: number; start: number; step: number },
): void {
  const table = (cubics ??= srgbCubics());
  const bits = new Int32Array(linear.buffer, linear.byteOffset, linear.length);
  for (let index = 0, at = start; index < bits.length; index++, at += step) {
    // Of floats that are not negative, the larger one has the larger bits; negative ones are below them all.
    const bit = bits[index] as number;
    let value;
    if (bit > kneeBits && bit <= whiteBits) {
      const piece = 4 * ((bit >> lowBits) - firstPiece);
      const t = (bit & lowMask) / (lowMask + 1);
      value =
        (table[piece] as number) +
        t * ((table[piece + 1] as number) + t * ((table[piece + 2] as number) + t * (table[piece + 3] as number)));
    } else value = linearToSrgb(linear[index] as number);
    out[at] = value * scale + shift;
  }
}

/** Rec. 709 weights of linear red, green and blue in luminance. */
export const luminanceWeights = [0.2126, 0.7152, 0.0722] as const;

const decodeTables = new Map<number, Float64Array>();

/** Linear light of every code of an 8-bit or 16-bit sRGB image. */
export function srgbDecodeTable(codes: 256 | 65536): Float64Array {
  let table = decodeTables.get(codes);
  if (table === undefined) {
    table = Float64Array.from({ length: codes }, (_, code) => srgbToLinear(code / (codes - 1)));
    decodeTables.set(codes, table);
  }
  return table;
}

/** What fixes a display's luminance: L(v) = L_min + (L_max − L_min)·v^γ for a code v in [0, 1]. */
export type DisplayLuminance = { gamma: number; minLuminanceCdM2: number; maxLuminanceCdM2: number };

/** The largest Michelson contrast around (L_min + L_max)/2: (L_max − L_min)/(L_max + L_min). */
export const largestContrast = (display: DisplayLuminance): number =>
  (display.maxLuminanceCdM2 - display.minLuminanceCdM2) / (display.maxLuminanceCdM2 + display.minLuminanceCdM2);

/** Luminance in cd/m² that the linear value stands for: .5 is the background (L_min + L_max)/2, contrast is kept. */
export const linearToCdM2 = (linear: number, display: DisplayLuminance): number =>
  linear * (display.minLuminanceCdM2 + display.maxLuminanceCdM2);

/**
 * How linear light becomes 8-bit codes: as sRGB; by a bare power law, code = linear^(1/γ); or for a measured display,
 * keeping the stated contrast above its black level (values it cannot show are clipped).
 */
export type GreyEncoding = { srgb: true } | { gamma: number } | { display: DisplayLuminance };

/** Linear light shown for a code v in [0, 1]. */
function decoder(encoding: GreyEncoding): (v: number) => number {
  if ('srgb' in encoding) return srgbToLinear;
  if ('gamma' in encoding) return (v) => pow(v, encoding.gamma);
  const { gamma, minLuminanceCdM2: low, maxLuminanceCdM2: high } = encoding.display;
  return (v) => (low + (high - low) * pow(v, gamma)) / (low + high);
}

const bins = 4096;

/** 8-bit codes, rounded to the nearest in the encoded domain and clipped to 0 … 255. */
export function encodeGrey(linear: Float32Array, encoding: GreyEncoding): Uint8Array<ArrayBuffer> {
  const decode = decoder(encoding);
  // thresholds[k] is the linear value from which code k + 1 is nearer than code k.
  const thresholds = Float64Array.from({ length: 256 }, (_, code) =>
    code < 255 ? decode((code + 0.5) / 255) : Infinity,
  );
  const firstCode = new Uint8Array(bins + 1);
  for (let bin = 0, code = 0; bin <= bins; bin++) {
    while ((thresholds[code] as number) <= bin / bins) code++;
    firstCode[bin] = code;
  }
  const codes = new Uint8Array(linear.length);
  for (let index = 0; index < linear.length; index++) {
    const value = linear[index] as number;
    let code = firstCode[value <= 0 ? 0 : value >= 1 ? bins : Math.floor(value * bins)] as number;
    while ((thresholds[code] as number) <= value) code++;
    codes[index] = code;
  }
  return codes;
}

/** Linear light of 8-bit codes: what {@link encodeGrey} leaves of an image. */
export function decodeGrey(codes: Uint8Array, encoding: GreyEncoding): Float32Array {
  const decode = decoder(encoding);
  const table = Float32Array.from({ length: 256 }, (_, code) => decode(code / 255));
  return Float32Array.from(codes, (code) => table[code] as number);
}
