/** A draft tried out: a picture as the model would get it, and the responses of the first units of every area. */
import { readFile } from 'node:fs/promises';
import {
  pictureQuestions,
  type ModelAnswers,
  type ModelPlace,
  type ModelPreview,
  type Question,
  type SamplePicture,
} from '../contract/bareModels.ts';
import type { StimulusSpec } from '../contract/stimuli.ts';
import { createDeadline } from '../engine/deadline.ts';
import { imageInput, pictureFloats, type PictureFormat } from '../engine/inputAdapter.ts';
import { createDrawer } from '../engine/node/pictures.ts';
import type { CancelSignal } from '../platform/cancel.ts';
import { isTwinscopeError } from '../platform/errors.ts';
import { hashJson, sha256Hex } from '../platform/hash.ts';
import { encodeCodesPng } from '../stimuli/node/png.ts';
import { manifestOf } from '../twins/bareModel.ts';
import { fixedBatch, type BareModels } from './bareModels.ts';
import { samplePhotograph } from './samplePhotographs.ts';
import { computeTwin, sessionThreads, type Services } from './services.ts';

type Request = { model: ModelPlace; answers: ModelAnswers; picture: SamplePicture };

/** What fits under a picture. */
const firstUnits = 12;
const mostPx = 512;

const names: Record<string, string> = {
  'picture.sizePx': 'its size in pixels',
  'picture.fieldOfViewDeg': 'its field of view in degrees',
  'picture.encoding': 'its encoding',
  'picture.range': 'the values of black and white',
};
const wordsOf = ({ field, ask, missing }: Question): string =>
  missing ? (names[field] ?? ask) : `another ${field.replace('picture.', '')} (${ask})`;
const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;

const nothing = (why: string): ModelPreview => ({ picture: null, areas: [], why });

/** Never throws for what the answers or the model are at fault for: that is said in the answer. */
export async function previewModel(
  services: Services,
  models: BareModels,
  { model: place, answers: given, picture }: Request,
  signal: CancelSignal,
): Promise<ModelPreview> {
  const inspected = await models.inspect(place, given.picture.sizePx);
  const { inspection, stamp } = inspected;
  const open = pictureQuestions(inspection, given);
  if (open.length > 0) {
    return nothing(`The picture needs ${listed(open.map(wordsOf))}.`);
  }
  // Names and commitments change nothing in what the model sees and answers.
  const known = given.areas.filter(
    ({ tensor }, at) =>
      inspection.areas.some((area) => area.tensor === tensor) &&
      given.areas.findIndex((area) => area.tensor === tensor) === at,
  );
  const answers = { ...given, areas: known.map((area) => ({ ...area, name: area.tensor })) };
  const manifest = { ...manifestOf(inspection, answers), files: {} };
  const { format, sizePx, input } = imageInput(manifest);
  const field = { sizePx, fieldOfViewDeg: input.fieldOfViewDeg, background: input.background };
  const { spec, bytes } = await specOf(picture, input.fieldOfViewDeg);
  const draw = createDrawer();
  const floats = pictureFloats(format);
  const images = new Float32Array(2 * floats);
  try {
    await draw({ spec, bytes, field, format }, images.subarray(0, floats));
  } catch (error) {
    if (!isTwinscopeError(error)) throw error;
    return nothing(error.message);
  }
  await draw({ spec: { type: 'blank' }, bytes: null, field, format }, images.subarray(floats));
  const shown: ModelPreview = {
    picture: { ...(await seen(format, images.subarray(0, floats))), fieldOfViewDeg: input.fieldOfViewDeg },
    areas: [],
    why: null,
  };
  if (answers.areas.length === 0) return { ...shown, why: 'No output is an area yet, so there are no responses.' };
  try {
    const modelFile = await models.runnable(inspected, answers);
    const { id, version, outputs } = manifest;
    // The session depends on the graph and its outputs alone: pictures are encoded here.
    const sha256 = hashJson([stamp, sizePx, outputs]);
    const session = { device: 'cpu', batchSize: 2, threads: sessionThreads(), gradientForms: null } as const;
    const located = { id, version, sha256, folder: '', modelFile, manifest, units: [] };
    const twin = { ...computeTwin(located, session), graphCacheFolder: null };
    const deadlineMs = createDeadline(services.deadlines, 2).ms();
    const { areas } = await services.compute.call(
      'twin.forward',
      { twin, images, n: 2, others: {} },
      { signal, deadlineMs },
    );
    const responses = areas.map(({ area: tensor, data }) => {
      const units = data.length / 2;
      const first = Math.min(firstUnits, units);
      return {
        tensor,
        units,
        responses: [...data.subarray(0, first)],
        blank: [...data.subarray(units, units + first)],
      };
    });
    const odd = areas.find(({ data }) => data.some((value) => !Number.isFinite(value)));
    if (odd !== undefined) {
      const value = odd.data.find((each) => !Number.isFinite(each));
      return { ...shown, why: `The model answers this picture, or the background, with ${value} in "${odd.area}".` };
    }
    return { ...shown, areas: responses };
  } catch (error) {
    signal.throwIfAborted();
    if (!isTwinscopeError(error) || error.code === 'cancelled') throw error;
    const { fixedBatch: count } = inspection.picture;
    return { ...shown, why: (count === null ? error : fixedBatch(count, error)).message };
  }
}

async function specOf(
  picture: SamplePicture,
  fieldOfViewDeg: number,
): Promise<{ spec: StimulusSpec; bytes: Uint8Array | null }> {
  if ('photograph' in picture) {
    const bytes = await readFile(await samplePhotograph(picture.photograph));
    const imageSha256 = sha256Hex(bytes);
    return { spec: { type: 'image', imageSha256, sizeDeg: fieldOfViewDeg, fit: 'cover', xDeg: 0, yDeg: 0 }, bytes };
  }
  const diameterDeg = 0.8 * fieldOfViewDeg;
  const place = { xDeg: 0, yDeg: 0, phaseDeg: 0, contrast: 1, diameterDeg, edgeDeg: 0.05 * fieldOfViewDeg };
  return { spec: { type: 'grating', ...picture, ...place }, bytes: null };
}

/** The tensor as a picture, and its values. */
async function seen(
  { channels, channelsLast, sizePx, scale, shift }: PictureFormat,
  values: Float32Array,
): Promise<Omit<NonNullable<ModelPreview['picture']>, 'fieldOfViewDeg'>> {
  const pixels = sizePx * sizePx;
  const codes = new Uint8Array(channels * pixels);
  const figures = Array.from({ length: channels }, (_, channel) => {
    let [sum, squares, min, max] = [0, 0, Infinity, -Infinity];
    for (let pixel = 0; pixel < pixels; pixel++) {
      const value = values[channelsLast ? pixel * channels + channel : channel * pixels + pixel] as number;
      sum += value;
      squares += value * value;
      min = Math.min(min, value);
      max = Math.max(max, value);
      const light = (value - (shift[channel] as number)) / (scale[channel] as number);
      codes[pixel * channels + channel] = Math.round(255 * Math.min(1, Math.max(0, light)));
    }
    const mean = sum / pixels;
    return { mean, sd: Math.sqrt(Math.max(0, squares / pixels - mean * mean)), min, max };
  });
  const png = await encodeCodesPng(codes, sizePx, channels, mostPx);
  return { png: `data:image/png;base64,${Buffer.from(png).toString('base64')}`, sizePx, channels: figures };
}
