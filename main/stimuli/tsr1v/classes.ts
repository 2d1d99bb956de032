/**
 * The reference set TSR-1V (science.md §6): 256 clips of five classes, 8° × 8°, in linear light on the background, for
 * twins that see clips. As in TSR-1, even numbers are half A and odd ones half B, and both halves of a class hold the
 * same levels of every parameter that has levels.
 *
 * Every frame has mean luminance = background and RMS contrast .20, both weighted by the aperture of TSR-1, so that no
 * clip flickers as a whole. Clips have no end; what is published of them is their first second at 30 frames per second.
 */
import { tsr1vClips } from '../../contract/stimuli.ts';
import { Random } from '../../platform/random.ts';
import { tsr1SizeDeg } from '../tsr1/classes.ts';

export const tsr1vName = 'TSR-1V';
/** The published seed. Clip k of a class draws from the stream 'TSR-1V CLASS k' of it. */
export const tsr1vSeed = 256;
/** The raster and frames on which the published hash is taken. */
export const tsr1vRaster = { sizePx: 112, fieldOfViewDeg: tsr1SizeDeg, background: 0.5 };
export const tsr1vFrameRateHz = 30;
export const tsr1vFrames = 30;
/** Highest spatial frequency of a clip, dots aside; a raster needs two pixels for each of its cycles. */
export const tsr1vHighestCpd = 4;
/** Highest temporal frequency of a clip, dots aside, whose borders are sharp. */
export const tsr1vHighestHz = 8;

export type Tsr1vClass = 'gratings' | 'plaids' | 'dots' | 'images' | 'movies';

type ClassFacts = { key: Tsr1vClass; name: string; count: number };

/** In the order of their clips. */
export const tsr1vClasses: readonly ClassFacts[] = [
  { key: 'gratings', name: 'drifting gratings', count: 64 },
  { key: 'plaids', name: 'drifting plaids', count: 32 },
  { key: 'dots', name: 'random dots', count: 48 },
  { key: 'images', name: 'translating images', count: 64 },
  { key: 'movies', name: '1/f movies', count: 48 },
];

export type Tsr1vPlace = ClassFacts & {
  /** Number of the clip within its class, 0 … count − 1. */
  k: number;
};

/** Class of clip `index` and its number there. Throws RangeError outside 0 … 255. */
export function tsr1vPlace(index: number): Tsr1vPlace {
  let k = index;
  for (const facts of tsr1vClasses) {
    if (k >= 0 && k < facts.count) return { ...facts, k };
    k -= facts.count;
  }
  throw new RangeError(`TSR-1V has no clip ${index}.`);
}

/** Index in the whole set of clip `k` of a class. */
export function tsr1vIndexOf(key: Tsr1vClass, k: number): number {
  const at = tsr1vClasses.findIndex((facts) => facts.key === key);
  return tsr1vClasses.slice(0, at).reduce((sum, { count }) => sum + count, k);
}

export const tsr1vCountIn = (half: 'A' | 'B' | 'all'): number => (half === 'all' ? tsr1vClips : tsr1vClips / 2);

/** Weight of a clip in means over the set, in which every class counts equally; 1 on average. */
export const tsr1vWeight = (index: number): number => tsr1vClips / tsr1vClasses.length / tsr1vPlace(index).count;

/** Numbers for clip `k` of a class, independent of those of every other clip. */
export const tsr1vRandom = (key: Tsr1vClass, k: number): Random =>
  Random.fromSeed(tsr1vSeed, `${tsr1vName} ${key} ${k}`);
