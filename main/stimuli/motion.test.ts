import { describe, expect, it } from 'vitest';
import { stimulusDesign, stimulusSpec, type StimulusSpec } from '../contract/stimuli.ts';
import { designWarnings, specAt } from './design.ts';
import { hasMoving, isMoving, requireFrameRate, requireStill, speedDegPerS } from './motion.ts';
import { renderSpec } from './render.ts';
import { bestShift } from './testing/shift.ts';
import { specWarnings } from './warnings.ts';

const raster = { sizePx: 112, fieldOfViewDeg: 8, background: 0.5 };
const pxPerDeg = 14;
const spec = (value: object): StimulusSpec => stimulusSpec.parse(value);
const frame = (value: object, timeS: number, on = raster) => renderSpec(spec(value), on, {}, undefined, timeS);
const drifting = { type: 'drifting-grating', spatialFrequencyCpd: 1, temporalFrequencyHz: 2, diameterDeg: 16 };

/** Largest |image − value| over all pixels. */
function worst(image: Float32Array, value: (x: number, y: number, at: number) => number): number {
  let most = 0;
  for (let at = 0; at < image.length; at++) {
    const x = ((at % raster.sizePx) + 0.5 - raster.sizePx / 2) / pxPerDeg;
    const y = -(Math.floor(at / raster.sizePx) + 0.5 - raster.sizePx / 2) / pxPerDeg;
    most = Math.max(most, Math.abs((image[at] as number) - value(x, y, at)));
  }
  return most;
}

describe('a drifting grating', () => {
  it.each([
    { directionDeg: 0, timeS: 0.13 },
    { directionDeg: 90, timeS: 0.4 },
    { directionDeg: 217, timeS: 12.34, phaseDeg: 70, xDeg: 1, yDeg: -0.5, contrast: 0.6 },
  ])('equals cos(2π(f·s − ω·t) + phase), s being the way along the direction: %o', ({ timeS, ...parameters }) => {
    const s = { phaseDeg: 0, xDeg: 0, yDeg: 0, contrast: 1, ...parameters };
    const direction = (s.directionDeg * Math.PI) / 180;
    const difference = worst(frame({ ...drifting, ...s, diameterDeg: 30 }, timeS), (x, y) => {
      const way = (x - s.xDeg) * Math.cos(direction) + (y - s.yDeg) * Math.sin(direction);
      const phase = (s.phaseDeg * Math.PI) / 180;
      return 0.5 * (1 + s.contrast * Math.cos(2 * Math.PI * (way - 2 * timeS) + phase));
    });
    expect(difference).toBeLessThan(2e-7);
  });

  it('moves right at 0°, up at 90°, left at 180° and down at 270°, by speed × time', () => {
    // 2 Hz at 1 cpd are 2 °/s: 1/14 s moves 2 px, far less than half a cycle of 14 px.
    for (const [directionDeg, right, up] of [
      [0, 2, 0],
      [90, 0, 2],
      [180, -2, 0],
      [270, 0, -2],
    ] as const) {
      const at = (timeS: number) => frame({ ...drifting, directionDeg }, timeS);
      const found = bestShift(at(0), at(1 / 14), raster.sizePx, { windowPx: 42, reachPx: 3 });
      expect(found.correlation).toBeGreaterThan(0.999);
      // Along the bars any shift fits; across them only one does.
      expect(right === 0 ? found.up : found.right, `direction ${directionDeg}`).toBe(right === 0 ? up : right);
    }
  });

  it('is the still grating of bars perpendicular to it at time 0, and at any time at 0 Hz', () => {
    for (const directionDeg of [0, 45, 200]) {
      const { type: _, temporalFrequencyHz: __, ...rest } = drifting;
      const still = frame({ ...rest, type: 'grating', orientationDeg: directionDeg - 90 }, 0);
      expect(frame({ ...drifting, directionDeg }, 0)).toEqual(still);
      expect(frame({ ...drifting, directionDeg, temporalFrequencyHz: 0 }, 3.7)).toEqual(still);
    }
    expect(isMoving(spec({ ...drifting, directionDeg: 0 }))).toBe(true);
    expect(isMoving(spec({ ...drifting, directionDeg: 0, temporalFrequencyHz: 0 }))).toBe(false);
  });

  it('comes back after every cycle', () => {
    const at = (timeS: number) => frame({ ...drifting, directionDeg: 30 }, timeS);
    expect(at(2.5)).toEqual(at(0));
    expect(at(0.25)).not.toEqual(at(0));
  });

  it('is refused where its bars are too fine', () => {
    expect(() => frame({ ...drifting, directionDeg: 0, spatialFrequencyCpd: 7.1 }, 0)).toThrow(
      /7\.1 cpd needs at least/,
    );
  });
});

describe('a counterphase grating', () => {
  const common = { spatialFrequencyCpd: 1.5, temporalFrequencyHz: 3, phaseDeg: 40, diameterDeg: 5, edgeDeg: 1 };

  it('is the sum of two opposite drifts of half its contrast', () => {
    for (const timeS of [0, 0.05, 0.11, 0.7]) {
      const both = frame({ ...common, type: 'counterphase-grating', orientationDeg: 30, contrast: 0.8 }, timeS);
      // A drift towards 300° has its phase along u = the direction 120°, so that it turns with the sign of the way.
      const one = frame({ ...common, type: 'drifting-grating', directionDeg: 120, contrast: 0.4 }, timeS);
      const opposite = { ...common, phaseDeg: -common.phaseDeg, directionDeg: 300, contrast: 0.4 };
      const other = frame({ ...opposite, type: 'drifting-grating' }, timeS);
      const sum = worst(both, (_x, _y, at) => (one[at] as number) + (other[at] as number) - 0.5);
      expect(sum).toBeLessThan(2e-7);
    }
  });

  it('is blank a quarter of a cycle on and reversed after half of one', () => {
    const at = (timeS: number) => frame({ ...common, type: 'counterphase-grating', orientationDeg: 0 }, timeS);
    expect(worst(at(1 / 12), () => 0.5)).toBeLessThan(1e-7);
    const first = at(0);
    expect(worst(at(1 / 6), (_x, _y, pixel) => 1 - (first[pixel] as number))).toBeLessThan(2e-7);
  });
});

describe('a drifting plaid', () => {
  const plaid = {
    type: 'drifting-plaid',
    plaidAngleDeg: 120,
    spatialFrequencyCpd: 1,
    temporalFrequencyHz: 2,
    diameterDeg: 16,
  };

  it('is the sum of its components, which drift half the angle to both sides of it', () => {
    const { type: _, plaidAngleDeg: __, ...rest } = plaid;
    const of = { ...rest, diameterDeg: 5, edgeDeg: 1, phaseDeg: 25, xDeg: 0.5, yDeg: 0.25 };
    for (const timeS of [0, 0.09, 1.3]) {
      const both = frame({ ...plaid, ...of, directionDeg: 50, componentContrast: 0.3 }, timeS);
      const [one, other] = [-10, 110].map((directionDeg) =>
        frame({ ...of, type: 'drifting-grating', directionDeg, contrast: 0.3 }, timeS),
      ) as [Float32Array, Float32Array];
      expect(worst(both, (_x, _y, at) => (one[at] as number) + (other[at] as number) - 0.5)).toBeLessThan(2e-7);
    }
  });

  it('moves as a pattern in its own direction, at tf/(sf·cos(angle/2))', () => {
    // 2/(1·cos 60°) = 4 °/s, twice as fast as its components: 3/56 s are 3 px.
    for (const [directionDeg, right, up] of [
      [0, 3, 0],
      [90, 0, 3],
      [180, -3, 0],
    ] as const) {
      const at = (timeS: number) => frame({ ...plaid, directionDeg }, timeS);
      const found = bestShift(at(0), at(3 / 56), raster.sizePx, { windowPx: 42, reachPx: 5 });
      expect([found.right, found.up], `direction ${directionDeg}`).toEqual([right, up]);
      expect(found.correlation).toBeGreaterThan(0.999);
    }
    expect(speedDegPerS(spec({ ...plaid, directionDeg: 0 }))).toBeCloseTo(4, 12);
  });

  it('reaches black and white at component contrast .5, and takes no more', () => {
    const image = frame({ ...plaid, directionDeg: 0, phaseDeg: 0 }, 0);
    expect(Math.max(...image)).toBeGreaterThan(0.95);
    expect(() => spec({ ...plaid, directionDeg: 0, componentContrast: 0.6 })).toThrow(/0\.5/);
  });
});

describe('what moves', () => {
  const still = spec({ type: 'grating', orientationDeg: 0, spatialFrequencyCpd: 1, diameterDeg: 4 });
  const dots = spec({ type: 'random-dots', directionDeg: 0, speedDegPerS: 0, coherence: 1, diameterDeg: 4, seed: 1 });
  const design = (temporalFrequencyHz: number[]) =>
    stimulusDesign.parse({
      type: 'drifting-gratings',
      factors: { directionDeg: [0, 90], spatialFrequencyCpd: [1], temporalFrequencyHz },
    });

  it('is told of stimuli and of designs, and refused for what sees still pictures', () => {
    expect([still, dots, spec({ type: 'tsr1v', index: 3 }), spec({ type: 'blank' })].map(isMoving)).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(hasMoving(design([0]))).toBe(false);
    expect(hasMoving(design([0, 4]))).toBe(true);
    const list = stimulusDesign.parse({ type: 'list', stimuli: [still, dots] });
    expect(hasMoving(list)).toBe(true);
    expect(() => requireStill(list, 'The twin “V1”')).toThrow(
      'The twin “V1” sees still pictures, and these stimuli move. Nothing was started.',
    );
    expect(() => requireStill([still, specAt(design([4]), 0)], 'x')).toThrow(/move/);
    expect(() => requireStill([still], 'x')).not.toThrow();
    expect(() => requireStill(design([0]), 'x')).not.toThrow();
  });

  it('may not pass more than half a cycle from frame to frame', () => {
    const at = (hz: number) => spec({ ...drifting, directionDeg: 0, temporalFrequencyHz: hz });
    expect(() => requireFrameRate(at(14.9), 30, 'x')).not.toThrow();
    expect(() => requireFrameRate(at(16), 30, 'The twin “MT”')).toThrow(
      'The twin “MT” has 30 frames per second, and a drift of 16 Hz needs more than 32: it would show another motion. Nothing ' +
        'was started. Keep drifts below 15 Hz, or use more frames per second.',
    );
    expect(() => requireFrameRate(design([2, 16]), 30, 'x')).toThrow(/16 Hz/);
    expect(() => requireFrameRate(design([2, 14.9]), 30, 'x')).not.toThrow();
    const list = stimulusDesign.parse({ type: 'list', stimuli: [still, at(20)] });
    expect(() => requireFrameRate(list, 30, 'x')).toThrow(/20 Hz/);
    for (const set of [spec({ type: 'tsr1v', index: 0 }), stimulusDesign.parse({ type: 'tsr1v' })]) {
      expect(() => requireFrameRate(set, 15, 'x')).toThrow(/8 Hz needs at least 16/);
      expect(() => requireFrameRate(set, 16, 'x')).not.toThrow();
    }
    expect(() => requireFrameRate(dots, 5, 'x')).not.toThrow();
    expect(() => requireFrameRate(still, 5, 'x')).not.toThrow();
    const twin = { pxPerDeg: 28, fieldOfViewDeg: 8 };
    expect(designWarnings(design([2, 16]), twin)).toEqual([]);
    expect(designWarnings(design([2, 16, 32]), { ...twin, frameRateHz: 30 })).toEqual([
      'A drift of 32 Hz needs more than 64 frames per second; this twin has 30. It cannot be shown and will be refused. The same ' +
        'holds for 1 more of the temporal frequencies.',
    ]);
  });

  it('may not drift by just half a cycle, which has no direction; standing bars may be reversed in every frame', () => {
    const grating = { ...drifting, diameterDeg: 6 };
    const context = { pxPerDeg: 28, fieldOfViewDeg: 8, frameRateHz: 30 };
    const needs =
      'A drift of 15 Hz needs more than 30 frames per second; this twin has 30. It cannot be shown and will be refused.';
    for (const type of ['drifting-grating', 'drifting-plaid']) {
      const half = spec({ ...grating, type, directionDeg: 0, temporalFrequencyHz: 15 });
      for (const stimuli of [half, stimulusDesign.parse({ type: 'list', stimuli: [still, half] })]) {
        expect(() => requireFrameRate(stimuli, 30, 'x')).toThrow(/a drift of 15 Hz needs more than 30: .* below 15 Hz/);
      }
      expect(specWarnings(half, context)).toEqual([needs]);
    }
    expect(() => requireFrameRate(design([2, 15]), 30, 'x')).toThrow(/15 Hz/);
    expect(designWarnings(design([15]), context)).toContain(needs);
    // What half the rate does to a drift: the frames of both directions are the same.
    const frames = (directionDeg: number) =>
      [0, 1, 2].flatMap((at) => [...frame({ ...grating, directionDeg, temporalFrequencyHz: 15 }, at / 30)]);
    const back = frames(180);
    frames(0).forEach((value, at) => expect(value).toBeCloseTo(back[at] as number, 5));

    const reversing = spec({ ...grating, type: 'counterphase-grating', orientationDeg: 0, temporalFrequencyHz: 15 });
    expect(() => requireFrameRate(reversing, 30, 'x')).not.toThrow();
    expect(specWarnings(reversing, context)).toEqual([]);
    expect(() => requireFrameRate({ ...reversing, temporalFrequencyHz: 16 } as StimulusSpec, 30, 'x')).toThrow(
      /a temporal frequency of 16 Hz needs at least 32: .* at or below 15 Hz/,
    );
  });

  it('may not have dots that live less than a frame', () => {
    const living = (lifetimeS: number): StimulusSpec => ({ ...dots, lifetimeS }) as StimulusSpec;
    const context = { pxPerDeg: 28, fieldOfViewDeg: 8, frameRateHz: 50 };
    const list = stimulusDesign.parse({ type: 'list', stimuli: [still, living(0.01)] });
    for (const stimuli of [living(0.01), list]) {
      expect(() => requireFrameRate(stimuli, 50, 'The twin “MT”')).toThrow(
        'The twin “MT” has 50 frames per second, and dots that live 0.01 s need at least 100: they would be others in every frame, ' +
          'and nothing would move. Nothing was started. Let dots live 0.02 s or longer, or use more frames per second.',
      );
      expect(() => requireFrameRate(stimuli, 100, 'x')).not.toThrow();
    }
    expect(specWarnings(living(0.01), context).at(-1)).toBe(
      'Dots that live 0.01 s need at least 100 frames per second; this twin has 50. They cannot be shown and will be refused.',
    );
    expect(specWarnings(living(0.02), context)).toEqual([]);
    expect(() => stimulusSpec.parse(living(0.0009))).toThrow(/0\.001/);
  });
});
