/** Whether a session fits into the memory there is, before anything is loaded. */
import { TwinscopeError } from '../platform/errors.ts';
import { formatBytes } from '../platform/words.ts';
import { estimateMemory, requiredInputs, type Graph } from '../onnx/index.ts';

export type SessionKind = 'forward' | 'gradient';

/**
 * Bytes of a session over those of its weights: the peak while it is created, and what stands when the first run adds its
 * values. Measurements: docs/decisions/isolation.md.
 */
const overWeights: Record<SessionKind, { created: number; standing: number }> = {
  forward: { created: 4, standing: 3 },
  gradient: { created: 3.6, standing: 3.6 },
};

export type MemoryPrediction = {
  /** What the session takes at its peak, above what the process holds already. */
  bytes: number;
  weightBytes: number;
  /** Values alive at one time in a batch, inputs included. */
  activationBytes: number;
};

/**
 * Values whose size is not known from the given ones count as nothing: a refusal never rests on a guess.
 * @param shapes sizes of inputs by name, where they are known
 */
export function predictMemory(
  graph: Graph,
  kind: SessionKind,
  shapes: ReadonlyMap<string, readonly number[]>,
): MemoryPrediction {
  const sizes: Record<string, number> = {};
  for (const { name, shape } of requiredInputs(graph)) {
    const known = shapes.get(name);
    shape?.forEach((dim, axis) => {
      const size = known?.[axis];
      if (typeof dim === 'string' && dim !== '?' && size !== undefined) sizes[dim] ??= size;
    });
  }
  const { weightBytes, activationBytes, inputBytes } = estimateMemory(graph, sizes);
  const activations = activationBytes + inputBytes;
  const { created, standing } = overWeights[kind];
  return {
    bytes: Math.max(created * weightBytes, standing * weightBytes + activations),
    weightBytes,
    activationBytes: activations,
  };
}

/**
 * Throws 'unsupported' with both figures where the session cannot fit.
 * @param what completes '… needs about 3.1 GB': 'The gradient of NAME'
 * @param batchSize pictures per batch; null where the caller has no choice
 */
export function requireMemory(
  what: string,
  { bytes, weightBytes, activationBytes }: MemoryPrediction,
  availableBytes: number,
  batchSize: number | null,
): void {
  if (bytes <= availableBytes) return;
  const smaller = batchSize !== null && batchSize > 1 ? `choose a batch size below ${batchSize}` : 'use smaller inputs';
  const advice =
    activationBytes > weightBytes
      ? `${capital(smaller)}, or close other programs.`
      : 'Close other programs, or use a computer with more memory.';
  throw new TwinscopeError(
    'unsupported',
    `${what} needs about ${formatBytes(bytes)} of memory (weights ${formatBytes(weightBytes)}, values of one batch ` +
      `${formatBytes(activationBytes)}), and ${formatBytes(availableBytes)} are available. Nothing was started. ${advice}`,
    { neededBytes: bytes, availableBytes },
  );
}

/** Whether an error is the refusal above. */
export function isMemoryRefusal(error: unknown): boolean {
  return error instanceof TwinscopeError && error.code === 'unsupported' && error.details['neededBytes'] !== undefined;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** A control group of Linux: its limit, what it uses, and what of that are pages of files, given back on demand. */
export type ControlGroup = { limitBytes: number; usedBytes: number; fileBytes: number };

/** Memory that a process may still take: of the machine, and of every control group it is in. */
export function availableBytes(machineBytes: number, groups: readonly ControlGroup[]): number {
  const left = groups.map(({ limitBytes, usedBytes, fileBytes }) =>
    Math.max(0, limitBytes - Math.max(0, usedBytes - fileBytes)),
  );
  return Math.min(machineBytes, ...left);
}

/** MemAvailable of /proc/meminfo, which counts file pages as free; null where it is missing. */
export function memAvailable(meminfo: string): number | null {
  const found = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo);
  return found === null ? null : Number(found[1]) * 1024;
}
