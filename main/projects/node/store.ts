/** All repositories of one open project. Synchronous: they live in the project's thread. */
import { existsSync, statSync } from 'node:fs';
import type { ProjectInfo } from '../../contract/methods.ts';
import { alreadyThere } from '../../platform/node/files.ts';
import { checkProject } from './check.ts';
import { createJobs } from './jobs.ts';
import { createArrays, createImages, createThumbnails } from './media.ts';
import { copyTo } from './migrate.ts';
import type { Opened } from './open.ts';
import { createExports, createProtocols } from './protocols.ts';
import { createRuns } from './runs.ts';
import { createSearches } from './searches.ts';
import { createSets } from './sets.ts';

export function createStore({ session, notice }: Opened, path: string) {
  const { database, readOnly } = session;
  const runs = createRuns(session);
  const metaValue = database.prepare<[string], string>('SELECT value FROM meta WHERE key = ?').pluck();
  const counts = database.prepare<[], ProjectInfo['counts']>(
    `SELECT (SELECT count(*) FROM sets WHERE removedAt IS NULL) AS sets, (SELECT count(*) FROM runs) AS runs,
       (SELECT count(*) FROM searches) AS searches,
       (SELECT count(*) FROM protocols WHERE removedAt IS NULL) AS protocols,
       (SELECT count(*) FROM images) AS images`,
  );

  return {
    images: createImages(session),
    arrays: createArrays(session),
    thumbnails: createThumbnails(session),
    sets: createSets(session),
    runs,
    searches: createSearches(session),
    protocols: createProtocols(session),
    exports: createExports(session),
    jobs: createJobs(session),
    project: {
      info: (): ProjectInfo => ({
        path,
        name: metaValue.get('name') ?? '',
        sizeBytes: ['', '-wal'].reduce(
          (sum, suffix) => sum + (statSync(path + suffix, { throwIfNoEntry: false })?.size ?? 0),
          0,
        ),
        readOnly,
        notice,
        counts: counts.get() as ProjectInfo['counts'],
      }),
      /** Checks the file's structure and recomputes every content hash. */
      check: () => checkProject(database, runs.contentSha256),
      /** Writes a whole copy to a path that does not exist yet. */
      copyTo(target: string): void {
        if (existsSync(target)) throw alreadyThere(target);
        copyTo(database, target);
      },
    },
  };
}

export type Store = ReturnType<typeof createStore>;
