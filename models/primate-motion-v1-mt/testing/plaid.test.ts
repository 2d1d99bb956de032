/** The classes of plaid tuning and the statistics around them, on tunings whose class is known. */
import { expect, it } from 'vitest';
import { Random } from '../../../main/platform/random.ts';
import { classify, discoveries, tuningP } from './plaid.ts';

const directions = Array.from({ length: 12 }, (_, i) => (Math.PI * i) / 6);
const bump = (width: number) => directions.map((angle) => 0.1 + Math.exp((Math.cos(angle) - 1) / width));

it.each([0.05, 0.15, 0.4])('knows the two predictions themselves, tuning of width %s', (width) => {
  const grating = bump(width);
  const components = grating.map((_, i) => grating[(i + 10) % 12]! + grating[(i + 2) % 12]! - 0.1);
  expect(classify(grating, grating.slice(), 0.1).kind).toBe('pattern');
  expect(classify(grating, components, 0.1).kind).toBe('component');
  const between = grating.map((value, i) => value + components[i]!);
  expect(classify(grating, between, 0.1).kind).toBe('unclassed');
});

// 1.28 is the 10 % point of one Z; to lead the other Z by it as well is less likely.
it('classes less than a tenth of pure noise each way, and not much less', () => {
  const random = Random.fromSeed(5, 'noise');
  const noise = () => directions.map(() => random.normal());
  const kinds = Array.from({ length: 4000 }, () => classify(noise(), noise(), 0).kind);
  for (const kind of ['pattern', 'component'] as const) {
    const share = kinds.filter((each) => each === kind).length / kinds.length;
    expect(share).toBeGreaterThan(0.03);
    expect(share).toBeLessThan(0.1);
  }
});

it('finds tuning where it is and seldom where it is not', () => {
  const random = Random.fromSeed(6, 'trials');
  expect(tuningP(bump(0.1), random)).toBe(1 / 200);
  const flat = Array.from({ length: 200 }, () =>
    tuningP(
      directions.map(() => 0.5),
      random,
    ),
  );
  const below = flat.filter((p) => p <= 0.05).length / flat.length;
  expect(below).toBeGreaterThan(0.01);
  expect(below).toBeLessThan(0.11);
});

it('keeps the discoveries of Benjamini and Hochberg', () => {
  // Ranks 1–3 lie at or below .05·rank/5: .01, .02, .03; .045 is above .04.
  expect(discoveries([0.03, 0.5, 0.005, 0.045, 0.015], 0.05)).toEqual([true, false, true, false, true]);
  expect(discoveries([0.2, 0.9], 0.05)).toEqual([false, false]);
});
