/**
 * Clips as sums of travelling waves on the periodic grid of TSR-1: each has a spatial frequency, an amplitude and a
 * temporal frequency of its own, so that any moment is one transform away and no frame depends on another.
 */
import { cos, degreesToRadians, sin } from '../../platform/exactMath.ts';
import { binFrequency, fft2 } from '../fft.ts';
import { deadLeavesPattern } from '../tsr1/deadLeaves.ts';
import { cells, periodDeg } from '../tsr1/grid.ts';
import { scenePattern } from '../tsr1/scenes.ts';
import { scramblePattern, texturePattern } from '../tsr1/textures.ts';
import { tsr1vHighestCpd, tsr1vHighestHz, tsr1vRandom } from './classes.ts';
import { imageClip, movieClip, type TranslatedClass } from './parameters.ts';

/** One entry for every wave. */
type Waves = {
  /** Bin of the cells × cells transform. */
  bin: Int32Array;
  real: Float64Array;
  imaginary: Float64Array;
  /** Cycles by which the wave's phase rises in a second. */
  hz: Float64Array;
};

/** 1 up to ¾ of `highestCpd`, 0 from there on, a raised cosine between. */
function lowPass(cpd: number, highestCpd: number): number {
  const start = 0.75 * highestCpd;
  if (cpd <= start) return 1;
  if (cpd >= highestCpd) return 0;
  return 0.5 * (1 + cos((Math.PI * (cpd - start)) / (highestCpd - start)));
}

/** Every bin but the mean whose frequency lies below `highestCpd`; rows count downward, as in the transform. */
function* binsBelow(highestCpd: number): Generator<{ bin: number; fx: number; fy: number; cpd: number }> {
  for (let row = 0, bin = 0; row < cells; row++) {
    const fy = binFrequency(row, cells) / periodDeg;
    for (let column = 0; column < cells; column++, bin++) {
      const fx = binFrequency(column, cells) / periodDeg;
      const cpd = Math.sqrt(fx * fx + fy * fy);
      if (bin > 0 && cpd < highestCpd) yield { bin, fx, fy, cpd };
    }
  }
}

const patterns: Record<TranslatedClass, (k: number) => Float64Array> = {
  deadLeaves: deadLeavesPattern,
  textures: texturePattern,
  scrambles: scramblePattern,
  scenes: scenePattern,
};

/** An image of TSR-1 on its way around the period: a shift is a turn of every phase. */
function translation(k: number): Waves {
  const { family, image, directionDeg, speedDegPerS, highestCpd } = imageClip(k);
  const direction = degreesToRadians(directionDeg);
  const rightward = speedDegPerS * cos(direction);
  const upward = speedDegPerS * sin(direction);
  const pattern = Float64Array.from(patterns[family](image));
  const transform = new Float64Array(cells * cells);
  fft2(pattern, transform, cells);
  const bins = [...binsBelow(highestCpd)];
  const gains = bins.map(({ cpd }) => lowPass(cpd, highestCpd));
  return {
    bin: Int32Array.from(bins, ({ bin }) => bin),
    real: Float64Array.from(bins, ({ bin }, at) => (gains[at] as number) * (pattern[bin] as number)),
    imaginary: Float64Array.from(bins, ({ bin }, at) => (gains[at] as number) * (transform[bin] as number)),
    hz: Float64Array.from(bins, ({ fx, fy }) => fy * upward - fx * rightward),
  };
}

/**
 * Noise with an amplitude of 1/f in space whose parts move as natural movies do on average (Dong & Atick 1995): every
 * wave at a speed drawn from p(v) ∝ 1/(v₀ + v)³, cut off where it would pass faster than the set's highest frequency.
 */
function movie(k: number): Waves {
  const { speedScaleDegPerS: scale } = movieClip(k);
  const random = tsr1vRandom('movies', k);
  const bins = [...binsBelow(tsr1vHighestCpd)];
  const waves: Waves = {
    bin: Int32Array.from(bins, ({ bin }) => bin),
    real: new Float64Array(bins.length),
    imaginary: new Float64Array(bins.length),
    hz: new Float64Array(bins.length),
  };
  for (const [at, { cpd }] of bins.entries()) {
    const amplitude = lowPass(cpd, tsr1vHighestCpd) / cpd;
    waves.real[at] = amplitude * random.normal();
    waves.imaginary[at] = amplitude * random.normal();
    // The share of speeds beyond v is (v₀/(v₀ + v))²; those beyond the highest are left out.
    const slowest = scale / (scale + tsr1vHighestHz / cpd);
    const share = slowest * slowest + (1 - slowest * slowest) * random.uniform();
    waves.hz[at] = cpd * scale * (1 / Math.sqrt(share) - 1);
  }
  return waves;
}

// A clip is drawn frame by frame, and its waves cost more than a frame. Newest last.
const kept = new Map<string, Waves>();
const mostKept = 4;

function wavesOf(key: 'images' | 'movies', k: number): Waves {
  const name = `${key} ${k}`;
  const known = kept.get(name);
  const waves = known ?? (key === 'images' ? translation(k) : movie(k));
  kept.delete(name);
  kept.set(name, waves);
  for (const oldest of kept.keys()) {
    if (kept.size <= mostKept) break;
    kept.delete(oldest);
  }
  return waves;
}

/** The clip's pattern at a time, on the grid, up to its scale. */
export function wavePattern(key: 'images' | 'movies', k: number, timeS: number): Float64Array {
  const { bin, real, imaginary, hz } = wavesOf(key, k);
  const re = new Float64Array(cells * cells);
  const im = new Float64Array(cells * cells);
  for (let at = 0; at < bin.length; at++) {
    const phase = 2 * Math.PI * (((hz[at] as number) * timeS) % 1);
    const cosine = cos(phase);
    const sine = sin(phase);
    const a = real[at] as number;
    const b = imaginary[at] as number;
    re[bin[at] as number] = a * cosine - b * sine;
    im[bin[at] as number] = a * sine + b * cosine;
  }
  // With the two parts exchanged the forward transform is the inverse one.
  fft2(im, re, cells);
  return re;
}
