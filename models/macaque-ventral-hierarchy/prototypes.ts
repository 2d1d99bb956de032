/**
 * What V4 and IT are tuned to: patches of C1 and views in C2, taken from seeded images. Which image and which place a
 * prototype has depends on the seed alone; a perturbed twin sees the same images with its own filters.
 */
import { medianOf } from '../../main/platform/median.ts';
import { Random } from '../../main/platform/random.ts';
import { compactObject, deadLeaves, type Picture } from './images.ts';
import {
  background,
  bands,
  c2PlacesDeg,
  itChannels,
  itPositions,
  itSelectivity,
  itWindowPlaces,
  prototypeCount,
  s2ReachPx,
  sizePx,
  v4Selectivity,
  viewCount,
  type Band,
} from './parameters.ts';
import { factors, type Population } from './population.ts';
import { c1OfBand, c1Patch, c2Maps, paddedContrast, prepareStages, type RadialBasis, type Stages } from './stages.ts';

const prototypesPerImage = 4;

/** Root mean square contrast of the pixels around an S2 place of a band. */
function localContrast(picture: Picture, band: Band, row: number, column: number): number {
  const reach = Math.floor(s2ReachPx(band));
  const [y, x] = [row, column].map((cell) => Math.round(band.firstS2Px + cell * band.s2StepPx));
  let sum = 0;
  let count = 0;
  for (let r = Math.max(0, y - reach); r <= Math.min(sizePx - 1, y + reach); r++) {
    for (let c = Math.max(0, x - reach); c <= Math.min(sizePx - 1, x + reach); c++) {
      const contrast = (picture[r * sizePx + c] - background) / background;
      sum += contrast * contrast;
      count++;
    }
  }
  return Math.sqrt(sum / count);
}

const leastContrast = 0.25;

/** A place whose surroundings are not nearly uniform. */
function drawPlace(random: Random, picture: Picture, band: Band): { row: number; column: number } {
  for (;;) {
    const place = { row: random.int(band.s2Cells), column: random.int(band.s2Cells) };
    if (localContrast(picture, band, place.row, place.column) >= leastContrast) return place;
  }
}

/** 1/(2σ²) such that the median distance between two centres gives exp(−selectivity). */
function sharpnessOf(centres: readonly Float64Array[], selectivity: number): number {
  const distances = centres.flatMap((one, i) =>
    centres.slice(0, i).map((other) => one.reduce((sum, value, k) => sum + (value - other[k]) * (value - other[k]), 0)),
  );
  return selectivity / medianOf(distances);
}

/** Every entry changed by a factor of its own. */
function strengthsChanged(centre: Float64Array, { seed, perturbation }: Population, what: string): Float64Array {
  const changes = factors(seed, what, centre.length, perturbation);
  return centre.map((value, i) => value * changes[i]);
}

/** 128 patches of 4 × 4 C1 cells and four orientations, 16 from each band. */
function v4Prototypes(population: Population, stages: Stages): RadialBasis {
  const { seed, changes } = population;
  const centres = Array.from({ length: prototypeCount / prototypesPerImage }, (_, image) => {
    const random = Random.fromSeed(seed, `V4 image ${image}`);
    const picture = deadLeaves(random);
    const band = bands[image % bands.length];
    const c1 = c1OfBand(stages, paddedContrast(picture), band);
    return Array.from({ length: prototypesPerImage }, () => {
      const { row, column } = drawPlace(random, picture, band);
      return c1Patch(c1, band, row, column);
    });
  })
    .flat()
    .map((centre, p) => strengthsChanged(centre, population, `V4 prototype ${p}`));
  const sharpness = sharpnessOf(centres, v4Selectivity);
  return { centres, sharpness: changes.v4Widths.map((factor) => sharpness * factor) };
}

/** What IT reads at each of its 3 × 3 positions: the largest C2 of both groups and 5 × 5 places, per prototype. */
export function itInputs(c2: readonly Float64Array[], channel: number): Float64Array[] {
  const [fine, coarse] = itChannels[channel];
  const side = c2PlacesDeg.length;
  const prototypes = c2[0].length / (side * side);
  return Array.from({ length: itPositions * itPositions }, (_, position) => {
    const top = Math.floor(position / itPositions);
    const left = position % itPositions;
    return Float64Array.from({ length: prototypes }, (__, p) => {
      let largest = 0;
      for (let row = top; row < top + itWindowPlaces; row++) {
        for (let column = left; column < left + itWindowPlaces; column++) {
          const at = (p * side + row) * side + column;
          largest = Math.max(largest, c2[fine][at], c2[coarse][at]);
        }
      }
      return largest;
    });
  });
}

/** 32 objects as the middle position of each IT channel sees them. */
function itViews(population: Population, stages: Stages, v4: RadialBasis): RadialBasis[] {
  const { seed, changes } = population;
  const maps = Array.from({ length: viewCount }, (_, view) =>
    c2Maps(stages, paddedContrast(compactObject(Random.fromSeed(seed, `IT view ${view}`))), v4),
  );
  const middle = (itPositions * itPositions - 1) / 2;
  return itChannels.map((_, channel) => {
    const centres = maps.map((c2, view) =>
      strengthsChanged(itInputs(c2, channel)[middle], population, `IT view ${view} of channel ${channel}`),
    );
    const sharpness = sharpnessOf(centres, itSelectivity);
    const widths = changes.itWidths.slice(channel * viewCount, (channel + 1) * viewCount);
    return { centres, sharpness: widths.map((factor) => sharpness * factor) };
  });
}

/** Everything that is computed from the seeded choices. */
export interface Prototypes {
  stages: Stages;
  v4: RadialBasis;
  /** Per IT channel. */
  it: RadialBasis[];
}

export function makePrototypes(population: Population): Prototypes {
  const stages = prepareStages(population.changes);
  const v4 = v4Prototypes(population, stages);
  return { stages, v4, it: itViews(population, stages, v4) };
}
