/**
 * Responses of twins to reference sets, kept on this machine: one file per twin, set and whatever else the bits depend
 * on. Files may be deleted at any time; one that is damaged or belongs elsewhere is not used and is made anew.
 */
import { mkdir, readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { DeviceId, GradientForms } from '../../contract/devices.ts';
import { canonicalJson, hashJson, sha256Hex } from '../../platform/hash.ts';
import { fileError, writeFileAtomic } from '../../platform/node/files.ts';
import { formatBytes } from '../../platform/words.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../checkpoint.ts';
import type { ReferenceResponses } from '../reference/reference.ts';

/** Another number where the same key would stand for other bits than before. */
const keyVersion = 2;

/** With another of these the twin may answer other last bits. */
export type ReferenceKey = {
  twinSha256: string;
  /** Hash over the ordered stimuli of the set. */
  stimuliSha256: string;
  device: DeviceId;
  /** Stimuli per run of the graph. */
  batchSize: number;
  threads: number;
  gradientForms: GradientForms | null;
  /** Behaviour channels that do not have their default. */
  behaviour: Record<string, number>;
  /** Of Twinscope, ONNX Runtime, the processor, the drawing, the graphics card and all that a job is frozen with. */
  versions: Record<string, string>;
};

export type StoredReference = {
  responses: ReferenceResponses;
  /** ISO date. */
  measuredAt: string;
  /** How long it took. */
  seconds: number;
  /** Of the responses. */
  sha256: string;
};

export type ReferenceStore = {
  /** What was kept under this key for so many units and stimuli (blanks left out), or null. */
  find(key: ReferenceKey, shape: { stimuli: number; units: number }): Promise<StoredReference | null>;
  /** Null, or why it was not kept, in one sentence: what cannot be written costs time, nothing else. */
  keep(key: ReferenceKey, measured: Omit<StoredReference, 'sha256'>): Promise<string | null>;
};

const header = z.object({ key: z.unknown(), measuredAt: z.iso.datetime(), seconds: z.number() });

const defaultLimitBytes = 512 * 1024 ** 2;
const extension = '.reference';
/** A part this old was left behind by a process that died. */
const stalePartMs = 60 * 60 * 1000;
const hashBytes = 64;

const documentOf = (key: ReferenceKey): unknown => ({ ...key, keyVersion });

export const responsesHash = ({ rows, blank }: ReferenceResponses): string =>
  sha256Hex(encodeCheckpoint({ json: null, arrays: { rows, blank } }));

/** @param limitBytes what all files may take together; those used longest ago go first, larger ones are never kept. */
export function openReferenceStore(folder: string, limitBytes = defaultLimitBytes): ReferenceStore {
  const fileOf = (key: ReferenceKey): string =>
    path.join(folder, `${hashJson(documentOf(key)).slice(0, 32)}${extension}`);

  return {
    async find(key, { stimuli, units }) {
      const file = fileOf(key);
      const stored = read(await readFile(file).catch(() => null), key);
      if (stored === null) return null;
      const { rows, blank } = stored.responses;
      if (rows.length !== stimuli * units || blank.length !== units) return null;
      // The time of the last change is the time of the last use. Somebody else's file only counts as older than it is.
      await utimes(file, new Date(), new Date()).catch(() => undefined);
      return stored;
    },
    async keep(key, { responses, measuredAt, seconds }) {
      const { rows, blank } = responses;
      const body = encodeCheckpoint({ json: { key: documentOf(key), measuredAt, seconds }, arrays: { rows, blank } });
      if (body.length + hashBytes > limitBytes) {
        return `The responses take ${formatBytes(body.length)}, and at most ${formatBytes(limitBytes)} are kept on this machine.`;
      }
      try {
        await mkdir(folder, { recursive: true });
        await writeFileAtomic(fileOf(key), Buffer.concat([Buffer.from(sha256Hex(body), 'latin1'), body]));
        await shrink(folder, limitBytes);
        return null;
      } catch (error) {
        const known = fileError(error, folder);
        return known instanceof Error ? known.message : String(known);
      }
    },
  };
}

/** Null for anything but a whole file of this key whose values are all numbers. */
function read(bytes: Buffer | null, key: ReferenceKey): StoredReference | null {
  if (bytes === null || bytes.length <= hashBytes) return null;
  // Not a Buffer, whose slice() shares its memory.
  const body = new Uint8Array(bytes.buffer, bytes.byteOffset + hashBytes, bytes.length - hashBytes);
  if (bytes.toString('latin1', 0, hashBytes) !== sha256Hex(body)) return null;
  try {
    const { json, arrays } = decodeCheckpoint(body);
    const { key: of, measuredAt, seconds } = header.parse(json);
    const { rows, blank } = arrays;
    if (canonicalJson(of) !== canonicalJson(documentOf(key))) return null;
    if (!(rows instanceof Float32Array && blank instanceof Float32Array)) return null;
    if (!rows.every(Number.isFinite) || !blank.every(Number.isFinite)) return null;
    const responses = { rows, blank };
    return { responses, measuredAt, seconds, sha256: responsesHash(responses) };
  } catch {
    return null;
  }
}

async function shrink(folder: string, limitBytes: number): Promise<void> {
  const files: { file: string; bytes: number; usedMs: number }[] = [];
  for (const name of await readdir(folder)) {
    const file = path.join(folder, name);
    const found = await stat(file).catch(() => null);
    if (found?.isFile() === true) files.push({ file, bytes: found.size, usedMs: found.mtimeMs });
  }
  let kept = 0;
  for (const { file, bytes, usedMs } of files.toSorted((a, b) => b.usedMs - a.usedMs)) {
    kept += bytes;
    const tooOld = file.endsWith(extension) ? kept > limitBytes : Date.now() - usedMs > stalePartMs;
    // Another process may have removed it already.
    if (tooOld) await rm(file, { force: true }).catch(() => undefined);
  }
}
