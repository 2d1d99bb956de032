/** Distributions of measured units against published ones. */

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
