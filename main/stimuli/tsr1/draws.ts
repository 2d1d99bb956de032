/** Parameters drawn at random, with as many digits as a table shows. */
import { exp, log } from '../../platform/exactMath.ts';
import type { Random } from '../../platform/random.ts';

/** Four decimals. */
export const rounded = (value: number): number => Math.round(value * 10000) / 10000;

export const uniformBetween = (random: Random, low: number, high: number): number =>
  low + (high - low) * random.uniform();

export const logUniform = (random: Random, low: number, high: number): number =>
  low * exp(random.uniform() * log(high / low));

/** Level `at` of `count` in equal ratios from `low` to `high`. */
export const ratioStep = (at: number, count: number, low: number, high: number): number =>
  rounded(low * exp((at / (count - 1)) * log(high / low)));

export const pick = <T>(random: Random, items: readonly T[]): T => items[random.int(items.length)] as T;

export const clamp01 = (value: number): number => (value < 0 ? 0 : value > 1 ? 1 : value);
