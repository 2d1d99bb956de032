/** Where the page finds the figures that a card names. */
import type { TwinManifest } from '../../../main/contract/twins.ts';

/** Only files of the package under figures/; null for anything else, whatever a card writes as the source of a picture. */
export function figureAddress(
  { id, version, files }: Pick<TwinManifest, 'id' | 'version' | 'files'>,
  source: unknown,
): string | null {
  if (typeof source !== 'string' || !/^figures\/[\w-]+\.(?:svg|png|jpg|webp)$/.test(source)) return null;
  return Object.hasOwn(files, source) ? `/resource/twin/${id}@${version}/${source}` : null;
}
