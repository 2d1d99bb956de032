/** What compute does with the graph itself: gradients and their check, intermediate values, descriptions. */
import { writeFile } from 'node:fs/promises';
import * as ort from 'onnxruntime-node';
import type { ComputeHandler, ComputeMethods, ComputeTwin, TapArray } from '../engine/computeContract.ts';
import { changeGraph } from '../engine/changeGraph.ts';
import { describeGraph } from '../engine/describeGraph.ts';
import { imageInput } from '../engine/inputAdapter.ts';
import { dataFilesOf, inspectModel } from '../engine/inspectModel.ts';
import { checkTwinGradient } from '../engine/node/gradientCheck.ts';
import { openModelFile } from '../engine/node/modelFile.ts';
import { gradientOfModel } from '../engine/node/modelGradient.ts';
import { runtimeError } from '../engine/node/modelSession.ts';
import type { Rasteriser } from '../engine/node/rasteriser.ts';
import { openTapSession, type TapSession } from '../engine/node/tapSession.ts';
import type { TwinSession } from '../engine/node/twinSession.ts';
import { stack } from '../engine/taps.ts';
import { readGraph, writeGraph } from '../onnx/index.ts';
import { isTwinscopeError, TwinscopeError } from '../platform/errors.ts';
import { createSessionCache, type SessionCache } from './sessionCache.ts';

type ModelMethod =
  'twin.checkGradient' | 'twin.taps' | 'model.describe' | 'model.inspect' | 'model.change' | 'model.gradient';

export type ModelHost = {
  [M in ModelMethod]: ComputeHandler<M>;
};

type Loaded = { session: TwinSession; rasteriser: Rasteriser };
type Batches = AsyncGenerator<{ feeds: Record<string, ort.Tensor>; n: number }>;

/** Each holds a twin's weights once more; asking for the same tensors again is common, for many sets of them is not. */
const mostTapSessions = 2;

type TapRequest = { twin: ComputeTwin; tensors: readonly string[] };

export function createModelHost(sessions: SessionCache<ComputeTwin, Loaded>): ModelHost {
  const taps = createSessionCache<TapRequest, TapSession>({
    most: mostTapSessions,
    keyOf: ({ twin: { sha256, device, threads, batchSize }, tensors }) =>
      JSON.stringify([sha256, device, threads, batchSize, tensors]),
    open: ({ twin, tensors }) => openTapSession(twin, tensors, twin),
    release: (session) => session.release(),
  });

  return {
    'twin.checkGradient': ({ twin }, context) =>
      sessions.use(twin, ({ session }) => checkTwinGradient(session, context)),
    'twin.taps': ({ twin, tensors, from }, { signal }) =>
      taps.use({ twin, tensors }, async (session) => {
        const collect = async (batches: Batches): Promise<TapArray[]> => {
          const parts: TapArray[][] = [];
          for await (const { feeds, n } of batches) {
            signal.throwIfAborted();
            parts.push(await session.run(feeds, n));
          }
          return (parts[0] ?? []).map((_, tensor) => stack(parts.map((batch) => batch[tensor] as TapArray)));
        };
        const arrays =
          'design' in from
            ? await sessions.use(twin, (loaded) => collect(rendered(loaded, from)))
            : await sessions.use(twin, (loaded) => collect(sliced(twin, loaded, from)));
        return { arrays };
      }),
    async 'model.describe'({ modelFile }) {
      return refusing(modelFile, async () => {
        const model = await openModelFile(modelFile);
        const description = describeGraph(model.graph);
        model.release();
        return description;
      });
    },
    'model.inspect': ({ modelFile, sizePx }) =>
      refusing(modelFile, async () => {
        const model = await openModelFile(modelFile);
        const facts = inspectModel(model.graph, sizePx, dataFilesOf(readGraph(model.bytes)));
        model.release();
        return facts;
      }),
    'model.change': ({ modelFile, picture, change, out }) =>
      refusing(modelFile, async () => {
        const model = await openModelFile(modelFile);
        const bytes = writeGraph(changeGraph(model.graph, picture, change));
        model.release();
        await writeFile(out, bytes, { flag: 'wx' });
        return {};
      }),
    'model.gradient': (request, context) => refusing(request.modelFile, () => gradientOfModel(request, context)),
  };
}

/**
 * Whoever made the file could have written anything into it: what nobody foresaw while working with the graph is a refusal
 * of that file. The fault itself goes to the standard error stream.
 */
async function refusing<T>(modelFile: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isTwinscopeError(error)) throw error;
    process.stderr.write(`compute: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    throw runtimeError(error, 'unsupported', `The graph of ${modelFile} cannot be worked with`);
  }
}

async function* rendered(
  { session, rasteriser }: Loaded,
  { design, first, count }: Extract<ComputeMethods['twin.taps']['input']['from'], { count: number }>,
): Batches {
  const shown = session.field.frames * session.field.sizePx ** 2;
  for (let at = 0; at < count; at += session.settings.batchSize) {
    const n = Math.min(session.settings.batchSize, count - at);
    const images = new Float32Array(n * shown);
    for (let i = 0; i < n; i++) {
      const raster = await rasteriser.renderAt(design, first + at + i);
      for (let from = 0; from < shown; from += raster.length) images.set(raster, i * shown + from);
    }
    yield { feeds: await session.feeds(images, n), n };
  }
}

/** Batches of an array that is the twin's stimulus input as it stands. */
async function* sliced(
  twin: ComputeTwin,
  { session }: Loaded,
  { data, shape }: { data: Float32Array; shape: number[] },
): Batches {
  const { input } = imageInput(twin.manifest);
  const sizes = input.axes.map(({ size }) => size);
  const fits = sizes.length === shape.length && sizes.every((size, axis) => size === null || size === shape[axis]);
  if (!fits || data.length === 0) {
    const wanted = sizes.map((size) => size ?? 'any number').join(' × ');
    throw new TwinscopeError(
      'bad-input',
      `${twin.manifest.title} takes arrays of ${wanted}, and this one is ${shape.join(' × ')}. Nothing was computed.`,
    );
  }
  const [count, ...rest] = shape as [number, ...number[]];
  const length = data.length / count;
  for (let at = 0; at < count; at += twin.batchSize) {
    const n = Math.min(twin.batchSize, count - at);
    const part = data.slice(at * length, (at + n) * length);
    const others = await session.otherFeeds(n);
    yield { feeds: { [input.tensor]: new ort.Tensor('float32', part, [n, ...rest]), ...others }, n };
  }
}
