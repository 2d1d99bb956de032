/** Stimuli as points of a box: what a search without a gradient moves through. */
import type { StimulusSpec } from '../../contract/stimuli.ts';
import { exp, log } from '../../platform/exactMath.ts';

/** A continuous parameter, or one that takes one of `levels` values, neighbours in the order in which they are given. */
export type Gene = { levels: number | null };

/** Any real coordinates are a stimulus, each in units of its parameter's range: angles wrap, others are reflected. */
export interface SpecBox {
  /** What its stimuli are called: 'grating'. */
  readonly noun: string;
  readonly nouns: string;
  /** Free parameters; fixed ones are none. */
  readonly genes: readonly Gene[];
  spec(point: readonly number[]): StimulusSpec;
}

/** 'flip': after half a turn of the bars the phase runs the other way. */
export type Boundary = 'reflect' | 'wrap' | 'flip';

/** The part of the range [0, 1] at which a coordinate lies. */
export function inUnitInterval(t: number, boundary: Boundary): number {
  if (boundary !== 'reflect') return t - Math.floor(t);
  const folded = Math.abs(t - 2 * Math.round(t / 2));
  return Math.min(folded, 1);
}

/** `share` of the way from low to high; geometric where `logarithmic`. */
export function between(low: number, high: number, logarithmic: boolean, share: number): number {
  const value = logarithmic ? low * exp(share * log(high / low)) : low + share * (high - low);
  return Math.min(Math.max(value, low), high);
}

/**
 * Which of `levels` values a coordinate stands for. Each has a cell of width 1/levels; beyond the last one come the others
 * again, backwards or (`wraps`) from the first one, so that neighbouring cells always differ.
 */
export function levelAt(t: number, levels: number, wraps: boolean): number {
  const cell = Math.floor(t * levels);
  if (levels === 1) return 0;
  const period = wraps ? levels : 2 * levels - 2;
  const at = cell - period * Math.floor(cell / period);
  return at < levels ? at : period - at;
}

/** The middle of the cell of a level. */
export const levelCentre = (level: number, levels: number): number => (level + 0.5) / levels;
