/**
 * The browser host: the workbench over HTTP and one WebSocket on 127.0.0.1. The address it returns holds a token that
 * works once; the browser that used it is recognised by a cookie from then on.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { EventData, EventName, Handlers } from '../contract/methods.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { pageHeaders, resourceHeaders, serveFolder } from '../platform/node/webFolder.ts';
import type { ServerConnection } from '../rpc/server.ts';
import { createAccess } from './host/access.ts';
import { addressOf, errorResponse, sendWebResponse, toWebRequest } from './host/http.ts';
import { servePage } from './host/pageSocket.ts';

/** The backend as its hosts see it. */
export interface Hosted {
  handlers: Handlers;
  /** Answers everything under /resource/: thumbnails, arrays, exports, uploads. */
  handleResource(request: Request): Promise<Response>;
  /** Calls the listener with every event from now on; returns how to stop. */
  onEvent(listener: <E extends EventName>(event: E, data: EventData<E>) => void): () => void;
}

export interface ServerOptions extends Hosted {
  /** The built workbench. */
  rendererFolder: string;
  /** A free one when left out or 0. */
  port?: number;
  /** Records an error that has no sentence for the user; returns the reference to quote. */
  logError(error: unknown, what: string): string;
}

export interface RunningServer {
  /** Where to open the workbench, token included. */
  url: string;
  close(): Promise<void>;
}

/** RPC carries plans and results, never pictures. */
const largestMessageBytes = 32 * 1024 * 1024;

export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const http = createServer();
  const access = createAccess(() => (http.address() as AddressInfo).port);
  const sockets = new WebSocketServer({ noServer: true, maxPayload: largestMessageBytes, perMessageDeflate: false });
  const connections = new Set<Pick<ServerConnection, 'emit'>>();

  http.on('request', (request, response) => {
    void answer(request, response)
      .catch((error: unknown) => errorResponse(error, (unknown) => options.logError(unknown, `${request.url}`)))
      .then((answered) => sendWebResponse(answered, request, response))
      .catch((error: unknown) => {
        // Only an answer that cannot be written ends here; the connection says so by breaking off.
        options.logError(error, `answering ${request.url}`);
        response.destroy();
      });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<Response> {
    const verdict = access.judge(request);
    if (verdict === 'foreign') return page(403, 'This address is for the workbench on this machine only.');
    if (verdict === 'locked') return page(401, lockedSentence);
    if (verdict === 'exchange') return enter(request, access.exchange());
    const { pathname } = addressOf(request);
    if (pathname.startsWith('/resource/')) {
      return withHeaders(await options.handleResource(toWebRequest(request, response)), resourceHeaders);
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') return page(405, 'This address can only be read.');
    return serveFolder(options.rendererFolder, pathname);
  }

  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // From here on nobody else listens for a connection that is reset.
    socket.on('error', () => socket.destroy());
    const { pathname } = addressOf(request);
    const verdict = access.judge(request);
    if (verdict !== 'allowed' || pathname !== '/rpc') {
      const status =
        verdict === 'foreign' ? '403 Forbidden' : verdict === 'allowed' ? '404 Not Found' : '401 Unauthorized';
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = servePage(webSocket, options.handlers, { logError: options.logError });
      connections.add(connection);
      void connection.closed.then(() => connections.delete(connection));
    });
  });

  const stopEvents = options.onEvent((event, data) => {
    for (const connection of connections) connection.emit(event, data);
  });

  try {
    await listen();
  } catch (error) {
    stopEvents();
    throw error;
  }
  const { port } = http.address() as AddressInfo;

  function listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      http.once('error', (error: NodeJS.ErrnoException) => {
        const why = error.code === 'EADDRINUSE' ? 'is in use by another program' : `cannot be used (${error.code})`;
        reject(new TwinscopeError('conflict', `Port ${options.port} ${why}. Choose another, or leave --port out.`));
      });
      http.listen(options.port ?? 0, '127.0.0.1', resolve);
    });
  }

  return {
    url: `http://127.0.0.1:${port}/?token=${access.token}`,
    async close() {
      stopEvents();
      for (const socket of sockets.clients) socket.terminate();
      const closed = new Promise<void>((resolve) => http.close(() => resolve()));
      http.closeAllConnections();
      await closed;
    },
  };
}

const lockedSentence =
  'Twinscope is running here, but this browser was not given its key. Open the address that Twinscope printed when it ' +
  'started. That address works once; start Twinscope again for a new one.';

/** Lets the browser in and takes the token out of its address bar. */
function enter(request: IncomingMessage, cookie: string): Response {
  const headers = { ...pageHeaders, 'set-cookie': cookie, 'cache-control': 'no-store' };
  const site = request.headers['sec-fetch-site'];
  if (site === undefined || site === 'none' || site === 'same-origin') {
    return new Response(null, { status: 303, headers: { ...headers, location: '/' } });
  }
  // After a link on somebody else's page a browser withholds the new cookie from a redirect, but not from this.
  const body = '<!doctype html><meta http-equiv="refresh" content="0;url=/"><title>Twinscope</title>';
  return new Response(body, { headers: { ...headers, 'content-type': 'text/html; charset=utf-8' } });
}

function page(status: number, sentence: string): Response {
  const body = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Twinscope</title><p>${sentence}</p></html>\n`;
  const headers = { ...pageHeaders, 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' };
  return new Response(body, { status, headers });
}

function withHeaders(response: Response, headers: Readonly<Record<string, string>>): Response {
  const all = new Headers(response.headers);
  for (const [name, value] of Object.entries(headers)) all.set(name, value);
  return new Response(response.body, { status: response.status, headers: all });
}
