/**
 * Reading zip files that anybody may have made: every entry is judged before a byte is unpacked, sizes are held to what
 * was declared, and nothing but plain files comes out.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import { TwinscopeError } from '../../platform/errors.ts';
import { foldedPath, unsafePath } from '../manifest.ts';

export interface ZipEntry {
  path: string;
  sizeBytes: number;
  compressedBytes: number;
  method: 'stored' | 'deflated';
  /** CRC-32 of the content. */
  crc: number;
  localOffset: number;
}

export interface ZipLimits {
  entries: number;
  /** Unpacked, all entries together. */
  totalBytes: number;
}

export const packageLimits: ZipLimits = { entries: 10_000, totalBytes: 16 * 2 ** 30 };

/**
 * What a small archive may unpack to. Weights stay far below it; a file made to fill a disk shrinks to a thousandth, the
 * most that deflate can do.
 */
const bomb = { aboveBytes: 256 * 2 ** 20, ratio: 200 };

const centralSignature = 0x02014b50;
const endSignature = 0x06054b50;
const localHeaderBytes = 30;
const symbolicLink = 0xa000;
const fileTypeMask = 0xf000;

export function refusedArchive(path: string, why: string): TwinscopeError {
  return new TwinscopeError(
    'bad-input',
    `${path} cannot be unpacked: ${why}. Nothing was imported. Ask for the package again, or import its unpacked folder.`,
    { why },
  );
}

/** The files of a zip archive, all checked; folders are left out. Throws 'bad-input' with the reason. */
export async function listZip(path: string, limits: ZipLimits): Promise<ZipEntry[]> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const tailLength = Math.min(size, 65_557);
    const tail = Buffer.alloc(tailLength);
    await handle.read(tail, 0, tailLength, size - tailLength);
    let end = tailLength - 22;
    while (end >= 0 && tail.readUInt32LE(end) !== endSignature) end--;
    if (end < 0) throw refusedArchive(path, 'it is not a complete zip file');
    const behind = tailLength - (end + 22 + tail.readUInt16LE(end + 20));
    if (behind < 0) throw refusedArchive(path, 'its end is cut off');
    // Bytes behind the end would push a seal out of sight.
    if (behind > 0) throw refusedArchive(path, 'its end is cut off, or something was added behind it');
    const count = tail.readUInt16LE(end + 10);
    const length = tail.readUInt32LE(end + 12);
    const start = tail.readUInt32LE(end + 16);
    if (count === 0xffff || start === 0xffffffff) throw refusedArchive(path, 'it uses the format for more than 4 GiB');
    if (count > limits.entries)
      throw refusedArchive(path, `it holds ${count} entries and at most ${limits.entries} are allowed`);
    if (start + length > size) throw refusedArchive(path, 'its list of files is cut off');
    const directory = Buffer.alloc(length);
    await handle.read(directory, 0, length, start);
    return parseDirectory(path, directory, count, { size, start, limits });
  } finally {
    await handle.close();
  }
}

/** The bytes of an entry in the archive, its header among them. */
type Span = { name: string; from: number; to: number };

/** @param archive its size, where its list of files starts, and what it is held to */
function parseDirectory(
  path: string,
  directory: Buffer,
  count: number,
  { size, start, limits }: { size: number; start: number; limits: ZipLimits },
): ZipEntry[] {
  const entries: ZipEntry[] = [];
  const spans: Span[] = [];
  const names = new Set<string>();
  let total = 0;
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== centralSignature) {
      throw refusedArchive(path, 'its list of files is damaged');
    }
    const flags = directory.readUInt16LE(at + 8);
    const method = directory.readUInt16LE(at + 10);
    const crc = directory.readUInt32LE(at + 16);
    const compressedBytes = directory.readUInt32LE(at + 20);
    const sizeBytes = directory.readUInt32LE(at + 24);
    const nameLength = directory.readUInt16LE(at + 28);
    const next = at + 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
    const mode = directory.readUInt32LE(at + 38) >>> 16;
    const localOffset = directory.readUInt32LE(at + 42);
    if (next > directory.length) throw refusedArchive(path, 'its list of files is damaged');
    const name = directory.toString('utf8', at + 46, at + 46 + nameLength);
    at = next;

    const folder = name.endsWith('/');
    const unsafe = unsafePath(folder ? name.slice(0, -1) : name);
    if (unsafe !== null)
      throw refusedArchive(path, `the entry ${JSON.stringify(name.slice(0, 100))} is not allowed, since ${unsafe}`);
    if ((mode & fileTypeMask) === symbolicLink) throw refusedArchive(path, `the entry ${name} is a symbolic link`);
    if (folder) continue;
    if ((flags & 1) !== 0) throw refusedArchive(path, `the entry ${name} is encrypted`);
    if (method !== 0 && method !== 8) throw refusedArchive(path, `the entry ${name} uses an unknown compression`);
    if (names.has(foldedPath(name))) throw refusedArchive(path, `the entry ${name} occurs twice`);
    names.add(foldedPath(name));
    if (localOffset + compressedBytes > size) throw refusedArchive(path, `the entry ${name} is cut off`);
    total += sizeBytes;
    if (total > limits.totalBytes) {
      throw refusedArchive(path, `it unpacks to more than ${Math.round(limits.totalBytes / 2 ** 20)} MiB`);
    }
    spans.push({ name, from: localOffset, to: localOffset + localHeaderBytes + nameLength + compressedBytes });
    const kind = method === 0 ? 'stored' : 'deflated';
    entries.push({ path: name, sizeBytes, compressedBytes, method: kind, crc, localOffset });
  }
  if (total > bomb.aboveBytes && total > bomb.ratio * size) {
    throw refusedArchive(path, `it unpacks to ${Math.round(total / size)} times its size`);
  }
  refuseSharedBytes(path, spans, start);
  return entries;
}

/** Entries that read the same bytes let a small file unpack to any size. */
function refuseSharedBytes(path: string, spans: readonly Span[], directoryStart: number): void {
  const inOrder = spans.toSorted((a, b) => a.from - b.from);
  for (const [at, { name, to }] of inOrder.entries()) {
    const next = inOrder[at + 1];
    if (to <= (next?.from ?? directoryStart)) continue;
    throw refusedArchive(path, `the entry ${name} shares bytes with ${next?.name ?? 'the list of files'}`);
  }
}

/**
 * Copies one entry's content to what `open` gives; more, fewer or other bytes than declared are refused. Opened only once
 * somebody listens: the error of a stream that nobody hears ends the process.
 */
async function unpack(path: string, entry: ZipEntry, openSink: () => Writable): Promise<void> {
  const handle = await open(path, 'r');
  const header = Buffer.alloc(localHeaderBytes);
  try {
    const { bytesRead } = await handle.read(header, 0, localHeaderBytes, entry.localOffset);
    if (bytesRead < localHeaderBytes || header.readUInt32LE(0) !== 0x04034b50)
      throw refusedArchive(path, `the entry ${entry.path} is damaged`);
  } finally {
    await handle.close();
  }
  const start = entry.localOffset + localHeaderBytes + header.readUInt16LE(26) + header.readUInt16LE(28);
  let unpacked = 0;
  let crc = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      unpacked += chunk.length;
      crc = crc32(chunk, crc);
      if (unpacked > entry.sizeBytes) done(refusedArchive(path, `the entry ${entry.path} is larger than it says`));
      else done(null, chunk);
    },
  });
  const source =
    entry.compressedBytes === 0
      ? Readable.from([])
      : createReadStream(path, { start, end: start + entry.compressedBytes - 1 });
  try {
    if (entry.method === 'stored' || entry.compressedBytes === 0) await pipeline(source, measure, openSink());
    else await pipeline(source, createInflateRaw(), measure, openSink());
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw code.startsWith('Z_') ? refusedArchive(path, `the entry ${entry.path} is damaged`) : error;
  }
  if (unpacked !== entry.sizeBytes) throw refusedArchive(path, `the entry ${entry.path} is smaller than it says`);
  if (crc !== entry.crc) throw refusedArchive(path, `the entry ${entry.path} is damaged`);
}

/** Unpacks one entry below `folder` under `target`, a safe relative path. */
export async function unpackTo(path: string, entry: ZipEntry, folder: string, target: string): Promise<void> {
  const file = join(folder, ...target.split('/'));
  try {
    await mkdir(dirname(file), { recursive: true });
    await unpack(path, entry, () => createWriteStream(file, { flags: 'wx' }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENAMETOOLONG') throw error;
    throw refusedArchive(path, `the entry ${entry.path} has a name that is too long for this disk`);
  }
}

/** Unpacks one entry into memory. */
export async function unpackBytes(path: string, entry: ZipEntry): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  const collect = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  await unpack(path, entry, () => collect);
  return Buffer.concat(chunks);
}
