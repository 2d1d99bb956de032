/**
 * The reference set TSR-1 (science.md §6): 1,024 images of ten classes, 8° × 8°, in linear light on the background.
 * Image `index` belongs to half A where it is even and to half B where it is odd; every class orders its images so that
 * both halves hold the same levels of every parameter that has levels.
 *
 * Full-field images have mean luminance = background and RMS contrast .20, both weighted by an aperture of 8° with a
 * raised-cosine edge of .5°; local images stand on the background with a peak contrast of 1.
 */
import { tsr1Images } from '../../contract/stimuli.ts';
import { Random } from '../../platform/random.ts';

export const tsr1Name = 'TSR-1';
/** The published seed: 1024. Image k of a class draws from the stream 'TSR-1 CLASS k' of it. */
export const tsr1Seed = 1024;
export const tsr1SizeDeg = 8;
/** The raster on which the published hash is taken. */
export const tsr1Raster = { sizePx: 224, fieldOfViewDeg: tsr1SizeDeg, background: 0.5 };
export const tsr1Aperture = { xDeg: 0, yDeg: 0, diameterDeg: tsr1SizeDeg, edgeDeg: 0.5 };
export const tsr1ContrastRms = 0.2;
/** Highest nominal spatial frequency of an image; a raster needs two pixels for each of its cycles. */
export const tsr1HighestCpd = 8;

export type Tsr1Class =
  'gratings' | 'gabors' | 'plaids' | 'polar' | 'noise' | 'deadLeaves' | 'textures' | 'scrambles' | 'shapes' | 'scenes';

type ClassFacts = { key: Tsr1Class; name: string; count: number; local: boolean };

/** In the order of their images. */
export const tsr1Classes: readonly ClassFacts[] = [
  { key: 'gratings', name: 'gratings', count: 128, local: false },
  { key: 'gabors', name: 'Gabors', count: 128, local: true },
  { key: 'plaids', name: 'plaids', count: 32, local: false },
  { key: 'polar', name: 'polar gratings', count: 64, local: false },
  { key: 'noise', name: 'noise', count: 128, local: false },
  { key: 'deadLeaves', name: 'dead leaves', count: 128, local: false },
  { key: 'textures', name: 'textures', count: 96, local: false },
  { key: 'scrambles', name: 'phase scrambles', count: 96, local: false },
  { key: 'shapes', name: 'shapes', count: 128, local: true },
  { key: 'scenes', name: 'shaded scenes', count: 96, local: false },
];

export type Tsr1Place = ClassFacts & {
  /** Number of the image within its class, 0 … count − 1. */
  k: number;
};

/** Class of image `index` and its number there. Throws RangeError outside 0 … 1,023. */
export function tsr1Place(index: number): Tsr1Place {
  let k = index;
  for (const facts of tsr1Classes) {
    if (k >= 0 && k < facts.count) return { ...facts, k };
    k -= facts.count;
  }
  throw new RangeError(`TSR-1 has no image ${index}.`);
}

/** Index in the whole set of image `k` of a class. */
export function tsr1IndexOf(key: Tsr1Class, k: number): number {
  const at = tsr1Classes.findIndex((facts) => facts.key === key);
  return tsr1Classes.slice(0, at).reduce((sum, { count }) => sum + count, k);
}

export const tsr1Half = (index: number): 'A' | 'B' => (index % 2 === 0 ? 'A' : 'B');

/** Index in the whole set of image `at` of a half, or of all. */
export const tsr1IndexIn = (half: 'A' | 'B' | 'all', at: number): number =>
  half === 'all' ? at : 2 * at + (half === 'A' ? 0 : 1);

export const tsr1CountIn = (half: 'A' | 'B' | 'all'): number => (half === 'all' ? tsr1Images : tsr1Images / 2);

/** Weight of an image in means over the set, in which every class counts equally; 1 on average. */
export const tsr1Weight = (index: number): number => tsr1Images / tsr1Classes.length / tsr1Place(index).count;

/** Numbers for image `k` of a class, independent of those of every other image. */
export const tsr1Random = (key: Tsr1Class, k: number): Random => Random.fromSeed(tsr1Seed, `${tsr1Name} ${key} ${k}`);

/** The parameters of one image by name, in the order in which they are shown. */
export type Tsr1Parameters = Record<string, number | string>;
