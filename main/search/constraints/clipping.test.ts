import { expect, it } from 'vitest';
import { constraints } from '../../contract/plans.ts';
import type { SearchField } from '../model.ts';
import { clipToRange } from './clipping.ts';
import { createConstraints } from './constraints.ts';

const field: SearchField = { sizePx: 8, fieldOfViewDeg: 2, background: 0.5 };
const wild = Float64Array.from({ length: 2 * 64 }, (_, i) => ((i * 7) % 13) / 3 - 1.5);

it('cuts every pixel of every frame to the range, and nothing inside it', () => {
  const set = createConstraints(constraints.parse({ range: [0.2, 0.9], meanLuminance: 0.5 }), field);
  const clipped = clipToRange(wild, set);
  expect(clipped).toHaveLength(128);
  for (const [i, luminance] of clipped.entries()) {
    const value = wild[i] as number;
    expect(luminance).toBeGreaterThanOrEqual(0.2);
    expect(luminance).toBeLessThanOrEqual(0.9);
    expect(luminance).toBeCloseTo(Math.min(0.9, Math.max(0.2, value)), 6);
  }
});

it('leaves what surrounds the aperture, and fades towards it', () => {
  const aperture = { diameterDeg: 1.2, edgeDeg: 0.6 };
  const set = createConstraints(constraints.parse({ range: [0.1, 1], aperture }), field);
  for (const [i, luminance] of clipToRange(wild, set).entries()) {
    const weight = set.weights[i % 64] as number;
    const room = weight * (luminance > 0.5 ? 0.5 : 0.4);
    expect(Math.abs(luminance - 0.5)).toBeLessThanOrEqual(room + 6e-8);
  }
});

it('keeps the background of a mask around its foreground', () => {
  const behind = Float32Array.from({ length: 64 }, (_, i) => 0.4 + 0.002 * i);
  const mask = {
    foreground: { shape: 'rectangle', widthDeg: 1, heightDeg: 1 },
    background: { from: { set: 'x' } },
  };
  const set = createConstraints(constraints.parse({ mask }), field, { background: behind });
  const clipped = clipToRange(wild, set);
  const outside = [...clipped.keys()].filter((i) => set.weights[i % 64] === 0);
  expect(outside).toHaveLength(2 * (64 - 16));
  for (const i of outside) expect(clipped[i]).toBe(behind[i % 64]);
});

it('refuses what is no number', () => {
  const set = createConstraints(constraints.parse({}), field);
  expect(() =>
    clipToRange(
      Float64Array.from(wild, (value, i) => (i === 3 ? NaN : value)),
      set,
    ),
  ).toThrow(/not a number/);
});
