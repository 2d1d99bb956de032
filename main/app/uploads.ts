/** Files on their way from the browser into a project or the library: one temporary folder per batch. */
import { createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rm, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { Readable, Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as NodeWebStream } from 'node:stream/web';
import { largestUploadBytes, uploadTooLarge } from '../contract/uploads.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { fileError, safeFileName } from '../platform/node/files.ts';
import { formatBytes } from '../platform/words.ts';
import { manifestName, unsafePath } from '../twins/manifest.ts';

/** The folder of a batch; the name comes from outside and must not lead anywhere else. */
export function uploadFolder(uploadsFolder: string, batch: string): string {
  if (!/^[a-z0-9][a-z0-9-]{7,63}$/.test(batch)) {
    throw new TwinscopeError('bad-input', 'This upload has no valid name. Nothing was stored. Start the import again.');
  }
  return path.join(uploadsFolder, batch);
}

/** A file on its way: its bytes, and how many there will be, where that was said. */
export interface Upload {
  body: ReadableStream<Uint8Array> | null;
  announcedBytes: number | null;
}

export function uploadOf({ body, headers }: Request): Upload {
  const length = headers.get('content-length');
  return { body, announcedBytes: length === null ? null : Number(length) };
}

/** Before anything is read: whoever is still sending when a stream is broken off never gets the sentence. */
function refuseAnnounced({ announcedBytes }: Upload, mostBytes: number, tooMuch: string): void {
  if (announcedBytes !== null && announcedBytes > mostBytes) throw new TwinscopeError('bad-input', tooMuch);
}

/** Writes what arrives as it arrives, and stops at the first byte too many with what `tooMuch` says. */
async function pour({ body }: Upload, target: Writable, mostBytes: number, tooMuch: string): Promise<void> {
  let bytes = 0;
  const limited = new Transform({
    transform(chunk: Uint8Array, _, done) {
      bytes += chunk.length;
      if (bytes <= mostBytes) return done(null, chunk);
      return done(new TwinscopeError('bad-input', tooMuch));
    },
  });
  const source = body === null ? Readable.from([]) : Readable.fromWeb(body as NodeWebStream<Uint8Array>);
  await pipeline(source, limited, target);
}

/** Stores one uploaded file; its name is made safe and keeps its extension. What arrived in part only is removed. */
export async function receiveUpload(
  uploadsFolder: string,
  batch: string,
  name: string,
  upload: Upload,
  mostBytes = largestUploadBytes,
): Promise<void> {
  const tooMuch = uploadTooLarge(name, mostBytes);
  refuseAnnounced(upload, mostBytes, tooMuch);
  const folder = uploadFolder(uploadsFolder, batch);
  const extension = path
    .extname(name)
    .toLowerCase()
    .replace(/[^.a-z0-9]/g, '');
  const stem = safeFileName(path.basename(name, path.extname(name)), 'photograph');
  let file = '';
  try {
    await mkdir(folder, { recursive: true });
    // Two folders may hold files of one name, and names differ in what is not safe: none may replace another.
    let handle: FileHandle | null = null;
    for (let n = 1; handle === null; n++) {
      file = path.join(folder, `${stem}${n === 1 ? '' : ` ${n}`}${extension}`);
      try {
        handle = await open(file, 'wx');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
    try {
      await pour(upload, handle.createWriteStream(), mostBytes, tooMuch);
    } catch (error) {
      await rm(file, { force: true });
      throw error;
    }
  } catch (error) {
    throw fileError(error, file);
  }
}

/** Room for a model with its weights beside it. */
export const largestPackageBytes = 16 * 2 ** 30;

/**
 * Stores a file of a package or a model under the path that it has in its folder, straight to the disk. What arrived in
 * part only is removed.
 */
export async function receivePackageFile(
  uploadsFolder: string,
  batch: string,
  relative: string,
  upload: Upload,
  mostBytes = largestPackageBytes,
): Promise<void> {
  const unsafe = unsafePath(relative);
  if (unsafe !== null) {
    throw new TwinscopeError(
      'bad-input',
      `${JSON.stringify(relative)} cannot be handed over, since ${unsafe}. Nothing was imported. Rename the file.`,
    );
  }
  const file = path.join(uploadFolder(uploadsFolder, batch), ...relative.split('/'));
  const tooMuch = `${relative} has more than ${formatBytes(mostBytes)}, the most that can be handed over. Nothing was imported. Import it by its path instead.`;
  refuseAnnounced(upload, mostBytes, tooMuch);
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await pour(upload, createWriteStream(file, { flags: 'wx' }), mostBytes, tooMuch);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') await rm(file, { force: true });
    throw fileError(error, file);
  }
}

async function filesOf(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .toSorted((a, b) => a.split(path.sep).length - b.split(path.sep).length || (a < b ? -1 : 1));
}

/** The package among the files that were handed over: an archive, or the folder of the manifest. */
export async function packageInUpload(uploadsFolder: string, batch: string): Promise<string> {
  const files = await filesOf(uploadFolder(uploadsFolder, batch));
  const manifest = files.find((file) => path.basename(file) === manifestName);
  const found = manifest === undefined ? files.find((file) => /\.(twin|zip)$/i.test(file)) : path.dirname(manifest);
  if (found !== undefined) return found;
  throw new TwinscopeError(
    'bad-input',
    `There is no twin package among the files that were handed over: no .twin or .zip file, and no ${manifestName}. Nothing was imported. Choose a package or an .onnx file.`,
  );
}

/** The one graph among the files that were handed over. */
export async function modelInUpload(uploadsFolder: string, batch: string): Promise<string> {
  const models = (await filesOf(uploadFolder(uploadsFolder, batch))).filter((file) => /\.onnx$/i.test(file));
  const [model] = models;
  if (models.length === 1 && model !== undefined) return model;
  const why = models.length === 0 ? 'There is no .onnx file' : `There are ${models.length} .onnx files`;
  throw new TwinscopeError(
    'bad-input',
    `${why} among the files that were handed over. Nothing was imported. Choose one .onnx file, with its data files where it has any.`,
  );
}

/** Removes a batch, as when its import was given up. */
export async function removeUpload(uploadsFolder: string, batch: string): Promise<void> {
  // A compute process may still have a model open, which keeps some systems from deleting it: it is swept a day later.
  await rm(uploadFolder(uploadsFolder, batch), { recursive: true, force: true }).catch(() => undefined);
}

/** Removes batches that nobody imported: uploads of a day ago belong to a window that is gone. */
export async function removeOldUploads(uploadsFolder: string, now = Date.now()): Promise<void> {
  const entries = await readdir(uploadsFolder).catch(() => []);
  for (const entry of entries) {
    const file = path.join(uploadsFolder, entry);
    const age =
      now -
      (await stat(file).then(
        ({ mtimeMs }) => mtimeMs,
        () => now,
      ));
    if (age > 24 * 3600 * 1000) await rm(file, { recursive: true, force: true });
  }
}
