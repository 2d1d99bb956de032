/** What pure code needs of an AbortSignal; a real one can be passed wherever this is asked for. */
export interface CancelSignal {
  readonly aborted: boolean;
  throwIfAborted(): void;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** As `work`, but fails at once when `signal` is aborted; the work itself goes on. */
export function unlessAborted<T>(work: Promise<T>, signal: CancelSignal): Promise<T> {
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      try {
        signal.throwIfAborted();
      } catch (reason) {
        reject(reason);
      }
    };
  });
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort);
  return Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', onAbort));
}
