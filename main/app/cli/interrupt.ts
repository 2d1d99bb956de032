/** Ctrl-C on work that can be withdrawn. */
import type { CancelSignal } from '../../platform/cancel.ts';
import { isTwinscopeError, TwinscopeError } from '../../platform/errors.ts';
import { exitInterrupted } from './context.ts';
import { createProgressLine, type ProgressLine } from './output.ts';

export type Interruptible = { signal: CancelSignal; show: (progress: string) => void };

/**
 * On Ctrl-C clears the progress line, says `stopping`, a sentence, and calls `act`; a second one ends the command, also
 * later. Returns what leaves the first to others again.
 */
export function onInterrupt(line: ProgressLine, stopping: string, act: () => void): () => void {
  const atOnce = (): never => process.exit(exitInterrupted);
  const first = (): void => {
    line.clear();
    process.stderr.write(`${stopping}\n`);
    process.once('SIGINT', atOnce);
    act();
  };
  process.once('SIGINT', first);
  // A command that was interrupted only ends; what it closes last may be broken off too.
  return () => void process.removeListener('SIGINT', first);
}

/**
 * Does `work` with a progress line of its own. Ctrl-C says `stopping`, a sentence, and withdraws what the work has asked
 * for, which then fails with `stopped` as 'cancelled'.
 */
export async function interruptible<T>(
  { stopping, stopped }: { stopping: string; stopped: string },
  work: (context: Interruptible) => Promise<T>,
): Promise<T> {
  const line = createProgressLine(process.stderr);
  const controller = new AbortController();
  const stopListening = onInterrupt(line, stopping, () => controller.abort(new TwinscopeError('cancelled', stopped)));
  try {
    return await work({ signal: controller.signal, show: (text) => line.show(text) });
  } catch (error) {
    // A compute process that was just starting ends by the same Ctrl-C instead of hearing of it.
    if (!isTwinscopeError(error) || error.code !== 'cancelled') controller.signal.throwIfAborted();
    throw error;
  } finally {
    stopListening();
    line.clear();
  }
}
