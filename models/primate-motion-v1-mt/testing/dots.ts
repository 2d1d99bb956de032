/** Direction tuning of MT for random dots: a part of the figures of the twin's card. */
import { stimulusSpec } from '../../../main/contract/stimuli.ts';
import type { Measurement } from '../../figures.ts';
import type { FigureId } from '../measured.ts';
import { areaTraits, type MtArea } from '../parameters.ts';
import { counts, type Bench } from './bench.ts';
import { renderClip } from './clips.ts';
import { directions, distribution, vectorDirection, type PlantedPreference } from './measurements.ts';

const seeds = [1, 2, 3];
const speedDegPerS = 5;

/** Responses of the cells of an area over 12 directions, each the mean over three clips. */
type Curves = Record<MtArea, number[][]>;

async function dotTuning(bench: Bench, coherence: number): Promise<Curves> {
  function* clips(): Iterable<Float32Array> {
    for (const directionDeg of directions) {
      for (const seed of seeds) {
        const dots = { directionDeg, coherence, speedDegPerS, diameterDeg: 12, seed: seed + directionDeg };
        yield renderClip(stimulusSpec.parse({ type: 'random-dots', ...dots }));
      }
    }
  }
  const responses = await bench.responses(clips());
  const curvesOf = (area: MtArea) => {
    const tensor = areaTraits[area].tensor as keyof typeof counts;
    return Array.from({ length: counts[tensor] }, (_, at) =>
      directions.map((_direction, d) => {
        const own = responses.slice(d * seeds.length, (d + 1) * seeds.length);
        return own.reduce((sum, response) => sum + (response[tensor]?.[at] as number), 0) / seeds.length;
      }),
    );
  };
  return { 'MT-component': curvesOf('MT-component'), 'MT-pattern': curvesOf('MT-pattern') };
}

/** Between two directions, 0–180°. */
function apart(a: number, b: number): number {
  const difference = Math.abs(a - b) % 360;
  return Math.min(difference, 360 - difference);
}

/** @param planted of the cells of both areas of MT */
export async function measureDots(
  bench: Bench,
  planted: Readonly<Record<MtArea, readonly PlantedPreference[]>>,
): Promise<Record<'componentDots' | 'patternDots' | 'componentCoherence' | 'patternCoherence', Measurement>> {
  const [half, full] = [await dotTuning(bench, 0.512), await dotTuning(bench, 1)];
  const errors = (area: MtArea) =>
    distribution(
      full[area].map((curve, i) => apart(vectorDirection(curve), (planted[area][i] as PlantedPreference).directionDeg)),
    );
  /** Preferred less null direction at 51.2 % coherence, in parts of that at 100 %. */
  const coherence = (area: MtArea) =>
    distribution(
      full[area].map((curve, i) => {
        const place = Math.round((planted[area][i] as PlantedPreference).directionDeg / 30) % 12;
        const difference = (values: readonly number[]) =>
          (values[place] as number) - (values[(place + 6) % 12] as number);
        return (100 * difference(half[area][i] as number[])) / difference(curve);
      }),
    );
  return {
    componentDots: errors('MT-component'),
    patternDots: errors('MT-pattern'),
    componentCoherence: coherence('MT-component'),
    patternCoherence: coherence('MT-pattern'),
  } satisfies Partial<Record<FigureId, Measurement>>;
}
