/** Searches: checkpoints and trajectory while they run, the report and its rasters when they finish. */
import type { SearchPlan } from '../../contract/plans.ts';
import type { Provenance } from '../../contract/results.ts';
import { canonicalJson } from '../../platform/hash.ts';
import { newId } from '../../platform/node/ids.ts';
import type {
  FinishedSearch,
  NewSearch,
  SearchCheckpoint,
  SearchFindings,
  SearchListRow,
  SearchRow,
  TrajectoryPoint,
} from '../rows.ts';
import { createCheckpointWriter } from './jobs.ts';
import { sha256Of } from './media.ts';
import { notFound } from './session.ts';
import type { Session } from './session.ts';

type Stored = Omit<SearchRow, 'plan' | 'provenance' | 'report' | 'trajectory'> & {
  key: number;
  plan: string;
  provenance: string;
  report: string | null;
};

export function createSearches(session: Session) {
  const { database, write, now } = session;
  const insert = database.prepare(
    `INSERT INTO searches (id, jobId, name, state, createdAt, plan, provenance)
     VALUES (@id, @jobId, @name, 'partial', @createdAt, @plan, @provenance)`,
  );
  const one = database.prepare<[string], Stored>('SELECT * FROM searches WHERE id = ?');
  const ofJob = database.prepare<[string], Stored>('SELECT * FROM searches WHERE jobId = ? ORDER BY key DESC LIMIT 1');
  const all = database.prepare<[], Omit<SearchListRow, 'plan'> & { plan: string }>(
    'SELECT id, jobId, name, plan, state, best, bestControl, thumbnail, createdAt FROM searches ORDER BY key',
  );
  const trajectoryOf = database.prepare<[number], TrajectoryPoint>(
    'SELECT step, best, median FROM trajectories WHERE searchKey = ? ORDER BY step',
  );
  const putPoint = database.prepare(
    `INSERT INTO trajectories (searchKey, step, best, median) VALUES (?, ?, ?, ?)
     ON CONFLICT (searchKey, step) DO UPDATE SET best = excluded.best, median = excluded.median`,
  );
  const complete = database.prepare(
    `UPDATE searches SET state = 'complete', report = @report, best = @best, bestControl = @bestControl,
       thumbnail = @thumbnail, contentSha256 = @contentSha256 WHERE key = @key`,
  );
  const putProvenance = database.prepare('UPDATE searches SET provenance = ? WHERE id = ?');
  const putArray = database.prepare('INSERT INTO arrays (sha256, bytes) VALUES (?, ?) ON CONFLICT (sha256) DO NOTHING');
  const saveCheckpoint = createCheckpointWriter(session);

  function read({ key, plan, provenance, report, ...row }: Stored): SearchRow {
    return {
      ...row,
      plan: JSON.parse(plan) as SearchPlan,
      provenance: JSON.parse(provenance) as Provenance,
      report: report === null ? null : (JSON.parse(report) as SearchFindings),
      trajectory: trajectoryOf.all(key),
    };
  }

  function find(id: string): Stored {
    const stored = one.get(id);
    if (!stored) throw notFound('search', id);
    return stored;
  }

  function extend(key: number, points: TrajectoryPoint[] = []): void {
    for (const { step, best, median } of points) putPoint.run(key, step, best, median);
  }

  return {
    create: (search: NewSearch): SearchRow =>
      write(() => {
        const id = newId('search');
        insert.run({
          id,
          jobId: search.jobId,
          name: search.name,
          createdAt: now(),
          plan: canonicalJson(search.plan),
          provenance: canonicalJson(search.provenance),
        });
        return read(find(id));
      }),

    /** Stores the checkpoint, the progress and the points since the last one in one transaction. */
    saveCheckpoint: (change: SearchCheckpoint): void =>
      write(() => {
        extend(find(change.searchId).key, change.trajectory);
        saveCheckpoint(change);
      }),

    /** Replaces the provenance, which grows where memory does not suffice. */
    setProvenance: (id: string, provenance: Provenance): void =>
      write(() => {
        if (putProvenance.run(canonicalJson(provenance), id).changes !== 1) throw notFound('search', id);
      }),

    /** Stores the report and every raster it names in one transaction and marks the search complete. */
    finish: ({ searchId, report, arrays, trajectory, contentSha256 }: FinishedSearch): SearchRow =>
      write(() => {
        const { key } = find(searchId);
        for (const { sha256, bytes } of arrays) {
          if (sha256Of(bytes) !== sha256) throw new RangeError(`The bytes given for ${sha256} have another SHA-256.`);
          putArray.run(sha256, bytes);
        }
        extend(key, trajectory);
        const best = report.candidates[0];
        const controls = report.controls.map((control) => control.best);
        complete.run({
          key,
          report: canonicalJson(report),
          best: best?.objective ?? null,
          bestControl: controls.length === 0 ? null : Math.max(...controls),
          thumbnail: best?.thumbnail ?? null,
          contentSha256,
        });
        return read(find(searchId));
      }),

    get: (id: string): SearchRow => read(find(id)),
    /** The search a job has made so far, or null. */
    getByJob(jobId: string): SearchRow | null {
      const stored = ofJob.get(jobId);
      return stored ? read(stored) : null;
    },
    /** In the order they were made. */
    list: (): SearchListRow[] => all.all().map((row) => ({ ...row, plan: JSON.parse(row.plan) as SearchPlan })),
  };
}
