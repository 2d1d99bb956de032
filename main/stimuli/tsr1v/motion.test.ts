/** How the clips of TSR-1V move, looked for in their frames. */
import { describe, expect, it } from 'vitest';
import { tsr1vClips } from '../../contract/stimuli.ts';
import { binFrequency, fft, fft2 } from '../fft.ts';
import { renderSpec } from '../render.ts';
import { cells, periodDeg } from '../tsr1/grid.ts';
import { bestShift } from '../testing/shift.ts';
import { tsr1vIndexOf, tsr1vRaster, type Tsr1vClass } from './classes.ts';
import { dotsClip, gratingClip, imageClip, movieClip, plaidClip } from './parameters.ts';
import { wavePattern } from './waves.ts';

const frame = (key: Tsr1vClass, k: number, timeS: number) =>
  renderSpec({ type: 'tsr1v', index: tsr1vIndexOf(key, k) }, tsr1vRaster, {}, undefined, timeS);
/** Where the middle of the clip has gone between two times. */
const shift = (key: Tsr1vClass, k: number, fromS: number, toS: number) =>
  bestShift(frame(key, k, fromS), frame(key, k, toS), tsr1vRaster.sizePx, { windowPx: 60, reachPx: 6 });
/** Pixels to the right and up that a speed makes in a time, 14 px per degree. */
const way = (directionDeg: number, degPerS: number, seconds: number) => {
  const px = 14 * degPerS * seconds;
  const angle = (directionDeg * Math.PI) / 180;
  return [px * Math.cos(angle), px * Math.sin(angle)] as [number, number];
};

/** Mean amplitude of a grid pattern within .2 cpd of a frequency, relative to 1/f through 1.5 cpd. */
function radialAmplitude(pattern: Float64Array): (cpd: number) => number {
  const real = Float64Array.from(pattern);
  const imaginary = new Float64Array(real.length);
  fft2(real, imaginary, cells);
  const mean = (cpd: number): number => {
    let sum = 0;
    let count = 0;
    for (let at = 0; at < real.length; at++) {
      const fx = binFrequency(at % cells, cells) / periodDeg;
      const fy = binFrequency(Math.floor(at / cells), cells) / periodDeg;
      if (Math.abs(Math.hypot(fx, fy) - cpd) > 0.2) continue;
      sum += Math.hypot(real[at] as number, imaginary[at] as number);
      count++;
    }
    return sum / count;
  };
  const unit = mean(1.5) * 1.5;
  return (cpd) => mean(cpd) / unit;
}

describe('clips of TSR-1V', () => {
  it('translate images in their direction at their speed', () => {
    for (let k = 0; k < 64; k += 5) {
      const { directionDeg, speedDegPerS } = imageClip(k);
      const seconds = 3 / (14 * speedDegPerS);
      const found = shift('images', k, 0.2, 0.2 + seconds);
      const [right, up] = way(directionDeg, speedDegPerS, seconds);
      expect(Math.hypot(found.right - right, found.up - up), `clip ${k}`).toBeLessThan(0.75);
      expect(found.correlation, `clip ${k}`).toBeGreaterThan(0.95);
    }
  });

  it('move plaids and coherent dots in their direction', () => {
    for (let k = 0; k < 32; k += 3) {
      const { directionDeg, plaidAngleDeg, spatialFrequencyCpd, temporalFrequencyHz } = plaidClip(k);
      const speed = temporalFrequencyHz / spatialFrequencyCpd / Math.cos((plaidAngleDeg * Math.PI) / 360);
      const found = shift('plaids', k, 0, 3 / (14 * speed));
      const [right, up] = way(directionDeg, speed, 3 / (14 * speed));
      expect(Math.hypot(found.right - right, found.up - up), `plaid ${k}`).toBeLessThan(0.75);
    }
    for (let k = 0; k < 48; k += 5) {
      const { directionDeg, speedDegPerS } = dotsClip(k);
      const seconds = 3 / (14 * speedDegPerS);
      const found = shift('dots', k, 0, seconds);
      const [right, up] = way(directionDeg, speedDegPerS, seconds);
      expect(Math.hypot(found.right - right, found.up - up), `dots ${k}`).toBeLessThan(0.75);
    }
  });

  it('drift gratings along their direction at their speed', () => {
    for (let k = 0; k < 64; k += 5) {
      const { directionDeg, spatialFrequencyCpd, temporalFrequencyHz } = gratingClip(k);
      // A fifth of a cycle.
      const seconds = 1 / (5 * temporalFrequencyHz);
      const found = shift('gratings', k, 0, seconds);
      const [x, y] = [Math.cos((directionDeg * Math.PI) / 180), Math.sin((directionDeg * Math.PI) / 180)];
      // Whatever the shift along the bars, it crosses them by a fifth of a cycle, give or take whole ones.
      const cycles = ((found.right * x + found.up * y) / 14) * spatialFrequencyCpd;
      const off = cycles - 0.2 - Math.round(cycles - 0.2);
      expect(Math.abs(off), `clip ${k}`).toBeLessThan(0.12);
      expect(found.correlation, `clip ${k}`).toBeGreaterThan(0.9);
    }
  });

  it('have movies with an amplitude of 1/f, none of whose parts passes faster than 8 Hz', () => {
    const meanHz: number[] = [];
    for (const k of [0, 20, 40]) {
      // 1 s at 32 frames a second resolves 1 Hz; the row of cells through the middle is a cut of the whole.
      const frames = Array.from({ length: 32 }, (_, at) => wavePattern('movies', k, at / 32));
      let faster = 0;
      let all = 0;
      let total = 0;
      for (let cell = 0; cell < 256 * 256; cell += 37) {
        const real = Float64Array.from(frames, (pattern) => pattern[cell] as number);
        const imaginary = new Float64Array(32);
        fft(real, imaginary);
        for (let bin = 1; bin < 32; bin++) {
          const power = (real[bin] as number) ** 2 + (imaginary[bin] as number) ** 2;
          const hz = Math.min(bin, 32 - bin);
          all += power * hz;
          total += power;
          if (hz > 9) faster += power;
        }
      }
      // What leaks from below 8 Hz between whole cycles is all there is above.
      expect(faster / total, `clip ${k}`).toBeLessThan(0.02);
      meanHz.push(all / total);
      const amplitude = radialAmplitude(frames[5] as Float64Array);
      // 1/f up to the start of the low-pass at 3 cpd; the smallest ring holds some twenty waves.
      for (const cpd of [0.6, 1, 2, 2.7]) {
        expect(amplitude(cpd) * cpd, `${cpd} cpd`).toBeGreaterThan(0.8);
        expect(amplitude(cpd) * cpd, `${cpd} cpd`).toBeLessThan(1.25);
      }
      expect(amplitude(1) / amplitude(4.2)).toBeGreaterThan(1e6);
    }
    expect([0, 20, 40].map((k) => movieClip(k).speedScaleDegPerS)).toEqual([1, 2, 4]);
    expect(meanHz).toEqual(meanHz.toSorted((a, b) => a - b));
  });

  it('are the same at a time whatever was drawn before, on any raster', () => {
    const clips = [0, 70, 100, 150, 200, 220, 250];
    const at = (index: number, timeS: number) =>
      renderSpec({ type: 'tsr1v', index }, { ...tsr1vRaster, sizePx: 64 }, {}, undefined, timeS);
    const forward = clips.map((index) => [0, 0.25, 0.5].map((timeS) => at(index, timeS)));
    for (const [place, index] of clips.toReversed().entries()) {
      const again = [0.5, 0.25, 0].map((timeS) => at(index, timeS)).toReversed();
      expect(again, `clip ${index}`).toEqual(forward[clips.length - 1 - place]);
    }
  });

  it('are refused on a raster that is too coarse, and end at 255', () => {
    expect(() => renderSpec({ type: 'tsr1v', index: 0 }, { ...tsr1vRaster, sizePx: 56 })).toThrow(
      /TSR-1V holds detail of up to 4 cpd and needs at least 8 px per degree; this raster has 7,/,
    );
    expect(() => renderSpec({ type: 'tsr1v', index: tsr1vClips }, tsr1vRaster)).toThrow(RangeError);
  });
});
