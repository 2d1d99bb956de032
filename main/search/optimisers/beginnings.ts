/** What a gradient goes on from after a screening. */
import { TwinscopeError } from '../../platform/errors.ts';

/**
 * The images brought to the constraints by `bind`; null, to begin from noise, for those that cannot be, although others can.
 * Tells of them in `notices`, once also when a search is taken up again.
 */
export function boundOrNull(
  images: readonly Float32Array[],
  bind: (image: Float64Array) => Float32Array,
  notices: string[],
): (Float32Array | null)[] {
  const bound = images.map((image) => {
    try {
      return bind(Float64Array.from(image));
    } catch (error) {
      if (error instanceof TwinscopeError && error.code === 'bad-input') return null;
      throw error;
    }
  });
  const missing = bound.filter((image) => image === null).length;
  const notice =
    `${missing} of the ${bound.length} screened stimuli that the gradient was to go on from cannot be brought to the ` +
    `constraints, so ${missing === 1 ? 'that start begins' : 'those starts begin'} from noise.`;
  if (missing > 0 && !notices.includes(notice)) notices.push(notice);
  return bound;
}
