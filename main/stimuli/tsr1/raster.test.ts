/** Images of TSR-1 on rasters other than their own. */
import { describe, expect, it } from 'vitest';
import { tsr1Images } from '../../contract/stimuli.ts';
import { renderSpec } from '../render.ts';
import { tsr1Raster } from './classes.ts';
import { cellsPerDeg } from './grid.ts';

describe('on a raster', () => {
  it('of another resolution is the same picture', () => {
    for (const index of [0, 140, 260, 300, 400, 500, 620, 700, 850, 1000]) {
      const canonical = renderSpec({ type: 'tsr1', index }, tsr1Raster);
      const fine = renderSpec({ type: 'tsr1', index }, { ...tsr1Raster, sizePx: 448 });
      let product = 0;
      let a = 0;
      let b = 0;
      for (let row = 0; row < 224; row++) {
        for (let column = 0; column < 224; column++) {
          const at = 2 * row * 448 + 2 * column;
          const merged = [at, at + 1, at + 448, at + 449].reduce(
            (sum, pixel) => sum + (fine[pixel] as number) / 4,
            -0.5,
          );
          const value = (canonical[row * 224 + column] as number) - 0.5;
          product += value * merged;
          a += value * value;
          b += merged * merged;
        }
      }
      expect(product / Math.sqrt(a * b), `image ${index}`).toBeGreaterThan(0.97);
    }
  });

  it('of a larger or smaller field stands at the same place in degrees', () => {
    for (const index of [5, 150, 280, 330, 460, 520, 640, 720, 860, 990]) {
      const canonical = renderSpec({ type: 'tsr1', index }, tsr1Raster);
      // The middle 4°: the same pixels, the same contrast.
      const small = renderSpec({ type: 'tsr1', index }, { sizePx: 112, fieldOfViewDeg: 4, background: 0.5 });
      const large = renderSpec({ type: 'tsr1', index }, { sizePx: 280, fieldOfViewDeg: 10, background: 0.5 });
      let worstSmall = 0;
      let worstLarge = 0;
      for (let row = 0; row < 112; row++) {
        for (let column = 0; column < 112; column++) {
          const value = canonical[(row + 56) * 224 + column + 56] as number;
          worstSmall = Math.max(worstSmall, Math.abs((small[row * 112 + column] as number) - value));
          worstLarge = Math.max(worstLarge, Math.abs((large[(row + 84) * 280 + column + 84] as number) - value));
        }
      }
      expect(worstSmall, `image ${index}`).toBeLessThan(1e-6);
      // The larger field shows the whole of the aperture's edge, which changes mean and contrast a little.
      expect(worstLarge, `image ${index}`).toBeLessThan(0.03);
      expect(large[0]).toBe(0.5);
    }
  });

  it('that is too coarse is refused with the numbers', () => {
    expect(() => renderSpec({ type: 'tsr1', index: 0 }, { sizePx: 64, fieldOfViewDeg: 8, background: 0.5 })).toThrow(
      /TSR-1 holds detail of up to 8 cpd and needs at least 16 px per degree; this raster has 8,/,
    );
    expect(() => renderSpec({ type: 'tsr1', index: tsr1Images }, tsr1Raster)).toThrow(RangeError);
  });
});

it('the grid and the published raster have the same samples per degree', () => {
  expect(cellsPerDeg).toBe(tsr1Raster.sizePx / tsr1Raster.fieldOfViewDeg);
});
