/** Protocols and what was exported from them. */
import type { ProtocolPlan } from '../../contract/plans.ts';
import type { ExpandedProtocol, ProtocolSummary } from '../../contract/results.ts';
import { canonicalJson } from '../../platform/hash.ts';
import { newId } from '../../platform/node/ids.ts';
import type { ExportRow, NewExport, ProtocolRow, SavedProtocol } from '../rows.ts';
import { notFound } from './session.ts';
import type { Session } from './session.ts';

type Stored = Omit<ProtocolRow, 'plan' | 'expanded'> & { plan: string; expanded: string | null };

const read = ({ plan, expanded, ...row }: Stored): ProtocolRow => ({
  ...row,
  plan: JSON.parse(plan) as ProtocolPlan,
  expanded: expanded === null ? null : (JSON.parse(expanded) as ExpandedProtocol),
});

export function createProtocols({ database, write, now }: Session) {
  const summary = 'id, name, trials, minutes, updatedAt';
  const save = database.prepare(
    `INSERT INTO protocols (id, name, trials, minutes, updatedAt, plan, expanded)
     VALUES (@id, @name, @trials, @minutes, @updatedAt, @plan, @expanded)
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, trials = excluded.trials, minutes = excluded.minutes,
       updatedAt = excluded.updatedAt, plan = excluded.plan, expanded = excluded.expanded`,
  );
  const one = database.prepare<[string], Stored>(
    'SELECT id, name, plan, expanded, updatedAt, removedAt FROM protocols WHERE id = ?',
  );
  const named = database
    .prepare<[string], string>(
      'SELECT id FROM protocols WHERE name = ? AND removedAt IS NULL ORDER BY key DESC LIMIT 1',
    )
    .pluck();
  const oneSummary = database.prepare<[string], ProtocolSummary>(`SELECT ${summary} FROM protocols WHERE id = ?`);
  const all = database.prepare<[], ProtocolSummary>(
    `SELECT ${summary} FROM protocols WHERE removedAt IS NULL ORDER BY key`,
  );
  const setRemoved = database.prepare('UPDATE protocols SET removedAt = ? WHERE id = ?');

  function get(id: string): ProtocolRow {
    const stored = one.get(id);
    if (!stored) throw notFound('protocol', id);
    return read(stored);
  }

  return {
    /** Stores a new protocol, or replaces the one with this id. */
    save: (protocol: SavedProtocol): ProtocolRow =>
      write(() => {
        const id = protocol.id === undefined ? newId('protocol') : get(protocol.id).id;
        save.run({
          id,
          name: protocol.name,
          trials: protocol.expanded?.trials.length ?? 0,
          minutes: protocol.expanded?.minutes ?? 0,
          updatedAt: now(),
          plan: canonicalJson(protocol.plan),
          expanded: protocol.expanded === null ? null : canonicalJson(protocol.expanded),
        });
        return get(id);
      }),
    list: (): ProtocolSummary[] => all.all(),
    /** Also finds removed protocols. */
    get,
    /** Looks for an id first, then for the newest protocol of this name that is not removed. */
    getByNameOrId: (nameOrId: string): ProtocolRow => get(one.get(nameOrId)?.id ?? named.get(nameOrId) ?? nameOrId),
    remove: (id: string): void =>
      write(() => {
        if (get(id).removedAt === null) setRemoved.run(now(), id);
      }),
    restore: (id: string): ProtocolSummary =>
      write(() => {
        setRemoved.run(null, get(id).id);
        return oneSummary.get(id) as ProtocolSummary;
      }),
  };
}

type StoredExport = Omit<ExportRow, 'files' | 'checks'> & { files: string; checks: string };

export function createExports({ database, write, now }: Session) {
  const columns = 'id, protocolId, format, folder, files, checks, createdAt';
  const insert = database.prepare(
    `INSERT INTO exports (${columns}) VALUES (@id, @protocolId, @format, @folder, @files, @checks, @createdAt)`,
  );
  const one = database.prepare<[string], StoredExport>(`SELECT ${columns} FROM exports WHERE id = ?`);
  const ofProtocol = database.prepare<[string], StoredExport>(
    `SELECT ${columns} FROM exports WHERE protocolId = ? ORDER BY key`,
  );
  const protocolKnown = database.prepare<[string], number>('SELECT 1 FROM protocols WHERE id = ?').pluck();

  const readExport = ({ files, checks, ...row }: StoredExport): ExportRow => ({
    ...row,
    files: JSON.parse(files) as ExportRow['files'],
    checks: JSON.parse(checks) as ExportRow['checks'],
  });

  function get(id: string): ExportRow {
    const stored = one.get(id);
    if (!stored) throw notFound('export', id);
    return readExport(stored);
  }

  return {
    add: (record: NewExport): ExportRow =>
      write(() => {
        if (protocolKnown.get(record.protocolId) !== 1) throw notFound('protocol', record.protocolId);
        const id = newId('export');
        const documents = { files: canonicalJson(record.files), checks: canonicalJson(record.checks) };
        insert.run({ ...record, ...documents, id, createdAt: now() });
        return get(id);
      }),
    get,
    /** Exports of one protocol, in the order they were made. */
    list: (protocolId: string): ExportRow[] => ofProtocol.all(protocolId).map(readExport),
  };
}
