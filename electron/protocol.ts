/** What stands behind app://twinscope: the built workbench, and the backend's resources. */
import { join } from 'node:path';
import { resourceHeaders, serveFolder } from '../main/platform/node/webFolder.ts';
import type { Processes } from './processes.ts';

export const scheme = 'app';
const host = 'twinscope';
export const origin = `${scheme}://${host}`;

const rendererFolder = join(import.meta.dirname, '..', 'renderer');

export async function answerPage(request: Request, processes: Pick<Processes, 'resource'>): Promise<Response> {
  const url = new URL(request.url);
  if (url.host !== host) return new Response(null, { status: 404 });
  if (!url.pathname.startsWith('/resource/')) {
    return request.method === 'GET' ? serveFolder(rendererFolder, url.pathname) : new Response(null, { status: 405 });
  }
  const body = request.body === null ? null : new Uint8Array(await request.arrayBuffer());
  const path = url.pathname + url.search;
  const answer = await processes.resource({ path, method: request.method, headers: [...request.headers], body });
  const headers = new Headers([...answer.headers, ...Object.entries(resourceHeaders)]);
  const bodiless = [101, 204, 205, 304].includes(answer.status);
  return new Response(bodiless ? null : answer.body, { status: answer.status, headers });
}
