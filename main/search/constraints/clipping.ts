/** The part of the constraints that binds every pixel alone: the range, and fading into the background at the aperture. */
import type { ConstraintSet } from './constraints.ts';
import { nearestFloat32 } from './rounding.ts';

/** Of an image or a clip; outside the aperture stands the background. */
export function clipToRange(
  image: ArrayLike<number>,
  { constraints, field, weights }: Pick<ConstraintSet, 'constraints' | 'field' | 'weights'>,
): Float32Array {
  const low = nearestFloat32(constraints.range[0], 'up');
  const high = nearestFloat32(constraints.range[1], 'down');
  const { background } = field;
  const pixels = weights.length;
  const result = new Float32Array(image.length);
  for (let i = 0; i < result.length; i++) {
    const a = weights[i % pixels] as number;
    if (a === 0) {
      result[i] = background;
      continue;
    }
    const darkest = a === 1 ? low : background - a * (background - low);
    const lightest = a === 1 ? high : background + a * (high - background);
    const value = image[i] as number;
    if (!Number.isFinite(value)) throw new Error('a luminance is not a number');
    result[i] = Math.min(Math.max(value, darkest), lightest);
  }
  return result;
}
