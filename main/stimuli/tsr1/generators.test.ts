/** Each generator against an independent computation of what it should be. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../platform/random.ts';
import { fft2 } from '../fft.ts';
import { renderSpec } from '../render.ts';
import { createCanvas, discOf, flatten, paint } from './canvas.ts';
import { tsr1IndexOf, tsr1Raster } from './classes.ts';
import { gaborParameters, gaborPeak } from './gabors.ts';
import { cells, filteredNoise, periodDeg, pinkNoise, scramblePhases, thresholded } from './grid.ts';
import { gratingParameters, plaidField, plaidParameters } from './periodic.ts';
import { polarField, polarParameters } from './polar.ts';
import { reactionDiffusionPattern } from './reactionDiffusion.ts';
import { depthIn, silhouette, silhouetteNames } from './silhouettes.ts';
import { cast, randomRotation, type Exponent, type Hit, type Superquadric } from './superquadric.ts';
import { scramblePattern, texturePattern } from './textures.ts';
import { voronoiPattern } from './voronoi.ts';

const random = (stream: string): Random => Random.fromSeed(3, stream);
const { sizePx } = tsr1Raster;
const degOf = (pixel: number): number => (pixel + 0.5 - sizePx / 2) / (sizePx / 8);

function amplitudes(pattern: Float64Array): Float64Array {
  const real = Float64Array.from(pattern);
  const imaginary = new Float64Array(pattern.length);
  fft2(real, imaginary, cells);
  return real.map((re, at) => Math.hypot(re, imaginary[at] as number));
}

/** Spatial frequency of every bin in cpd. */
const cpdAt = (at: number): number => {
  const signed = (bin: number): number => (bin > cells / 2 ? bin - cells : bin);
  return Math.hypot(signed(at % cells), signed(Math.floor(at / cells))) / periodDeg;
};

describe('gratings, plaids and polar gratings', () => {
  it('are the formula, times one factor, in the middle of the aperture', () => {
    for (const k of [0, 37, 90, 127]) {
      const { orientationDeg, spatialFrequencyCpd, phaseDeg } = gratingParameters(k);
      const image = renderSpec({ type: 'tsr1', index: tsr1IndexOf('gratings', k) }, tsr1Raster);
      const angle = (orientationDeg * Math.PI) / 180;
      let worst = 0;
      for (let row = 40; row < 184; row += 3) {
        for (let column = 40; column < 184; column += 3) {
          const u = -degOf(column) * Math.sin(angle) - degOf(row) * Math.cos(angle);
          const wave = Math.cos(2 * Math.PI * spatialFrequencyCpd * u + (phaseDeg * Math.PI) / 180);
          // A sine wave of contrast c has RMS c/√2; the aperture's edge and the mean change that by a few per cent.
          const expected = 0.5 * (1 + Math.SQRT2 * 0.2 * wave);
          worst = Math.max(worst, Math.abs((image[row * sizePx + column] as number) - expected));
        }
      }
      expect(worst).toBeLessThan(0.012);
    }
  });

  it('a plaid is the sum of its two gratings', () => {
    for (const k of [0, 1, 13, 31]) {
      const { orientationDeg, angleDeg, spatialFrequencyCpd } = plaidParameters(k);
      const field = plaidField(k, tsr1Raster);
      let worst = 0;
      for (let row = 0; row < sizePx; row += 7) {
        for (let column = 0; column < sizePx; column += 5) {
          const wave = (deg: number): number => {
            const angle = (deg * Math.PI) / 180;
            const u = -degOf(column) * Math.sin(angle) - degOf(row) * Math.cos(angle);
            return Math.cos(2 * Math.PI * spatialFrequencyCpd * u);
          };
          const expected = wave(orientationDeg - angleDeg / 2) + wave(orientationDeg + angleDeg / 2);
          worst = Math.max(worst, Math.abs((field[row * sizePx + column] as number) - expected));
        }
      }
      expect(worst).toBeLessThan(1e-5);
    }
  });

  it('a polar grating has its stated frequency at 2°, and its rays, rings and spirals turn as they say', () => {
    for (let k = 0; k < 64; k++) {
      const { family, spatialFrequencyCpd: f, phaseDeg, orientationDeg = 0, turn } = polarParameters(k);
      const field = polarField(k, tsr1Raster);
      const phase = (phaseDeg * Math.PI) / 180;
      let worst = 0;
      for (let row = 0; row < sizePx; row += 5) {
        for (let column = 0; column < sizePx; column += 5) {
          const x = degOf(column);
          const y = -degOf(row);
          const r = Math.hypot(x, y);
          const theta = Math.atan2(y, x);
          const rays = { radial: Math.round(4 * Math.PI * f), spiral: Math.round((4 * Math.PI * f) / Math.SQRT2) };
          const angle = {
            concentric: 2 * Math.PI * f * r,
            radial: rays.radial * theta,
            hyperbolic: (2 * Math.PI * f * r * r * Math.cos(2 * (theta - (orientationDeg * Math.PI) / 180))) / 4,
            spiral: (2 * Math.PI * f * r) / Math.SQRT2 + (turn === 'left' ? -1 : 1) * rays.spiral * theta,
          }[family];
          const localCpd = {
            concentric: f,
            radial: rays.radial / (2 * Math.PI * r),
            hyperbolic: (f * r) / 2,
            spiral: Math.hypot(f / Math.SQRT2, rays.spiral / (2 * Math.PI * r)),
          }[family];
          const fading = Math.min(1, Math.max(0, (localCpd - 6) / 2));
          const expected = 0.5 * (1 + Math.cos(Math.PI * fading)) * Math.cos(angle + phase);
          worst = Math.max(worst, Math.abs((field[row * sizePx + column] as number) - expected));
        }
      }
      expect(worst, `image ${k}`).toBeLessThan(1e-5);
    }
  });
});

describe('Gabors', () => {
  it('have a peak of 1 between the pixels, and all but reach it on them', () => {
    for (const phaseDeg of [0, 30, 90, 200.5, 355]) {
      let peak = 0;
      for (let v = -1; v <= 1; v += 1e-4) {
        const value = Math.exp((-v * v) / 0.32) * Math.cos(2 * Math.PI * v + (phaseDeg * Math.PI) / 180);
        peak = Math.max(peak, Math.abs(value));
      }
      expect(gaborPeak(phaseDeg)).toBeCloseTo(peak, 4);
    }
    let coarse = 0;
    for (let k = 0; k < 128; k++) {
      const image = renderSpec({ type: 'tsr1', index: tsr1IndexOf('gabors', k) }, tsr1Raster);
      const peak = image.reduce((most, luminance) => Math.max(most, Math.abs(luminance / 0.5 - 1)), 0);
      expect(peak).toBeLessThanOrEqual(1);
      // Below 1.5 cpd a pixel is at most a thirtieth of a cycle from the peak.
      if (gaborParameters(k).spatialFrequencyCpd > 1.5) continue;
      coarse++;
      expect(peak, `image ${k}`).toBeGreaterThan(0.97);
    }
    expect(coarse).toBeGreaterThan(20);
  });
});

describe('noise', () => {
  it('one octave wide has nothing outside it and evenly much inside', () => {
    const spectrum = amplitudes(filteredNoise(random('octave'), (cpd) => (cpd >= 2 && cpd < 4 ? 1 : 0)));
    let outside = 0;
    const inside = { low: 0, nLow: 0, high: 0, nHigh: 0 };
    for (const [at, amplitude] of spectrum.entries()) {
      const cpd = cpdAt(at);
      if (cpd < 2 || cpd >= 4) outside = Math.max(outside, amplitude);
      else if (cpd < 3) [inside.low, inside.nLow] = [inside.low + amplitude ** 2, inside.nLow + 1];
      else [inside.high, inside.nHigh] = [inside.high + amplitude ** 2, inside.nHigh + 1];
    }
    expect(outside).toBeLessThan(1e-7);
    expect(inside.high / inside.nHigh / (inside.low / inside.nLow)).toBeCloseTo(1, 0);
  });

  it('of 1/f loses half of its amplitude in an octave', () => {
    const spectrum = amplitudes(pinkNoise(random('pink')));
    const meanIn = (low: number, high: number): number => {
      const found = [...spectrum].filter((_, at) => cpdAt(at) >= low && cpdAt(at) < high);
      return found.reduce((sum, amplitude) => sum + amplitude, 0) / found.length;
    };
    expect(meanIn(1, 2) / meanIn(2, 4)).toBeCloseTo(2, 0);
    expect(meanIn(2, 4) / meanIn(4, 8)).toBeCloseTo(2, 0);
  });
});

describe('marks', () => {
  it('hide what is painted later and wrap around', () => {
    const canvas = createCanvas();
    paint(canvas, { x: 0, y: 0, reach: 10.5, coverage: discOf(10), value: () => 1 });
    paint(canvas, { x: 0, y: 0, reach: 20.5, coverage: discOf(20), value: () => 3 });
    const picture = flatten(canvas, 0);
    const at = (row: number, column: number) => picture[row * cells + column];
    expect([at(0, 0), at(0, 255), at(255, 0), at(255, 255)]).toEqual([1, 1, 1, 1]);
    expect([at(15, 0), at(0, 241), at(100, 100)]).toEqual([3, 3, 0]);
    const sum = picture.reduce((total, value) => total + value, 0);
    expect(sum / (Math.PI * (100 + 3 * 300))).toBeCloseTo(1, 2);
    expect(cells * cells - canvas.open).toBeGreaterThan(Math.PI * 19 ** 2);
    expect(cells * cells - canvas.open).toBeLessThan(Math.PI * 20 ** 2);
  });
});

describe('textures and their phase scrambles', () => {
  it('have the same amplitude at every frequency, and other phases', () => {
    for (const k of [0, 13, 26, 39, 50, 62, 75, 90]) {
      const texture = texturePattern(k);
      const scrambled = scramblePattern(k);
      const before = amplitudes(texture);
      const after = amplitudes(scrambled);
      const largest = before.subarray(1).reduce((most, value) => Math.max(most, value), 0);
      let worst = 0;
      for (let at = 1; at < before.length; at++) {
        worst = Math.max(worst, Math.abs((after[at] as number) - (before[at] as number)));
      }
      expect(worst / largest, `texture ${k}`).toBeLessThan(1e-9);
      const mean = texture.reduce((sum, each) => sum + each, 0) / texture.length;
      const centred = texture.map((value) => value - mean);
      const product = centred.reduce((sum, value, at) => sum + value * (scrambled[at] as number), 0);
      const power = centred.reduce((sum, value) => sum + value * value, 0);
      expect(Math.abs(product / power), `texture ${k}`).toBeLessThan(0.5);
    }
  });

  it('leave a real picture, whatever the phases', () => {
    const pattern = scramblePhases(texturePattern(0), random('real'));
    const real = Float64Array.from(pattern);
    const imaginary = new Float64Array(real.length);
    fft2(real, imaginary, cells);
    // The transform of a real picture has a mirror image: X(−f) = conj X(f).
    const mirror = (17 * cells + 5) % (cells * cells);
    const other = (cells - 17) * cells + (cells - 5);
    expect(real[mirror]).toBeCloseTo(real[other] as number, 6);
    expect(imaginary[mirror]).toBeCloseTo(-(imaginary[other] as number), 6);
  });

  it('a Voronoi cell shows the grey of the nearest point, found by looking at all', () => {
    const pattern = voronoiPattern(random('voronoi'), 1.5);
    const n = Math.round(periodDeg / 1.5);
    const again = random('voronoi');
    const points = Array.from({ length: n * n }, (_, at) => ({
      x: (((at % n) + again.uniform()) * cells) / n,
      y: ((Math.floor(at / n) + again.uniform()) * cells) / n,
      grey: again.uniform(),
    }));
    const apart = (a: number, b: number): number => Math.min(Math.abs(a - b), cells - Math.abs(a - b));
    let compared = 0;
    for (let row = 0; row < cells; row += 5) {
      for (let column = 0; column < cells; column += 5) {
        const distances = points.map(({ x, y, grey }) => ({
          distance: Math.hypot(apart(x, column + 0.5), apart(y, row + 0.5)),
          grey,
        }));
        const [first, second] = distances.toSorted((a, b) => a.distance - b.distance);
        if (first === undefined || second === undefined) throw new Error('no points');
        // On a border the pixel is shared.
        if (second.distance - first.distance < 2) continue;
        compared++;
        expect(pattern[row * cells + column]).toBe(first.grey);
      }
    }
    expect(compared).toBeGreaterThan(2000);
  });

  it('reaction–diffusion has the stated wavelength and has left its noise', () => {
    for (const wavelengthDeg of [0.75, 1.2]) {
      const pattern = reactionDiffusionPattern(random('reaction'), wavelengthDeg, 0);
      const spectrum = amplitudes(pattern);
      let power = 0;
      let moment = 0;
      for (const [at, amplitude] of spectrum.entries()) {
        const cpd = cpdAt(at);
        if (cpd > 2.5 / wavelengthDeg) continue;
        power += amplitude ** 2;
        moment += cpd * amplitude ** 2;
      }
      expect((moment / power) * wavelengthDeg).toBeGreaterThan(0.8);
      expect((moment / power) * wavelengthDeg).toBeLessThan(1.2);
      const sd = Math.sqrt(pattern.reduce((sum, value) => sum + value * value, 0) / pattern.length);
      expect(sd).toBeGreaterThan(0.3);
    }
  });

  it('a threshold draws a slanting border by the share it covers', () => {
    const plane = Float64Array.from({ length: cells * cells }, (_, at) =>
      Math.sin((2 * Math.PI * (at % cells)) / cells),
    );
    const cut = thresholded(plane, 0.5);
    // Above .5 over a third of the period.
    expect(cut.reduce((sum, value) => sum + value, 0) / cut.length).toBeCloseTo(1 / 3, 3);
  });
});

describe('silhouettes', () => {
  it('reach a distance of 1, and depth is signed and exact', () => {
    for (const name of silhouetteNames) {
      const corners = silhouette(name);
      expect(Math.max(...corners.map(([x, y]) => Math.hypot(x, y)))).toBeCloseTo(1, 12);
    }
    const square = silhouette('square');
    const side = Math.SQRT1_2;
    // Corners at the top, left, bottom and right: the distance to a side is (1 − |x| − |y|)/√2.
    expect(depthIn(square, 0, 0)).toBeCloseTo(side, 12);
    expect(depthIn(square, 0.2, 0.3)).toBeCloseTo(0.5 * side, 12);
    expect(depthIn(square, 0.7, 0.7)).toBeCloseTo(-0.4 * side, 12);
    expect(depthIn(square, 0, 1.5)).toBeCloseTo(-0.5, 12);
    const crescent = silhouette('crescent');
    expect(depthIn(crescent, -0.7, 0)).toBeGreaterThan(0);
    expect(depthIn(crescent, 0.3, 0)).toBeLessThan(0);
  });
});

describe('superquadrics', () => {
  const hit: Hit = { z: 0, normal: [0, 0, 0] };
  const solid = (r: Exponent, t: Exponent, rotation: Float64Array, axes: [number, number, number]): Superquadric => ({
    centre: [0.3, -0.2, 0.5],
    semiAxes: axes,
    r,
    t,
    rotation,
  });

  it('a sphere has the depth and normal of a sphere, whatever its rotation', () => {
    const sphere = solid(2, 2, randomRotation(random('sphere')), [1.2, 1.2, 1.2]);
    let met = 0;
    for (let x = -1.5; x <= 1.5; x += 0.1) {
      for (let y = -1.5; y <= 1.5; y += 0.1) {
        const squared = 1.44 - (x - 0.3) ** 2 - (y + 0.2) ** 2;
        if (Math.abs(squared) < 1e-3) continue;
        expect(cast(sphere, x, y, hit)).toBe(squared > 0);
        if (squared < 0) continue;
        met++;
        expect(hit.z).toBeCloseTo(0.5 + Math.sqrt(squared), 4);
        expect(hit.normal[0]).toBeCloseTo((x - 0.3) / 1.2, 4);
        expect(hit.normal[1]).toBeCloseTo((y + 0.2) / 1.2, 4);
        expect(hit.normal[2]).toBeCloseTo(Math.sqrt(squared) / 1.2, 4);
      }
    }
    expect(met).toBeGreaterThan(300);
  });

  it('every exponent: the point met lies on the solid, and nothing of it lies in front', () => {
    for (const r of [2, 4, 8] as const) {
      for (const t of [2, 4, 8] as const) {
        const rotation = randomRotation(random(`${r} ${t}`));
        const axes: [number, number, number] = [0.7, 1.4, 1];
        const body = solid(r, t, rotation, axes);
        const level = (x: number, y: number, z: number): number => {
          const from = [x - 0.3, y + 0.2, z - 0.5];
          const u = [0, 3, 6].map(
            (row, axis) =>
              from.reduce((sum, value, column) => sum + (rotation[row + column] as number) * value, 0) /
              (axes[axis] as number),
          ) as [number, number, number];
          return (Math.abs(u[0]) ** r + Math.abs(u[1]) ** r) ** (t / r) + Math.abs(u[2]) ** t;
        };
        const wrong: string[] = [];
        let met = 0;
        for (let x = -1.6; x <= 2.2; x += 0.29) {
          for (let y = -2; y <= 1.6; y += 0.29) {
            const found = cast(body, x, y, hit);
            const depths = Array.from({ length: 300 }, (_, step) => 3.5 - step * 0.02);
            const first = depths.find((z) => level(x, y, z) < 0.999);
            if (found) met++;
            const offSurface = found && Math.abs(level(x, y, hit.z) - 1) > 1e-4;
            const inFront = first !== undefined && (!found || first > hit.z + 0.001);
            if (offSurface || inFront) wrong.push(`${r} ${t} at ${x}, ${y}`);
          }
        }
        expect(wrong).toEqual([]);
        expect(met).toBeGreaterThan(20);
      }
    }
  });
});
