/**
 * JSON-RPC over any port. vscode-jsonrpc does requests, notifications and cancellation; this file gives it a reader and
 * a writer for the one thing all our transports have in common, and translates errors at the border.
 */
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  createMessageConnection,
  Disposable,
  RAL,
  ResponseError,
  type DataCallback,
  type Message,
  type MessageConnection,
} from 'vscode-jsonrpc';
import { errorCodes, isTwinscopeError, TwinscopeError, type ErrorCode } from '../platform/errors.ts';

/** A transport: whole messages both ways, in order, until either side closes. */
export interface Port {
  postMessage(message: unknown): void;
  /** Called once per connection; messages that came earlier are delivered then. */
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, when either side has closed. */
  onClose(listener: () => void): void;
  close(): void;
}

/** A connection over `port`; register handlers on it, then call `listen()`. */
export function connectPort(port: Port): MessageConnection {
  return createMessageConnection(new PortReader(port), new PortWriter(port), silent);
}

class PortReader extends AbstractMessageReader {
  private readonly port: Port;
  constructor(port: Port) {
    super();
    this.port = port;
    port.onClose(() => this.fireClose());
  }
  listen(callback: DataCallback): Disposable {
    this.port.onMessage((message) => callback(message as Message));
    return Disposable.create(() => undefined);
  }
}

class PortWriter extends AbstractMessageWriter {
  private readonly port: Port;
  constructor(port: Port) {
    super();
    this.port = port;
  }
  async write(message: Message): Promise<void> {
    this.port.postMessage(message);
  }
  end(): void {
    this.port.close();
  }
}

/** JSON-RPC wants a number; ours says nothing, the code that counts is in the data. */
const applicationError = -32000;

/** The wire form of an error. `logUnknown` records what is not ours to show and returns the id a person can quote. */
export function toResponseError(error: unknown, logUnknown: (error: unknown) => string): ResponseError<unknown> {
  if (isTwinscopeError(error)) {
    return new ResponseError(applicationError, error.message, { code: error.code, details: error.details });
  }
  const id = logUnknown(error);
  const message = `Twinscope failed in a way it did not foresee (reference ${id}). What was saved is safe. Try again; if it happens again, quote the reference.`;
  return new ResponseError(applicationError, message, { code: 'internal', details: { id } });
}

/** The error a caller sees, whatever reached it over the wire. */
export function toTwinscopeError(error: unknown): TwinscopeError {
  if (error instanceof TwinscopeError) return error;
  if (error instanceof ResponseError) {
    const data = error.data as { code?: unknown; details?: unknown } | undefined;
    if (errorCodes.includes(data?.code as ErrorCode)) {
      return new TwinscopeError(
        data?.code as ErrorCode,
        error.message,
        (data?.details ?? {}) as Record<string, unknown>,
      );
    }
    if (error.code === -32601) {
      return new TwinscopeError('unsupported', `The backend does not know this request: ${error.message}.`);
    }
  }
  return new TwinscopeError(
    'internal',
    'The connection to the backend closed before it answered. What was saved is safe; running jobs go on or can be resumed. Reload the window.',
    { disconnected: true },
  );
}

/** What goes wrong on a connection reaches its two ends as errors; the library's own log would only repeat it. */
const silent = { error: () => undefined, warn: () => undefined, info: () => undefined, log: () => undefined };

/**
 * vscode-jsonrpc asks its host for timers. Its own implementations are bound to either Node or a browser; connections
 * over whole messages need two functions of it, which every host of ours has.
 */
function installRuntime(): void {
  const later = (callback: (...args: unknown[]) => void, ms: number, ...args: unknown[]): Disposable => {
    const handle = setTimeout(() => callback(...args), ms);
    return Disposable.create(() => clearTimeout(handle));
  };
  const soon = (callback: (...args: unknown[]) => void, ...args: unknown[]): Disposable => {
    let disposed = false;
    void Promise.resolve().then(() => {
      if (!disposed) callback(...args);
    });
    return Disposable.create(() => {
      disposed = true;
    });
  };
  RAL.install({ timer: { setTimeout: later, setImmediate: soon }, console: silent } as unknown as RAL);
}

installRuntime();
