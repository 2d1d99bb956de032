/** Photographs on their way from the browser into a project: one temporary folder per batch. */
import { mkdir, writeFile } from 'node:fs/promises';
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
  const file = path.join(folder, `${safeFileName(path.basename(name, path.extname(name)), 'photograph')}${extension}`);
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(file, body);
  } catch (error) {
    throw fileError(error, file);
  }
}
