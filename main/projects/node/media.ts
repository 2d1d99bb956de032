/** Images, arrays and thumbnails. Images and arrays are content-addressed: storing one twice stores it once. */
import { createHash } from 'node:crypto';
import { TwinscopeError } from '../../platform/errors.ts';
import type { NewImage, StoredArray, StoredImage } from '../rows.ts';
import { notFound, ownBytes } from './session.ts';
import type { Session } from './session.ts';

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function requireContent(sha256: string, bytes: Uint8Array): void {
  if (sha256Of(bytes) !== sha256) throw new RangeError(`The bytes given for ${sha256} have another SHA-256.`);
}

export function createImages({ database, write }: Session) {
  const insert = database.prepare(
    `INSERT INTO images (sha256, mediaType, widthPx, heightPx, name, sizeBytes, bytes)
     VALUES (@sha256, @mediaType, @widthPx, @heightPx, @name, @sizeBytes, @bytes) ON CONFLICT (sha256) DO NOTHING`,
  );
  const columns = 'sha256, mediaType, widthPx, heightPx, name, sizeBytes';
  const one = database.prepare<[string], StoredImage>(`SELECT ${columns} FROM images WHERE sha256 = ?`);
  const all = database.prepare<[], StoredImage>(`SELECT ${columns} FROM images ORDER BY key`);
  const content = database.prepare<[string], Buffer>('SELECT bytes FROM images WHERE sha256 = ?').pluck();
  const known = database.prepare<[string], number>('SELECT 1 FROM images WHERE sha256 = ?').pluck();
  const counted = database.prepare<[], number>('SELECT count(*) FROM images').pluck();

  function add(image: NewImage): boolean {
    requireContent(image.sha256, image.bytes);
    return insert.run({ ...image, sizeBytes: image.bytes.length }).changes === 1;
  }

  return {
    /** Stores an image and returns whether it was new. An image already there keeps its first name. */
    put: (image: NewImage): boolean => write(() => add(image)),
    /** Stores many images in one transaction and returns how many were new. */
    putMany: (images: NewImage[]): number => write(() => images.filter(add).length),
    has: (sha256: string): boolean => known.get(sha256) === 1,
    get(sha256: string): StoredImage {
      const row = one.get(sha256);
      if (!row) throw notFound('image', sha256);
      return row;
    },
    /** The file as it was imported. */
    bytes(sha256: string): Uint8Array {
      const bytes = content.get(sha256);
      if (!bytes) throw notFound('image', sha256);
      return ownBytes(bytes);
    },
    /** In the order they were added. */
    list: (): StoredImage[] => all.all(),
    count: (): number => counted.get() ?? 0,
  };
}

export function createArrays({ database, write }: Session) {
  const insert = database.prepare(
    'INSERT INTO arrays (sha256, bytes) VALUES (@sha256, @bytes) ON CONFLICT (sha256) DO NOTHING',
  );
  const content = database.prepare<[string], Buffer>('SELECT bytes FROM arrays WHERE sha256 = ?').pluck();
  const known = database.prepare<[string], number>('SELECT 1 FROM arrays WHERE sha256 = ?').pluck();

  return {
    /** Stores NPY bytes and returns whether they were new. */
    put: (array: StoredArray): boolean =>
      write(() => {
        requireContent(array.sha256, array.bytes);
        return insert.run(array).changes === 1;
      }),
    has: (sha256: string): boolean => known.get(sha256) === 1,
    bytes(sha256: string): Uint8Array {
      const bytes = content.get(sha256);
      if (!bytes) throw new TwinscopeError('not-found', `This project holds no stimulus raster "${sha256}".`);
      return ownBytes(bytes);
    },
  };
}

/** A cache: everything here can be drawn again, so a read-only project simply does not keep new ones. */
export function createThumbnails({ database, readOnly, write }: Session) {
  const insert = database.prepare('INSERT INTO thumbnails (id, png) VALUES (?, ?) ON CONFLICT (id) DO NOTHING');
  const content = database.prepare<[string], Buffer>('SELECT png FROM thumbnails WHERE id = ?').pluck();

  return {
    put(key: string, png: Uint8Array): void {
      if (readOnly === null) write(() => insert.run(key, png));
    },
    putMany(thumbnails: { key: string; png: Uint8Array }[]): void {
      if (readOnly === null) write(() => thumbnails.forEach(({ key, png }) => insert.run(key, png)));
    },
    /** The PNG, or null when it has not been drawn yet. */
    get(key: string): Uint8Array | null {
      const png = content.get(key);
      return png ? ownBytes(png) : null;
    },
  };
}
