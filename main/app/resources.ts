/** Bulk bytes by path, for the loopback host and for app:// alike. Every path stands under /resource/. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { zipSync, type Zippable } from 'fflate';
import { thumbnailDegOf } from '../contract/thumbnails.ts';
import { isTwinscopeError, TwinscopeError, type ErrorCode } from '../platform/errors.ts';
import { formatCount } from '../platform/words.ts';
import { createStimulusService, type StimulusService } from './stimulusService.ts';
import { reportOf, reportText, searchReportHtml } from './searchReportService.ts';
import type { Services } from './services.ts';
import { receivePackageFile, receiveUpload, uploadOf } from './uploads.ts';

type Route = {
  method: 'GET' | 'PUT';
  pattern: RegExp;
  handle: (parts: string[], request: Request) => Promise<Response>;
};

const statusOf: Partial<Record<ErrorCode, number>> = {
  'bad-input': 400,
  'not-found': 404,
  conflict: 409,
  'read-only': 403,
  'disk-full': 507,
};

/** One answer is held in memory; beyond these a sentence is better than a backend that runs out of it. */
const mostResponses = 64_000_000;
const mostZipBytes = 1024 * 1048576;

export function createResources(services: Services): (request: Request) => Promise<Response> {
  let cached: { project: unknown; service: StimulusService } | null = null;
  const stimuli = (): StimulusService => {
    const { project } = services.current();
    if (cached?.project !== project) cached = { project, service: createStimulusService(project) };
    return cached.service;
  };

  const routes: Route[] = [
    {
      method: 'GET',
      pattern: /^\/resource\/thumbnail\/[0-9a-f]{64}\.png$/,
      async handle(_, request) {
        const { searchParams, search } = new URL(request.url);
        const png = await stimuli().thumbnail(searchParams.get('spec') ?? '', thumbnailDegOf(search));
        // The address is the hash of what is drawn, so it never changes.
        return bytes(png, 'image/png', { 'cache-control': 'private, max-age=31536000, immutable' });
      },
    },
    {
      method: 'GET',
      pattern: /^\/resource\/clip\/[0-9a-f]{64}\.png$/,
      async handle(_, request) {
        const { signal } = request;
        try {
          const { searchParams, search } = new URL(request.url);
          const png = await stimuli().clip(searchParams.get('spec') ?? '', signal, thumbnailDegOf(search));
          return bytes(png, 'image/png', { 'cache-control': 'private, max-age=31536000, immutable' });
        } catch (error) {
          // Nobody is there to read this.
          if (signal.aborted) return new Response(null, { status: 499 });
          throw error;
        }
      },
    },
    {
      method: 'GET',
      pattern: /^\/resource\/run\/([\w-]+)\/responses\.f32$/,
      async handle([id]) {
        return bytes(await interleavedResponses(services, id as string), 'application/octet-stream');
      },
    },
    {
      method: 'GET',
      pattern: /^\/resource\/search\/([\w-]+)\/report\.(html|json)$/,
      async handle([id, kind]) {
        const report = reportOf(await services.current().project.searches.get(id as string));
        const text = kind === 'json' ? reportText(report) : await searchReportHtml(report, stimuli());
        const type = kind === 'json' ? 'application/json' : 'text/html; charset=utf-8';
        const headers = { 'content-disposition': attachment(`${report.name}.${kind}`) };
        return bytes(new TextEncoder().encode(text), type, headers);
      },
    },
    {
      method: 'GET',
      pattern: /^\/resource\/export\/([\w-]+)\.zip$/,
      async handle([id]) {
        const { zip, name } = await zippedExport(services, id as string);
        return bytes(zip, 'application/zip', { 'content-disposition': attachment(`${name}.zip`) });
      },
    },
    {
      method: 'GET',
      pattern: /^\/resource\/twin\/([a-z0-9-]+@[\d.]+)\/([^?]+)$/,
      async handle([id, file]) {
        return twinFigure(services, id as string, file as string);
      },
    },
    {
      method: 'PUT',
      pattern: /^\/resource\/upload\/([^/]+)\/([^/]+)$/,
      async handle([batch, name], request) {
        await receiveUpload(services.uploadsFolder, batch as string, decoded(name as string), uploadOf(request));
        return new Response(null, { status: 204 });
      },
    },
    {
      method: 'PUT',
      pattern: /^\/resource\/package\/([^/]+)\/([^/]+)$/,
      async handle([batch, file], request) {
        const { uploadsFolder } = services;
        await receivePackageFile(uploadsFolder, batch as string, decoded(file as string), uploadOf(request));
        return new Response(null, { status: 204 });
      },
    },
  ];

  return async (request) => {
    const { pathname } = new URL(request.url);
    try {
      for (const { method, pattern, handle } of routes) {
        const match = pattern.exec(pathname);
        if (match && request.method === method) return await handle(match.slice(1), request);
      }
      return new Response('There is nothing at this address.', { status: 404 });
    } catch (error) {
      if (isTwinscopeError(error)) return new Response(error.message, { status: statusOf[error.code] ?? 500 });
      const id = services.log.error(error, `answering ${pathname}`);
      return new Response(`Something went wrong inside Twinscope (${id}).`, { status: 500 });
    }
  };
}

const figureTypes: Record<string, string> = {
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
};

/** A picture of a twin's card: only what the manifest lists under figures/, and only while the package is whole. */
async function twinFigure({ library }: Services, id: string, file: string): Promise<Response> {
  const twin = await library.resolve(id);
  const type = figureTypes[path.extname(file)];
  // The names of the manifest were checked when the package was judged: none leaves the package.
  if (type === undefined || !file.startsWith('figures/') || !Object.hasOwn(twin.manifest.files, file)) {
    throw new TwinscopeError('not-found', `The twin ${id} has no figure ${file}. Nothing was changed.`);
  }
  return bytes(await readFile(path.join(twin.folder, ...file.split('/'))), type);
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    throw new TwinscopeError('bad-input', 'The name of this file cannot be read. Nothing was stored. Rename it.');
  }
}

/** Header values are Latin-1: the plain name for old readers, the real one beside it (RFC 6266). */
function attachment(name: string): string {
  const plain = name.replaceAll(/[^\w .()+-]/g, '_');
  return `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(name)}`;
}

function bytes(content: Uint8Array, type: string, headers: Record<string, string> = {}): Response {
  return new Response(content as Uint8Array<ArrayBuffer>, {
    headers: { 'content-type': type, 'content-length': String(content.length), ...headers },
  });
}

/** Float32 little-endian, stimuli × units, the areas side by side. */
async function interleavedResponses(services: Services, id: string): Promise<Uint8Array> {
  const { project } = services.current();
  const run = await project.runs.get(id);
  const total = run.areas.reduce((sum, { units }) => sum + units.length, 0);
  if (run.committed * total > mostResponses) {
    throw new TwinscopeError(
      'unsupported',
      `This run holds ${formatCount(run.committed * total)} responses, more than a window can show. They are safe in the project. Present fewer stimuli, or fewer areas.`,
    );
  }
  const all = new Float32Array(run.committed * total);
  let offset = 0;
  for (const { area, units } of run.areas) {
    const data = await project.runs.readArea(id, area);
    for (let i = 0; i < run.committed; i++) {
      all.set(data.subarray(i * units.length, (i + 1) * units.length), i * total + offset);
    }
    offset += units.length;
  }
  return new Uint8Array(all.buffer);
}

async function zippedExport(services: Services, id: string): Promise<{ zip: Uint8Array; name: string }> {
  const record = await services.current().project.exports.get(id);
  const size = record.files.reduce((sum, file) => sum + file.bytes, 0);
  if (size > mostZipBytes) {
    throw new TwinscopeError(
      'unsupported',
      `This export has ${Math.round(size / 1048576)} MiB, too much for a download. It stands whole in ${record.folder}: copy the folder.`,
    );
  }
  const name = path.basename(record.folder);
  const content: Zippable = {};
  for (const file of record.files) {
    try {
      // Pictures are compressed already.
      content[`${name}/${file.path}`] = [
        await readFile(path.join(record.folder, ...file.path.split('/'))),
        { level: 0 },
      ];
    } catch {
      throw new TwinscopeError(
        'not-found',
        `The export in ${record.folder} is no longer whole (${file.path} is missing). Export the protocol again.`,
      );
    }
  }
  return { zip: zipSync(content), name };
}
