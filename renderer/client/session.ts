/** One lasting conversation with the backend over connections that may come and go. */
import type {
  Client,
  EventData,
  EventName,
  MethodInput,
  MethodName,
  MethodOutput,
} from '../../main/contract/methods.ts';
import type { CancelSignal } from '../../main/platform/cancel.ts';
import { TwinscopeError } from '../../main/platform/errors.ts';
import { createStore, type Store } from './stores.ts';

export interface Connection {
  readonly client: Client;
  /** Settles when the connection is gone. */
  readonly closed: Promise<void>;
}
export type Connect = () => Promise<Connection>;

export type ConnectionState = 'connecting' | 'connected' | 'lost';

export interface Session extends Client {
  readonly state: Store<ConnectionState>;
  /** Calls the listener after every new connection, and at once if there is one already. */
  onConnected(listener: () => void): () => void;
  /** Tries again now instead of after the waiting time. */
  retry(): void;
  close(): void;
}

const firstDelayMs = 300;
const longestDelayMs = 5000;

/** Opens a session that reconnects by itself, waiting twice as long after each failure. */
export function openSession(connect: Connect): Session {
  const state = createStore<ConnectionState>('connecting');
  const connectedListeners = new Set<() => void>();
  const subscriptions = new Set<{ attach(client: Client): () => void; detach: (() => void) | null }>();
  let client: Client | null = null;
  let closed = false;
  let wake: (() => void) | null = null;

  async function keepConnected(): Promise<void> {
    let delay = firstDelayMs;
    while (!closed) {
      try {
        const connection = await connect();
        client = connection.client;
        for (const subscription of subscriptions) subscription.detach = subscription.attach(client);
        delay = firstDelayMs;
        state.set('connected');
        for (const listener of connectedListeners) listener();
        await connection.closed;
      } catch {
        // The reason is of no use to a person: the banner says that the backend does not answer, and why that may be.
      }
      client = null;
      for (const subscription of subscriptions) subscription.detach = null;
      if (closed) return;
      state.set('lost');
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, delay);
      });
      delay = Math.min(delay * 2, longestDelayMs);
    }
  }
  void keepConnected();

  function whenConnected(signal?: CancelSignal): Promise<Client> {
    if (client !== null) return Promise.resolve(client);
    return new Promise((resolve, reject) => {
      const stop = onConnected(() => {
        stop();
        if (client !== null) resolve(client);
      });
      signal?.addEventListener('abort', () => {
        stop();
        reject(new TwinscopeError('cancelled', 'The request was withdrawn.'));
      });
    });
  }

  function onConnected(listener: () => void): () => void {
    connectedListeners.add(listener);
    if (client !== null) listener();
    return () => connectedListeners.delete(listener);
  }

  return {
    state,
    onConnected,
    async call<M extends MethodName>(
      method: M,
      input: MethodInput<M>,
      signal?: CancelSignal,
    ): Promise<MethodOutput<M>> {
      const connected = await whenConnected(signal);
      return connected.call(method, input, signal);
    },
    on<E extends EventName>(event: E, listener: (data: EventData<E>) => void): () => void {
      const attach = (to: Client) => to.on(event, listener);
      const subscription = { attach, detach: client === null ? null : attach(client) };
      subscriptions.add(subscription);
      return () => {
        subscription.detach?.();
        subscriptions.delete(subscription);
      };
    },
    retry: () => wake?.(),
    close() {
      closed = true;
      wake?.();
    },
  };
}
