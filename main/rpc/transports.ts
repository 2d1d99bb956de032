/** Our transports as ports. Each takes the least it needs of its host's type, so that no host's types are needed here. */
import type { Port } from './connection.ts';

/** A MessagePort of a browser or of Node's worker_threads. */
export interface MessagePortLike {
  postMessage(message: unknown): void;
  /** The listener gets an event with `data`; hosts disagree about its type, so it is left open here. */
  addEventListener(type: 'message', listener: (event: object) => void): void;
  addEventListener(type: 'close', listener: () => void): void;
  start(): void;
  close(): void;
}

export function fromMessagePort(port: MessagePortLike): Port {
  return {
    postMessage: (message) => port.postMessage(message),
    onMessage(listener) {
      port.addEventListener('message', (event) => listener((event as { data: unknown }).data));
      port.start();
    },
    onClose: (listener) => port.addEventListener('close', () => listener()),
    close: () => port.close(),
  };
}

/** Electron's MessagePortMain, an event emitter of `{ data }`. */
export interface MessagePortMainLike {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown }) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  start(): void;
  close(): void;
}

export function fromMessagePortMain(port: MessagePortMainLike): Port {
  return {
    postMessage: (message) => port.postMessage(message),
    onMessage(listener) {
      port.on('message', (event) => listener(event.data));
      port.start();
    },
    onClose: (listener) => void port.on('close', listener),
    close: () => port.close(),
  };
}

/** One end of a child process's IPC channel: `process` in the child, the ChildProcess in the parent. */
export interface IpcLike {
  readonly connected: boolean;
  send?(message: object, callback: (error: Error | null) => void): unknown;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
  disconnect?(): void;
}

export function fromIpc(channel: IpcLike): Port {
  return {
    // The other process may be gone already; `onClose` reports that, so the failed send need not.
    postMessage: (message) => {
      if (channel.connected) channel.send?.(message as object, () => undefined);
    },
    onMessage: (listener) => void channel.on('message', listener),
    onClose: (listener) => void channel.on('disconnect', listener),
    close: () => {
      if (channel.connected) channel.disconnect?.();
    },
  };
}

/** A WebSocket of a browser or of the `ws` package; messages are JSON text. */
export interface WebSocketLike {
  readonly readyState: number;
  send(text: string): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(type: 'open' | 'close' | 'error', listener: () => void): void;
  close(): void;
}

const connecting = 0;
const open = 1;

export function fromWebSocket(socket: WebSocketLike): Port {
  const waiting: string[] = [];
  socket.addEventListener('open', () => {
    for (const text of waiting.splice(0)) socket.send(text);
  });
  // An error is always followed by 'close'; without a listener `ws` would throw it at the process.
  socket.addEventListener('error', () => undefined);
  return {
    postMessage(message) {
      const text = JSON.stringify(message);
      if (socket.readyState === connecting) waiting.push(text);
      else if (socket.readyState === open) socket.send(text);
    },
    onMessage(listener) {
      socket.addEventListener('message', (event) => {
        const message = parseMessage(event.data);
        if (message === null) socket.close();
        else listener(message);
      });
    },
    onClose: (listener) => socket.addEventListener('close', () => listener()),
    close: () => socket.close(),
  };
}

/** Null for what no peer of ours sends. */
function parseMessage(data: unknown): object | null {
  if (typeof data !== 'string') return null;
  try {
    const message: unknown = JSON.parse(data);
    return typeof message === 'object' ? message : null;
  } catch {
    return null;
  }
}
