import { describe, expect, it } from 'vitest';
import { display } from '../contract/plans.ts';
import { renderSpec } from '../stimuli/render.ts';
import { describedLuminance, stimulusExtentDeg } from './extent.ts';
import { picturePx, projectOntoScreen, screenDeg, sourcePx } from './screen.ts';
import { psychopyDeg } from './tables.ts';
import { spec } from './testing/protocols.ts';

const near = display.parse({});
/** 30 cm from a 60 cm screen: ±45°, where a flat screen is far from even in degrees. */
const close = display.parse({ widthPx: 1200, heightPx: 1200, widthCm: 60, distanceCm: 30 });

function project(document: Record<string, unknown>, screen: typeof near) {
  const stimulus = spec(document);
  const sizeDeg = stimulusExtentDeg(stimulus);
  const sizePx = sourcePx(sizeDeg, screen);
  const linear = renderSpec(stimulus, { sizePx, fieldOfViewDeg: sizeDeg, background: 0.5 });
  const targetPx = picturePx(sizeDeg, screen);
  return { targetPx, picture: projectOntoScreen({ linear, sizePx, sizeDeg, background: 0.5 }, targetPx, screen) };
}

describe('a picture on a flat screen', () => {
  it('covers 2·D·tan(θ/2)', () => {
    expect(screenDeg(close).width).toBeCloseTo(90, 10);
    // 60° at 30 cm is 2 · 30 · tan 30° = 34.641 cm of .05 cm pixels.
    expect(picturePx(60, close)).toBe(694);
    expect(picturePx(90, close)).toBe(1200);
  });

  it.each([
    ['near the fovea', near, 6],
    ['out to 30° on a near screen', close, 60],
  ])('shows every pixel at its own visual angle, %s', (_, screen, diameterDeg) => {
    const cpd = diameterDeg === 6 ? 4 : 1;
    const { targetPx, picture } = project(
      { type: 'grating', orientationDeg: 90, spatialFrequencyCpd: cpd, phaseDeg: 30, diameterDeg, edgeDeg: 0 },
      screen,
    );
    const cm = screen.widthCm / screen.widthPx;
    let worst = 0;
    let pixels = 0;
    for (let row = 0; row < targetPx; row++) {
      for (let column = 0; column < targetPx; column++) {
        const x = (Math.atan(((column + 0.5 - targetPx / 2) * cm) / screen.distanceCm) * 180) / Math.PI;
        const y = (Math.atan(((targetPx / 2 - row - 0.5) * cm) / screen.distanceCm) * 180) / Math.PI;
        if (Math.hypot(x, y) > diameterDeg / 2 - 0.5) continue;
        const expected = 0.5 + 0.5 * Math.cos(2 * Math.PI * cpd * -x + Math.PI / 6);
        worst = Math.max(worst, Math.abs((picture[row * targetPx + column] as number) - expected));
        pixels++;
      }
    }
    expect(pixels).toBeGreaterThan(10_000);
    // Half an 8-bit level of the background's surroundings.
    expect(worst).toBeLessThan(0.004);
  });

  it('keeps up at the top, right at the right and the background outside', () => {
    const { targetPx, picture } = project(
      { type: 'gabor', orientationDeg: 0, spatialFrequencyCpd: 0.1, sigmaDeg: 0.3, xDeg: 1, yDeg: 2 },
      near,
    );
    let brightest = 0;
    for (let at = 0; at < picture.length; at++) {
      if ((picture[at] as number) > (picture[brightest] as number)) brightest = at;
    }
    const x = ((brightest % targetPx) + 0.5 - targetPx / 2) / 36.04;
    const y = (targetPx / 2 - Math.floor(brightest / targetPx) - 0.5) / 36.04;
    expect(x).toBeCloseTo(1, 1);
    expect(y).toBeCloseTo(2, 1);
    expect(picture[0]).toBeCloseTo(0.5, 6);
  });

  it('keeps a flat field flat to the last bit that is shown', () => {
    const linear = new Float32Array(100 * 100).fill(0.3);
    const picture = projectOntoScreen({ linear, sizePx: 100, sizeDeg: 5, background: 0.5 }, picturePx(5, near), near);
    const inside = picture.filter((value) => value !== 0.5);
    expect(inside.length).toBeGreaterThan(30_000);
    expect(Math.max(...inside.map((value) => Math.abs(value - 0.3)))).toBeLessThan(1e-6);
  });
});

describe('extent', () => {
  it('holds the whole stimulus in a square centred at fixation', () => {
    const grating = { type: 'grating', orientationDeg: 0, spatialFrequencyCpd: 1 };
    expect(stimulusExtentDeg(spec({ ...grating, diameterDeg: 2, edgeDeg: 0.5 }))).toBe(2.5);
    expect(stimulusExtentDeg(spec({ ...grating, diameterDeg: 2, edgeDeg: 0, xDeg: -3, yDeg: 1 }))).toBe(8);
    expect(stimulusExtentDeg(spec({ type: 'raster', arraySha256: 'a'.repeat(64), sizeDeg: 8 }))).toBe(8);
    expect(stimulusExtentDeg(spec({ type: 'image', imageSha256: 'a'.repeat(64), sizeDeg: 4, yDeg: -1 }))).toBe(6);
  });

  it('leaves nothing outside', () => {
    for (const document of [
      { type: 'gabor', orientationDeg: 30, spatialFrequencyCpd: 1, sigmaDeg: 0.5, aspectRatio: 1.5, yDeg: -1 },
      { type: 'grating', orientationDeg: 30, spatialFrequencyCpd: 1, diameterDeg: 3, edgeDeg: 1, xDeg: 2 },
    ]) {
      const stimulus = spec(document);
      const fieldOfViewDeg = 2 * stimulusExtentDeg(stimulus);
      const sizePx = 400;
      const linear = renderSpec(stimulus, { sizePx, fieldOfViewDeg, background: 0.5 });
      let outside = 0;
      for (let at = 0; at < linear.length; at++) {
        const column = at % sizePx;
        const row = Math.floor(at / sizePx);
        const within = [column, row].every((place) => place >= 100 && place < 300);
        if (!within) outside = Math.max(outside, Math.abs((linear[at] as number) - 0.5));
      }
      expect(outside).toBeLessThan(1 / 2550);
    }
  });

  it('tells luminance where the description does', () => {
    const grating = spec({
      type: 'grating',
      orientationDeg: 0,
      spatialFrequencyCpd: 1,
      diameterDeg: 2,
      contrast: 0.4,
    });
    expect(describedLuminance(grating)).toEqual({ min: 0.3, max: 0.7 });
    expect(describedLuminance(spec({ type: 'raster', arraySha256: 'a'.repeat(64), sizeDeg: 8 }))).toBeNull();
  });
});

describe("PsychoPy's degrees", () => {
  it('cover the picture pixel by pixel', () => {
    // PsychoPy: pixels = deg · distance · 0.017455 · (widthPx / widthCm).
    const deg = psychopyDeg(290, near);
    expect((deg * 57 * 0.017455 * 1920) / 53).toBeCloseTo(290, 9);
    expect(deg).toBeCloseTo(8.046, 3);
  });
});
