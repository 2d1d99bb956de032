/**
 * The archive of a package: a zip file whose bytes follow from the package alone, whichever machine writes it, closed by a
 * seal. Files are stored, not compressed: float weights shrink by a tenth at most, and what a compressor gives depends on
 * its version and on the processor.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { TwinscopeError } from '../../platform/errors.ts';
import { formatBytes } from '../../platform/words.ts';
import { manifestName } from '../manifest.ts';
import { packageHash } from '../packageHash.ts';
import { packageSize, type TwinPackage } from './package.ts';
import { refusedArchive } from './zipFile.ts';

/** The archive's comment: this, and the SHA-256 of every byte before it in hexadecimal. */
const sealWords = 'twinscope package, sealed with sha256 ';
const sealBytes = sealWords.length + 64;
const mostArchiveBytes = 2 ** 32 - 2 ** 20;
const version = 20;
const utf8Names = 0x0800;
/** 1 January 1980, the earliest date a zip file can hold. */
const noDate = 0x0021;

type Written = { name: Buffer; crc: number; sizeBytes: number; offset: number };

/**
 * Writes the package as an archive, `twin.json` first, and returns its size. Throws 'conflict' where a file is not the one
 * its manifest names, and 'unsupported' for more than a zip file holds.
 */
export async function writeArchive(handle: FileHandle, twin: TwinPackage): Promise<number> {
  const bytes = await packageSize(twin);
  if (bytes > mostArchiveBytes) {
    throw new TwinscopeError(
      'unsupported',
      `The package holds ${formatBytes(bytes)}, and an archive holds ${formatBytes(mostArchiveBytes)}. Nothing was written. Choose a name that ends neither in .twin nor in .zip, for a folder.`,
    );
  }
  const seal = createHash('sha256');
  let at = 0;
  const put = async (part: Uint8Array): Promise<void> => {
    await handle.writeFile(part);
    seal.update(part);
    at += part.length;
  };

  const written: Written[] = [];
  for (const path of [manifestName, ...Object.keys(twin.manifest.files)]) {
    const file = join(twin.folder, ...path.split('/'));
    const { crc, sizeBytes, sha256 } = await measure(file);
    if (!isTheOne(twin, path, sha256)) throw changed(path);
    const entry: Written = { name: Buffer.from(path, 'utf8'), crc, sizeBytes, offset: at };
    await put(localHeader(entry));
    let copied = 0;
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
      copied = crc32(chunk, copied);
      await put(chunk);
    }
    if (copied !== crc) throw changed(path);
    written.push(entry);
  }
  const directory = Buffer.concat(written.map(directoryEntry));
  await put(endRecord(directory, written.length, at));
  await handle.writeFile(`${sealWords}${seal.digest('hex')}`);
  return at + sealBytes;
}

async function measure(file: string): Promise<{ crc: number; sizeBytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let crc = 0;
  let sizeBytes = 0;
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    crc = crc32(chunk, crc);
    sizeBytes += chunk.length;
  }
  return { crc, sizeBytes, sha256: hash.digest('hex') };
}

const isTheOne = ({ manifest, sha256: identity }: TwinPackage, path: string, sha256: string): boolean =>
  path === manifestName
    ? packageHash({ ...manifest.files, [manifestName]: sha256 }) === identity
    : manifest.files[path] === sha256;

function changed(path: string): TwinscopeError {
  return new TwinscopeError(
    'conflict',
    `${path} was changed while the package was written. Nothing was written. Try again.`,
  );
}

/** What the local header and the list of files say of an entry alike, from the version needed on. */
function described({ name, crc, sizeBytes }: Written): Buffer {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(version, 0);
  fields.writeUInt16LE(utf8Names, 2);
  fields.writeUInt16LE(noDate, 8);
  fields.writeUInt32LE(crc, 10);
  fields.writeUInt32LE(sizeBytes, 14);
  fields.writeUInt32LE(sizeBytes, 18);
  fields.writeUInt16LE(name.length, 22);
  return fields;
}

function localHeader(entry: Written): Buffer {
  return Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), described(entry), entry.name]);
}

function directoryEntry(entry: Written): Buffer {
  const madeBy = Buffer.alloc(2);
  madeBy.writeUInt16LE(version);
  const tail = Buffer.alloc(14);
  tail.writeUInt32LE(entry.offset, 10);
  return Buffer.concat([Buffer.from('PK\x01\x02', 'latin1'), madeBy, described(entry), tail, entry.name]);
}

/** The list of files and the record that ends the archive, up to the comment. */
function endRecord(directory: Buffer, count: number, offset: number): Buffer {
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(sealBytes, 20);
  return Buffer.concat([directory, end]);
}

/**
 * Throws 'bad-input' for an archive that was sealed and is not the same any more, by a single byte even. One without a seal,
 * made by another program, passes.
 */
export async function requireSeal(path: string): Promise<void> {
  const { size } = await stat(path);
  const handle = await open(path, 'r');
  let tail: string;
  try {
    const length = Math.min(size, 2 * sealBytes);
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    tail = buffer.toString('latin1');
  } finally {
    await handle.close();
  }
  // Either half, so that a seal with one wrong letter in its words is not taken for the comment of another program.
  const half = sealWords.length / 2;
  if (!tail.includes(sealWords.slice(0, half)) && !tail.includes(sealWords.slice(half))) return;
  const hash = createHash('sha256');
  if (size > sealBytes) {
    for await (const chunk of createReadStream(path, { end: size - sealBytes - 1 })) hash.update(chunk as Buffer);
  }
  if (tail.endsWith(`${sealWords}${hash.digest('hex')}`)) return;
  throw refusedArchive(path, 'it was changed or cut off after it was sealed');
}
