import { describe, expect, it } from 'vitest';
import { stimulusSpec, type RandomDotsSpec } from '../contract/stimuli.ts';
import { dotCount, dotsAt, dotsPerDeg2PerS, type Dot } from './dots.ts';
import { renderSpec } from './render.ts';
import { mean } from './statistics.ts';
import { bestShift } from './testing/shift.ts';

const dots = (value: object = {}): RandomDotsSpec => {
  const spec = stimulusSpec.parse({
    type: 'random-dots',
    directionDeg: 0,
    speedDegPerS: 3,
    coherence: 0.5,
    dotsPerDeg2: 10,
    diameterDeg: 12,
    seed: 4,
    ...value,
  });
  if (spec.type !== 'random-dots') throw new Error('not dots');
  return spec;
};
const radius = ({ diameterDeg, edgeDeg, dotDiameterDeg }: RandomDotsSpec) =>
  (diameterDeg + edgeDeg + dotDiameterDeg) / 2;

/** Dots that live at both times, with their displacement, but for those that went around the rim. */
function moves(spec: RandomDotsSpec, fromS: number, toS: number) {
  const after = dotsAt(spec, toS);
  const longest = 1.5 * spec.speedDegPerS * (toS - fromS);
  return dotsAt(spec, fromS).flatMap((dot, slot) => {
    const moved = after[slot] as Dot;
    if (moved.generation !== dot.generation) return [];
    const dx = moved.xDeg - dot.xDeg;
    const dy = moved.yDeg - dot.yDeg;
    return Math.hypot(dx, dy) > longest ? [] : [{ dot, dx, dy }];
  });
}

describe('random dots', () => {
  it('move by speed × time: the coherent ones in the direction, the others in any', () => {
    for (const directionDeg of [0, 90, 200]) {
      const found = moves(dots({ directionDeg }), 0.31, 0.35);
      expect(found.length).toBeGreaterThan(700);
      const bearings: number[] = [];
      let astray = 0;
      for (const { dot, dx, dy } of found) {
        expect(Math.hypot(dx, dy)).toBeCloseTo(3 * 0.04, 9);
        const bearing = (Math.atan2(dy, dx) * 180) / Math.PI;
        const off = 1 - Math.cos(((bearing - directionDeg) * Math.PI) / 180);
        if (dot.coherent) astray = Math.max(astray, off);
        else bearings.push(bearing);
      }
      expect(astray).toBeLessThan(1e-9);
      // Each quadrant of a uniform distribution holds a quarter: with n ≈ 450, 3 standard errors are .06.
      for (const quadrant of [-180, -90, 0, 90]) {
        const share = bearings.filter((bearing) => bearing >= quadrant && bearing < quadrant + 90).length;
        expect(Math.abs(share / bearings.length - 0.25)).toBeLessThan(0.07);
      }
    }
  });

  it.each([0, 0.128, 0.5, 1])('are coherent to the share asked for: %f', (coherence) => {
    let coherent = 0;
    let all = 0;
    for (const timeS of [0, 1, 2, 3]) {
      for (const { dx, dy } of moves(dots({ coherence }), timeS, timeS + 0.01)) {
        all++;
        if (Math.abs(dx - 0.03) < 1e-9 && Math.abs(dy) < 1e-9) coherent++;
      }
    }
    // 4 standard errors of a binomial share.
    expect(Math.abs(coherent / all - coherence)).toBeLessThanOrEqual(
      4 * Math.sqrt((coherence * (1 - coherence)) / all),
    );
  });

  it('are the same at a time whatever was asked for before, and go on without end', () => {
    const spec = dots();
    const alone = dotsAt(spec, 0.7);
    for (const timeS of [5, 0.1, 3, 0]) dotsAt(spec, timeS);
    expect(dotsAt(spec, 0.7)).toEqual(alone);
    const raster = { sizePx: 64, fieldOfViewDeg: 8, background: 0.5 };
    const frame = (timeS: number) => renderSpec(spec, raster, {}, undefined, timeS);
    const forward = [0, 0.1, 0.2, 0.3].map(frame);
    expect([0.3, 0.2, 0.1, 0].map(frame).toReversed()).toEqual(forward);
    expect(frame(1000)).not.toEqual(frame(0));
    expect(dotsAt({ ...spec, seed: 5 }, 0.7)).not.toEqual(alone);
  });

  it('live for their lifetime: of every short time, the share that is born anew is time/lifetime', () => {
    const spec = dots({ lifetimeS: 0.2 });
    const before = dotsAt(spec, 1);
    const after = dotsAt(spec, 1.05);
    const anew = before.filter((dot, slot) => (after[slot] as Dot).generation !== dot.generation).length;
    expect(Math.abs(anew / before.length - 0.25)).toBeLessThan(4 * Math.sqrt((0.25 * 0.75) / before.length));
    expect(dotsPerDeg2PerS(spec)).toBeCloseTo(50, 9);
    // None outlives it.
    const later = dotsAt(spec, 1.2);
    expect(before.every((dot, slot) => (later[slot] as Dot).generation !== dot.generation)).toBe(true);
  });

  it('are refused where there are too many to draw', () => {
    // π·1500² square degrees at 10 dots each.
    expect(() => dotsAt(dots({ diameterDeg: 3000, edgeDeg: 0 }), 0)).toThrow(
      /^A field of 3,?000° with 10 dots per square degree holds 70,6\d\d,\d{3} dots; at most 200,000 are drawn\. Nothing was drawn\./,
    );
  });

  it('stay as many and as even, also after they went around the rim', () => {
    // So long-lived and fast that every dot crosses the field several times.
    const spec = dots({ lifetimeS: 60, coherence: 1, speedDegPerS: 8 });
    expect(dotCount(spec)).toBe(Math.round(10 * Math.PI * radius(spec) ** 2));
    for (const timeS of [0, 20]) {
      const all = dotsAt(spec, timeS);
      expect(all).toHaveLength(dotCount(spec));
      for (const { xDeg, yDeg } of all) expect(Math.hypot(xDeg, yDeg)).toBeLessThanOrEqual(radius(spec) + 1e-9);
      const share = (inside: (dot: Dot) => boolean) => all.filter(inside).length / all.length;
      // 4 standard errors of a half at n ≈ 1,200 are .058.
      expect(Math.abs(share(({ xDeg }) => xDeg > 0) - 0.5)).toBeLessThan(0.06);
      expect(Math.abs(share(({ yDeg }) => yDeg > 0) - 0.5)).toBeLessThan(0.06);
      const inner = share(({ xDeg, yDeg }) => Math.hypot(xDeg, yDeg) < radius(spec) / Math.SQRT2);
      expect(Math.abs(inner - 0.5)).toBeLessThan(0.06);
    }
  });
});

describe('the picture of random dots', () => {
  const raster = { sizePx: 112, fieldOfViewDeg: 8, background: 0.5 };

  it('moves to the right at 0° and up at 90°', () => {
    // 3 °/s for 1/14 s are 3 px.
    for (const [directionDeg, right, up] of [
      [0, 3, 0],
      [90, 0, 3],
    ] as const) {
      const spec = dots({ directionDeg, coherence: 1, lifetimeS: 10, dotDiameterDeg: 0.3, dotsPerDeg2: 4 });
      const frame = (timeS: number) => renderSpec(spec, raster, {}, undefined, timeS);
      const found = bestShift(frame(0), frame(1 / 14), 112, { windowPx: 60, reachPx: 5 });
      expect([found.right, found.up]).toEqual([right, up]);
      expect(found.correlation).toBeGreaterThan(0.9);
    }
  });

  it('holds dots of the stated size and contrast, half of them black, on the background', () => {
    // Few enough that hardly any overlap.
    const spec = dots({ dotsPerDeg2: 0.2, dotDiameterDeg: 0.5, contrast: 0.6, diameterDeg: 30 });
    const image = renderSpec(spec, { sizePx: 448, fieldOfViewDeg: 32, background: 0.5 }, {}, undefined, 0.1);
    const range = [...image].reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [1, 0]);
    expect(range[0]).toBeCloseTo(0.2, 6);
    expect(range[1]).toBeCloseTo(0.8, 6);
    const covered = image.reduce((sum, value) => sum + Math.abs(value - 0.5) / 0.3, 0) / 14 ** 2;
    const expected = 0.2 * Math.PI * 15 ** 2 * Math.PI * 0.25 ** 2;
    // A few dots overlap, and some stand half outside.
    expect(covered / expected).toBeGreaterThan(0.93);
    expect(covered / expected).toBeLessThan(1.02);
    expect(Math.abs(mean(image) - 0.5)).toBeLessThan(0.005);
  });

  it('keeps the light of dots narrower than a pixel', () => {
    const spec = dots({ dotsPerDeg2: 1, dotDiameterDeg: 0.05, diameterDeg: 7 });
    const light = (sizePx: number) => {
      const image = renderSpec(spec, { ...raster, sizePx }, {}, undefined, 0);
      return image.reduce((sum, value) => sum + Math.abs(value - 0.5), 0) / (sizePx / 8) ** 2;
    };
    // .05° are .7 px of 112 and 2.8 px of 448.
    expect(light(112) / light(448)).toBeGreaterThan(0.95);
    expect(light(112) / light(448)).toBeLessThan(1.02);
  });

  it('shows nothing outside its aperture', () => {
    const image = renderSpec(dots({ diameterDeg: 4, edgeDeg: 0.5, xDeg: 1 }), raster, {}, undefined, 0.2);
    const outside = image.filter((_, at) => {
      const x = ((at % 112) + 0.5 - 56) / 14 - 1;
      const y = (Math.floor(at / 112) + 0.5 - 56) / 14;
      return Math.hypot(x, y) >= 2.25;
    });
    expect(outside.length).toBeGreaterThan(8000);
    expect(new Set(outside)).toEqual(new Set([0.5]));
    expect(image.some((value) => value > 0.9)).toBe(true);
  });
});
