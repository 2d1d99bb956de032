/** Jobs as they survive a restart. The queue decides; this remembers. */
import type { JobProgress, JobSnapshot } from '../../contract/jobs.ts';
import { canonicalJson, sha256Hex } from '../../platform/hash.ts';
import { newId } from '../../platform/node/ids.ts';
import { endProcess, processStartTime } from '../../platform/node/process.ts';
import type { JobChange, JobRow, NewJob } from '../rows.ts';
import { notFound, ownBytes } from './session.ts';
import type { Session } from './session.ts';

type Stored = Omit<JobRow, 'progress' | 'error' | 'notices' | 'plan' | 'frozen' | 'resumable'> & {
  progress: string;
  error: string | null;
  notices: string;
  plan: string;
  frozen: string | null;
  resumable: 0 | 1;
};

function read({ progress, error, notices, plan, frozen, resumable, ...row }: Stored): JobRow {
  return {
    ...row,
    progress: JSON.parse(progress) as JobProgress,
    error: error === null ? null : (JSON.parse(error) as JobSnapshot['error']),
    notices: JSON.parse(notices) as string[],
    plan: JSON.parse(plan) as unknown,
    frozen: frozen === null ? null : (JSON.parse(frozen) as Record<string, unknown>),
    resumable: resumable === 1,
  };
}

/** Stores a checkpoint with the progress it stands for; to be called inside a transaction. */
export function createCheckpointWriter({ database }: Session) {
  const update = database.prepare(
    'UPDATE jobProgress SET checkpoint = ?, progress = ? WHERE jobKey = (SELECT key FROM jobs WHERE id = ?)',
  );
  return ({ jobId, checkpoint, progress }: { jobId: string; checkpoint: Uint8Array; progress: JobProgress }): void => {
    if (update.run(checkpoint, JSON.stringify(progress), jobId).changes !== 1) throw notFound('job', jobId);
  };
}

export function createJobs(session: Session) {
  const { database, write, now } = session;
  const columns = `id, kind, title, planSha256, state, progress, error, notices, resultId, frozen, createdAt, startedAt,
    endedAt, plan, checkpoint IS NOT NULL AS resumable`;
  const insert = database.prepare(
    `INSERT INTO jobs (id, kind, title, planSha256, state, notices, createdAt, plan)
     VALUES (@id, @kind, @title, @planSha256, 'queued', '[]', @createdAt, @plan)`,
  );
  const insertProgress = database.prepare('INSERT INTO jobProgress (jobKey, progress) VALUES (?, ?)');
  const withProgress = 'jobs JOIN jobProgress ON jobKey = key';
  const one = database.prepare<[string], Stored>(`SELECT ${columns} FROM ${withProgress} WHERE id = ?`);
  const all = database.prepare<[], Stored>(`SELECT ${columns} FROM ${withProgress} ORDER BY key`);
  const replace = database.prepare(
    `UPDATE jobs SET state = @state, error = @error, notices = @notices, resultId = @resultId, frozen = @frozen,
       startedAt = @startedAt, endedAt = @endedAt WHERE id = @id`,
  );
  const replaceProgress = database.prepare(
    'UPDATE jobProgress SET progress = ? WHERE jobKey = (SELECT key FROM jobs WHERE id = ?)',
  );
  const checkpointOf = database
    .prepare<[string], Buffer | null>(`SELECT checkpoint FROM ${withProgress} WHERE id = ?`)
    .pluck();
  const setCompute = database.prepare('UPDATE jobs SET computePid = ?, computeStartTime = ? WHERE id = ?');
  const saveCheckpoint = createCheckpointWriter(session);

  function get(id: string): JobRow {
    const stored = one.get(id);
    if (!stored) throw notFound('job', id);
    return read(stored);
  }

  return {
    create: (job: NewJob): JobRow =>
      write(() => {
        const id = newId('job');
        const plan = canonicalJson(job.plan);
        const { kind, title } = job;
        const { lastInsertRowid } = insert.run({
          id,
          kind,
          title,
          plan,
          planSha256: sha256Hex(plan),
          createdAt: now(),
        });
        insertProgress.run(lastInsertRowid, JSON.stringify(job.progress));
        return get(id);
      }),
    update: (id: string, change: JobChange): JobRow =>
      write(() => {
        const { state, progress, error, notices, resultId, frozen, startedAt, endedAt } = { ...get(id), ...change };
        replace.run({
          id,
          state,
          error: error === null ? null : JSON.stringify(error),
          notices: JSON.stringify(notices),
          resultId,
          frozen: frozen === null ? null : canonicalJson(frozen),
          startedAt,
          endedAt,
        });
        replaceProgress.run(JSON.stringify(progress), id);
        return get(id);
      }),
    get,
    /** In the order they were started. */
    list: (): JobRow[] => all.all().map(read),
    checkpoint(id: string): Uint8Array | null {
      const bytes = checkpointOf.get(id);
      if (bytes === undefined) throw notFound('job', id);
      return bytes === null ? null : ownBytes(bytes);
    },
    /** For jobs whose results are stored by other calls; runs and searches store theirs with the checkpoint. */
    saveCheckpoint: (change: { jobId: string; checkpoint: Uint8Array; progress: JobProgress }): void =>
      write(() => saveCheckpoint(change)),
    /** Remembers the compute process that works for this job, so that a survivor of a crash can be ended; null forgets it. */
    recordCompute: (id: string, pid: number | null): void =>
      write(() => {
        if (setCompute.run(pid, pid === null ? null : processStartTime(pid), id).changes !== 1)
          throw notFound('job', id);
      }),
  };
}

/**
 * For a writer that just opened the project: whatever the last one was still doing is interrupted, and a compute
 * process that outlived it is ended. Returns how many jobs were interrupted.
 */
export function interruptJobs({ database, write, now }: Session): number {
  return write(() => {
    const survivors = database
      .prepare<[], { pid: number; startTime: string | null }>(
        'SELECT computePid AS pid, computeStartTime AS startTime FROM jobs WHERE computePid IS NOT NULL',
      )
      .all();
    survivors.forEach(endProcess);
    database.exec('UPDATE jobs SET computePid = NULL, computeStartTime = NULL WHERE computePid IS NOT NULL');
    return database
      .prepare(
        `UPDATE jobs SET state = 'interrupted', endedAt = ?
         WHERE state IN ('queued', 'running', 'pausing', 'cancelling')`,
      )
      .run(now()).changes;
  });
}
