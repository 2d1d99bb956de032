import { describe, expect, it } from 'vitest';
import { Random } from '../platform/random.ts';
import { renderSpec } from '../stimuli/render.ts';
import { createFieldChange, type FieldChange } from './fieldChange.ts';

const field = (sizePx: number, fieldOfViewDeg: number, background = 0.5) => ({ sizePx, fieldOfViewDeg, background });
const change = (from: ReturnType<typeof field>, to: ReturnType<typeof field>): FieldChange =>
  createFieldChange(from, to) as FieldChange;

const randoms = (name: string, length: number): Float32Array => {
  const random = Random.fromSeed(1, name);
  return Float32Array.from({ length }, () => random.uniform());
};
const dot = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);

describe('a stimulus of one field on another', () => {
  it('is the same picture where the fields are the same', () => {
    expect(createFieldChange(field(32, 4), field(32, 4, 0.4))).toBeNull();
  });

  it('averages 2 × 2 pixels into one of twice the size', () => {
    // Rows 1 2 3 4 / 5 6 7 8 / … in tenths of a percent.
    const image = Float32Array.from({ length: 16 }, (_, i) => (i + 1) / 1000);
    const shown = change(field(4, 2), field(2, 2)).apply(image);
    const expected = [(1 + 2 + 5 + 6) / 4, (3 + 4 + 7 + 8) / 4, (9 + 10 + 13 + 14) / 4, (11 + 12 + 15 + 16) / 4];
    for (const [i, value] of expected.entries()) expect(shown[i]).toBeCloseTo(value / 1000, 7);
  });

  it('stands in the middle of a larger field, with its own background around it', () => {
    // Pixels of the same size: a field of 2° in one of 4°.
    const image = Float32Array.of(0.1, 0.2, 0.3, 0.4);
    const shown = change(field(2, 2, 0.7), field(4, 4, 0.5)).apply(image);
    const b = 0.7;
    expect([...shown].map((value) => Math.round(value * 1e6) / 1e6)).toEqual([
      b,
      b,
      b,
      b,
      b,
      0.1,
      0.2,
      b,
      b,
      0.3,
      0.4,
      b,
      b,
      b,
      b,
      b,
    ]);
  });

  it('is cut by a smaller field', () => {
    const image = Float32Array.from({ length: 16 }, (_, i) => i / 16);
    expect([...change(field(4, 4), field(2, 2)).apply(image)]).toEqual([5 / 16, 6 / 16, 9 / 16, 10 / 16]);
  });

  it('covers a pixel that its border crosses by the share of its area', () => {
    // 3° in the middle of 4 pixels of 1°: half of each outer pixel is covered.
    const shown = change(field(3, 3), field(4, 4)).apply(new Float32Array(9).fill(1));
    expect(shown[0]).toBeCloseTo(0.5 + 0.5 * 0.25, 7);
    expect(shown[1]).toBeCloseTo(0.5 + 0.5 * 0.5, 7);
    expect(shown[5]).toBeCloseTo(1, 7);
  });

  it('shows it as a run does, apart from where that holds a sharp edge to its range', () => {
    const image = randoms('run', 64 ** 2);
    const [darkest, lightest] = [Math.min(...image), Math.max(...image)];
    for (const to of [field(45, 4), field(150, 4), field(90, 6), field(90, 2.5)]) {
      const shown = change(field(64, 4), to).apply(image);
      const drawn = renderSpec({ type: 'raster', arraySha256: '', sizeDeg: 4 }, to, { array: () => image });
      const within = [...drawn.keys()].filter(
        (i) => (shown[i] as number) >= darkest && (shown[i] as number) <= lightest,
      );
      expect(within.length).toBeGreaterThan(0.9 * drawn.length);
      const differences = within.map((i) => Math.abs((drawn[i] as number) - (shown[i] as number)));
      expect(differences.reduce((most, difference) => Math.max(most, difference), 0)).toBeLessThan(1e-6);
    }
  });

  it('keeps the contrast of gratings up to three quarters of the Nyquist limit within 1 % on finer pixels', () => {
    const rms = (image: Float32Array): number => {
      const mean = image.reduce((sum, value) => sum + value, 0) / image.length;
      return Math.sqrt(image.reduce((sum, value) => sum + (value - mean) ** 2, 0) / image.length);
    };
    const [from, to] = [field(96, 4), field(140, 4)];
    for (const spatialFrequencyCpd of [1, 4, 9]) {
      // Point samples, so that no averaging over pixels of one size or the other takes part.
      const grating = (sizePx: number): Float32Array =>
        Float32Array.from({ length: sizePx ** 2 }, (_, i) => {
          const xDeg = (((i % sizePx) + 0.5) * 4) / sizePx - 2;
          return 0.5 + 0.3 * Math.cos(2 * Math.PI * spatialFrequencyCpd * xDeg + 0.4);
        });
      const middle = (image: Float32Array): Float32Array => image.filter((_, i) => Math.abs((i % 140) - 69.5) < 50);
      const kept = rms(middle(change(from, to).apply(grating(96)))) / rms(middle(grating(140)));
      expect(Math.abs(kept - 1)).toBeLessThan(0.01);
    }
  });

  it('shows a Gabor where and as large as the other twin would draw it itself', () => {
    const spec = {
      type: 'gabor',
      orientationDeg: 30,
      spatialFrequencyCpd: 1,
      phaseDeg: 20,
      contrast: 0.9,
      sigmaDeg: 0.4,
      aspectRatio: 1,
      xDeg: 0.5,
      yDeg: -0.3,
    } as const;
    for (const [from, to] of [
      [field(96, 4), field(80, 6)],
      [field(80, 6), field(96, 4)],
      [field(64, 4), field(160, 4)],
    ] as const) {
      const shown = change(from, to).apply(renderSpec(spec, from));
      const drawn = renderSpec(spec, to);
      const difference = shown.reduce((most, value, i) => Math.max(most, Math.abs(value - (drawn[i] as number))), 0);
      expect(difference).toBeLessThan(0.01);
    }
  });

  it('has the exact transpose as its way back: ⟨Ax, y⟩ = ⟨x, Aᵀy⟩', () => {
    for (const [from, to] of [
      [field(16, 3), field(11, 3)],
      [field(16, 3), field(45, 3)],
      [field(16, 3), field(20, 8)],
      [field(23, 8), field(16, 3)],
      [field(12, 3), field(31, 4.7)],
    ] as const) {
      const map = change(from, to);
      const frames = 2;
      const x = randoms(`x ${to.sizePx}`, frames * from.sizePx ** 2).map((value) => value - 0.5);
      const y = randoms(`y ${to.sizePx}`, frames * to.sizePx ** 2);
      const shown = map.apply(x.map((value) => value + 0.5)).map((value) => value - 0.5);
      const forwards = dot(shown, y);
      const backwards = dot(x, map.adjoint(y));
      expect(Math.abs(forwards - backwards)).toBeLessThan(1e-6 * Math.sqrt(dot(shown, shown) * dot(y, y)));
      expect(Math.abs(forwards)).toBeGreaterThan(0.01);
    }
  });
});
