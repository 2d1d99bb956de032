/** The experiments behind the figures of the card: stimuli made in tests, responses of the ONNX graph. */
import type { TwinUnit } from '../../../main/contract/twins.ts';
import { medianOf } from '../../../main/platform/median.ts';
import { Random } from '../../../main/platform/random.ts';
import { deadLeaves } from '../images.ts';
import { discoveries, quantile } from '../../statistics.ts';
import type { FigureId, Measurement } from '../measured.ts';
import { areas, degOfColumn, degOfRow, sizePx, unitsPerArea, type Area } from '../parameters.ts';
import type { Bench, Responses } from './bench.ts';
import { trainReadout } from './readout.ts';
import { shapeExamples, silhouettes } from './shapes.ts';
import { heldOutFamilies } from './heldOutTextures.ts';
import type { Families } from './textureParts.ts';
import { texturePairs } from './textures.ts';

type Part<Id extends FigureId> = Record<Id, Measurement>;

const distribution = (values: readonly number[]): Measurement => ({
  n: values.length,
  value: medianOf(values),
  quartiles: [quantile(values, 0.25), quantile(values, 0.75)],
});

export const percent = (values: readonly boolean[]): number => (100 * values.filter(Boolean).length) / values.length;

/** Where a unit answers to changes: centre and ±2 standard deviations (mean of both axes), in degrees. */
export interface Field {
  xDeg: number;
  yDeg: number;
  sizeDeg: number;
}

const patchPx = 12;
const patches = (sizePx / patchPx) ** 2;

/** The picture, then the picture with one 12-pixel square after the other replaced by that of another picture. */
function* changedPictures(seed: number, picture: number): Iterable<Float32Array> {
  const [one, other] = [0, 1].map((which) =>
    Float32Array.from(deadLeaves(Random.fromSeed(seed, `field picture ${picture}.${which}`))),
  );
  yield one;
  const side = sizePx / patchPx;
  for (let patch = 0; patch < patches; patch++) {
    const image = Float32Array.from(one);
    for (let i = 0; i < patchPx * patchPx; i++) {
      const row = Math.floor(patch / side) * patchPx + Math.floor(i / patchPx);
      const at = row * sizePx + (patch % side) * patchPx + (i % patchPx);
      image[at] = other[at];
    }
    yield image;
  }
}

/** Receptive fields from squared changes of the response, summed over pictures. */
export async function measureFields(bench: Bench, pictures: number, seed: number): Promise<Record<Area, Field[]>> {
  const side = sizePx / patchPx;
  const sums = areas.map((area) => new Float64Array(unitsPerArea[area] * patches));
  for (let picture = 0; picture < pictures; picture++) {
    const [base, ...rest] = await bench.responses(changedPictures(seed, picture));
    for (const [patch, response] of rest.entries()) {
      for (const [a, area] of areas.entries()) {
        for (let u = 0; u < unitsPerArea[area]; u++) {
          sums[a][u * patches + patch] += (response[area][u] - base[area][u]) ** 2;
        }
      }
    }
  }
  const middle = (patch: number) => patchPx * patch + (patchPx - 1) / 2;
  const fieldOf = (weights: Float64Array): Field => {
    const total = weights.reduce((sum, w) => sum + w, 0);
    const along = (place: (patch: number) => number) => {
      const mean = weights.reduce((sum, w, patch) => sum + w * place(patch), 0) / total;
      return {
        mean,
        sd: Math.sqrt(weights.reduce((sum, w, patch) => sum + w * (place(patch) - mean) ** 2, 0) / total),
      };
    };
    const x = along((patch) => degOfColumn(middle(patch % side)));
    const y = along((patch) => degOfRow(middle(Math.floor(patch / side))));
    return { xDeg: x.mean, yDeg: y.mean, sizeDeg: 2 * (x.sd + y.sd) };
  };
  const all = areas.map((area, a) => [
    area,
    Array.from({ length: unitsPerArea[area] }, (_, u) => fieldOf(sums[a].subarray(u * patches, (u + 1) * patches))),
  ]);
  return Object.fromEntries(all) as Record<Area, Field[]>;
}

export function fieldFigures(fields: Record<Area, Field[]>): Part<'fieldV1' | 'fieldV2' | 'fieldV4' | 'fieldIT'> {
  const of = (area: Area) => distribution(fields[area].map(({ sizeDeg }) => sizeDeg));
  return { fieldV1: of('V1'), fieldV2: of('V2'), fieldV4: of('V4'), fieldIT: of('IT') };
}

/** Units whose planted centre lies within 1.25° of fixation, well inside the aperture of the textures. */
const central = (units: readonly TwinUnit[], area: Area): number[] =>
  units
    .filter((unit) => unit.area === area && Math.hypot(unit.xDeg ?? 0, unit.yDeg ?? 0) <= 1.25)
    .map(({ index }) => index);

/** Responses of one unit to `samples` pairs of every family: [family][sample] → texture and noise. */
type Pairs = { texture: number; noise: number }[][];

/** Mean over families of (t − n)/(t + n), t and n means over samples; `flip` exchanges texture and noise. */
function modulation(pairs: Pairs, flip: (family: number, sample: number) => boolean = () => false): number {
  const perFamily = pairs.map((samples, f) => {
    let [t, n] = [0, 0];
    for (const [s, { texture, noise }] of samples.entries()) {
      const exchanged = flip(f, s);
      t += exchanged ? noise : texture;
      n += exchanged ? texture : noise;
    }
    return (t - n) / (t + n);
  });
  return perFamily.reduce((sum, value) => sum + value, 0) / perFamily.length;
}

const repeats = 20;
const meanSpikes = 3;
const permutations = 999;

/** Means of 20 Poisson counts (as normal variates) whose mean over all pictures is 3 spikes in 100 ms. */
function simulated(pairs: Pairs, random: Random): Pairs {
  const all = pairs.flat().flatMap(({ texture, noise }) => [texture, noise]);
  const scale = (meanSpikes * all.length) / all.reduce((sum, value) => sum + value, 0);
  const draw = (response: number) => {
    const mean = scale * response;
    return Math.max(0, mean + Math.sqrt(mean / repeats) * random.normal());
  };
  return pairs.map((samples) => samples.map(({ texture, noise }) => ({ texture: draw(texture), noise: draw(noise) })));
}

/** Two-sided permutation test of texture against noise, exchanged within pairs. */
function significance(pairs: Pairs, random: Random): number {
  const seen = simulated(pairs, random);
  const observed = Math.abs(modulation(seen));
  let exceeding = 0;
  for (let i = 0; i < permutations; i++) {
    if (Math.abs(modulation(seen, () => random.uniform() < 0.5)) >= observed) exceeding++;
  }
  return (exceeding + 1) / (permutations + 1);
}

export interface TextureUnit {
  modulation: number;
  /** Modulation by each family, in the order of the families. */
  perFamily: number[];
  /** Found in the simulated trials to be modulated, at a false discovery rate of 5 % over the units of the area. */
  significant: boolean;
}

export const falseDiscoveryRate = 0.05;

/** How the units of V1 and V2 near fixation answer textures against noise. */
export async function measureTextureUnits(
  bench: Bench,
  units: readonly TwinUnit[],
  samples: number,
  seed: number,
  families: Families = heldOutFamilies,
): Promise<Record<'V1' | 'V2', TextureUnit[]>> {
  const shown: string[] = [];
  function* images(): Iterable<Float32Array> {
    for (const { family, texture, noise } of texturePairs(samples, seed, families)) {
      shown.push(family);
      yield texture;
      yield noise;
    }
  }
  const responses = await bench.responses(images());
  const names = [...new Set(shown)];
  const pairsOf = (area: Area, unit: number): Pairs =>
    names.map((_, f) =>
      Array.from({ length: samples }, (__, s) => {
        const at = 2 * (f * samples + s);
        return { texture: responses[at][area][unit], noise: responses[at + 1][area][unit] };
      }),
    );
  const random = Random.fromSeed(seed, 'texture trials');
  const ofArea = (area: Area): TextureUnit[] => {
    const all = central(units, area).map((unit) => pairsOf(area, unit));
    const significant = discoveries(
      all.map((pairs) => significance(pairs, random)),
      falseDiscoveryRate,
    );
    return all.map((pairs, i) => ({
      modulation: modulation(pairs),
      perFamily: pairs.map((family) => modulation([family])),
      significant: significant[i],
    }));
  };
  return { V1: ofArea('V1'), V2: ofArea('V2') };
}

export function textureFigures(
  measured: Record<'V1' | 'V2', readonly TextureUnit[]>,
): Part<'textureV1' | 'textureV2' | 'texturedV1' | 'texturedV2'> {
  const size = (area: 'V1' | 'V2') => distribution(measured[area].map((unit) => unit.modulation));
  const share = (area: 'V1' | 'V2') => ({
    n: measured[area].length,
    value: percent(measured[area].map(({ significant }) => significant)),
  });
  return { textureV1: size('V1'), textureV2: size('V2'), texturedV1: share('V1'), texturedV2: share('V2') };
}

export interface ShapePlaces {
  trainedDeg: number;
  testedDeg: number;
  /** Which draws of examples. */
  sets: readonly [trained: number, tested: number];
}

/** Whether each example of every silhouette is named correctly by the readout of each area, trained at another place. */
export async function shapeHits(
  bench: Bench,
  each: number,
  seed: number,
  { trainedDeg, testedDeg, sets }: ShapePlaces,
  of: readonly Area[] = areas,
): Promise<Record<Area, boolean[]>> {
  const classes = Object.keys(silhouettes).length;
  const seen = async (xDeg: number, set: number) => {
    const examples = shapeExamples(xDeg, 0, each, 10 * seed + set);
    const responses = await bench.responses(examples.map(({ image }) => image));
    return examples.map(({ label }, i) => ({ label, responses: responses[i] }));
  };
  const [training, test] = [await seen(trainedDeg, sets[0]), await seen(testedDeg, sets[1])];
  const hits = of.map((area) => {
    const features = (examples: readonly { label: number; responses: Responses }[]) =>
      examples.map(({ label, responses }) => ({ label, features: responses[area] }));
    const classify = trainReadout(features(training), classes);
    return [area, features(test).map((example) => classify(example.features) === example.label)] as const;
  });
  return Object.fromEntries(hits) as Record<Area, boolean[]>;
}

/** 1° left of fixation, where the readouts are trained, and 1° right of it. */
export const twoDegreesAway: ShapePlaces = { trainedDeg: -1, testedDeg: 1, sets: [0, 2] };

/**
 * Percent of examples by which one area names more than another, with its 95 % interval: draws of examples are resampled,
 * and within each the test examples.
 */
export function gainInterval(
  draws: readonly Record<Area, boolean[]>[],
  better: Area,
  other: Area,
): Measurement & { interval: [number, number] } {
  const random = Random.fromSeed(1, 'resampled shapes');
  const gain = (each: readonly Record<Area, boolean[]>[], drawn: (n: number) => number[]) => {
    const gains = each.map((hits) => {
      const which = drawn(hits[better].length);
      return percent(which.map((i) => hits[better][i])) - percent(which.map((i) => hits[other][i]));
    });
    return gains.reduce((sum, value) => sum + value, 0) / gains.length;
  };
  const all = (n: number) => Array.from({ length: n }, (_, i) => i);
  const resampled = (n: number) => all(n).map(() => random.int(n));
  const gains = Array.from({ length: 1000 }, () =>
    gain(
      resampled(draws.length).map((i) => draws[i]),
      resampled,
    ),
  );
  return {
    n: draws.reduce((sum, hits) => sum + hits[better].length, 0),
    value: gain(draws, all),
    interval: [quantile(gains, 0.025), quantile(gains, 0.975)],
  };
}

/** Share of examples that each area's readout, trained at one place, names correctly at the same and at another place. */
export async function measureTolerance(
  bench: Bench,
  each: number,
  seed: number,
): Promise<{
  figures: Part<
    | 'farShapesIT'
    | 'shapesV1'
    | 'shapesV2'
    | 'shapesV4'
    | 'shapesIT'
    | 'sameShapesV1'
    | 'sameShapesIT'
    | 'toleranceGain'
  >;
  /** 95 % interval of the gain. */
  gainInterval: [number, number];
}> {
  const away = await shapeHits(bench, each, seed, twoDegreesAway);
  const same = await shapeHits(bench, each, seed, { ...twoDegreesAway, testedDeg: -1, sets: [0, 1] }, ['V1', 'IT']);
  const far = await shapeHits(bench, each, seed, { trainedDeg: -2, testedDeg: 2, sets: [3, 4] }, ['IT']);
  const share = (values: readonly boolean[]): Measurement => ({ n: values.length, value: percent(values) });
  const { interval, ...toleranceGain } = gainInterval([away], 'IT', 'V1');
  return {
    figures: {
      shapesV1: share(away.V1),
      shapesV2: share(away.V2),
      shapesV4: share(away.V4),
      shapesIT: share(away.IT),
      farShapesIT: share(far.IT),
      sameShapesV1: share(same.V1),
      sameShapesIT: share(same.IT),
      toleranceGain,
    },
    gainInterval: interval,
  };
}
