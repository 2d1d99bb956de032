/** Sessions of models that are not twins: a bare graph, a product graph, a graph with more outputs. */
import type * as ort from 'onnxruntime-node';
import type { DeviceId } from '../../contract/devices.ts';
import { TwinscopeError, type ErrorCode } from '../../platform/errors.ts';
import { deviceError, failureOfMessage, memoryError } from '../failures.ts';
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

/** What ONNX Runtime said, within a sentence of ours. It quotes names of the file, which may hold any bytes. */
export function runtimeError(error: unknown, code: ErrorCode, sentence: string): TwinscopeError {
  const said = (error instanceof Error ? error.message : String(error)).replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
  // It names the source file and line of its own code, which nobody here can use, and the file, which stands before.
  const reason = said
    .replaceAll(/\/\S*\/([\w.]+\.(cc|h)):\d+ \S.*?\) /g, '')
    .replace(/^Load model from .*? failed: ?/, '')
    .replaceAll(/\[ONNXRuntimeError\] : \d+ : \w+ : /g, '')
    .slice(0, 300)
    .replace(/[.\s]+$/, '');
  const kind = failureOfMessage(error);
  if (kind !== null) return kind === 'memory' ? memoryError(reason) : deviceError(reason);
  return new TwinscopeError(code, `${sentence}: ${reason}. Nothing was changed.`);
}
