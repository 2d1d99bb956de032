/** Sessions of models that are not twins: a bare graph, a product graph, a graph with more outputs. */
import type * as ort from 'onnxruntime-node';
import type { DeviceId } from '../../contract/devices.ts';
import { TwinscopeError, type ErrorCode } from '../../platform/errors.ts';
import { deviceError, failureOfMessage, memoryError } from '../failures.ts';
import { saidBy } from '../runtimeMessage.ts';
import { createSession, sessionOptions } from './ortSession.ts';

export type ModelSessionSettings = { device: DeviceId; threads: number };

/**
 * @param model a path, which lets ONNX Runtime read weights from where they are, or bytes
 * @param what completes 'ONNX Runtime could not load …'
 * @param options the folder of the data that bytes refer to; whether the graph is to stay as it is
 */
export async function createModelSession(
  model: string | Uint8Array,
  { device, threads }: ModelSessionSettings,
  what: string,
  { referencesIn, asWritten = false }: { referencesIn?: string; asWritten?: boolean } = {},
): Promise<ort.InferenceSession> {
  try {
    return await createSession(model, {
      ...sessionOptions({ device, threads, referencesIn }),
      graphOptimizationLevel: asWritten ? 'disabled' : 'all',
    });
  } catch (error) {
    throw runtimeError(error, 'unsupported', `ONNX Runtime could not load ${what}`);
  }
}

/** What ONNX Runtime said, within a sentence of ours. */
export function runtimeError(error: unknown, code: ErrorCode, sentence: string): TwinscopeError {
  const reason = saidBy(error);
  const kind = failureOfMessage(error);
  if (kind !== null) return kind === 'memory' ? memoryError(reason) : deviceError(reason);
  return new TwinscopeError(code, `${sentence}: ${reason}. Nothing was changed.`);
}
