/**
 * Seeded random numbers. Every draw uses + − × ÷ √ and our exact maths, so a seed gives the same bits everywhere.
 */
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { log } from './exactMath.ts';
import { sha256Hex } from './hash.ts';

/** Written into protocols and provenance beside every seed. */
export const randomGeneratorName = 'xoroshiro128+';

export class Random {
  readonly #generator: RandomGenerator;
  #spareNormal: number | null;

  private constructor(generator: RandomGenerator, spareNormal: number | null) {
    this.#generator = generator;
    this.#spareNormal = spareNormal;
  }

  /**
   * `stream` names what the numbers are for, so that two uses of one seed are independent of each other and adding a
   * use does not change the others.
   */
  static fromSeed(seed: number, stream = ''): Random {
    const digest = sha256Hex(`${seed}/${stream}`);
    const words = [0, 8, 16, 24].map((at) => Number.parseInt(digest.slice(at, at + 8), 16) | 0);
    return new Random(xoroshiro128plusFromState(words), null);
  }

  static fromState(state: RandomState): Random {
    return new Random(xoroshiro128plusFromState(state.words), state.spareNormal);
  }

  state(): RandomState {
    return { words: [...this.#generator.getState()], spareNormal: this.#spareNormal };
  }

  /** Uniform over [0, 1) with 53 random bits. */
  uniform(): number {
    const high = this.#generator.next() >>> 5;
    const low = this.#generator.next() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** Uniform integer over 0 … n − 1, without modulo bias beyond 2⁻⁵³·n. */
  int(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** Standard normal (Marsaglia's polar method). */
  normal(): number {
    if (this.#spareNormal !== null) {
      const spare = this.#spareNormal;
      this.#spareNormal = null;
      return spare;
    }
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const s = u * u + v * v;
      if (s > 0 && s < 1) {
        const scale = Math.sqrt((-2 * log(s)) / s);
        this.#spareNormal = v * scale;
        return u * scale;
      }
    }
  }

  /** A shuffled copy (Fisher–Yates, from the end). */
  shuffle<T>(items: readonly T[]): T[] {
    const copy = [...items];
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      [copy[i], copy[j]] = [copy[j] as T, copy[i] as T];
    }
    return copy;
  }
}

export type RandomState = { words: number[]; spareNormal: number | null };
