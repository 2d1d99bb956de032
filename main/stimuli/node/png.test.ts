import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { renderSpec } from '../render.ts';
import { encodeGreyPng, thumbnail } from './png.ts';

/** sharp widens grey to three channels unless told not to. */
const codesOf = async (png: Uint8Array) => [...(await sharp(png).toColourspace('b-w').raw().toBuffer())];
const raster = { sizePx: 64, fieldOfViewDeg: 8, background: 0.5 };

describe('PNG', () => {
  it('is 8-bit greyscale with the encoded values, pixel for pixel', async () => {
    const linear = Float32Array.of(0, 0.5, 0.18, 1);
    const png = await encodeGreyPng(linear, 2, { srgb: true });
    // Signature, then IHDR with width, height, depth 8, colour type 0 (grey).
    expect([...png.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
    expect([...png.subarray(16, 26)]).toEqual([0, 0, 0, 2, 0, 0, 0, 2, 8, 0]);
    expect(await codesOf(png)).toEqual([0, 188, 118, 255]);
    expect(await codesOf(await encodeGreyPng(linear, 2, { gamma: 2 }))).toEqual([0, 180, 108, 255]);
    const display = { gamma: 1, minLuminanceCdM2: 0, maxLuminanceCdM2: 80 };
    expect(await codesOf(await encodeGreyPng(linear, 2, { display }))).toEqual([0, 128, 46, 255]);
  });

  it('makes thumbnails on the stage grey', async () => {
    const png = await thumbnail(renderSpec({ type: 'blank' }, raster), 64);
    const codes = await codesOf(png);
    expect(codes).toHaveLength(96 * 96);
    expect(codes.every((code) => code === 188)).toBe(true);
  });

  it('shows no moiré when a fine grating is scaled down', async () => {
    const spec = {
      type: 'grating',
      orientationDeg: 90,
      spatialFrequencyCpd: 12,
      phaseDeg: 0,
      contrast: 1,
      diameterDeg: 12,
      edgeDeg: 0,
      xDeg: 0,
      yDeg: 0,
    } as const;
    const fine = renderSpec(spec, { ...raster, sizePx: 224 });
    const codes = await codesOf(await encodeGreyPng(fine, 224, { srgb: true, outSizePx: 96 }));
    const inside = Array.from({ length: 80 }, (_, column) => codes[48 * 96 + 8 + column] as number);
    expect(Math.max(...inside) - Math.min(...inside)).toBeLessThan(16);
  });
});
