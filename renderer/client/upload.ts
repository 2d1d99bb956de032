import { TwinscopeError } from '../../main/platform/errors.ts';
import type { GivenFile } from './droppedFiles.ts';

/**
 * Sends files to the backend as one batch and returns the batch's id, to be named in `images.import`. Files go one after
 * the other, so that a folder of thousands never stands in memory at once.
 */
export async function uploadFiles(
  files: readonly File[],
  onProgress: (done: number) => void = () => {},
  signal?: AbortSignal,
): Promise<string> {
  const batch = crypto.randomUUID();
  for (const [index, file] of files.entries()) {
    const response = await fetch(`/resource/upload/${batch}/${encodeURIComponent(file.name)}`, {
      method: 'PUT',
      body: file,
      credentials: 'same-origin',
      ...(signal === undefined ? {} : { signal }),
    });
    if (!response.ok) {
      // The backend's own sentence, as of a file that is too large.
      if (response.status === 400) throw new TwinscopeError('bad-input', await response.text());
      throw new TwinscopeError(
        'bad-input',
        `${file.name} could not be handed over (status ${response.status}). Nothing was imported. Try again, or leave this file out.`,
      );
    }
    onProgress(index + 1);
  }
  return batch;
}

/**
 * Sends the files of a package or a model to the backend under the paths they have, as the batch of that name. The sentence
 * of a refusal is the backend's.
 * @param onProgress bytes handed over so far
 */
export async function uploadPackage(
  batch: string,
  files: readonly GivenFile[],
  onProgress: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  let bytes = 0;
  for (const { path, file } of files) {
    const response = await fetch(`/resource/package/${batch}/${encodeURIComponent(path)}`, {
      method: 'PUT',
      body: file,
      credentials: 'same-origin',
      signal,
    }).catch((error: unknown) => {
      const why = signal.aborted ? 'Handing the files over was stopped.' : `${path} could not be read or handed over.`;
      throw new TwinscopeError(signal.aborted ? 'cancelled' : 'bad-input', `${why} Nothing was imported. Try again.`, {
        reason: String(error),
      });
    });
    if (!response.ok) throw new TwinscopeError('bad-input', await response.text());
    bytes += file.size;
    onProgress(bytes);
  }
}
