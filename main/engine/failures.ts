/** The ways in which a computation ends that its process does not survive, told apart, each as a sentence. */
import { TwinscopeError } from '../platform/errors.ts';

export const failureKinds = ['memory', 'device', 'hang', 'exit'] as const;
export type FailureKind = (typeof failureKinds)[number];

/** Texts of ONNX Runtime (BFCArena), the C++ libraries, CUDA, DirectML, Dawn and Vulkan. */
export const outOfMemory =
  /out of memory|OUT_OF_(?:HOST_|DEVICE_)?MEMORY|E_OUTOFMEMORY|8007000E|bad_alloc|bad allocation|Failed to allocate|cudaErrorMemoryAllocation/i;
/**
 * As above: a device that was removed, reset or hung answers nothing more. The numbers are those of CUDA (illegal
 * address 700, launch timeout 702, launch failure 719, uncorrectable ECC error 214) and DXGI (removed 05, hung 06,
 * reset 07, driver error 20).
 */
export const deviceLost =
  /device (?:is|was|has been) (?:lost|removed)|device[ _]?lost|DEVICE_(?:REMOVED|HUNG|RESET)|887A00(?:05|06|07|20)|GPU (?:will not respond|is lost|device instance has been suspended)|CUDA (?:failure|error) (?:214|700|702|719)\b|illegal memory access|unspecified launch failure|launch timed out/i;

/** As above, while a session is created: of a device that was there before, it means that it is not back yet. */
const deviceMissing =
  /No supported adapters|Failed to get a WebGPU adapter|no CUDA-capable device|CUDA (?:failure|error) 100\b|887A0002/i;

/** Whether an error of a computation means that its process is of no more use; null: it is of some other kind. */
export function failureOfMessage(error: unknown): 'memory' | 'device' | null {
  const message = error instanceof Error ? error.message : String(error);
  if (outOfMemory.test(message)) return 'memory';
  return deviceLost.test(message) ? 'device' : null;
}

/** As `failureOfMessage`, for the creation of a session on a device other than the CPU. */
export function failureOfCreation(error: unknown): 'memory' | 'device' | null {
  const message = error instanceof Error ? error.message : String(error);
  return failureOfMessage(error) ?? (deviceMissing.test(message) ? 'device' : null);
}

export type ProcessEnd = { code: number | null; signal: string | null };

/** What Chromium's processes end with on Windows when memory runs out, as a signed and an unsigned number. */
const chromiumOutOfMemory = [-536870904, 0xe0000008];
/** Shells and the desktop's host tell of a signal by 128 + its number, or by the number alone. */
const killed = [9, 128 + 9];
const aborted = [6, 128 + 6];

/**
 * Why a process ended that nobody here has ended. SIGKILL then comes from the system's memory killer, or from a person;
 * V8 and the C++ libraries abort when an allocation fails. Neither can be known for certain, so the sentence says so.
 */
export function failureOfEnd({ code, signal }: ProcessEnd): 'memory' | 'exit' {
  if (signal === 'SIGKILL' || signal === 'SIGABRT') return 'memory';
  const memory = code !== null && [...killed, ...aborted, ...chromiumOutOfMemory].includes(code);
  return signal === null && memory ? 'memory' : 'exit';
}

const isSaved = 'What was finished is saved.';
const lessMemory = 'close other programs or choose a smaller batch size.';

/** For work that keeps nothing before it is done: `safe` where other work says that what was finished is saved. */
export function withNothingSaved(error: unknown, safe: string): unknown {
  if (!(error instanceof TwinscopeError) || !error.message.includes(isSaved)) return error;
  return new TwinscopeError(error.code, error.message.replace(isSaved, safe), error.details);
}

/** For a process that ended by itself or by another's hand. */
export function endError(end: ProcessEnd): TwinscopeError {
  const how = end.signal ?? `exit code ${end.code}`;
  const memoryEnd = (what: string): TwinscopeError =>
    failure('memory', `${what} If it happens again, ${lessMemory}`, { what, ended: true });
  if (aborted.includes(end.code ?? 0) || end.signal === 'SIGABRT') {
    return memoryEnd(
      `The compute process broke off (${how}), as it does when it can get no more memory or meets a fault of its runtime. ${isSaved}`,
    );
  }
  return failureOfEnd(end) === 'memory'
    ? memoryEnd(
        `The compute process was ended from outside (${how}), as the system does when memory runs out. ${isSaved}`,
      )
    : failure(
        'exit',
        `The compute process ended unexpectedly (${how}). ${isSaved} If it happens again, verify the twin in the Library.`,
      );
}

export function hangError(deadlineMs: number): TwinscopeError {
  const seconds = deadlineMs < 10_000 ? Math.round(deadlineMs / 100) / 10 : Math.round(deadlineMs / 1000);
  return failure(
    'hang',
    `The compute process gave no answer for ${seconds} s and was stopped. ${isSaved} ` +
      'If it happens again, choose a smaller batch size or another device.',
  );
}

/** @param reason what was said, without a full stop */
export function memoryError(reason: string): TwinscopeError {
  const what = `There was not enough memory for the computation (${reason}). ${isSaved}`;
  return failure('memory', `${what} If it happens again, ${lessMemory}`, { what });
}

/** As `memoryError`, where memory for the values of a batch was refused: what a smaller batch would need less of. */
export function batchMemoryError(reason: string): TwinscopeError {
  const { code, message, details } = memoryError(reason);
  return new TwinscopeError(code, message, { ...details, allocation: true });
}

/** Whether ONNX Runtime was refused memory while it ran a batch; certain, unlike what the end of a process tells. */
export function isBatchMemory(error: unknown): boolean {
  return failureKindOf(error) === 'memory' && (error as TwinscopeError).details['allocation'] === true;
}

/** Whether a process ended as processes do for which there is no memory left. */
export function isMemoryEnd(error: unknown): boolean {
  return failureKindOf(error) === 'memory' && (error as TwinscopeError).details['ended'] === true;
}

/** What happened and what is safe, without advice. */
export function withoutAdvice({ message, details }: TwinscopeError): string {
  const { what } = details;
  return typeof what === 'string' ? what : message;
}

export function deviceError(reason: string): TwinscopeError {
  const what = `The computing device stopped answering (${reason}). ${isSaved}`;
  const advice = 'If it happens again, update its driver or start anew on the CPU.';
  return failure('device', `${what} ${advice}`, { what });
}

function failure(kind: FailureKind, message: string, details: Record<string, unknown> = {}): TwinscopeError {
  return new TwinscopeError('compute-failed', message, { failure: kind, ...details });
}

/**
 * Whether the same work may succeed in a fresh process: it failed with its process, not because of what it was asked. A
 * model that cannot be loaded, or a response that is no number, would fail in the same way again.
 */
export function mayRestart(error: unknown): boolean {
  if (failureKindOf(error) !== null) return true;
  return error instanceof TwinscopeError && error.code === 'compute-failed' && error.details['restart'] === true;
}

/** The kind of a failure that the process is to be ended for, also after it crossed a process border; null for others. */
export function failureKindOf(error: unknown): FailureKind | null {
  if (!(error instanceof TwinscopeError) || error.code !== 'compute-failed') return null;
  const kind = error.details['failure'];
  return failureKinds.find((known) => known === kind) ?? null;
}
