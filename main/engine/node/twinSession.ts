/**
 * A twin loaded into ONNX Runtime: pictures in, responses out, and — when asked — the gradient of a weighted sum of
 * responses with respect to the pictures. Used inside the compute process only: a run blocks its thread.
 */
import * as ort from 'onnxruntime-node';
import { defaultLowering, deriveVjp } from '../../autodiff/index.ts';
import type { DeviceId, GradientForms } from '../../contract/devices.ts';
import type { ResponseWindow } from '../../contract/plans.ts';
import type { TwinManifest } from '../../contract/twins.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import {
  encodeGreyPictures,
  framesOf,
  gradientOfGrey,
  imageInput,
  pictureFloats,
  pictureShape,
  type PictureFormat,
} from '../inputAdapter.ts';
import { inputShapes, otherInputs, repeated, type Behaviour } from '../otherInputs.ts';
import { layoutsOf, meanOverWindow, spread, type AreaLayout } from '../outputLayout.ts';
import { cotangentInput, floatsOf, floatTensor } from './floatTensors.ts';
import { graphCacheFile } from './graphCache.ts';
import { openModelFile, writeWithReferences } from './modelFile.ts';
import { requireFileMemory, requireSessionMemory, type PlannedSession } from './sessionMemory.ts';
import { createOrtSession, runtimeVersion, type OrtSessionRequest } from './ortSession.ts';

export type TwinLocation = { id: string; version: string; sha256: string; modelFile: string; manifest: TwinManifest };

/** What must stay the same for results to be the same to the last bit. */
export type SessionSettings = {
  device: DeviceId;
  batchSize: number;
  threads: number;
  /** The forms that the gradient takes; those of the device when left out or null. */
  gradientForms?: GradientForms | null;
  /** Behaviour channels that do not have their default. */
  behaviour?: Behaviour | undefined;
  /** Instead of the time bins that the manifest names. */
  window?: ResponseWindow | undefined;
};

export type SessionOptions = {
  /** Where optimised graphs are kept; none are when left out. */
  graphCacheFolder?: string | null | undefined;
  /** The prefix of the profile of one of the session's graphs; written when `endProfiling` is called. */
  profilePrefix?: ((graph: 'forward' | 'gradient') => string) | undefined;
};

/** The raster a twin sees; `frames` 1 and no frame rate where it sees still pictures. */
export type TwinField = {
  sizePx: number;
  fieldOfViewDeg: number;
  background: number;
  frames: number;
  frameRateHz: number | null;
};

export type UnitAddress = { area: string; unit: string };

export type TwinSession = {
  readonly twin: TwinLocation;
  readonly settings: SessionSettings;
  readonly field: TwinField;
  /** How the graph takes its pictures. */
  readonly format: PictureFormat;
  /** Areas in the order of the manifest's outputs, with the number of units of each. */
  readonly areas: readonly { area: string; units: number }[];
  readonly unitCount: number;
  /** False where the graph has kinks, which finite differences cross; known once a gradient was derived. */
  smooth(): Promise<boolean>;
  /**
   * @param pictures n × `pictureFloats(format)` values as the graph takes them, n ≤ batchSize; left alone until the run is
   * over. May lie in shared memory.
   * @returns n × unitCount, areas side by side in the order of `areas`; of time bins the mean over the output's window
   */
  run(pictures: Float32Array, n: number): Promise<Float32Array>;
  /**
   * Outputs as they stand in their tensors, time bins and all.
   * @param others values of other inputs, by tensor, n of them; what is left out is fed as for any stimulus
   */
  outputs(pictures: Float32Array, n: number, others?: Readonly<Record<string, Float32Array>>): Promise<AreaValues[]>;
  /**
   * @param images n × frames × sizePx² linear-light luminance, n ≤ batchSize. The last bits of a response may depend on n,
   * so whoever needs equal bits presents its pictures in the same batches again.
   * @returns n × unitCount, areas side by side in the order of `areas`
   */
  responses(images: Float32Array, n: number): Promise<Float32Array>;
  /**
   * @param cotangent n × unitCount: the weight of every response in the sum that is differentiated
   * @returns responses as above and the gradient, n × frames × sizePx²
   */
  gradient(
    images: Float32Array,
    n: number,
    cotangent: Float32Array,
  ): Promise<{ responses: Float32Array; gradient: Float32Array }>;
  /** Writes the profiles of the graphs that have run; see `SessionOptions.profilePrefix`. */
  endProfiling(): Promise<void>;
  /** All inputs as the graph takes them, the stimulus first, for whoever runs another graph made from it. */
  feeds(images: Float32Array, n: number): Promise<Record<string, ort.Tensor>>;
  /** The inputs beside the stimulus, as for any stimulus. */
  otherFeeds(n: number): Promise<Record<string, ort.Tensor>>;
  /** The weights of one stimulus's responses as its output takes them: a response is a mean over time bins. */
  cotangentOf(area: string, weights: Float32Array, n: number): { values: Float32Array; shape: number[] };
  /** The same graph told other behaviour; its channels left out have their default. It ends with this session. */
  under(behaviour: Behaviour | undefined): TwinSession;
  /** After the runs that are under way. */
  release(): Promise<void>;
};

export type AreaValues = { area: string; data: Float32Array };

export async function openTwinSession(
  twin: TwinLocation,
  settings: SessionSettings,
  options: SessionOptions = {},
): Promise<TwinSession> {
  const { input, sizePx, format } = imageInput(twin.manifest);
  otherInputs(twin.manifest, settings.behaviour);
  const areas = layoutsOf(twin.manifest, settings.window);
  const unitCount = areas.reduce((sum, { units }) => sum + units, 0);
  const frames = framesOf(format);
  const pixels = frames * sizePx * sizePx;
  const { batchSize, device, threads } = settings;
  const createSession = (
    kind: 'forward' | 'gradient',
    model: Pick<OrtSessionRequest, 'model' | 'referencesIn' | 'weightBytes'>,
  ) =>
    createOrtSession({
      ...model,
      device,
      threads,
      title: twin.manifest.title,
      profilePrefix: options.profilePrefix?.(kind),
      cacheFile: options.graphCacheFolder
        ? graphCacheFile(options.graphCacheFolder, { sha256: twin.sha256, kind, device, runtimeVersion })
        : null,
    });

  const planned = (kind: 'forward' | 'gradient', what: string): PlannedSession => ({
    kind,
    what,
    device,
    shapes: inputShapes(twin.manifest, batchSize),
    batchSize,
  });

  await requireFileMemory(twin.modelFile, planned('forward', twin.manifest.title));
  const forward = await createSession('forward', { model: twin.modelFile });
  let backward: Promise<Backward> | null = null;

  const deriveBackward = async () => {
    const model = await openModelFile(twin.modelFile);
    const vjp = deriveVjp(model.graph, {
      wrt: input.tensor,
      outputs: areas.map(({ tensor }) => tensor),
      lowering: settings.gradientForms ?? defaultLowering(device),
    });
    requireSessionMemory(vjp.graph, planned('gradient', `The gradient of ${twin.manifest.title}`));
    const bytes = writeWithReferences(vjp.graph, model);
    model.release();
    const { weightBytes } = model;
    const session = await createSession('gradient', {
      model: bytes,
      referencesIn: model.folder,
      weightBytes,
    });
    const cotangents = areas.map(({ tensor }) => cotangentInput(vjp, tensor));
    return { session, cotangents, gradient: vjp.gradient, smooth: vjp.smooth };
  };

  /** A derivation that failed, for lack of memory say, is tried anew when it is asked for again. */
  const requireBackward = (): Promise<Backward> => {
    backward ??= deriveBackward().catch((error: unknown) => {
      backward = null;
      throw error;
    });
    return backward;
  };
  const derived = async (): Promise<Backward | null> => (await backward?.catch(() => null)) ?? null;

  // One run at a time: two at once would share the cores, and the memory of a batch would be needed twice.
  let last: Promise<unknown> = Promise.resolve();
  const exclusively = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    return turn;
  };
  const checkBatch = (values: Float32Array, n: number, each: number): void => {
    if (n < 1 || n > batchSize || values.length < n * each) {
      throw new RangeError(`a batch of ${n} pictures does not fit into ${batchSize} × ${each} values`);
    }
  };
  const feedPictures = (pictures: Float32Array, n: number): ort.Tensor => {
    const values = pictures.subarray(0, n * pictureFloats(format));
    return new ort.Tensor('float32', values, pictureShape(format, n));
  };
  // Encoding makes a copy: the caller may fill its buffer anew while this request waits for its turn.
  const feedImages = (images: Float32Array, n: number): ort.Tensor => {
    checkBatch(images, n, pixels);
    return feedPictures(encodeGreyPictures(format, images, n), n);
  };
  /** What goes in beside the stimulus under one behaviour. */
  const feeding = (behaviour: Behaviour | undefined) => {
    const others = otherInputs(twin.manifest, behaviour);
    const tensorsOf = (n: number, valuesOf: (input: (typeof others)[number]) => Float32Array) =>
      Object.fromEntries(
        others.map((each) => [each.tensor, new ort.Tensor('float32', valuesOf(each), [n, ...each.shape])]),
      );

    let adapted: Promise<Map<string, Float32Array>> | null = null;
    /** What one clip of the background leaves behind in each state, from zeros. */
    const adapt = async (): Promise<Map<string, Float32Array>> => {
      const states = others.filter(({ role }) => role === 'state');
      if (states.length === 0) return new Map();
      const background = feedImages(new Float32Array(pixels).fill(input.background), 1);
      const left = await forward.run({ [input.tensor]: background, ...tensorsOf(1, ({ values }) => values) });
      return new Map(
        states.map(({ tensor, from, values }) => {
          const state = left[from ?? '']?.data;
          if (!(state instanceof Float32Array) || state.length !== values.length) {
            throw new TwinscopeError(
              'unsupported',
              `The output "${from}" of ${twin.manifest.title} does not hold the state that its input "${tensor}" takes. Ask its author for a corrected package.`,
            );
          }
          return [tensor, state];
        }),
      );
    };
    /** Feeds of `n` stimuli beside the stimuli themselves; call it within `exclusively`. */
    const rest = async (n: number): Promise<Record<string, ort.Tensor>> => {
      if (others.length === 0) return {};
      adapted ??= adapt().catch((error: unknown) => {
        adapted = null;
        throw error;
      });
      const states = await adapted;
      return tensorsOf(n, ({ tensor, values }) => repeated(states.get(tensor) ?? values, n));
    };
    return { others, rest };
  };

  const gather = (outputs: ort.InferenceSession.ReturnType, n: number): Float32Array => {
    const result = new Float32Array(n * unitCount);
    let offset = 0;
    for (const area of areas) {
      const responses = meanOverWindow(area, floatsOf(outputs[area.tensor] as ort.Tensor), n);
      const { units } = area;
      for (let i = 0; i < n; i++) result.set(responses.subarray(i * units, (i + 1) * units), i * unitCount + offset);
      offset += units;
    }
    return result;
  };

  const sessionUnder = (behaviour: Behaviour | undefined): TwinSession => {
    const { others, rest } = feeding(behaviour);
    return {
      twin,
      settings: { ...settings, behaviour },
      under: sessionUnder,
      field: {
        sizePx,
        fieldOfViewDeg: input.fieldOfViewDeg,
        background: input.background,
        frames,
        frameRateHz: format.clip?.frameRateHz ?? null,
      },
      format,
      areas: areas.map(({ area, units }) => ({ area, units })),
      unitCount,
      smooth: async () => (await requireBackward()).smooth,
      async run(pictures, n) {
        checkBatch(pictures, n, pictureFloats(format));
        const stimuli = feedPictures(pictures, n);
        return exclusively(async () => gather(await forward.run({ [input.tensor]: stimuli, ...(await rest(n)) }), n));
      },
      async outputs(pictures, n, given = {}) {
        checkBatch(pictures, n, pictureFloats(format));
        const stimuli = feedPictures(pictures, n);
        return exclusively(async () => {
          const usual = await rest(n);
          const asked = others.flatMap(({ tensor, shape }) => {
            const values = given[tensor];
            return values === undefined ? [] : [[tensor, new ort.Tensor('float32', values, [n, ...shape])] as const];
          });
          const found = await forward.run({ [input.tensor]: stimuli, ...usual, ...Object.fromEntries(asked) });
          return areas.map(({ area, tensor }) => ({
            area,
            data: Float32Array.from(floatsOf(found[tensor] as ort.Tensor)),
          }));
        });
      },
      otherFeeds: (n) => exclusively(() => rest(n)),
      async feeds(images, n) {
        const stimuli = feedImages(images, n);
        return { [input.tensor]: stimuli, ...(await exclusively(() => rest(n))) };
      },
      cotangentOf(area, weights, n) {
        return spread(areas.find((each) => each.area === area) as AreaLayout, weights, n);
      },
      async responses(images, n) {
        const stimuli = feedImages(images, n);
        return exclusively(async () => gather(await forward.run({ [input.tensor]: stimuli, ...(await rest(n)) }), n));
      },
      async gradient(images, n, cotangent) {
        const image = feedImages(images, n);
        const rasters = images.slice(0, n * pixels);
        const { session, cotangents, gradient } = await requireBackward();
        const feeds: Record<string, ort.Tensor> = { [input.tensor]: image };
        let offset = 0;
        for (const [at, area] of areas.entries()) {
          const part = new Float32Array(n * area.units);
          for (let i = 0; i < n; i++) {
            part.set(cotangent.subarray(i * unitCount + offset, i * unitCount + offset + area.units), i * area.units);
          }
          const { name, dtype } = cotangents[at] as Backward['cotangents'][number];
          const { values, shape } = spread(area, part, n);
          feeds[name] = floatTensor(dtype, shape, values);
          offset += area.units;
        }
        return exclusively(async () => {
          const usual = Object.entries(await rest(n)).filter(([name]) => session.inputNames.includes(name));
          const outputs = await session.run({ ...feeds, ...Object.fromEntries(usual) });
          const encoded = outputs[gradient]?.data as Float32Array;
          return { responses: gather(outputs, n), gradient: gradientOfGrey(format, encoded, rasters, n) };
        });
      },
      async endProfiling() {
        forward.endProfiling();
        (await derived())?.session.endProfiling();
      },
      release: () =>
        exclusively(async () => {
          await forward.release();
          await (await derived())?.session.release();
        }),
    };
  };
  return sessionUnder(settings.behaviour);
}

type Backward = {
  session: ort.InferenceSession;
  /** The weights of every area's responses, in the order of the areas, in each output's own type. */
  cotangents: { name: string; dtype: string }[];
  gradient: string;
  smooth: boolean;
};
