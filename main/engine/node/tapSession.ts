/** Runs a twin for its intermediate values, many of them in one pass. Used inside the compute process. */
import type * as ort from 'onnxruntime-node';
import type { TapArray } from '../computeContract.ts';
import { inputShapes } from '../otherInputs.ts';
import { notPerPicture, tapGraph } from '../taps.ts';
import { openModelFile, writeWithReferences } from './modelFile.ts';
import { createModelSession, runtimeError, type ModelSessionSettings } from './modelSession.ts';
import { requireSessionMemory } from './sessionMemory.ts';
import type { TwinLocation } from './twinSession.ts';

export type TapSession = {
  /** Values of n pictures; what is not per picture is the same for each batch. */
  run(feeds: Record<string, ort.Tensor>, n: number): Promise<TapArray[]>;
  release(): Promise<void>;
};

/** @param batchSize pictures in a run; what they take is asked for before anything is loaded */
export async function openTapSession(
  { modelFile, manifest }: Pick<TwinLocation, 'modelFile' | 'manifest'>,
  tensors: readonly string[],
  { batchSize, ...settings }: ModelSessionSettings & { batchSize: number },
): Promise<TapSession> {
  const model = await openModelFile(modelFile);
  const { graph, taps } = tapGraph(model.graph, tensors);
  requireSessionMemory(graph, {
    kind: 'forward',
    what: `${manifest.title} with these tensors`,
    device: settings.device,
    shapes: inputShapes(manifest, batchSize),
    batchSize,
  });
  const bytes = writeWithReferences(graph, model);
  const session = await createModelSession(bytes, settings, 'the twin with these tensors', {
    referencesIn: model.folder,
  });
  model.release();
  return {
    async run(feeds, n) {
      let values: ort.InferenceSession.ReturnType;
      try {
        // Tensors that need no stimulus leave the graph without its input.
        const read = Object.entries(feeds).filter(([name]) => session.inputNames.includes(name));
        values = await session.run(Object.fromEntries(read));
      } catch (error) {
        throw runtimeError(error, 'bad-input', 'ONNX Runtime could not run the twin with these inputs');
      }
      return taps.map(({ name, axis }) => {
        const { type, dims, data } = values[name] as ort.Tensor;
        if (axis !== null && (dims[axis] ?? 0) % n !== 0) throw notPerPicture(name, dims);
        return { name, dtype: type, shape: [...dims], data: plain(data), axis };
      });
    },
    release: () => session.release(),
  };
}

/** Half precision as its bits: not every process that gets it knows a Float16Array. */
function plain(data: ort.Tensor['data']): TapArray['data'] {
  const values = data as TapArray['data'];
  const half = values.constructor.name === 'Float16Array';
  return half ? new Uint16Array(values.buffer, values.byteOffset, values.length) : values;
}
