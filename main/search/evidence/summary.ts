/** What follows from responses that are known already: stretch, and whether the candidates of all starts are one. */
import type { Stretch, Uniqueness } from '../../contract/searchEvidence.ts';
import { medianOf } from '../../platform/median.ts';
import { areasOf } from '../objectives/normalisation.ts';
import type { FoundStimulus, SearchContext } from '../phase.ts';
import { activityOfArea, type ReferenceScale } from '../reference/reference.ts';
import { targetedUnits } from './signs.ts';

/** s = (r(x*) − b)/(max − b); null where the denominator is not above 0. */
export function stretchOf(response: number, blank: number, max: number): number | null {
  return max - blank > 0 ? (response - blank) / (max - blank) : null;
}

/** Of targeted units that the reference modulates, and of their areas. */
export function stretchReport(context: SearchContext, scale: ReferenceScale, { responses }: FoundStimulus): Stretch {
  const { model } = context;
  const { blank, max, sd, mean, areaCoefficient, areaMax } = scale;
  const targeted = targetedUnits(context);
  const targetedAreas = new Set(targeted.map((u) => model.units[u]?.area));
  return {
    units: targeted
      .filter((u) => (sd[u] as number) > 0)
      .map((u) => {
        const { area, unit } = model.units[u] as { area: string; unit: string };
        const referenceMax = max[u] as number;
        return {
          area,
          unit,
          referenceMax,
          stretch: stretchOf(responses[u] as number, blank[u] as number, referenceMax),
        };
      }),
    areas: [...areasOf(model.units)].flatMap(([area, members], i) => {
      if (!targetedAreas.has(area)) return [];
      const activity = (row: Float32Array): number => activityOfArea(members, areaCoefficient, mean, row);
      const referenceMax = areaMax[i] as number;
      return [{ area, referenceMax, stretch: stretchOf(activity(responses), activity(blank), referenceMax) }];
    }),
  };
}

/** Candidates beyond these are left out of the comparison: its cost grows with their square. */
const mostCompared = 16;

/** Null for fewer than two images of one size. `weights`: one per pixel. */
export function uniquenessOf(found: readonly FoundStimulus[], weights: Float64Array): Uniqueness | null {
  const [first] = found;
  if (first === undefined) return null;
  const images = found
    .slice(0, mostCompared)
    .map(({ image }) => image)
    .filter(({ length }) => length === first.image.length);
  if (images.length < 2) return null;
  const correlations: number[] = [];
  for (const [i, a] of images.entries()) {
    for (const b of images.slice(i + 1)) correlations.push(weightedCorrelation(a, b, weights));
  }
  return {
    starts: images.length,
    median: medianOf(correlations),
    smallest: Math.min(...correlations),
    largest: Math.max(...correlations),
    correlations,
  };
}

/** Pearson's correlation with weights; 0 where an image has no contrast. `weights` repeat for every frame. */
export function weightedCorrelation(a: Float32Array, b: Float32Array, weights: Float64Array): number {
  let [total, sumA, sumB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const w = weights[i % weights.length] as number;
    total += w;
    sumA += w * (a[i] as number);
    sumB += w * (b[i] as number);
  }
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const w = weights[i % weights.length] as number;
    const x = (a[i] as number) - sumA / total;
    const y = (b[i] as number) - sumB / total;
    ab += w * x * y;
    aa += w * x * x;
    bb += w * y * y;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}
