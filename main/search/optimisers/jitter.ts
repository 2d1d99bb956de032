/** Random displacements of images, whose expectation makes a search blind to where exactly an image is shown. */
import { Random } from '../../platform/random.ts';
import type { SearchField } from '../model.ts';

export type Displacement = { columns: number; rows: number };

/** Uniform over the whole pixels within ±jitterDeg along either axis; the same for the same seed, start and step. */
export function displacementAt(
  seed: number,
  start: number,
  step: number,
  jitterDeg: number,
  { sizePx, fieldOfViewDeg }: SearchField,
): Displacement {
  const reach = Math.floor((jitterDeg * sizePx) / fieldOfViewDeg + 1e-9);
  const random = Random.fromSeed(seed, `jitter/${start}/${step}`);
  const draw = (): number => Math.floor(random.uniform() * (2 * reach + 1)) - reach;
  return { columns: draw(), rows: draw() };
}

/** Every frame moved right and down; what comes in is `fill`. */
export function displaced(
  image: Float32Array,
  sizePx: number,
  { columns, rows }: Displacement,
  fill: number,
): Float32Array {
  const plane = sizePx * sizePx;
  const result = new Float32Array(image.length).fill(fill);
  for (let frame = 0; frame < image.length; frame += plane) {
    for (let row = Math.max(0, rows); row < Math.min(sizePx, sizePx + rows); row++) {
      for (let column = Math.max(0, columns); column < Math.min(sizePx, sizePx + columns); column++) {
        const from = frame + (row - rows) * sizePx + column - columns;
        result[frame + row * sizePx + column] = image[from] as number;
      }
    }
  }
  return result;
}

/** The gradient with respect to an image from that with respect to the displaced one. */
export const undisplaced = (gradient: Float32Array, sizePx: number, { columns, rows }: Displacement): Float32Array =>
  displaced(gradient, sizePx, { columns: -columns, rows: -rows }, 0);
