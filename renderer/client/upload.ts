import { TwinscopeError } from '../../main/platform/errors.ts';

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
      throw new TwinscopeError(
        'bad-input',
        `${file.name} could not be handed over (status ${response.status}). Nothing was imported. Try again, or leave this file out.`,
      );
    }
    onProgress(index + 1);
  }
  return batch;
}
