/** What was chosen for each clip of TSR-1V. Directions: 0° is rightward, 90° upward. */
import type { Tsr1Class } from '../tsr1/classes.ts';
import { rounded } from '../tsr1/draws.ts';
import { tsr1vHighestCpd, tsr1vHighestHz, tsr1vRandom, type Tsr1vClass } from './classes.ts';

const directions = 8;
const directionOf = (step: number): number => (360 / directions) * (step % directions);

/** Clips 2p and 2p + 1 share everything but a parameter of two levels, which they take by turns. */
function pairOf(k: number): { half: number; pair: number } {
  const half = k % 2;
  return { half, pair: (k - half) / 2 };
}

export type GratingClip = {
  directionDeg: number;
  spatialFrequencyCpd: number;
  temporalFrequencyHz: number;
  phaseDeg: number;
};

/** 8 directions × .5, 1, 2, 4 cpd × 2, 6 Hz, at any phase. */
export function gratingClip(k: number): GratingClip {
  const { half, pair } = pairOf(k);
  const direction = pair % directions;
  const frequency = Math.floor(pair / directions);
  return {
    directionDeg: directionOf(direction),
    spatialFrequencyCpd: [0.5, 1, 2, 4][frequency] as number,
    temporalFrequencyHz: [2, 6][(half + direction + frequency) % 2] as number,
    phaseDeg: rounded(360 * tsr1vRandom('gratings', k).uniform()),
  };
}

export type PlaidClip = GratingClip & { plaidAngleDeg: number };

/** 8 directions × 1, 2 cpd × 60°, 120° between the components, which drift at 4 Hz, at any phase. */
export function plaidClip(k: number): PlaidClip {
  const { half, pair } = pairOf(k);
  const direction = pair % directions;
  const frequency = Math.floor(pair / directions);
  return {
    directionDeg: directionOf(direction),
    plaidAngleDeg: [60, 120][(half + direction + frequency) % 2] as number,
    spatialFrequencyCpd: [1, 2][frequency] as number,
    temporalFrequencyHz: 4,
    phaseDeg: rounded(360 * tsr1vRandom('plaids', k).uniform()),
  };
}

export type DotsClip = {
  directionDeg: number;
  speedDegPerS: number;
  coherence: number;
  dotsPerDeg2: number;
  dotDiameterDeg: number;
  lifetimeS: number;
};

/** 8 directions × 2, 4, 8 °/s × coherence 1, .5. */
export function dotsClip(k: number): DotsClip {
  const { half, pair } = pairOf(k);
  const direction = pair % directions;
  const speed = Math.floor(pair / directions);
  return {
    directionDeg: directionOf(direction),
    speedDegPerS: [2, 4, 8][speed] as number,
    coherence: [1, 0.5][(half + direction + speed) % 2] as number,
    dotsPerDeg2: 4,
    dotDiameterDeg: 0.25,
    lifetimeS: 0.25,
  };
}

const translated = ['deadLeaves', 'textures', 'scrambles', 'scenes'] as const satisfies readonly Tsr1Class[];
export type TranslatedClass = (typeof translated)[number];

export type ImageClip = {
  family: TranslatedClass;
  /** Number of the image of TSR-1 within its class. */
  image: number;
  directionDeg: number;
  speedDegPerS: number;
  /** The image's detail ends here, so that no part of it passes faster than the set's highest frequency. */
  highestCpd: number;
};

/** Images spread evenly over each class, 16 each, so that all families and sizes of it are met. */
const imageOf = (family: TranslatedClass, n: number): number => {
  const step = family === 'deadLeaves' ? 8 : 6;
  return step * n + ((5 * n) % step);
};

/** 4 classes × 8 directions × 1, 4 °/s. */
export function imageClip(k: number): ImageClip {
  const { half, pair } = pairOf(k);
  const direction = pair % directions;
  const group = Math.floor(pair / directions);
  const family = translated[group] as TranslatedClass;
  const speedDegPerS = [1, 4][(half + direction + group) % 2] as number;
  return {
    family,
    image: imageOf(family, 2 * direction + half),
    directionDeg: directionOf(direction),
    speedDegPerS,
    highestCpd: Math.min(tsr1vHighestCpd, tsr1vHighestHz / speedDegPerS),
  };
}

export type MovieClip = {
  /** v₀ of the distribution of speeds, whose median is .414 v₀. */
  speedScaleDegPerS: number;
};

/** 16 clips each of v₀ = 1, 2, 4 °/s. */
export const movieClip = (k: number): MovieClip => ({
  speedScaleDegPerS: [1, 2, 4][Math.floor(k / 16)] as number,
});

/** The clip's parameters by name, in the order in which they are shown. */
export function clipParameters(key: Tsr1vClass, k: number): Record<string, number | string> {
  switch (key) {
    case 'gratings':
      return gratingClip(k);
    case 'plaids':
      return plaidClip(k);
    case 'dots':
      return dotsClip(k);
    case 'images':
      return imageClip(k);
    case 'movies':
      return movieClip(k);
  }
}
