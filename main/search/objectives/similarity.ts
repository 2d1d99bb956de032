/**
 * How similar two stimuli are: the cosine between their whitened pixels, or between the z-scored responses to them.
 *
 * Natural images have amplitudes of about 1/f (Field 1987), which multiplication by f whitens. Differences between
 * neighbouring pixels do that: their squares sum to what the amplitudes 2·sin(πf) of both directions give, f in cycles per
 * pixel, within 10 % of 2πf up to half the Nyquist limit. Their inner product is dᵢᵀ·K·dⱼ with K the difference of every
 * pixel from its neighbours, so uniform light does not count. Clips are whitened frame by frame.
 */
import type { SearchContext } from '../phase.ts';

export type Shown = { image: Float32Array; responses: Float32Array };

export interface Similarity {
  /** Within [−1, 1]; 0 where one of the two has nothing to compare. */
  cosine(a: Shown, b: Shown): number;
}

export function similarityOf(over: 'pixels' | 'responses', context: SearchContext): Similarity {
  const { sizePx } = context.model.field;
  if (over === 'pixels') {
    return { cosine: (a, b) => cosineOf((x, y) => whitenedProduct(x.image, y.image, sizePx), a, b) };
  }
  return {
    cosine: (a, b) => {
      const { mean, sd } = scaleOf(context);
      const units = comparedUnits(context);
      const z = ({ responses }: Shown) =>
        units.map((u) => ((responses[u] as number) - (mean[u] as number)) / (sd[u] as number));
      return cosineOf(dot, z(a), z(b));
    },
  };
}

export function scaleOf({ scale }: SearchContext): NonNullable<SearchContext['scale']> {
  if (scale === null) throw new Error('the reference phase has not ended');
  return scale;
}

/** Modulated units of every area that the target touches. */
export function comparedUnits(context: SearchContext): number[] {
  const { units } = context.model;
  const { sd } = scaleOf(context);
  const areas = new Set(context.groups.flatMap((group) => group.units.map((u) => units[u]?.area)));
  return [...units.keys()].filter((u) => areas.has(units[u]?.area) && (sd[u] as number) > 0);
}

export const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
};

function cosineOf<T>(product: (a: T, b: T) => number, a: T, b: T): number {
  const lengths = Math.sqrt(product(a, a) * product(b, b));
  return lengths === 0 ? 0 : Math.min(1, Math.max(-1, product(a, b) / lengths));
}

/** Σ over neighbouring pixels of the product of their differences; images and clips of squares of `sizePx`². */
export function whitenedProduct(a: Float32Array, b: Float32Array, sizePx: number): number {
  let sum = 0;
  for (let row = 0; row < a.length / sizePx; row++) {
    const last = (row + 1) % sizePx === 0;
    for (let column = 0; column < sizePx; column++) {
      const at = row * sizePx + column;
      const [x, y] = [a[at] as number, b[at] as number];
      if (column + 1 < sizePx) sum += ((a[at + 1] as number) - x) * ((b[at + 1] as number) - y);
      if (!last) sum += ((a[at + sizePx] as number) - x) * ((b[at + sizePx] as number) - y);
    }
  }
  return sum;
}

/** K·image: for every pixel the sum of its differences from its neighbours. */
export function whitenedTwice(image: Float32Array, sizePx: number): Float64Array {
  const result = new Float64Array(image.length);
  const add = (at: number, next: number): void => {
    const difference = (image[at] as number) - (image[next] as number);
    result[at] = (result[at] as number) + difference;
    result[next] = (result[next] as number) - difference;
  };
  for (let row = 0; row < image.length / sizePx; row++) {
    const last = (row + 1) % sizePx === 0;
    for (let column = 0; column < sizePx; column++) {
      const at = row * sizePx + column;
      if (column + 1 < sizePx) add(at, at + 1);
      if (!last) add(at, at + sizePx);
    }
  }
  return result;
}
