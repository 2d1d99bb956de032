import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Handlers } from '../../contract/methods.ts';
import { safeFileName } from '../../platform/node/files.ts';
import { listProjects } from '../../projects/node/project.ts';
import type { Services } from '../services.ts';

export function projectHandlers(
  services: Services,
): Pick<Handlers, 'project.current' | 'project.list' | 'project.create' | 'project.open'> {
  return {
    async 'project.current'() {
      return (await services.currentOrNull()?.project.info()) ?? null;
    },
    'project.list': () => listProjects(services.projectsFolder),
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
