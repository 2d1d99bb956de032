import { expect, it } from 'vitest';
import { apertureWeights } from '../stimuli/aperture.ts';
import { patternExtentDeg } from './extent.ts';

it('a raster needs the square around fixation in which it differs from the background', () => {
  const data = new Float32Array(64).fill(0.5);
  const of = (sizePx = 8) => patternExtentDeg({ data, sizePx, sizeDeg: 80 }, 0.5);
  // Of nothing, a pixel; of an odd number of pixels the one at fixation.
  expect(of()).toBeCloseTo(10, 12);
  // Column 5 ends two pixels of 10° to the right of fixation.
  data[3 * 8 + 5] = 0.6;
  expect(of()).toBeCloseTo(40, 12);
  // Row 0 is the outermost.
  data[4] = 0.4;
  expect(of()).toBeCloseTo(80, 12);
  // Less than a screen can show.
  data.fill(0.5001);
  expect(of()).toBeCloseTo(10, 12);
  // Another background fills the raster.
  expect(patternExtentDeg({ data, sizePx: 8, sizeDeg: 80 }, 0.3)).toBeCloseTo(80, 12);
});

it('of a candidate in an aperture that is the far side of the aperture', () => {
  const aperture = { xDeg: -5, yDeg: 2, diameterDeg: 30, edgeDeg: 1 };
  const weights = apertureWeights(aperture, { sizePx: 80, fieldOfViewDeg: 80 });
  const data = weights.map((weight, at) => 0.5 + (at % 2 === 0 ? 0.2 : -0.2) * weight);
  // 5° + 15.5° to the left: 20.5°, within the pixel that ends at 21°; its centre is the last with any weight at 20.5°.
  expect(patternExtentDeg({ data, sizePx: 80, sizeDeg: 80 }, 0.5)).toBe(40);
});
