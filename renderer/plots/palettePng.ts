/** A matrix as a PNG with a 256-colour palette: small, exact, and readable by every program that reads SVG. */
import { rgb } from 'd3';
import { zlibSync } from 'fflate';
import { viridis } from './colours.ts';

const signature = [137, 80, 78, 71, 13, 10, 26, 10];
/** Palette entry of a missing value: transparent. */
const missingEntry = 255;

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});
function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) c = (crcTable[(c ^ byte) & 255] as number) ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + data.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  for (let at = 0; at < 4; at++) out[4 + at] = type.charCodeAt(at);
  out.set(data, 8);
  view.setUint32(8 + data.length, crc32(out.subarray(4, 8 + data.length)));
  return out;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/**
 * Encodes `values` (row-major, `rows` × `columns`) with viridis over [low, high]; values beyond are clamped, NaN is
 * transparent.
 */
export function palettePng(
  values: ArrayLike<number>,
  rows: number,
  columns: number,
  low: number,
  high: number,
): Uint8Array {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, columns);
  view.setUint32(4, rows);
  header.set([8, 3, 0, 0, 0], 8);
  const palette = new Uint8Array(256 * 3);
  for (let entry = 0; entry < missingEntry; entry++) {
    const { r, g, b } = rgb(viridis(entry / (missingEntry - 1)));
    palette.set([r, g, b], entry * 3);
  }
  const opacity = new Uint8Array(256).fill(255);
  opacity[missingEntry] = 0;
  const lines = new Uint8Array(rows * (columns + 1));
  const scale = high > low ? (missingEntry - 1) / (high - low) : 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const value = values[row * columns + column] as number;
      const entry = Number.isNaN(value)
        ? missingEntry
        : Math.min(missingEntry - 1, Math.max(0, Math.round((value - low) * scale)));
      lines[row * (columns + 1) + 1 + column] = entry;
    }
  }
  return join([
    Uint8Array.from(signature),
    chunk('IHDR', header),
    chunk('PLTE', palette),
    chunk('tRNS', opacity),
    chunk('IDAT', zlibSync(lines, { level: 6 })),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

export function pngDataUrl(png: Uint8Array): string {
  let text = '';
  for (let at = 0; at < png.length; at += 0x8000) text += String.fromCharCode(...png.subarray(at, at + 0x8000));
  return `data:image/png;base64,${btoa(text)}`;
}

/** Averages neighbouring columns so that at most `limit` remain. */
export function binColumns(values: Float32Array, rows: number, columns: number, limit: number) {
  if (columns <= limit) return { values, columns, per: 1 };
  const per = Math.ceil(columns / limit);
  const binned = Math.ceil(columns / per);
  const out = new Float32Array(rows * binned);
  for (let row = 0; row < rows; row++) {
    for (let bin = 0; bin < binned; bin++) {
      const end = Math.min(columns, (bin + 1) * per);
      let sum = 0;
      for (let column = bin * per; column < end; column++) sum += values[row * columns + column] as number;
      out[row * binned + bin] = sum / (end - bin * per);
    }
  }
  return { values: out, columns: binned, per };
}
