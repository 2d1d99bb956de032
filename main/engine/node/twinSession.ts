/**
 * A twin loaded into ONNX Runtime: pictures in, responses out, and — when asked — the gradient of a weighted sum of
 * responses with respect to the pictures. Used inside the compute process only: a run blocks its thread.
 */
import { readFile } from 'node:fs/promises';
import * as ort from 'onnxruntime-node';
import { deriveVjp } from '../../autodiff/index.ts';
import type { TwinManifest, TwinInput } from '../../contract/twins.ts';
import { readGraph, writeGraph } from '../../onnx/index.ts';
import { TwinscopeError } from '../../platform/errors.ts';

export type TwinLocation = { id: string; version: string; sha256: string; modelFile: string; manifest: TwinManifest };

/** What must stay the same for results to be the same to the last bit. */
export type SessionSettings = { device: 'cpu'; batchSize: number; threads: number };

export type UnitAddress = { area: string; unit: string };

export type TwinSession = {
  readonly twin: TwinLocation;
  readonly settings: SessionSettings;
  readonly field: { sizePx: number; fieldOfViewDeg: number; background: number };
  /** Areas in the order of the manifest's outputs, with the number of units of each. */
  readonly areas: readonly { area: string; units: number }[];
  readonly unitCount: number;
  /** False where the graph has kinks, which finite differences cross; known once a gradient was derived. */
  smooth(): Promise<boolean>;
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
  /** Pictures as the graph takes them, for whoever runs another graph made from it. */
  feeds(images: Float32Array, n: number): Record<string, ort.Tensor>;
  release(): Promise<void>;
};

/** The stimulus input of an image twin with square grey pictures, or a sentence saying why it is not one. */
export function imageInput(manifest: TwinManifest): { input: TwinInput; sizePx: number } {
  const input = manifest.inputs.find(({ role }) => role === 'stimulus');
  if (manifest.inputs.length !== 1 || input === undefined) {
    throw new TwinscopeError(
      'unsupported',
      `${manifest.title} takes more than one input. This version runs twins whose only input is a picture.`,
    );
  }
  const sizes = input.axes.map(({ size }) => size);
  const [, channels, height, width] = sizes;
  if (sizes.length !== 4 || channels !== 1 || !height || height !== width || input.encoding !== 'grey-linear') {
    throw new TwinscopeError(
      'unsupported',
      `${manifest.title} does not take square grey pictures in linear light. This version cannot feed it.`,
      { axes: sizes, encoding: input.encoding },
    );
  }
  return { input, sizePx: height };
}

export async function openTwinSession(twin: TwinLocation, settings: SessionSettings): Promise<TwinSession> {
  const { input, sizePx } = imageInput(twin.manifest);
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
  const { batchSize } = settings;
  const options: ort.InferenceSession.SessionOptions = {
    executionProviders: [settings.device],
    intraOpNumThreads: settings.threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
  };

  const forward = await createSession(twin, await readFile(twin.modelFile), options);
  let backward: Promise<Backward> | null = null;

  const deriveBackward = async () => {
    const graph = readGraph(await readFile(twin.modelFile));
    const vjp = deriveVjp(graph, { wrt: input.tensor, outputs: areas.map(({ tensor }) => tensor) });
    const session = await createSession(twin, writeGraph(vjp.graph), options);
    return { session, cotangents: vjp.cotangents, gradient: vjp.gradient, smooth: vjp.smooth };
  };

  // One run at a time: two at once would share the cores, and the memory of a batch would be needed twice.
  let last: Promise<unknown> = Promise.resolve();
  const exclusively = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    return turn;
  };
  const feedImages = (images: Float32Array, n: number): ort.Tensor => {
    if (n < 1 || n > batchSize || images.length < n * pixels) {
      throw new RangeError(`a batch of ${n} pictures does not fit into ${batchSize} × ${pixels} pixels`);
    }
    // A copy: the caller may fill its buffer anew while this request waits for its turn.
    return new ort.Tensor('float32', images.slice(0, n * pixels), [n, 1, sizePx, sizePx]);
  };
  const gather = (outputs: ort.InferenceSession.ReturnType, n: number): Float32Array => {
    const result = new Float32Array(n * unitCount);
    let offset = 0;
    for (const { tensor, units } of areas) {
      const data = outputs[tensor]?.data as Float32Array;
      for (let i = 0; i < n; i++) result.set(data.subarray(i * units, (i + 1) * units), i * unitCount + offset);
      offset += units;
    }
    return result;
  };

  return {
    twin,
    settings,
    field: { sizePx, fieldOfViewDeg: input.fieldOfViewDeg, background: input.background },
    areas: areas.map(({ area, units }) => ({ area, units })),
    unitCount,
    smooth: async () => (await (backward ??= deriveBackward())).smooth,
    feeds: (images, n) => ({ [input.tensor]: feedImages(images, n) }),
    async responses(images, n) {
      const feeds = { [input.tensor]: feedImages(images, n) };
      return exclusively(async () => gather(await forward.run(feeds), n));
    },
    async gradient(images, n, cotangent) {
      const image = feedImages(images, n);
      backward ??= deriveBackward();
      const { session, cotangents, gradient } = await backward;
      const feeds: Record<string, ort.Tensor> = { [input.tensor]: image };
      let offset = 0;
      for (const { tensor, units } of areas) {
        const part = new Float32Array(n * units);
        for (let i = 0; i < n; i++) {
          part.set(cotangent.subarray(i * unitCount + offset, i * unitCount + offset + units), i * units);
        }
        feeds[cotangents[tensor] as string] = new ort.Tensor('float32', part, [n, units]);
        offset += units;
      }
      return exclusively(async () => {
        const outputs = await session.run(feeds);
        return { responses: gather(outputs, n), gradient: outputs[gradient]?.data as Float32Array };
      });
    },
    async release() {
      await forward.release();
      if (backward !== null) await (await backward).session.release();
    },
  };
}

type Backward = {
  session: ort.InferenceSession;
  cotangents: Record<string, string>;
  gradient: string;
  smooth: boolean;
};

async function createSession(
  twin: TwinLocation,
  model: Uint8Array,
  options: ort.InferenceSession.SessionOptions,
): Promise<ort.InferenceSession> {
  try {
    return await ort.InferenceSession.create(model, options);
  } catch (error) {
    throw new TwinscopeError(
      'compute-failed',
      `ONNX Runtime could not load ${twin.manifest.title}. Nothing was changed. Verify the twin in the Library. (${(error as Error).message})`,
    );
  }
}
