/** How much a page may hand over: said by whoever holds it to that, the shell or the backend. */
import { formatBytes } from '../platform/words.ts';

/** One file of a picture import; packages and models go straight to the disk and may have more. */
export const largestUploadBytes = 512 * 2 ** 20;

export const uploadTooLarge = (name: string, mostBytes: number): string =>
  `${name} has more than ${formatBytes(mostBytes)}, the most that one file to import may have. Nothing of it was stored. Make it smaller and import it again.`;
