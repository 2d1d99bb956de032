/** Stimulus sets. Removing puts a set away; results that used it stay whole, and restoring brings it back. */
import type { SetSummary } from '../../contract/results.ts';
import type { StimulusDesign } from '../../contract/stimuli.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { canonicalJson } from '../../platform/hash.ts';
import { newId } from '../../platform/node/ids.ts';
import type { NewSet, SetRow } from '../rows.ts';
import { notFound } from './session.ts';
import type { Session } from './session.ts';

type Stored = SetSummary & { design: string; stimuliSha256: string; removedAt: string | null };

const read = ({ design, ...row }: Stored): SetRow => ({ ...row, design: JSON.parse(design) as StimulusDesign });

/** Every image a design shows. */
export function imagesOf(design: StimulusDesign): string[] {
  if (design.type === 'images') return design.imageSha256s;
  if (design.type !== 'list') return [];
  return design.stimuli.flatMap((spec) => (spec.type === 'image' ? [spec.imageSha256] : []));
}

/** Every raster a design shows. */
export function rastersOf(design: StimulusDesign): string[] {
  if (design.type !== 'list') return [];
  return design.stimuli.flatMap((spec) => (spec.type === 'raster' ? [spec.arraySha256] : []));
}

export function createSets({ database, write, now }: Session) {
  const summary = 'id, name, type, description, count, createdAt';
  const full = `${summary}, stimuliSha256, removedAt, design`;
  const insert = database.prepare(
    `INSERT INTO sets (id, name, type, description, count, stimuliSha256, createdAt, design)
     VALUES (@id, @name, @type, @description, @count, @stimuliSha256, @createdAt, @design)`,
  );
  const one = database.prepare<[string], Stored>(`SELECT ${full} FROM sets WHERE id = ?`);
  const named = database.prepare<[string], Stored>(`SELECT ${full} FROM sets WHERE name = ? AND removedAt IS NULL`);
  const all = database.prepare<[], SetSummary>(`SELECT ${summary} FROM sets WHERE removedAt IS NULL ORDER BY key`);
  const setName = database.prepare('UPDATE sets SET name = ? WHERE id = ?');
  const setRemoved = database.prepare('UPDATE sets SET removedAt = ? WHERE id = ?');
  const imageKnown = database.prepare<[string], number>('SELECT 1 FROM images WHERE sha256 = ?').pluck();
  const arrayKnown = database.prepare<[string], number>('SELECT 1 FROM arrays WHERE sha256 = ?').pluck();

  function get(id: string): SetRow {
    const row = one.get(id);
    if (!row) throw notFound('stimulus set', id);
    return read(row);
  }

  function requireFree(name: string, id: string | null, advice: string): void {
    const holder = named.get(name);
    if (holder && holder.id !== id) {
      throw new TwinscopeError('conflict', `There is already a stimulus set named "${name}". ${advice}`);
    }
  }

  function requireContent(design: StimulusDesign): void {
    const image = imagesOf(design).find((sha256) => imageKnown.get(sha256) !== 1);
    if (image !== undefined) throw notFound('image', image);
    const raster = rastersOf(design).find((sha256) => arrayKnown.get(sha256) !== 1);
    if (raster !== undefined) throw notFound('stimulus raster', raster);
  }

  return {
    /** Refuses a name in use ('conflict') and images or rasters that the project does not hold ('not-found'). */
    create: (set: NewSet): SetRow =>
      write(() => {
        requireFree(set.name, null, 'Choose another name.');
        requireContent(set.design);
        const id = newId('set');
        insert.run({ ...set, id, type: set.design.type, createdAt: now(), design: canonicalJson(set.design) });
        return get(id);
      }),
    /** Sets that are not removed, in the order they were made. */
    list: (): SetSummary[] => all.all(),
    /** Also finds removed sets, because results refer to them. */
    get,
    /** Looks for an id first, then for the name of a set that is not removed. */
    getByNameOrId(nameOrId: string): SetRow {
      const row = one.get(nameOrId) ?? named.get(nameOrId);
      if (!row) throw notFound('stimulus set', nameOrId);
      return read(row);
    },
    rename: (id: string, name: string): SetRow =>
      write(() => {
        if (get(id).removedAt === null) requireFree(name, id, 'Choose another name.');
        setName.run(name, id);
        return get(id);
      }),
    remove: (id: string): void =>
      write(() => {
        if (get(id).removedAt === null) setRemoved.run(now(), id);
      }),
    restore: (id: string): SetRow =>
      write(() => {
        requireFree(get(id).name, id, 'Rename that one first.');
        setRemoved.run(null, id);
        return get(id);
      }),
  };
}
