/** Photographs on their way from the browser into a project: one temporary folder per batch. */
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { TwinscopeError } from '../platform/errors.ts';
import { fileError, safeFileName } from '../platform/node/files.ts';

const largestUploadBytes = 512 * 1024 * 1024;

/** The folder of a batch; the name comes from outside and must not lead anywhere else. */
export function uploadFolder(uploadsFolder: string, batch: string): string {
  if (!/^[a-z0-9][a-z0-9-]{7,63}$/.test(batch)) {
    throw new TwinscopeError('bad-input', 'This upload has no valid name. Nothing was stored. Start the import again.');
  }
  return path.join(uploadsFolder, batch);
}

/** Stores one uploaded file; its name is made safe and keeps its extension. */
export async function receiveUpload(
  uploadsFolder: string,
  batch: string,
  name: string,
  body: Uint8Array,
): Promise<void> {
  if (body.length > largestUploadBytes) {
    throw new TwinscopeError(
      'bad-input',
      `${name} has ${Math.round(body.length / 1048576)} MiB; at most ${largestUploadBytes / 1048576} MiB can be imported. Nothing was stored.`,
    );
  }
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
    for (let n = 1; ; n++) {
      file = path.join(folder, `${stem}${n === 1 ? '' : ` ${n}`}${extension}`);
      try {
        await writeFile(file, body, { flag: 'wx' });
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
  } catch (error) {
    throw fileError(error, file);
  }
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
