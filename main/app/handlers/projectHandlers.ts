import { existsSync } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Handlers } from '../../contract/methods.ts';
import { safeFileName } from '../../platform/node/files.ts';
import type { Services } from '../services.ts';

export function projectHandlers(
  services: Services,
): Pick<Handlers, 'project.current' | 'project.list' | 'project.create' | 'project.open'> {
  return {
    async 'project.current'() {
      return (await services.currentOrNull()?.project.info()) ?? null;
    },
    async 'project.list'() {
      if (!existsSync(services.projectsFolder)) return [];
      const files = (await readdir(services.projectsFolder)).filter((name) => name.endsWith('.twinscope'));
      const rows = await Promise.all(
        files.map(async (file) => {
          const full = path.join(services.projectsFolder, file);
          const { mtime, size } = await stat(full);
          return {
            path: full,
            name: path.basename(file, '.twinscope'),
            modifiedAt: mtime.toISOString(),
            sizeBytes: size,
          };
        }),
      );
      return rows.toSorted((a, b) => (a.modifiedAt < b.modifiedAt ? 1 : -1));
    },
    async 'project.create'({ name }) {
      await mkdir(services.projectsFolder, { recursive: true });
      const file = path.join(services.projectsFolder, `${safeFileName(name)}.twinscope`);
      const { project } = await services.open(file, { name });
      return project.info();
    },
    async 'project.open'({ path: file }) {
      const { project } = await services.open(file);
      return project.info();
    },
  };
}
