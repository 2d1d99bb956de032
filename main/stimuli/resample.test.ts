import { describe, expect, it } from 'vitest';
import { drawImage, sourceOf } from './resample.ts';

/** RMS of the modulation over the middle of an enlarged row of cos(2π·f·x + phase), relative to 1/√2. */
function keptContrast(cyclesPerSample: number, enlarged: number): number {
  const size = 224;
  const luminance = Float32Array.from(
    { length: size * size },
    (_, at) => 0.5 + 0.4 * Math.cos(2 * Math.PI * cyclesPerSample * (at % size) + 0.3),
  );
  const side = Math.round(size * enlarged);
  const source = sourceOf({ widthPx: size, heightPx: size, luminance });
  const drawn = drawImage(source, side, { left: 0, top: 0, side }, { fit: 'cover', background: 0.5 });
  const row = drawn.subarray((side / 2) * side, (side / 2 + 1) * side).subarray(0.1 * side, 0.9 * side);
  let sum = 0;
  for (const value of row) sum += (value - 0.5) ** 2;
  return Math.sqrt((2 * sum) / row.length) / 0.4;
}

describe('enlarging', () => {
  // 224 samples over 8°, enlarged to the 72 px per degree at which stimuli are drawn for the default display.
  it.each([3, 6, 8, 10])('keeps the contrast of %d cpd on 28 samples per degree', (cpd) => {
    expect(Math.abs(keptContrast(cpd / 28, 72 / 28) - 1)).toBeLessThan(0.01);
  });

  it('never leaves the range of the samples', () => {
    const luminance = Float32Array.from({ length: 64 }, (_, at) => (at % 8 < 4 ? 0.2 : 0.9));
    const source = sourceOf({ widthPx: 8, heightPx: 8, luminance });
    const drawn = drawImage(source, 100, { left: 0, top: 0, side: 100 }, { fit: 'cover', background: 0.5 });
    expect(Math.min(...drawn)).toBeCloseTo(0.2, 6);
    expect(Math.max(...drawn)).toBeCloseTo(0.9, 6);
  });
});
