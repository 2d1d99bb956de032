/** A bare ONNX file on its way into the library: what it says of itself, and what somebody has to say of it. */
import { z } from 'zod';
import { nearestName } from './validate.ts';

/** A value of the graph; sizes that are fixed only when the model runs are named. */
export const modelTensor = z.object({
  name: z.string(),
  dtype: z.string(),
  /** Null where the file does not even say how many axes there are. */
  shape: z.array(z.union([z.int(), z.string()])).nullable(),
});
export type ModelTensor = z.infer<typeof modelTensor>;

/** The input that takes the pictures, as far as the graph says. */
export const modelPicture = z.object({
  tensor: z.string(),
  channels: z.union([z.literal(1), z.literal(3)]),
  channelsLast: z.boolean(),
  /** Null where the graph takes any size. */
  sizePx: z.int().positive().nullable(),
  /** How many pictures the graph takes at once, where it takes no other number. */
  fixedBatch: z.int().positive().nullable(),
});
export type ModelPicture = z.infer<typeof modelPicture>;

/** A value of the graph that can be an area: one row of numbers per picture. */
export const modelArea = z.object({
  tensor: z.string(),
  /** The operator that makes it. */
  operator: z.string(),
  /** Values per picture. */
  units: z.int().positive(),
  /** Sizes behind the batch; more than one where a map is laid out in a row, channel by channel. */
  sizes: z.array(z.int()),
  /** False for a value inside the graph. */
  output: z.boolean(),
});
export type ModelArea = z.infer<typeof modelArea>;

const text = z.string().nullable().default(null);
const perChannel = z.array(z.number()).nullable().default(null);

/**
 * What a manifest says and a graph does not. Null: not answered. Every key has the meaning that it has in `twin.json`
 * (docs/sharing-a-twin.md).
 */
export const modelAnswers = z.strictObject({
  id: text,
  version: text,
  title: text,
  summary: text,
  species: text,
  modality: text,
  recording: text,
  responseUnits: text,
  picture: z
    .strictObject({
      /** Asked only where the graph takes pictures of any size. */
      sizePx: z.int().positive().max(4096).nullable().default(null),
      fieldOfViewDeg: z.number().positive().max(180).nullable().default(null),
      encoding: z.enum(['srgb', 'linear', 'grey-linear']).nullable().default(null),
      range: z.tuple([z.number(), z.number()]).nullable().default(null),
      mean: perChannel,
      std: perChannel,
      background: z.number().min(0).max(1).default(0.5),
    })
    .prefault({}),
  areas: z
    .array(
      z.strictObject({
        /** The output of the graph, or a value inside it, that the units are. */
        tensor: z.string(),
        name: text,
        label: text,
        atlas: text,
        hemisphere: text,
        colourOf: text,
        layer: text,
        /** For a layer said to stand for the area: the data that the choice rests on. */
        basis: text,
      }),
    )
    .default([]),
  licences: z.strictObject({ weights: text, code: text, data: text }).prefault({}),
  /** Null: what follows from the licences. */
  commercialUse: z.boolean().nullable().default(null),
  authors: z.array(z.string()).default([]),
  source: z.strictObject({ url: text, revision: text }).prefault({}),
  references: z.array(z.strictObject({ text: z.string(), doi: z.string().optional() })).default([]),
  knownFailures: z.array(z.string()).default([]),
});
export type ModelAnswers = z.infer<typeof modelAnswers>;

/** Where a model is: a path on the backend's machine, or files that were handed over. */
export const modelPlace = z.union([
  z.strictObject({ path: z.string().min(1) }),
  z.strictObject({ upload: z.string().min(1) }),
]);
export type ModelPlace = z.infer<typeof modelPlace>;

export const modelInspection = z.object({
  /** Name of the .onnx file. */
  file: z.string(),
  /** With its data beside it. */
  sizeBytes: z.int(),
  /** Files beside the model that hold its weights. */
  dataFiles: z.array(z.string()),
  opset: z.int(),
  producer: z.string(),
  /** What the model's author wrote into the file. */
  documentation: z.string(),
  metadata: z.array(z.object({ key: z.string(), value: z.string() })),
  nodes: z.int(),
  parameters: z.int(),
  /** False where an operator draws random numbers. */
  deterministic: z.boolean(),
  inputs: z.array(modelTensor),
  outputs: z.array(modelTensor),
  picture: modelPicture,
  /** Outputs first, then what lies inside, in running order. Empty as long as the size of the pictures is not known. */
  areas: z.array(modelArea),
  /** What is changed in the graph, and which outputs cannot be areas. */
  notices: z.array(z.string()),
  /** What follows from the file; everything else is null. */
  answers: modelAnswers,
  /** Names of the photographs that a draft can be tried with. */
  photographs: z.array(z.string()),
});
export type ModelInspection = z.infer<typeof modelInspection>;

/** A picture to try a draft with: a photograph that comes with Twinscope, or a grating. */
export const samplePicture = z.union([
  z.strictObject({ photograph: z.string() }),
  z.strictObject({ spatialFrequencyCpd: z.number().positive(), orientationDeg: z.number() }),
]);
export type SamplePicture = z.infer<typeof samplePicture>;

export const modelPreview = z.object({
  /** The picture as the graph gets it; null where the answers do not say how. */
  picture: z
    .object({
      /** A data URL: values before mean and std are taken off, black at the lower end of the range. */
      png: z.string(),
      sizePx: z.int(),
      fieldOfViewDeg: z.number(),
      /** Of the tensor's own values, one for each channel. */
      channels: z.array(z.object({ mean: z.number(), sd: z.number(), min: z.number(), max: z.number() })),
    })
    .nullable(),
  /** Responses of the first units of every area to the picture and to the background alone. */
  areas: z.array(
    z.object({
      tensor: z.string(),
      units: z.int(),
      responses: z.array(z.number()),
      blank: z.array(z.number()),
    }),
  ),
  /** Why there is no picture, or why there are no responses; null where there are both. */
  why: z.string().nullable(),
});
export type ModelPreview = z.infer<typeof modelPreview>;

/** One question: the answer's place among the answers, and what it asks for. */
export type Question = {
  field: string;
  ask: string;
  /** False where there is an answer that cannot be. */
  missing: boolean;
};

/** What the answers mean, by their place; `areas` stands for every area. */
export const asked: Record<string, string> = {
  id: '2 to 64 lower-case letters, digits and hyphens, beginning with a letter or digit; never changes',
  version: 'three numbers, such as 1.0.0; other content needs another version',
  title: 'one line',
  summary: 'two or three sentences: what the model is, and what it is not',
  species: 'of the animal whose brain is modelled, e.g. macaque; none for a network that models no animal',
  modality: 'sense and kind of stimulus',
  recording: 'how the modelled responses were recorded; none where the model was not fitted to recordings',
  responseUnits: 'what a response is in, e.g. spikes/s, ΔF/F, z, arbitrary',
  picture: 'how the model takes its pictures',
  'picture.sizePx': 'side of the picture in pixels; the graph takes any',
  'picture.fieldOfViewDeg': 'degrees of visual angle that the side of the picture spans',
  'picture.encoding':
    'srgb: values follow the sRGB curve, as in picture files; linear: linear light; grey-linear: linear luminance in every channel',
  'picture.range': 'values of black and white before mean and std, e.g. [0, 1] or [0, 255]',
  'picture.mean': 'one number for each channel, taken off in the units of the range; null for none',
  'picture.std': 'one number for each channel, divided by; null for none',
  'picture.background': 'linear light around the stimuli',
  areas: 'each is one output of the graph, or a value inside it; take away what is no area',
  'areas.tensor': 'the output or value',
  'areas.name': 'unique, e.g. V1 or IT; plans use it',
  'areas.label': 'for people; the name when left out',
  'areas.atlas': 'e.g. Allen CCFv3',
  'areas.hemisphere': 'left or right',
  'areas.colourOf': 'the area whose colour is used on every page, e.g. V1',
  'areas.layer': 'where in the network it is read, in words',
  'areas.basis': 'for a layer said to stand for an area: the data that the choice rests on',
  licences: 'SPDX identifiers; NONE where there is nothing to license, NOASSERTION where nothing is stated',
  'licences.weights': 'e.g. MIT, CC-BY-NC-4.0, NOASSERTION',
  commercialUse: 'true or false, whether all of them allow commercial use; null for what follows from the licences',
  authors: 'names',
  source: 'where the model comes from',
  references: 'what to cite: text, and a doi where there is one',
  knownFailures: 'where it is known to be wrong',
};

const idPattern = /^[a-z0-9][a-z0-9-]{1,63}$/;
const versionPattern = /^\d+\.\d+\.\d+$/;
const isBlank = (value: string | null): boolean => value === null || value.trim() === '';

type Asked = Pick<ModelInspection, 'picture' | 'areas'>;

/** What keeps the model from being shown a picture; the first part of `openQuestions`. */
export function pictureQuestions({ picture: known }: Asked, { picture }: ModelAnswers): Question[] {
  const open: Question[] = [];
  const ask = (key: keyof ModelAnswers['picture'], missing: boolean): void => {
    if (missing) open.push({ field: `picture.${key}`, ask: asked[`picture.${key}`] as string, missing });
  };
  const refuse = (key: keyof ModelAnswers['picture'], why: string): void => {
    open.push({ field: `picture.${key}`, ask: why, missing: false });
  };
  ask('sizePx', known.sizePx === null && picture.sizePx === null);
  if (known.sizePx !== null && picture.sizePx !== null && picture.sizePx !== known.sizePx) {
    refuse('sizePx', `the graph takes ${known.sizePx} px only; leave it out`);
  }
  ask('fieldOfViewDeg', picture.fieldOfViewDeg === null);
  ask('encoding', picture.encoding === null);
  ask('range', picture.range === null);
  if (picture.range !== null && picture.range[0] >= picture.range[1]) {
    refuse('range', 'the value of black must be below that of white');
  }
  for (const key of ['mean', 'std'] as const) {
    const values = picture[key];
    if (values === null) continue;
    if (values.length !== 1 && values.length !== known.channels) {
      const wanted = known.channels === 1 ? 'one number, for one channel' : 'one number, or one for each of 3 channels';
      refuse(key, wanted);
    }
    if (key === 'std' && values.some((value) => value <= 0)) {
      refuse('std', 'every number must be above 0');
    }
  }
  return open;
}

/** Questions about the areas, by their place in the list. */
function areaQuestions({ areas: known }: Asked, { areas }: ModelAnswers): Question[] {
  if (areas.length === 0) return [{ field: 'areas', ask: 'at least one output must be an area', missing: true }];
  const open: Question[] = [];
  const refuse = (field: string, why: string): void => {
    open.push({ field, ask: why, missing: false });
  };
  areas.forEach(({ tensor, name }, index) => {
    if (known.length > 0 && known.every((each) => each.tensor !== tensor)) {
      const near = nearestName(
        tensor,
        known.map((each) => each.tensor),
      );
      const hint = near === null ? '' : `; the nearest name is ${near}`;
      refuse(`areas[${index}].tensor`, `the graph has no value ${tensor} that can be an area${hint}`);
    }
    if (isBlank(name)) {
      open.push({ field: `areas[${index}].name`, ask: `of "${tensor}": ${asked['areas.name']}`, missing: true });
    } else if (areas.findIndex((other) => other.name?.trim() === name?.trim()) < index) {
      refuse(`areas[${index}].name`, `"${name?.trim()}" is taken by another area`);
    }
    if (areas.findIndex((other) => other.tensor === tensor) < index) {
      refuse(`areas[${index}].tensor`, `"${tensor}" is an area already`);
    }
  });
  return open;
}

/** What has to be answered, or answered otherwise, before the model is a twin; none where it can be imported. */
export function openQuestions(model: Asked, answers: ModelAnswers): Question[] {
  const open = pictureQuestions(model, answers);
  for (const key of ['title', 'summary', 'species', 'modality', 'recording', 'responseUnits'] as const) {
    if (isBlank(answers[key])) open.push({ field: key, ask: asked[key] as string, missing: true });
  }
  for (const [key, pattern] of [
    ['id', idPattern],
    ['version', versionPattern],
  ] as const) {
    const value = answers[key];
    if (!pattern.test(value ?? '')) open.unshift({ field: key, ask: asked[key] as string, missing: isBlank(value) });
  }
  if (isBlank(answers.licences.weights)) {
    open.push({ field: 'licences.weights', ask: asked['licences.weights'] as string, missing: true });
  }
  return [...open, ...areaQuestions(model, answers)];
}

/** Names that can stand in a package: files of golden checks are called after tensors. */
const plainName = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/;

/** How the graph of the package calls the picture and the areas; null where it is the author's graph as it stands. */
export type GraphChange = {
  picture: string;
  /** By the tensor of the author's graph. */
  areas: ReadonlyMap<string, string>;
};

/**
 * What has to be changed in the graph: a fixed batch is opened, values inside it become outputs, maps are laid out in a
 * row, and names that cannot stand in a package get others.
 */
export function graphChange(model: Asked, tensors: readonly string[]): GraphChange | null {
  const { picture } = model;
  const taken = new Set<string>();
  const unique = (name: string): string => {
    let free = name;
    for (let n = 2; taken.has(free); n++) free = `${name}.${n}`;
    taken.add(free);
    return free;
  };
  const input = plainName.test(picture.tensor) ? picture.tensor : 'twinscope.picture';
  taken.add(input);
  const areas = new Map<string, string>();
  for (const tensor of tensors) {
    const known = model.areas.find((each) => each.tensor === tensor);
    const asItStands = known?.output === true && known.sizes.length === 1 && plainName.test(tensor);
    const plain = tensor.replaceAll(/[^A-Za-z0-9._-]+/g, '_').slice(-80);
    areas.set(tensor, asItStands ? unique(tensor) : unique(`twinscope.units.${plain}`));
  }
  const same = input === picture.tensor && [...areas].every(([tensor, name]) => tensor === name);
  return same && picture.fixedBatch === null ? null : { picture: input, areas };
}
