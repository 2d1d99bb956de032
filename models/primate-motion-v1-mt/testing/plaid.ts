/** Component and pattern cells: partial correlations of a plaid tuning with two predictions (Smith, Majaj & Movshon 2005). */
import type { Random } from '../../../main/platform/random.ts';

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

export function correlation(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  let [aa, bb, ab] = [0, 0, 0];
  for (const [i, value] of a.entries()) {
    const [x, y] = [value - meanA, (b[i] as number) - meanB];
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  return ab / Math.sqrt(aa * bb);
}

/** Fisher's Z of a partial correlation, clipped at ±.999, for n − 3 = 9. */
function fisherZ(partial: number): number {
  const r = Math.min(0.999, Math.max(-0.999, partial));
  return 0.5 * Math.log((1 + r) / (1 - r)) * Math.sqrt(9);
}

export interface PlaidClass {
  zPattern: number;
  zComponent: number;
  kind: 'pattern' | 'component' | 'unclassed';
}

/**
 * @param grating responses to one component at 12 directions, 30° apart
 * @param plaid responses to plaids of two such components ±60° around the same directions
 */
export function classify(grating: readonly number[], plaid: readonly number[], blank: number): PlaidClass {
  const n = grating.length;
  const at = (i: number): number => grating[(i + n) % n] as number;
  const components = grating.map((_, i) => at(i - n / 6) + at(i + n / 6) - blank);
  const toPattern = correlation(plaid, grating);
  const toComponents = correlation(plaid, components);
  const between = correlation(grating, components);
  const partial = (own: number, other: number) => {
    const left = Math.sqrt(Math.max(0, (1 - other * other) * (1 - between * between)));
    // Where the other prediction leaves nothing to explain, this one explains none of it.
    return left < 1e-9 ? 0 : (own - other * between) / left;
  };
  const zPattern = fisherZ(partial(toPattern, toComponents));
  const zComponent = fisherZ(partial(toComponents, toPattern));
  const kind =
    zPattern - Math.max(zComponent, 0) > 1.28
      ? 'pattern'
      : zComponent - Math.max(zPattern, 0) > 1.28
        ? 'component'
        : 'unclassed';
  return { zPattern, zComponent, kind };
}

/** A Poisson number; the mean is below 50 here. */
function poisson(expected: number, random: Random): number {
  const limit = Math.exp(-expected);
  let count = -1;
  for (let product = 1; product > limit || count < 0; count++) product *= random.uniform();
  return count;
}

const vectorLength = (directions: readonly number[], counts: readonly number[]): number => {
  const along = (f: (x: number) => number) =>
    counts.reduce((sum, count, i) => sum + count * f((Math.PI * (directions[i] as number)) / 180), 0);
  return Math.hypot(along(Math.cos), along(Math.sin));
};

/**
 * p of direction tuning: ten simulated trials per direction, Poisson with 50 spikes/s at a response of 1 over .32 s, the
 * length of the vector sum against 199 permutations of the directions.
 */
export function tuningP(curve: readonly number[], random: Random): number {
  const trials = curve.flatMap((rate, i) =>
    Array.from({ length: 10 }, () => ({
      direction: (360 * i) / curve.length,
      count: poisson(16 * Math.max(0, rate), random),
    })),
  );
  const directions = trials.map(({ direction }) => direction);
  const counts = trials.map(({ count }) => count);
  const own = vectorLength(directions, counts);
  let exceed = 0;
  for (let i = 0; i < 199; i++) if (vectorLength(directions, random.shuffle(counts)) >= own) exceed += 1;
  return (1 + exceed) / 200;
}

/** Which hypotheses stand at a false discovery rate (Benjamini & Hochberg 1995). */
export function discoveries(p: readonly number[], rate: number): boolean[] {
  const order = p.map((_, i) => i).toSorted((a, b) => (p[a] as number) - (p[b] as number));
  const last = order.findLastIndex((i, rank) => (p[i] as number) <= (rate * (rank + 1)) / p.length);
  const limit = last < 0 ? -1 : (p[order[last] as number] as number);
  return p.map((value) => value <= limit);
}
