/** Serves the built workbench from a folder, the same way over loopback HTTP and over the desktop's own scheme. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';

/**
 * What a page of the workbench may do: everything comes from its own host, nothing is framed, nothing is sent elsewhere.
 * Styles may stand inline because the component kit sets sizes that way.
 */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** Results and imported files are shown, never run: opened by themselves they get no script and no origin. */
export const resourceHeaders: Readonly<Record<string, string>> = {
  ...pageHeaders,
  'content-security-policy': "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; sandbox",
};

const mediaTypes: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.woff2': 'font/woff2',
};

/** The file at `pathname` below `folder`; 404 for anything else, whatever the reason. */
export async function serveFolder(folder: string, pathname: string): Promise<Response> {
  const missing = new Response('There is nothing at this address.\n', { status: 404, headers: pageHeaders });
  let name: string;
  try {
    name = decodeURIComponent(pathname === '/' ? '/index.html' : pathname);
  } catch {
    return missing;
  }
  const file = path.resolve(folder, `.${path.posix.normalize(`/${name}`)}`);
  const type = mediaTypes[path.extname(file)];
  if (!file.startsWith(path.resolve(folder) + path.sep) || type === undefined || name.includes('\0')) return missing;
  const found = await stat(file).catch(() => null);
  if (found === null || !found.isFile()) return missing;
  const named = pathname.startsWith('/assets/');
  const body = Readable.toWeb(createReadStream(file)) as ReadableStream<Uint8Array>;
  return new Response(body, {
    headers: {
      ...pageHeaders,
      'content-type': type,
      'content-length': String(found.size),
      // Files in assets/ carry a hash of their content in their name.
      'cache-control': named ? 'private, max-age=31536000, immutable' : 'no-cache',
    },
  });
}
