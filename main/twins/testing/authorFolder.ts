/** The folder of somebody who made a twin, as `twins pack` takes it, and the same with hashes by the author's own hand. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { GoldenChecks } from '../../contract/twins.ts';
import { encodeChecks } from '../node/checks.ts';
import { formatUnits } from '../unitsCsv.ts';
import { smallDraft, smallManifest, smallModel } from './smallTwin.ts';

export type Contents = Record<string, string | Uint8Array>;

/** A model of two units with its card, and no hashes or checks. */
export function authorContents(manifest: Record<string, unknown> = {}, others: Contents = {}): Contents {
  return {
    'twin.json': JSON.stringify({ ...smallManifest(), ...manifest }),
    'model.onnx': smallModel(),
    'units.csv': formatUnits(smallDraft().units),
    'card.md': '# Small twin\n',
    LICENSE: 'MIT\n',
    ...others,
  };
}

export function smallChecks(change: (checks: GoldenChecks) => void = () => undefined): Uint8Array {
  const { checks } = smallDraft();
  change(checks);
  return encodeChecks(checks);
}

/** With the hashes of all files, as if the author had computed them. */
export function hashed(contents: Contents): Contents {
  const { 'twin.json': text, ...others } = contents;
  const files = Object.fromEntries(
    Object.entries(others).map(([path, bytes]) => [path, createHash('sha256').update(bytes).digest('hex')]),
  );
  const manifest = JSON.parse(text as string) as Record<string, unknown>;
  return { ...others, 'twin.json': JSON.stringify({ ...manifest, files }) };
}

export function writeContents(folder: string, contents: Contents): string {
  mkdirSync(folder, { recursive: true });
  for (const [path, bytes] of Object.entries(contents)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  return folder;
}

/** Everything below a folder: folders by name, files by the hash of their bytes. */
export function snapshotOf(folder: string): Record<string, string> {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    found
      .map((entry): [string, string] => {
        const path = join(entry.parentPath, entry.name);
        const content = entry.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'no file';
        return [relative(folder, path), content];
      })
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}
