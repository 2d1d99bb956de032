/** Distributions of measured units against published ones. */

/** The value below which a part p of the values lies, by straight lines between them (R's type 7, NumPy's default). */
export function quantile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = p * (sorted.length - 1);
  const low = sorted[Math.floor(at)] as number;
  return low + (at - Math.floor(at)) * ((sorted[Math.ceil(at)] as number) - low);
}

/** Share of the values in every bin, in %: from its lower edge to below its upper one. Values outside all bins count too. */
export const binnedPercent = (values: readonly number[], edges: readonly number[]): number[] =>
  edges.slice(1).map((to, i) => {
    const from = edges[i] as number;
    return (100 * values.filter((value) => value >= from && value < to).length) / values.length;
  });

/** Every value with the share of the values up to it, in %. */
export const cumulativePercent = (values: readonly number[]): [value: number, percent: number][] =>
  values.toSorted((a, b) => a - b).map((value, i, all) => [value, (100 * (i + 1)) / all.length]);

/** Largest distance between a sample's distribution and a cumulative distribution (Kolmogorov–Smirnov). */
export function kolmogorovSmirnov(sample: readonly number[], cumulative: (x: number) => number): number {
  const n = sample.length;
  return sample
    .toSorted((a, b) => a - b)
    .reduce((worst, x, i) => {
      const p = cumulative(x);
      return Math.max(worst, Math.abs(p - i / n), Math.abs((i + 1) / n - p));
    }, 0);
}

/** Cumulative distribution of a histogram, uniform within bins; `edges` has one more element than `counts`. */
export function cumulativeHistogram(edges: readonly number[], counts: readonly number[]): (x: number) => number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return (x) =>
    counts.reduce((sum, count, i) => {
      const [low, high] = [edges[i] as number, edges[i + 1] as number];
      return sum + (count / total) * Math.min(1, Math.max(0, (x - low) / (high - low)));
    }, 0);
}

/** Which of many tests are significant at a false discovery rate (Benjamini & Hochberg 1995); p values in any order. */
export function discoveries(p: readonly number[], rate: number): boolean[] {
  const sorted = p.toSorted((a, b) => a - b);
  const last = sorted.findLastIndex((value, i) => value <= (rate * (i + 1)) / p.length);
  const threshold = last === -1 ? -1 : (sorted[last] as number);
  return p.map((value) => value <= threshold);
}
