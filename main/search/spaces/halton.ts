/**
 * A randomised Halton sequence (Owen 2017, "A randomized Halton algorithm in R", arXiv:1706.02808): coordinate d of point i
 * is i written in the d-th prime base with its digits mirrored at the point, each digit permuted at random by its place.
 * Any point is made from its number alone, so that millions of them need no memory.
 */
import { Random } from '../../platform/random.ts';

const primes = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53];

export type PointSequence = (index: number) => number[];

/** Points in [0, 1)^dimensions; at most 16 dimensions. */
export function haltonSequence(dimensions: number, seed: number, stream: string): PointSequence {
  if (dimensions > primes.length) throw new RangeError(`at most ${primes.length} dimensions`);
  const permutations = primes.slice(0, dimensions).map((base, d) => {
    const random = Random.fromSeed(seed, `${stream}/halton/${d}`);
    const places: number[][] = [];
    for (let unit = 1; unit > 1e-16; unit /= base) {
      places.push(random.shuffle(Array.from({ length: base }, (_, digit) => digit)));
    }
    return { base, places };
  });
  return (index) =>
    permutations.map(({ base, places }) => {
      let rest = index;
      let unit = 1;
      let value = 0;
      for (const permutation of places) {
        unit /= base;
        value += (permutation[rest % base] as number) * unit;
        rest = Math.floor(rest / base);
      }
      return Math.min(value, 1 - 2 ** -53);
    });
}

/** Independent uniform points. */
export function randomSequence(dimensions: number, seed: number, stream: string): PointSequence {
  return (index) => {
    const random = Random.fromSeed(seed, `${stream}/${index}`);
    return Array.from({ length: dimensions }, () => random.uniform());
  };
}
