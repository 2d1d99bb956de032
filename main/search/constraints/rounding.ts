/** Float32 is what is stored and shown, so the constraints must hold after rounding to it. */

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/** The neighbouring float32 of a positive float32. */
function neighbour(value: number, direction: 1 | -1): number {
  float[0] = value;
  bits[0] = (bits[0] as number) + direction;
  return float[0] as number;
}

/** The float32 nearest to a value in [0, 1] that is not below ('up') or not above ('down') it. */
export function nearestFloat32(value: number, side: 'up' | 'down'): number {
  const rounded = Math.fround(value);
  if (side === 'up') return rounded < value ? neighbour(rounded, 1) : rounded;
  return rounded > value ? neighbour(rounded, -1) : rounded;
}

/** Relative errors of mean and variance above this are corrected. */
const tolerance = 1e-7;

type RoundedImage = {
  /** Luminances, changed in place. */
  values: Float32Array;
  mean: number;
  weight: Float64Array;
  below: Float64Array;
  above: Float64Array;
  /** Wanted Σ weight · (value − mean)². */
  sumOfSquares: number;
};

/**
 * Moves single pixels by one unit in the last place until the weighted mean and the weighted sum of squares of the
 * rounded image are right again. Nothing happens where rounding errors cancelled, as they do in all but tiny apertures
 * and very low contrasts.
 */
export function nudgeToTargets({ values, mean, weight, below, above, sumOfSquares }: RoundedImage): void {
  let total = 0;
  let first = 0;
  let second = -sumOfSquares;
  for (let k = 0; k < values.length; k++) {
    const a = weight[k] as number;
    const d = (values[k] as number) - mean;
    total += a;
    first += a * d;
    second += a * d * d;
  }
  const firstScale = total * mean * tolerance;
  const secondScale = 2 * sumOfSquares * tolerance;
  const error = (f: number, s: number): number => Math.max(Math.abs(f) / firstScale, Math.abs(s) / secondScale);
  for (let pass = 0; pass < 8 && error(first, second) > 1; pass++) {
    let changed = false;
    for (let k = 0; k < values.length && error(first, second) > 1; k++) {
      const value = values[k] as number;
      const a = weight[k] as number;
      const d = value - mean;
      if (value <= 0 || a === 0) continue;
      for (const direction of [1, -1] as const) {
        const moved = neighbour(value, direction);
        const e = moved - mean;
        if (e > (above[k] as number) || -e > (below[k] as number)) continue;
        const f = first + a * (e - d);
        const s = second + a * (e * e - d * d);
        if (error(f, s) >= error(first, second)) continue;
        values[k] = moved;
        first = f;
        second = s;
        changed = true;
        break;
      }
    }
    if (!changed) return;
  }
}
