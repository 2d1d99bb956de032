/** Random weights of the benchmark networks: what they compute does not matter, only that nothing dies out or overflows. */
import { Random } from '../../main/platform/random.ts';

export interface WeightSource {
  /** Normal values of variance 2 ÷ fanIn (He et al. 2015), which keeps activations of rectifying networks at one scale. */
  scaled(count: number, fanIn: number): Float32Array<ArrayBuffer>;
  /** Normal values of the given standard deviation. */
  normal(count: number, sd: number): Float32Array<ArrayBuffer>;
}

export function weightSource(seed: number): WeightSource {
  const random = Random.fromSeed(seed, 'benchmark network');
  const normal = (count: number, sd: number): Float32Array<ArrayBuffer> =>
    Float32Array.from({ length: count }, () => sd * random.normal());
  return { normal, scaled: (count, fanIn) => normal(count, Math.sqrt(2 / fanIn)) };
}
