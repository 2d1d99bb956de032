/** Ctrl-C on work that can be withdrawn. */
import type { CancelSignal } from '../../platform/cancel.ts';
import { isTwinscopeError, TwinscopeError } from '../../platform/errors.ts';
import { exitInterrupted } from './context.ts';
import { createProgressLine } from './output.ts';

export type Interruptible = { signal: CancelSignal; show: (progress: string) => void };

/**
 * Does `work` with a progress line of its own. Ctrl-C says `stopping`, a sentence, and withdraws what the work has asked
 * for, which then fails with `stopped` as 'cancelled'; a second one ends the command.
 */
export async function interruptible<T>(
  { stopping, stopped }: { stopping: string; stopped: string },
  work: (context: Interruptible) => Promise<T>,
): Promise<T> {
  const line = createProgressLine(process.stderr);
  const controller = new AbortController();
  const atOnce = (): never => process.exit(exitInterrupted);
  const onInterrupt = (): void => {
    line.clear();
    process.stderr.write(`${stopping}\n`);
    controller.abort(new TwinscopeError('cancelled', stopped));
    process.once('SIGINT', atOnce);
  };
  process.once('SIGINT', onInterrupt);
  try {
    return await work({ signal: controller.signal, show: (text) => line.show(text) });
  } catch (error) {
    // A compute process that was just starting ends by the same Ctrl-C instead of hearing of it.
    if (!isTwinscopeError(error) || error.code !== 'cancelled') controller.signal.throwIfAborted();
    throw error;
  } finally {
    process.removeListener('SIGINT', onInterrupt);
    process.removeListener('SIGINT', atOnce);
    line.clear();
  }
}
