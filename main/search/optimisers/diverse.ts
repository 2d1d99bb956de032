/**
 * The objective of a set of n stimuli: J = Σᵢ vᵢ − λ·C with vᵢ the plan's objective and C the mean cosine over the
 * n(n − 1)/2 pairs, of whitened pixels or of z-scored responses (science.md §4).
 */
import { comparedUnits, dot, scaleOf, type Shown, whitenedProduct, whitenedTwice } from '../objectives/similarity.ts';
import type { SearchContext } from '../phase.ts';

export type Diversity = {
  /** C: the mean over all pairs; 0 for fewer than two stimuli. */
  meanCosine(set: readonly Shown[]): number;
  /** ∂C/∂(pixels of each stimulus); null where C depends on responses alone. */
  pixelGradients(set: readonly Shown[]): Float64Array[] | null;
  /** ∂C/∂(responses to each stimulus), all units; null where C depends on pixels alone. */
  responseGradients(set: readonly Shown[]): Float64Array[] | null;
};

export function diversityOf(over: 'pixels' | 'responses', context: SearchContext): Diversity {
  if (over === 'pixels') {
    const { sizePx } = context.model.field;
    const products = (set: readonly Shown[]) => (i: number, j: number) =>
      whitenedProduct((set[i] as Shown).image, (set[j] as Shown).image, sizePx);
    return {
      meanCosine: (set) => meanOf(cosines(set.length, products(set))),
      pixelGradients: (set) =>
        gradients(
          set.map(({ image }) => whitenedTwice(image, sizePx)),
          cosines(set.length, products(set)),
        ),
      responseGradients: () => null,
    };
  }
  const scored = (set: readonly Shown[]): Float64Array[] => {
    const { mean, sd } = scaleOf(context);
    const units = comparedUnits(context);
    return set.map(({ responses }) =>
      Float64Array.from(units, (u) => ((responses[u] as number) - (mean[u] as number)) / (sd[u] as number)),
    );
  };
  const products = (z: readonly Float64Array[]) => (i: number, j: number) =>
    dot(z[i] as Float64Array, z[j] as Float64Array);
  return {
    meanCosine: (set) => meanOf(cosines(set.length, products(scored(set)))),
    pixelGradients: () => null,
    responseGradients: (set) => {
      const { mean, sd } = scaleOf(context);
      const units = comparedUnits(context);
      const z = scored(set);
      return gradients(z, cosines(set.length, products(z))).map((slope) => {
        const all = new Float64Array(mean.length);
        for (const [k, u] of units.entries()) all[u] = (slope[k] as number) / (sd[u] as number);
        return all;
      });
    },
  };
}

/** Cosines of all pairs, and the lengths; a stimulus of length 0 is at right angles to all. */
type Cosines = { cosine: number[][]; length: number[] };

function cosines(n: number, product: (i: number, j: number) => number): Cosines {
  const length = Array.from({ length: n }, (_, i) => Math.sqrt(product(i, i)));
  const cosine = length.map((a) => length.map(() => (a === 0 ? 0 : 1)));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const lengths = (length[i] as number) * (length[j] as number);
      const value = lengths === 0 ? 0 : product(i, j) / lengths;
      (cosine[i] as number[])[j] = value;
      (cosine[j] as number[])[i] = value;
    }
  }
  return { cosine, length };
}

function meanOf({ cosine }: Cosines): number {
  const n = cosine.length;
  let sum = 0;
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) sum += (cosine[i] as number[])[j] as number;
  return n < 2 ? 0 : (2 * sum) / (n * (n - 1));
}

/**
 * ∂C/∂xᵢ = 2/(n(n − 1))·Σⱼ (K·xⱼ/(|xᵢ||xⱼ|) − cᵢⱼ·K·xᵢ/|xᵢ|²), where the cosine is that of the inner product xᵢᵀ·K·xⱼ and
 * `products` are the K·xⱼ.
 */
function gradients(products: readonly Float64Array[], { cosine, length }: Cosines): Float64Array[] {
  const n = products.length;
  return products.map((own, i) => {
    const slope = new Float64Array(own.length);
    if (n < 2 || length[i] === 0) return slope;
    const scale = 2 / (n * (n - 1));
    const self = length[i] as number;
    for (const [j, other] of products.entries()) {
      if (j === i || length[j] === 0) continue;
      const toOther = scale / (self * (length[j] as number));
      const toOwn = (scale * ((cosine[i] as number[])[j] as number)) / (self * self);
      for (let at = 0; at < slope.length; at++) {
        slope[at] = (slope[at] as number) + toOther * (other[at] as number) - toOwn * (own[at] as number);
      }
    }
    return slope;
  });
}
