import { describe, expect, it } from 'vitest';
import {
  decodeGrey,
  encodeGrey,
  encodeSrgb,
  largestContrast,
  linearToCdM2,
  linearToSrgb,
  srgbDecodeTable,
  srgbToLinear,
} from './encode.ts';

describe('sRGB', () => {
  it('has the published values', () => {
    // Linear .5 is code 188, linear .18 code 118, code 128 linear .2159 (IEC 61966-2-1).
    expect([...encodeGrey(Float32Array.of(0, 0.5, 0.18, 1, -3, 7), { srgb: true })]).toEqual([
      0, 188, 118, 255, 0, 255,
    ]);
    expect(srgbToLinear(128 / 255)).toBeCloseTo(0.21586, 5);
    expect(linearToSrgb(0.002)).toBeCloseTo(0.02584, 10);
    expect(srgbDecodeTable(256)[10]).toBeCloseTo(10 / 255 / 12.92, 12);
  });

  it('returns every code, and rounds to the nearest in the encoded domain', () => {
    const codes = Uint8Array.from({ length: 256 }, (_, code) => code);
    for (const encoding of [{ srgb: true }, { gamma: 2.2 }, { gamma: 1 }] as const) {
      expect(encodeGrey(decodeGrey(codes, encoding), encoding)).toEqual(codes);
    }
    const linear = Float32Array.from({ length: 5000 }, (_, index) => index / 4999);
    const expected = linear.map(
      (value) => 255 * (value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055),
    );
    encodeGrey(linear, { srgb: true }).forEach((code, index) => {
      expect(Math.abs(code - (expected[index] as number))).toBeLessThanOrEqual(0.5 + 1e-6);
    });
  });
});

describe('encodeSrgb', () => {
  it('is the published curve to the last bit of a float32, on both sides of its knee and beyond black and white', () => {
    const edges = [-0.5, -0, 0, 1e-30, 0.0031308, 0.00313081, 1 - 2 ** -24, 1, 1 + 2 ** -23, 2];
    const linear = Float32Array.from([
      ...edges,
      ...Array.from({ length: 20_000 }, (_, index) => (index / 19_999) ** 2),
    ]);
    const out = new Float32Array(2 * linear.length);
    encodeSrgb(linear, out, { scale: 4, shift: -2, start: 1, step: 2 });
    for (const [index, light] of linear.entries()) {
      const curve = light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055;
      expect(Math.abs((out[2 * index + 1] as number) - (4 * curve - 2))).toBeLessThanOrEqual(
        2.5e-7 * Math.max(1, light),
      );
    }
    expect(out.filter((_, at) => at % 2 === 0).every((value) => value === 0)).toBe(true);
  });
});

describe('a display with a black level', () => {
  const display = { gamma: 2.2, minLuminanceCdM2: 1, maxLuminanceCdM2: 99 };

  it('keeps the background at the middle of its luminances and the stated contrast', () => {
    expect(linearToCdM2(0.5, display)).toBe(50);
    const shown = (linear: number) => {
      const code = encodeGrey(Float32Array.of(linear), { display })[0] as number;
      return 1 + 98 * (code / 255) ** 2.2;
    };
    expect(shown(0.5)).toBeCloseTo(50, 0);
    // A grating of contrast .4: linear .7 and .3.
    expect((shown(0.7) - shown(0.3)) / (shown(0.7) + shown(0.3))).toBeCloseTo(0.4, 2);
    expect(largestContrast(display)).toBe(0.98);
    // Contrast 1 is clipped at the black level.
    expect([...encodeGrey(Float32Array.of(0, 0.005, 1), { display })]).toEqual([0, 0, 255]);
  });
});
