import { describe, expect, it } from 'vitest';
import { stimulusSpec } from '../contract/stimuli.ts';
import type { StimulusSpec } from '../contract/stimuli.ts';
import { sha256Hex } from '../platform/hash.ts';
import { apertureOf, apertureWeights } from './aperture.ts';
import { renderSpec } from './render.ts';
import { contrastRms, mean, range } from './statistics.ts';

const raster = { sizePx: 224, fieldOfViewDeg: 8, background: 0.5 };
const pxPerDeg = 28;
const spec = (value: object): StimulusSpec => stimulusSpec.parse(value);
const render = (value: object, on = raster) => renderSpec(spec(value), on);

/** Plain evaluation of the published formula at a pixel, with the engine's own functions. */
function direct(s: Extract<StimulusSpec, { type: 'grating' | 'gabor' }>, row: number, column: number): number {
  const x = (column + 0.5 - raster.sizePx / 2) / pxPerDeg - s.xDeg;
  const y = -(row + 0.5 - raster.sizePx / 2) / pxPerDeg - s.yDeg;
  const angle = (s.orientationDeg * Math.PI) / 180;
  const u = -x * Math.sin(angle) + y * Math.cos(angle);
  const v = x * Math.cos(angle) + y * Math.sin(angle);
  const wave = Math.cos(2 * Math.PI * s.spatialFrequencyCpd * u + (s.phaseDeg * Math.PI) / 180);
  if (s.type === 'gabor') {
    const envelope = Math.exp(-(u * u) / (2 * s.sigmaDeg ** 2) - (v * v) / (2 * (s.sigmaDeg * s.aspectRatio) ** 2));
    return 0.5 * (1 + s.contrast * envelope * wave);
  }
  const r = Math.hypot(x, y);
  const edge = Math.min(1, Math.max(0, (r - (s.diameterDeg - s.edgeDeg) / 2) / s.edgeDeg));
  return 0.5 * (1 + s.contrast * 0.5 * (1 + Math.cos(Math.PI * edge)) * wave);
}

function largestDifference(image: Float32Array, value: (row: number, column: number) => number): number {
  let worst = 0;
  for (let row = 0; row < raster.sizePx; row++) {
    for (let column = 0; column < raster.sizePx; column++) {
      worst = Math.max(worst, Math.abs((image[row * raster.sizePx + column] as number) - value(row, column)));
    }
  }
  return worst;
}

/** Variation down the columns against variation along the rows: 0 for vertical bars, large for horizontal ones. */
function verticalOverHorizontal(image: Float32Array): number {
  let down = 0;
  let along = 0;
  const n = raster.sizePx;
  for (let row = n / 4; row < (3 * n) / 4; row++) {
    for (let column = n / 4; column < (3 * n) / 4; column++) {
      const here = image[row * n + column] as number;
      down += Math.abs((image[(row + 1) * n + column] as number) - here);
      along += Math.abs((image[row * n + column + 1] as number) - here);
    }
  }
  return down / along;
}

describe('gratings', () => {
  it.each([
    { orientationDeg: 0, spatialFrequencyCpd: 2, phaseDeg: 0, diameterDeg: 6, edgeDeg: 0.5 },
    { orientationDeg: 37, spatialFrequencyCpd: 5.3, phaseDeg: 200, diameterDeg: 3, edgeDeg: 1, xDeg: 1.2, yDeg: -0.7 },
    { orientationDeg: 135, spatialFrequencyCpd: 13, phaseDeg: 90, diameterDeg: 20, edgeDeg: 0.25, contrast: 0.3 },
  ])('equals the formula at every pixel: %o', (parameters) => {
    const s = spec({ type: 'grating', ...parameters });
    if (s.type !== 'grating') throw new Error('not a grating');
    expect(largestDifference(renderSpec(s, raster), (row, column) => direct(s, row, column))).toBeLessThan(1e-7);
  });

  it('has vertical bars at 90°, horizontal ones at 0°, and rises to the right at 45°', () => {
    const at = (orientationDeg: number) =>
      render({ type: 'grating', orientationDeg, spatialFrequencyCpd: 1, diameterDeg: 16 });
    expect(verticalOverHorizontal(at(90))).toBeLessThan(1e-5);
    expect(verticalOverHorizontal(at(0))).toBeGreaterThan(1e5);
    // A bar at 45° counter-clockwise from horizontal goes through (x, y) and (x + 1, y + 1): one row up, one column right.
    const oblique = at(45);
    for (const pixel of [100 * 224 + 100, 60 * 224 + 140, 150 * 224 + 30]) {
      expect(oblique[pixel - 224 + 1]).toBeCloseTo(oblique[pixel] as number, 6);
      expect(Math.abs((oblique[pixel + 224 * 9 + 9] as number) - (oblique[pixel] as number))).toBeGreaterThan(0.01);
    }
  });

  it('starts at its own centre: phase 0 is bright there, phase 180 dark, wherever it stands', () => {
    for (const [xDeg, yDeg] of [
      [0, 0],
      [1.5, -2],
    ] as const) {
      // The centre lies on a corner of four pixels, half a pixel (.018°) from each centre.
      const column = 112 + xDeg * pxPerDeg;
      const row = 112 - yDeg * pxPerDeg;
      const at = (phaseDeg: number) =>
        render({ type: 'grating', orientationDeg: 0, spatialFrequencyCpd: 1, phaseDeg, diameterDeg: 2, xDeg, yDeg })[
          row * 224 + column
        ] as number;
      expect(at(0)).toBeGreaterThan(0.99);
      expect(at(180)).toBeLessThan(0.01);
      // A quarter of a cycle on: −sin(2πfu), and the pixel below the centre has u < 0.
      expect(at(90)).toBeGreaterThan(0.5);
    }
  });

  it('reaches the stated Michelson contrast', () => {
    // 1.75 cpd is 16 px per cycle, so phase 11.25° puts pixel centres on the extremes.
    const { min, max } = range(
      render({
        type: 'grating',
        orientationDeg: 90,
        spatialFrequencyCpd: 1.75,
        phaseDeg: 11.25,
        contrast: 0.4,
        diameterDeg: 6,
      }),
    );
    expect((max - min) / (max + min)).toBeCloseTo(0.4, 6);
    expect((max + min) / 2).toBeCloseTo(0.5, 6);
  });

  it('measures its diameter at half height of the edge', () => {
    // Frequency so low that the wave is 1 throughout: the image is the aperture.
    const image = render({
      type: 'grating',
      orientationDeg: 90,
      spatialFrequencyCpd: 1e-6,
      diameterDeg: 5,
      edgeDeg: 1,
    });
    const profile = Array.from(image.subarray(112 * 224, 113 * 224), (value) => value * 2 - 1);
    const crossing = profile.findIndex((value) => value >= 0.5);
    const before = profile[crossing - 1] as number;
    const exact = crossing - ((profile[crossing] as number) - 0.5) / ((profile[crossing] as number) - before);
    const left = (exact + 0.5 - 112) / pxPerDeg;
    expect(-2 * left).toBeCloseTo(5, 2);
    const area = image.reduce((sum, value) => sum + (value * 2 - 1), 0) / pxPerDeg ** 2;
    // ∫ of the raised cosine over the disc: π(R² + e²(1/4 − 2/π²)).
    expect(area).toBeCloseTo(Math.PI * (2.5 ** 2 + 0.25 - 2 / Math.PI ** 2), 2);
  });

  it('draws a hard edge by the share of the pixel it covers', () => {
    const image = render({ type: 'grating', orientationDeg: 0, spatialFrequencyCpd: 1e-6, diameterDeg: 5, edgeDeg: 0 });
    const area = image.reduce((sum, value) => sum + (value * 2 - 1), 0) / pxPerDeg ** 2;
    expect(area).toBeCloseTo(Math.PI * 2.5 ** 2, 2);
    const partly = image.filter((value) => value > 0.501 && value < 0.999);
    expect(partly.length).toBeGreaterThan(200);
  });

  it('refuses what the raster cannot show, with the numbers', () => {
    expect(() => render({ type: 'grating', orientationDeg: 45, spatialFrequencyCpd: 14.1, diameterDeg: 2 })).toThrow(
      /14\.1 cpd needs at least 28\.2 px per degree; this raster has 28/,
    );
    expect(render({ type: 'grating', orientationDeg: 45, spatialFrequencyCpd: 14, diameterDeg: 2 })).toHaveLength(
      50176,
    );
  });

  it('never leaves 0 … 1', () => {
    const bright = { ...raster, background: 0.8 };
    const { min, max } = range(
      render({ type: 'grating', orientationDeg: 0, spatialFrequencyCpd: 1, diameterDeg: 4 }, bright),
    );
    expect(min).toBeGreaterThanOrEqual(0);
    expect(min).toBeLessThan(0.01);
    expect(max).toBe(1);
  });
});

describe('Gabors', () => {
  it.each([
    { orientationDeg: 30, spatialFrequencyCpd: 2.5, phaseDeg: 45, sigmaDeg: 0.6, aspectRatio: 1, xDeg: 0.4, yDeg: 1 },
    { orientationDeg: 110, spatialFrequencyCpd: 4, phaseDeg: -90, sigmaDeg: 0.3, aspectRatio: 2.5, contrast: 0.7 },
    { orientationDeg: 0, spatialFrequencyCpd: 1, phaseDeg: 0, sigmaDeg: 1.5, aspectRatio: 0.5, xDeg: -1 },
  ])('equals the formula at every pixel: %o', (parameters) => {
    const s = spec({ type: 'gabor', ...parameters });
    if (s.type !== 'gabor') throw new Error('not a Gabor');
    expect(largestDifference(renderSpec(s, raster), (row, column) => direct(s, row, column))).toBeLessThan(1e-7);
  });

  it('has vertical bars at 90° and horizontal ones at 0°, and is long along its bars', () => {
    const at = (orientationDeg: number) =>
      render({ type: 'gabor', orientationDeg, spatialFrequencyCpd: 3, sigmaDeg: 0.4, aspectRatio: 3 });
    expect(verticalOverHorizontal(at(90))).toBeLessThan(0.1);
    expect(verticalOverHorizontal(at(0))).toBeGreaterThan(10);
    const vertical = at(90);
    const energy = (row: number, column: number) => Math.abs((vertical[row * 224 + column] as number) - 0.5);
    expect(energy(112 - 28, 112)).toBeGreaterThan(0.3);
    expect(energy(112, 112 - 28)).toBeLessThan(0.05);
  });
});

describe('noise', () => {
  it.each([
    { spectrum: 'white', contrastRms: 0.2, diameterDeg: 8, edgeDeg: 0.5 },
    { spectrum: 'pink', contrastRms: 0.2, diameterDeg: 8, edgeDeg: 0.5 },
    { spectrum: 'pink', contrastRms: 0.15, diameterDeg: 3, edgeDeg: 0, xDeg: 1, yDeg: -2 },
    { spectrum: 'white', contrastRms: 0.6, diameterDeg: 5, edgeDeg: 1 },
    { spectrum: 'pink', contrastRms: 0.5, diameterDeg: 12, edgeDeg: 0 },
  ])('has exactly the stated mean and RMS contrast in its aperture: %o', (parameters) => {
    for (let seed = 0; seed < 3; seed++) {
      const s = spec({ type: 'noise', seed, ...parameters });
      const image = renderSpec(s, raster);
      const weights = apertureWeights(apertureOf(s), raster);
      expect(Math.abs(mean(image, weights) / 0.5 - 1)).toBeLessThan(1e-8);
      expect(Math.abs(contrastRms(image, weights) / parameters.contrastRms - 1)).toBeLessThan(1e-7);
      const { min, max } = range(image);
      expect(min).toBeGreaterThanOrEqual(0);
      expect(max).toBeLessThanOrEqual(1);
      expect(image.every((value, index) => (weights[index] as number) > 0 || value === 0.5)).toBe(true);
    }
  });

  it('is another image for another seed and the same for the same', () => {
    const at = (seed: number) => render({ type: 'noise', spectrum: 'pink', contrastRms: 0.2, diameterDeg: 8, seed });
    expect(at(1)).toEqual(at(1));
    const a = at(1);
    const b = at(2);
    const product = a.reduce((sum, value, index) => sum + (value - 0.5) * ((b[index] as number) - 0.5), 0);
    expect(Math.abs(product / a.length / 0.01)).toBeLessThan(0.35);
  });

  it('is the same pattern on a finer raster', () => {
    const noise = spec({ type: 'noise', spectrum: 'pink', contrastRms: 0.2, diameterDeg: 6, seed: 4 });
    const coarse = renderSpec(noise, raster);
    const fine = renderSpec(noise, { ...raster, sizePx: 448 });
    let a = 0;
    let b = 0;
    let ab = 0;
    for (let row = 0; row < 224; row++) {
      for (let column = 0; column < 224; column++) {
        const at = 2 * row * 448 + 2 * column;
        const merged =
          ((fine[at] as number) + (fine[at + 1] as number) + (fine[at + 448] as number) + (fine[at + 449] as number)) /
            4 -
          0.5;
        const value = (coarse[row * 224 + column] as number) - 0.5;
        a += value * value;
        b += merged * merged;
        ab += value * merged;
      }
    }
    expect(ab / Math.sqrt(a * b)).toBeGreaterThan(0.97);
  });

  it('says so when the contrast cannot be had', () => {
    expect(() =>
      render({ type: 'noise', spectrum: 'white', contrastRms: 1, diameterDeg: 4, edgeDeg: 1, seed: 1 }),
    ).toThrow(/does not fit between black and white/);
  });
});

describe('stored images', () => {
  const array = Float32Array.from({ length: 224 * 224 }, (_, index) => ((index * 7919) % 1000) / 1000);
  const hash = 'a'.repeat(64);

  it('copies a raster of the same size bit for bit', () => {
    const shown = renderSpec({ type: 'raster', arraySha256: hash, sizeDeg: 8 }, raster, { array: () => array });
    expect(shown).toEqual(array);
  });

  it('places a photograph in degrees, the right way up', () => {
    // White above the middle, black below; left column grey.
    const image = {
      widthPx: 4,
      heightPx: 4,
      luminance: Float32Array.from([1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
    };
    const shown = renderSpec(spec({ type: 'image', imageSha256: hash, sizeDeg: 2, xDeg: 2, yDeg: 1 }), raster, {
      image: () => image,
    });
    const at = (xDeg: number, yDeg: number) => shown[Math.floor(112 - yDeg * 28) * 224 + Math.floor(112 + xDeg * 28)];
    // Enlarged 14 times, the step of a band-limited picture rings by a few per cent, never beyond black and white.
    expect(at(2, 1.8)).toBeGreaterThan(0.9);
    expect(at(2, 0.2)).toBeLessThan(0.1);
    expect(Math.max(...shown)).toBe(1);
    expect(Math.min(...shown)).toBe(0);
    expect(at(0.9, 1.8)).toBe(0.5);
    expect(at(3.1, 1.8)).toBe(0.5);
    expect(at(2, 2.1)).toBe(0.5);
  });

  it('names what is missing', () => {
    expect(() => render({ type: 'image', imageSha256: hash, sizeDeg: 2 })).toThrow(
      /photograph aaaaaaaaaaaa is not in this project/,
    );
    expect(() => render({ type: 'raster', arraySha256: hash, sizeDeg: 2 })).toThrow(
      /raster aaaaaaaaaaaa is not in this project/,
    );
  });
});

describe('every generator', () => {
  it('gives the same bits on every engine and version', () => {
    const bits = (value: object) => {
      const image = render(value);
      return sha256Hex(new Uint8Array(image.buffer)).slice(0, 16);
    };
    expect([
      bits({ type: 'grating', orientationDeg: 22.5, spatialFrequencyCpd: 3.1, phaseDeg: 12, diameterDeg: 4 }),
      bits({
        type: 'gabor',
        orientationDeg: 22.5,
        spatialFrequencyCpd: 3.1,
        phaseDeg: 12,
        sigmaDeg: 0.5,
        aspectRatio: 1.7,
      }),
      bits({ type: 'noise', spectrum: 'white', contrastRms: 0.2, diameterDeg: 6, seed: 5 }),
      bits({ type: 'noise', spectrum: 'pink', contrastRms: 0.4, diameterDeg: 6, edgeDeg: 0.5, seed: 5 }),
    ]).toMatchInlineSnapshot(`
      [
        "4d980e63d2048307",
        "2915fa8abeddb353",
        "1e31abc0fcd14db4",
        "89d4d6b8822c40de",
      ]
    `);
  });

  it('can draw into a part of a batch', () => {
    const batch = new Float32Array(3 * 224 * 224).fill(9);
    const s = spec({ type: 'grating', orientationDeg: 10, spatialFrequencyCpd: 2, diameterDeg: 4 });
    renderSpec(s, raster, {}, batch.subarray(224 * 224, 2 * 224 * 224));
    expect(batch[0]).toBe(9);
    expect(batch.slice(224 * 224, 2 * 224 * 224)).toEqual(renderSpec(s, raster));
    expect(batch[2 * 224 * 224]).toBe(9);
  });
});

describe('stored clips', () => {
  const sizePx = 4;
  const small = { sizePx, fieldOfViewDeg: 2, background: 0.5 };
  const array = Float32Array.from({ length: 3 * sizePx ** 2 }, (_, index) => index / 100);
  const stored = { type: 'raster', arraySha256: 'b'.repeat(64), sizeDeg: 2 } as const;
  const at = (timeS: number, clip = { frames: 3, frameRateHz: 30 }) =>
    renderSpec({ ...stored, clip }, small, { array: () => array }, undefined, timeS)[0];

  it('show the frame of the moment, and go on from the start', () => {
    expect([0, 1, 2, 3, 4].map((frame) => at(frame / 30))).toEqual([0, 0.16, 0.32, 0, 0.16].map(Math.fround));
    // Twice as many frames per second show each of them twice.
    expect([0, 1, 2, 3].map((frame) => at(frame / 60))).toEqual([0, 0, 0.16, 0.16].map(Math.fround));
  });

  it('are refused where their frames are not square', () => {
    expect(() => at(0, { frames: 2, frameRateHz: 30 })).toThrow(/stored raster bbbbbbbbbbbb is not 2 square frames/);
    expect(() => renderSpec(stored, small, { array: () => array })).toThrow(/is not square/);
  });
});
