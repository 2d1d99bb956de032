/** Refuses a session that cannot fit into memory, before ONNX Runtime is asked for it. */
import type { Graph } from '../../onnx/index.ts';
import { isTwinscopeError } from '../../platform/errors.ts';
import { predictMemory, requireMemory, type MemoryPrediction, type SessionKind } from '../memory.ts';
import { availableMemory } from './availableMemory.ts';
import { openModelFile } from './modelFile.ts';

export type PlannedSession = {
  kind: SessionKind;
  /** Completes '… needs about 3 GB of memory'. */
  what: string;
  /** Only the memory of the CPU can be asked for. */
  device: string;
  /** Sizes of inputs by name. */
  shapes: ReadonlyMap<string, readonly number[]>;
  /** Null where the caller has no choice of it. */
  batchSize: number | null;
};

/** Throws 'unsupported' with what is needed and what is available. */
export function requireSessionMemory(graph: Graph, { kind, what, device, shapes, batchSize }: PlannedSession): void {
  if (device === 'cpu') requireMemory(what, predictMemory(graph, kind, shapes), availableMemory(), batchSize);
}

/** As above, for a model that is run as it is. One that this reader refuses is left to ONNX Runtime. */
export async function requireFileMemory(modelFile: string, planned: PlannedSession): Promise<void> {
  if (planned.device !== 'cpu') return;
  const prediction = await predictFile(modelFile, planned).catch((error: unknown) => {
    if (isTwinscopeError(error)) return null;
    throw error;
  });
  if (prediction !== null) requireMemory(planned.what, prediction, availableMemory(), planned.batchSize);
}

async function predictFile(modelFile: string, { kind, shapes }: PlannedSession): Promise<MemoryPrediction> {
  const model = await openModelFile(modelFile);
  try {
    return predictMemory(model.graph, kind, shapes);
  } finally {
    model.release();
  }
}
