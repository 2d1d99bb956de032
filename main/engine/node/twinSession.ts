/**
 * A twin loaded into ONNX Runtime: pictures in, responses out, and — when asked — the gradient of a weighted sum of
 * responses with respect to the pictures. Used inside the compute process only: a run blocks its thread.
 */
import * as ort from 'onnxruntime-node';
import { defaultLowering, deriveVjp } from '../../autodiff/index.ts';
import type { DeviceId, GradientForms } from '../../contract/devices.ts';
import type { TwinManifest } from '../../contract/twins.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import {
  encodeGreyPictures,
  gradientOfGrey,
  imageInput,
  pictureFloats,
  pictureShape,
  type PictureFormat,
} from '../inputAdapter.ts';
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
};

export type SessionOptions = {
  /** Where optimised graphs are kept; none are when left out. */
  graphCacheFolder?: string | null | undefined;
  /** The prefix of the profile of one of the session's graphs; written when `endProfiling` is called. */
  profilePrefix?: ((graph: 'forward' | 'gradient') => string) | undefined;
};

export type UnitAddress = { area: string; unit: string };

export type TwinSession = {
  readonly twin: TwinLocation;
  readonly settings: SessionSettings;
  readonly field: { sizePx: number; fieldOfViewDeg: number; background: number };
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
   * @returns n × unitCount, areas side by side in the order of `areas`
   */
  run(pictures: Float32Array, n: number): Promise<Float32Array>;
  /**
   * @param images n × sizePx² linear-light luminance, n ≤ batchSize. The last bits of a response may depend on n, so
   * whoever needs equal bits presents its pictures in the same batches again.
   * @returns n × unitCount, areas side by side in the order of `areas`
   */
  responses(images: Float32Array, n: number): Promise<Float32Array>;
  /**
   * @param cotangent n × unitCount: the weight of every response in the sum that is differentiated
   * @returns responses as above and the gradient, n × sizePx²
   */
  gradient(
    images: Float32Array,
    n: number,
    cotangent: Float32Array,
  ): Promise<{ responses: Float32Array; gradient: Float32Array }>;
  /** Writes the profiles of the graphs that have run; see `SessionOptions.profilePrefix`. */
  endProfiling(): Promise<void>;
  /** Pictures as the graph takes them, for whoever runs another graph made from it. */
  feeds(images: Float32Array, n: number): Record<string, ort.Tensor>;
  /** After the runs that are under way. */
  release(): Promise<void>;
};

export async function openTwinSession(
  twin: TwinLocation,
  settings: SessionSettings,
  options: SessionOptions = {},
): Promise<TwinSession> {
  const { input, sizePx, format } = imageInput(twin.manifest);
  const areas = twin.manifest.outputs.map((output) => {
    const area = twin.manifest.areas.find(({ name }) => name === output.area);
    if (area === undefined) {
      throw new TwinscopeError(
        'corrupt',
        `The manifest of ${twin.manifest.title} has an output for an area it does not list.`,
      );
    }
    return { area: output.area, units: area.units, tensor: output.tensor };
  });
  const unitCount = areas.reduce((sum, { units }) => sum + units, 0);
  const pixels = sizePx * sizePx;
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
    shapes: new Map([[input.tensor, pictureShape(format, batchSize)]]),
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
  const gather = (outputs: ort.InferenceSession.ReturnType, n: number): Float32Array => {
    const result = new Float32Array(n * unitCount);
    let offset = 0;
    for (const { tensor, units } of areas) {
      const data = floatsOf(outputs[tensor] as ort.Tensor);
      for (let i = 0; i < n; i++) result.set(data.subarray(i * units, (i + 1) * units), i * unitCount + offset);
      offset += units;
    }
    return result;
  };

  return {
    twin,
    settings,
    field: { sizePx, fieldOfViewDeg: input.fieldOfViewDeg, background: input.background },
    format,
    areas: areas.map(({ area, units }) => ({ area, units })),
    unitCount,
    smooth: async () => (await requireBackward()).smooth,
    async run(pictures, n) {
      checkBatch(pictures, n, pictureFloats(format));
      const feeds = { [input.tensor]: feedPictures(pictures, n) };
      return exclusively(async () => gather(await forward.run(feeds), n));
    },
    feeds: (images, n) => ({ [input.tensor]: feedImages(images, n) }),
    async responses(images, n) {
      const feeds = { [input.tensor]: feedImages(images, n) };
      return exclusively(async () => gather(await forward.run(feeds), n));
    },
    async gradient(images, n, cotangent) {
      const image = feedImages(images, n);
      const rasters = images.slice(0, n * pixels);
      const { session, cotangents, gradient } = await requireBackward();
      const feeds: Record<string, ort.Tensor> = { [input.tensor]: image };
      let offset = 0;
      for (const [area, { units }] of areas.entries()) {
        const part = new Float32Array(n * units);
        for (let i = 0; i < n; i++) {
          part.set(cotangent.subarray(i * unitCount + offset, i * unitCount + offset + units), i * units);
        }
        const { name, dtype } = cotangents[area] as Backward['cotangents'][number];
        feeds[name] = floatTensor(dtype, [n, units], part);
        offset += units;
      }
      return exclusively(async () => {
        const outputs = await session.run(feeds);
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
}

type Backward = {
  session: ort.InferenceSession;
  /** The weights of every area's responses, in the order of the areas, in each output's own type. */
  cotangents: { name: string; dtype: string }[];
  gradient: string;
  smooth: boolean;
};
