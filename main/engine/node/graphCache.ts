/**
 * Optimised graphs on disk. ONNX Runtime folds constants and reorders weights for the processor at every creation of a
 * session; what it made is kept and loaded the next time. A file carries the CRC-32 of its content in its name: a
 * damaged one is noticed in 0.2 ms per megabyte and thrown away.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import type { DeviceId } from '../../contract/devices.ts';
import { newId } from '../../platform/node/ids.ts';

/** Smaller models are created as fast as their cached graph is loaded. */
export const leastCachedBytes = 32 * 1024 * 1024;
/** A protobuf message ends at 2 GiB, and folded weights can make a graph larger than its model. */
export const mostCachedBytes = 1024 * 1024 * 1024;
/** Providers that compile parts of the graph refuse to write it down; of these two it was seen to load again. */
export const cachedDevices: readonly DeviceId[] = ['cpu', 'webgpu'];

const defaultLimitBytes = 4 * 1024 ** 3;
/** A part this old was left behind by a process that died. */
const stalePartMs = 60 * 60 * 1000;
const readBytes = 4 * 1024 * 1024;

/** What the layout of weights depends on: the instructions of the processor. */
export const processorHash = (): string =>
  createHash('sha256')
    .update(`${os.arch()} ${os.cpus()[0]?.model.trim() ?? 'unknown'}`)
    .digest('hex')
    .slice(0, 8);

/**
 * The name of a cached graph, without its checksum and extension, to be given to `createOrtSession`.
 * @param kind which graph of the twin, e.g. 'forward'; letters, digits and points
 */
export function graphCacheFile(
  folder: string,
  graph: { sha256: string; kind: string; device: DeviceId; runtimeVersion: string },
): string {
  const { sha256, kind, device, runtimeVersion } = graph;
  return path.join(folder, [sha256.slice(0, 32), kind, runtimeVersion, device, processorHash()].join('-'));
}

/** The cached graph, checked against its checksum, or null; damaged files are removed. */
export function findGraph(cacheFile: string): string | null {
  const prefix = `${path.basename(cacheFile)}.`;
  for (const name of namesIn(path.dirname(cacheFile))) {
    const found = name.startsWith(prefix) ? /\.([0-9a-f]{8})\.onnx$/.exec(name) : null;
    if (found === null) continue;
    const file = path.join(path.dirname(cacheFile), name);
    if (checksum(file) === found[1]) {
      touch(file);
      return file;
    }
    rmSync(file, { force: true });
  }
  return null;
}

/** Where ONNX Runtime may write the graph; null where the folder cannot be used. */
export function beginGraph(cacheFile: string): string | null {
  try {
    mkdirSync(path.dirname(cacheFile), { recursive: true });
    return `${cacheFile}.${newId('part')}`;
  } catch {
    return null;
  }
}

/** Takes a written graph into the cache, and removes the graphs used longest ago while there are too many bytes. */
export function keepGraph(part: string, cacheFile: string, limitBytes = defaultLimitBytes): void {
  try {
    const sum = checksum(part);
    if (sum === null) return;
    renameSync(part, `${cacheFile}.${sum}.onnx`);
    shrink(path.dirname(cacheFile), limitBytes);
  } catch {
    // A cache that cannot be written costs time, nothing else.
    rmSync(part, { force: true });
  }
}

export function discardGraph(file: string): void {
  rmSync(file, { force: true });
}

function checksum(file: string): string | null {
  let handle: number;
  try {
    handle = openSync(file, 'r');
  } catch {
    return null;
  }
  try {
    const buffer = Buffer.allocUnsafe(readBytes);
    let sum = 0;
    for (let read = -1; read !== 0;) {
      read = readSync(handle, buffer, 0, readBytes, null);
      sum = crc32(buffer.subarray(0, read), sum);
    }
    return sum.toString(16).padStart(8, '0');
  } catch {
    return null;
  } finally {
    closeSync(handle);
  }
}

/** The time of the last change is the time of the last use. */
function touch(file: string): void {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // Somebody else's file can be read; it then only counts as older than it is.
  }
}

function shrink(folder: string, limitBytes: number): void {
  const files = namesIn(folder)
    .map((name) => path.join(folder, name))
    .flatMap((file) => {
      const stat = statSync(file, { throwIfNoEntry: false });
      return stat?.isFile() ? [{ file, bytes: stat.size, usedMs: stat.mtimeMs }] : [];
    })
    .toSorted((a, b) => b.usedMs - a.usedMs);
  let kept = 0;
  for (const { file, bytes, usedMs } of files) {
    const part = !file.endsWith('.onnx');
    kept += bytes;
    if (part ? Date.now() - usedMs > stalePartMs : kept > limitBytes) rmSync(file, { force: true });
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
