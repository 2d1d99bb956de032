/** What the side that answers a request knows of its being withdrawn. */
import type { CancellationToken } from 'vscode-jsonrpc';
import type { CancelSignal } from '../platform/cancel.ts';
import { TwinscopeError } from '../platform/errors.ts';

/** The little of an AbortSignal that handlers may use, in code that knows no host. */
export class RequestSignal implements CancelSignal {
  aborted = false;
  private readonly listeners = new Set<() => void>();

  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    for (const listener of this.listeners) listener();
    this.listeners.clear();
  }
  throwIfAborted(): void {
    if (this.aborted) throw new TwinscopeError('cancelled', 'The request was withdrawn.');
  }
  addEventListener(_type: 'abort', listener: () => void): void {
    this.listeners.add(listener);
  }
  removeEventListener(_type: 'abort', listener: () => void): void {
    this.listeners.delete(listener);
  }
}

/** The signal of a request; `dispose` when it was answered. */
export function signalOf(token: CancellationToken): { signal: RequestSignal; dispose: () => void } {
  const signal = new RequestSignal();
  if (token.isCancellationRequested) signal.abort();
  const listening = token.onCancellationRequested(() => signal.abort());
  return { signal, dispose: () => listening.dispose() };
}
