/** Work in compute that is begun again from what is saved when compute failed under it. */
import { unlessAborted, type CancelSignal } from '../platform/cancel.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { failureKindOf, isBatchMemory, isMemoryEnd, mayRestart, withoutAdvice } from './failures.ts';

export type RestartOptions = {
  onRestart: (sentence: string) => Promise<void> | void;
  signal: CancelSignal;
  /**
   * Makes the next attempt work in batches of half the size and returns that size; null where a batch is one stimulus
   * already. Called where memory for a batch was refused, and where the process ended three times in a row as if there
   * were no memory left: once may be a person's doing, and a smaller batch may change the last bits of what follows.
   */
  halveBatch?: () => Promise<number | null>;
  /** How long a device gets to come back after its first and its second failure in a row. */
  deviceWaitsMs?: readonly [number, number];
};

const mostFailures = 3;
/** A driver that was reset takes seconds to offer its device again. */
const usualDeviceWaitsMs = [2_000, 8_000] as const;

/**
 * Runs `work` again after the compute process failed under it, up to three failures in a row; `work` starts from what
 * is saved and calls `progressed` whenever more has been saved.
 */
export async function withRestarts<T>(
  work: (progressed: () => void) => Promise<T>,
  { onRestart, signal, halveBatch, deviceWaitsMs = usualDeviceWaitsMs }: RestartOptions,
): Promise<T> {
  let failures: TwinscopeError[] = [];
  for (;;) {
    try {
      return await work(() => {
        failures = [];
      });
    } catch (error) {
      // A process that was killed because the job is to stop has not failed.
      signal.throwIfAborted();
      if (!(error instanceof TwinscopeError) || !mayRestart(error)) throw error;
      failures.push(error);
      const last = failures.length === mostFailures;
      const memory = isBatchMemory(error) || (last && failures.every(isMemoryEnd));
      if (halveBatch !== undefined && memory) {
        const batchSize = await halveBatch();
        if (batchSize !== null) {
          failures = [];
          await onRestart(goesOnWith(error, batchSize));
          continue;
        }
        if (last) throw nothingToHalve(error);
      }
      const lostDevice = failureKindOf(error) === 'device';
      if (last && lostDevice) throw deviceStaysAway(error);
      if (last) {
        throw new TwinscopeError(
          'compute-failed',
          `${error.message} It failed three times in a row, so the job was stopped. What is saved is kept: resume the job, or verify the twin in the Library.`,
        );
      }
      await onRestart(`${error.message} It was started again from what is saved.`);
      if (lostDevice) await pause(deviceWaitsMs[failures.length - 1] ?? deviceWaitsMs[1], signal);
    }
  }
}

function pause(ms: number, signal: CancelSignal): Promise<void> {
  let timer: unknown;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return unlessAborted(over, signal).finally(() => clearTimeout(timer));
}

function deviceStaysAway(error: TwinscopeError): TwinscopeError {
  return new TwinscopeError(
    'compute-failed',
    `${withoutAdvice(error)} It failed three times in a row, so the job was stopped. Resume the job when the device is back. ` +
      'If that is no help, update its driver or start the plan again as a new job on the CPU.',
  );
}

function goesOnWith(error: TwinscopeError, batchSize: number): string {
  const batches = batchSize === 1 ? 'one stimulus at a time' : `batches of ${batchSize}`;
  return `${withoutAdvice(error)} It was started again from what is saved and goes on with ${batches}; the provenance says from where.`;
}

function nothingToHalve(error: TwinscopeError): TwinscopeError {
  return new TwinscopeError(
    'compute-failed',
    `${withoutAdvice(error)} It failed three times in a row with one stimulus at a time, so the job was stopped: no batch is smaller. ` +
      'What is saved is kept: close other programs and resume the job, or run it on a computer with more memory.',
  );
}
