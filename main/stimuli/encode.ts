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

const pieces = 8192;
const firstKnot = 0.0031308;
const knotsPerUnit = pieces / (1 - firstKnot);
let knots: Float64Array | null = null;

/** Value and slope (per piece) of {@link linearToSrgb} at every knot from 0.0031308 to 1. */
function srgbKnots(): Float64Array {
  const made = new Float64Array(2 * (pieces + 1));
  for (let knot = 0; knot <= pieces; knot++) {
    const at = firstKnot + knot / knotsPerUnit;
    const power = pow(at, 1 / 2.4);
    made[2 * knot] = 1.055 * power - 0.055;
    made[2 * knot + 1] = (1.055 * power) / (2.4 * at * knotsPerUnit);
  }
  return made;
}

/**
 * {@link linearToSrgb} from a table of cubic pieces, within 1e-9 and about ten times as fast: for whole pictures. Made
 * of + − × ÷ alone beyond its table, so the same on every machine.
 */
export function linearToSrgbTabulated(linear: number): number {
  if (linear <= firstKnot) return 12.92 * linear;
  if (!(linear < 1)) return linear === 1 ? 1 : linearToSrgb(linear);
  const table = (knots ??= srgbKnots());
  const position = (linear - firstKnot) * knotsPerUnit;
  const piece = position | 0;
  const t = position - piece;
  const from = table[2 * piece] as number;
  const slope = table[2 * piece + 1] as number;
  const rise = (table[2 * piece + 2] as number) - from;
  const bend = (table[2 * piece + 3] as number) + slope - 2 * rise;
  // Hermite: value and slope are those of the curve at both ends of the piece.
  return from + t * (slope + t * (rise - slope - bend + t * bend));
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
