/** Eight families of textures, twelve images each, from fine to coarse; and their phase scrambles. */
import { pow } from '../../platform/exactMath.ts';
import { tsr1Random } from './classes.ts';
import { ratioStep } from './draws.ts';
import { blobsPattern, gaborFieldPattern } from './fields.ts';
import { filteredNoise, scramblePhases, thresholded } from './grid.ts';
import { discsPattern, latticePattern, strokesPattern } from './marks.ts';
import { reactionDiffusionPattern } from './reactionDiffusion.ts';
import { voronoiPattern } from './voronoi.ts';

export const textureFamilies = [
  'Voronoi',
  'strokes',
  'fractal',
  'reaction–diffusion',
  'lattice',
  'blobs',
  'Gabor field',
  'discs',
] as const;
type TextureFamily = (typeof textureFamilies)[number];

const perFamily = 12;

export type TextureParameters = {
  family: TextureFamily;
  /** Cell, length, wavelength, spacing, σ or radius. */
  sizeDeg?: number;
  spatialFrequencyCpd?: number;
  /** Standard deviation of orientation. */
  spreadDeg?: number;
  /** Amplitude falls with frequency to this power. */
  exponent?: number;
  /** Where the fractal is cut, in standard deviations; the activator's bias in hundredths. */
  level?: number;
};

/** Three values, each for two images running, so that both halves meet all three. */
const third = (image: number): number => Math.floor(image / 2) % 3;

export function textureParameters(k: number): TextureParameters {
  const family = textureFamilies[Math.floor(k / perFamily)] as TextureFamily;
  const image = k % perFamily;
  const size = (low: number, high: number): number => ratioStep(image, perFamily, low, high);
  const spreadDeg = [5, 20, 90][third(image)] as number;
  switch (family) {
    case 'Voronoi':
      return { family, sizeDeg: size(0.35, 1.6) };
    case 'strokes':
      return { family, sizeDeg: size(0.6, 2), spreadDeg };
    case 'fractal':
      return { family, exponent: size(1.1, 2), level: [-0.5, 0, 0.5][third(image)] as number };
    case 'reaction–diffusion':
      return { family, sizeDeg: size(0.75, 1.6), level: [-10, 0, 10][third(image)] as number };
    case 'lattice':
      return { family, sizeDeg: size(0.4, 1.6) };
    case 'blobs':
      return { family, sizeDeg: size(0.12, 0.5) };
    case 'Gabor field':
      return { family, spatialFrequencyCpd: size(1, 4), spreadDeg };
    case 'discs':
      return { family, sizeDeg: size(0.12, 0.6) };
  }
}

export function texturePattern(k: number): Float64Array {
  const random = tsr1Random('textures', k);
  const { family, sizeDeg = 0, spatialFrequencyCpd = 0, spreadDeg = 0, exponent = 0, level = 0 } = textureParameters(k);
  switch (family) {
    case 'Voronoi':
      return voronoiPattern(random, sizeDeg);
    case 'strokes':
      return strokesPattern(random, sizeDeg, spreadDeg);
    case 'fractal':
      return thresholded(
        filteredNoise(random, (cpd) => pow(cpd, -exponent)),
        level,
      );
    case 'reaction–diffusion':
      return thresholded(reactionDiffusionPattern(random, sizeDeg, level / 100), 0);
    case 'lattice':
      return latticePattern(random, sizeDeg);
    case 'blobs':
      return blobsPattern(random, sizeDeg);
    case 'Gabor field':
      return gaborFieldPattern(random, spatialFrequencyCpd, spreadDeg);
    case 'discs':
      return discsPattern(random, sizeDeg);
  }
}

/** The texture of the same number with its phases drawn anew. */
export const scramblePattern = (k: number): Float64Array =>
  scramblePhases(texturePattern(k), tsr1Random('scrambles', k));
