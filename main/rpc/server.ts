/** Answers the method table over a port. */
import type { CancellationToken } from 'vscode-jsonrpc';
import {
  events,
  methods,
  type EventData,
  type EventName,
  type Handlers,
  type MethodName,
} from '../contract/methods.ts';
import { parseWith } from '../contract/validate.ts';
import type { CancelSignal } from '../platform/cancel.ts';
import { connectPort, toResponseError, type Port } from './connection.ts';
import { signalOf, type RequestSignal } from './requestSignal.ts';

export interface ServeOptions {
  /** Checks what handlers return and what is emitted; for tests, where a wrong answer must not pass unseen. */
  validateOutputs?: boolean;
  /** Records an error that has no sentence for the user and returns the reference a person can quote. */
  logError: (error: unknown, method: string) => string;
}

export interface ServerConnection {
  emit<E extends EventName>(event: E, data: EventData<E>): void;
  /** Settles when either side has closed; every request still under way is cancelled then. */
  readonly closed: Promise<void>;
  close(): void;
}

export function serveConnection(port: Port, handlers: Handlers, options: ServeOptions): ServerConnection {
  const connection = connectPort(port);
  const underWay = new Set<RequestSignal>();
  for (const method of Object.keys(methods) as MethodName[]) {
    const { input, output } = methods[method];
    // The table's types meet here: zod has just checked what the handler's type promises.
    const handler = handlers[method] as (input: unknown, context: { signal: CancelSignal }) => Promise<unknown>;
    connection.onRequest(method, async (params: unknown, token: CancellationToken) => {
      const { signal, dispose } = signalOf(token);
      underWay.add(signal);
      try {
        const result = await handler(parseWith(input, params, `The request ${method}`), { signal });
        if (options.validateOutputs === true) output.parse(result);
        return result;
      } catch (error) {
        return toResponseError(error, (unknown) => options.logError(unknown, method));
      } finally {
        dispose();
        underWay.delete(signal);
      }
    });
  }
  let open = true;
  const closed = new Promise<void>((resolve) => {
    connection.onClose(() => {
      open = false;
      for (const signal of underWay) signal.abort();
      connection.dispose();
      resolve();
    });
  });
  connection.listen();
  return {
    emit(event, data) {
      if (!open) return;
      if (options.validateOutputs === true) events[event].parse(data);
      // A notification that cannot be written is lost with its connection, which reports its own end.
      connection.sendNotification(event, data).catch(() => undefined);
    },
    closed,
    close: () => port.close(),
  };
}
