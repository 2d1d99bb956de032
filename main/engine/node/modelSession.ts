/** Sessions of models that are not twins: a bare graph, a product graph, a graph with more outputs. */
import * as ort from 'onnxruntime-node';
import { TwinscopeError, type ErrorCode } from '../../platform/errors.ts';

export type ModelSessionSettings = { device: string; threads: number };

/**
 * @param model a path, which lets ONNX Runtime read weights from where they are, or bytes
 * @param what completes 'ONNX Runtime could not load …'
 */
export async function createModelSession(
  model: string | Uint8Array,
  { device, threads }: ModelSessionSettings,
  what: string,
  options: ort.InferenceSession.SessionOptions = {},
): Promise<ort.InferenceSession> {
  const all: ort.InferenceSession.SessionOptions = {
    executionProviders: [device],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    ...options,
  };
  try {
    return typeof model === 'string'
      ? await ort.InferenceSession.create(model, all)
      : await ort.InferenceSession.create(model, all);
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
  return new TwinscopeError(code, `${sentence}: ${reason}. Nothing was changed.`);
}
