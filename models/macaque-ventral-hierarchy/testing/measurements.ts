/** The experiments behind the figures of the card: stimuli made in tests, responses of the ONNX graph. */
import type { TwinUnit } from '../../../main/contract/twins.ts';
import { medianOf } from '../../../main/platform/median.ts';
import { Random } from '../../../main/platform/random.ts';
import { deadLeaves } from '../images.ts';
import type { FigureId, Measurement } from '../measured.ts';
import { areas, degOfColumn, degOfRow, sizePx, unitsPerArea, type Area } from '../parameters.ts';
import type { Bench, Responses } from './bench.ts';
import { trainReadout } from './readout.ts';
import { shapeExamples, silhouettes } from './shapes.ts';
import { heldOutFamilies } from './heldOutTextures.ts';
import { texturePairs } from './textures.ts';

type Part<Id extends FigureId> = Record<Id, Measurement>;

const quantile = (values: readonly number[], p: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const place = p * (sorted.length - 1);
  const low = sorted[Math.floor(place)];
  return low + (place - Math.floor(place)) * (sorted[Math.ceil(place)] - low);
};

const distribution = (values: readonly number[]): Measurement => ({
  n: values.length,
  value: medianOf(values),
  quartiles: [quantile(values, 0.25), quantile(values, 0.75)],
});

const percent = (values: readonly boolean[]): number => (100 * values.filter(Boolean).length) / values.length;

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
const permutations = 199;

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

/** Two-sided permutation test at 5 % of texture against noise, exchanged within pairs. */
function isModulated(pairs: Pairs, random: Random): boolean {
  const seen = simulated(pairs, random);
  const observed = Math.abs(modulation(seen));
  let exceeding = 0;
  for (let i = 0; i < permutations; i++) {
    if (Math.abs(modulation(seen, () => random.uniform() < 0.5)) >= observed) exceeding++;
  }
  return (exceeding + 1) / (permutations + 1) <= 0.05;
}

export async function measureTexture(
  bench: Bench,
  units: readonly TwinUnit[],
  samples: number,
  seed: number,
  families = heldOutFamilies,
): Promise<Part<'textureV1' | 'textureV2' | 'texturedV1' | 'texturedV2'>> {
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
  const ofArea = (area: Area) => {
    const all = central(units, area).map((unit) => pairsOf(area, unit));
    return {
      size: distribution(all.map((pairs) => modulation(pairs))),
      share: { n: all.length, value: percent(all.map((pairs) => isModulated(pairs, random))) },
    };
  };
  const [v1, v2] = [ofArea('V1'), ofArea('V2')];
  return { textureV1: v1.size, textureV2: v2.size, texturedV1: v1.share, texturedV2: v2.share };
}

/** Share of examples that each area's readout, trained at one place, classifies correctly at the same and at another place. */
export async function measureTolerance(
  bench: Bench,
  each: number,
  seed: number,
): Promise<
  Part<
    | 'farShapesIT'
    | 'shapesV1'
    | 'shapesV2'
    | 'shapesV4'
    | 'shapesIT'
    | 'sameShapesV1'
    | 'sameShapesIT'
    | 'toleranceGain'
  > & {
    /** 95 % interval of the gain, by resampling the test examples. */
    gainInterval: [number, number];
  }
> {
  const classes = Object.keys(silhouettes).length;
  const seen = async (xDeg: number, set: number) => {
    const examples = shapeExamples(xDeg, 0, each, 10 * seed + set);
    const responses = await bench.responses(examples.map(({ image }) => image));
    return examples.map(({ label }, i) => ({ label, responses: responses[i] }));
  };
  const [training, same, other] = [await seen(-1, 0), await seen(-1, 1), await seen(1, 2)];
  const [farTraining, farOther] = [await seen(-2, 3), await seen(2, 4)];
  const features = (examples: readonly { label: number; responses: Responses }[], area: Area) =>
    examples.map(({ label, responses }) => ({ label, features: responses[area] }));
  const hits = (area: Area, test: typeof training, trained = training): boolean[] => {
    const classify = trainReadout(features(trained, area), classes);
    return features(test, area).map((example) => classify(example.features) === example.label);
  };
  const [v1, it] = [hits('V1', other), hits('IT', other)];
  const random = Random.fromSeed(seed, 'resampled shapes');
  const gains = Array.from({ length: 1000 }, () => {
    const drawn = it.map(() => random.int(it.length));
    return percent(drawn.map((i) => it[i])) - percent(drawn.map((i) => v1[i]));
  });
  const share = (values: readonly boolean[]): Measurement => ({ n: values.length, value: percent(values) });
  return {
    shapesV1: share(v1),
    shapesV2: share(hits('V2', other)),
    shapesV4: share(hits('V4', other)),
    shapesIT: share(it),
    farShapesIT: share(hits('IT', farOther, farTraining)),
    sameShapesV1: share(hits('V1', same)),
    sameShapesIT: share(hits('IT', same)),
    toleranceGain: { n: it.length, value: percent(it) - percent(v1) },
    gainInterval: [quantile(gains, 0.025), quantile(gains, 0.975)],
  };
}
