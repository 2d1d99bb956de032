/** The identity of a twin package. */
import type { TwinManifest } from '../contract/twins.ts';
import { hashJson, sha256Hex } from '../platform/hash.ts';
import { manifestName } from './manifest.ts';

/** Hash over the SHA-256 of every file, `twin.json` among them; names a twin's content wherever it lies. */
export function packageHash(files: Readonly<Record<string, string>>): string {
  return hashJson(files);
}

/** The same from the manifest's own text, which lists the hashes of all other files. */
export function hashOfManifest(text: string | Uint8Array, manifest: Pick<TwinManifest, 'files'>): string {
  return packageHash({ ...manifest.files, [manifestName]: sha256Hex(text) });
}
