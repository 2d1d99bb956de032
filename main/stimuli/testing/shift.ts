/** Displacement between two frames, found by looking for it and in no other way. */

/**
 * The shift (columns to the right, rows up) within ±`reachPx` by which the middle of `before` fits `after` best: the
 * highest correlation over a square of `windowPx`.
 */
export function bestShift(
  before: Float32Array,
  after: Float32Array,
  sizePx: number,
  { windowPx, reachPx }: { windowPx: number; reachPx: number },
): { right: number; up: number; correlation: number } {
  const start = (sizePx - windowPx) / 2;
  let best = { right: 0, up: 0, correlation: -Infinity };
  for (let up = -reachPx; up <= reachPx; up++) {
    for (let right = -reachPx; right <= reachPx; right++) {
      let product = 0;
      let squares = 0;
      let others = 0;
      for (let row = start; row < start + windowPx; row++) {
        for (let column = start; column < start + windowPx; column++) {
          const a = (before[(row + up) * sizePx + column - right] as number) - 0.5;
          const b = (after[row * sizePx + column] as number) - 0.5;
          product += a * b;
          squares += a * a;
          others += b * b;
        }
      }
      const correlation = product / Math.sqrt(squares * others);
      if (correlation > best.correlation) best = { right, up, correlation };
    }
  }
  return best;
}
