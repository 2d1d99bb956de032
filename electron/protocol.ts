/** What stands behind app://twinscope: the built workbench, and the backend's resources. */
import { join } from 'node:path';
import { largestUploadBytes, uploadTooLarge } from '../main/contract/uploads.ts';
import { resourceHeaders, serveFolder } from '../main/platform/node/webFolder.ts';
import type { Processes } from './processes.ts';

export const scheme = 'app';
const host = 'twinscope';
export const origin = `${scheme}://${host}`;

const rendererFolder = join(import.meta.dirname, '..', 'renderer');

/** @param mostBytes of a body: it crosses to the backend in one piece, so it has to stand in memory */
export async function answerPage(
  request: Request,
  processes: Pick<Processes, 'resource'>,
  mostBytes = largestUploadBytes,
): Promise<Response> {
  const url = new URL(request.url);
  if (url.host !== host) return new Response(null, { status: 404 });
  if (!url.pathname.startsWith('/resource/')) {
    return request.method === 'GET' ? serveFolder(rendererFolder, url.pathname) : new Response(null, { status: 405 });
  }
  const body = request.body === null ? null : await readAtMost(request.body, mostBytes);
  if (body === 'too large') {
    return new Response(uploadTooLarge(nameIn(url), mostBytes), { status: 400, headers: resourceHeaders });
  }
  const path = url.pathname + url.search;
  const answer = await processes.resource({ path, method: request.method, headers: [...request.headers], body });
  const headers = new Headers([...answer.headers, ...Object.entries(resourceHeaders)]);
  const bodiless = [101, 204, 205, 304].includes(answer.status);
  return new Response(bodiless ? null : answer.body, { status: answer.status, headers });
}

/** The whole of a stream; one that is longer is broken off as soon as that shows. */
async function readAtMost(
  stream: ReadableStream<Uint8Array>,
  mostBytes: number,
): Promise<Uint8Array<ArrayBuffer> | 'too large'> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > mostBytes) return 'too large';
    chunks.push(chunk);
  }
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function nameIn({ pathname }: URL): string {
  try {
    return decodeURIComponent(pathname.slice(pathname.lastIndexOf('/') + 1));
  } catch {
    return 'The file';
  }
}
