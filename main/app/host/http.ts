/** Between Node's HTTP messages and the web's Request and Response, with streaming bodies both ways. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as NodeWebStream } from 'node:stream/web';
import { isTwinscopeError, type ErrorCode } from '../../platform/errors.ts';

/** The address asked for. The host in it is never used: which name the asker gave is judged apart. */
export function addressOf(request: IncomingMessage): URL {
  // Joined, not resolved: '//name/path' is a path here, not another host.
  return URL.parse(`http://host${request.url ?? '/'}`) ?? new URL('http://host/');
}

/** The request as the web knows it; its signal is aborted when the other side goes away. */
export function toWebRequest(request: IncomingMessage, response: ServerResponse): Request {
  const controller = new AbortController();
  response.once('close', () => controller.abort());
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  // The session is between the browser and the host; nothing behind it needs to see it.
  headers.delete('cookie');
  const bodiless = request.method === 'GET' || request.method === 'HEAD';
  return new Request(addressOf(request), {
    method: request.method ?? 'GET',
    headers,
    signal: controller.signal,
    ...(bodiless ? {} : { body: Readable.toWeb(request) as ReadableStream<Uint8Array>, duplex: 'half' }),
  } as RequestInit);
}

export async function sendWebResponse(
  answer: Response,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  if (request.method === 'HEAD' || answer.body === null) {
    await answer.body?.cancel();
    response.end();
    return;
  }
  // A browser that stops reading ends the body's source too; there is nobody left to tell.
  await pipeline(Readable.fromWeb(answer.body as NodeWebStream), response).catch(() => undefined);
}

const statuses: Partial<Record<ErrorCode, number>> = {
  'bad-input': 400,
  unauthorised: 401,
  'read-only': 403,
  'not-found': 404,
  conflict: 409,
  'disk-full': 507,
};

/** What went wrong as an answer: our own errors keep their sentence, others become a reference. */
export function errorResponse(error: unknown, logError: (error: unknown) => string): Response {
  const [code, message] = isTwinscopeError(error)
    ? [error.code, error.message]
    : (['internal', `Twinscope failed in a way it did not foresee (reference ${logError(error)}).`] as const);
  return Response.json({ code, message }, { status: statuses[code] ?? 500 });
}
