/** The caller's side of the method table, over any port. */
import { CancellationTokenSource } from 'vscode-jsonrpc';
import type { Client, EventData, EventName, MethodInput, MethodName, MethodOutput } from '../contract/methods.ts';
import type { CancelSignal } from '../platform/cancel.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { connectPort, toTwinscopeError, type Port } from './connection.ts';

export interface ClientConnection extends Client {
  /** Settles when either side has closed; calls still under way fail then. */
  readonly closed: Promise<void>;
  close(): void;
}

export function createClient(port: Port): ClientConnection {
  const connection = connectPort(port);
  const listeners = new Map<EventName, Set<(data: never) => void>>();
  const closed = new Promise<void>((resolve) => {
    connection.onClose(() => {
      // Rejects what is still waiting for an answer.
      connection.dispose();
      resolve();
    });
  });
  connection.listen();

  async function call<M extends MethodName>(
    method: M,
    input: MethodInput<M>,
    signal?: CancelSignal,
  ): Promise<MethodOutput<M>> {
    const withdrawn = new TwinscopeError('cancelled', 'The request was withdrawn.');
    if (signal?.aborted === true) throw withdrawn;
    const source = new CancellationTokenSource();
    let abort: () => void = () => undefined;
    const aborted = new Promise<never>((_, reject) => {
      abort = () => {
        source.cancel();
        reject(withdrawn);
      };
    });
    signal?.addEventListener('abort', abort);
    try {
      const answer = connection.sendRequest<MethodOutput<M>>(method, input, source.token);
      // The caller does not wait for the other side to notice that it was withdrawn.
      return await (signal === undefined ? answer : Promise.race([answer, aborted]));
    } catch (error) {
      throw toTwinscopeError(error);
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  return {
    call,
    on<E extends EventName>(event: E, listener: (data: EventData<E>) => void): () => void {
      let known = listeners.get(event);
      if (known === undefined) {
        const all = new Set<(data: never) => void>();
        known = all;
        listeners.set(event, all);
        connection.onNotification(event, (data: unknown) => {
          for (const each of all) each(data as never);
        });
      }
      known.add(listener);
      return () => void known.delete(listener);
    },
    closed,
    close: () => port.close(),
  };
}
