/** Gaussian noise: white, with an amplitude spectrum of 1/f, and one octave wide. */
import { tsr1Random } from './classes.ts';
import { filteredNoise, pinkNoise, whiteNoise } from './grid.ts';

const centresCpd = [0.75, 1.5, 3, 6] as const;

export type NoiseParameters = { family: 'white' | '1/f' | 'octave'; spatialFrequencyCpd?: number };

/** 32 white, 32 of 1/f, and 16 at each of four centre frequencies. */
export function noiseParameters(k: number): NoiseParameters {
  if (k < 32) return { family: 'white' };
  if (k < 64) return { family: '1/f' };
  return { family: 'octave', spatialFrequencyCpd: centresCpd[Math.floor((k - 64) / 16)] as number };
}

export function noisePattern(k: number): Float64Array {
  const { family, spatialFrequencyCpd: centre = 0 } = noiseParameters(k);
  const random = tsr1Random('noise', k);
  if (family === 'white') return whiteNoise(random);
  if (family === '1/f') return pinkNoise(random);
  const low = centre / Math.SQRT2;
  const high = centre * Math.SQRT2;
  return filteredNoise(random, (cpd) => (cpd >= low && cpd < high ? 1 : 0));
}
