/**
 * The backend, composed: library, compute, project, jobs, handlers and resources. It knows nothing of its host; the
 * browser host, the desktop shell and the command line each create one.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import type { JobKind } from '../contract/jobs.ts';
import type { EventData, EventName, Handlers, ProjectInfo } from '../contract/methods.ts';
import { createComputeClient } from '../engine/computeClient.ts';
import type { SpawnCompute } from '../engine/computeContract.ts';
import { defaultDeadlines, type DeadlineLimits } from '../engine/deadline.ts';
import { createJobQueue, type JobRunner } from '../jobs/node/queue.ts';
import type { Log } from '../platform/node/log.ts';
import { libraryFolder, projectsFolder, referenceCacheFolder, userDataFolder } from '../platform/node/paths.ts';
import { openProject } from '../projects/node/project.ts';
import { openReferenceStore } from '../search/node/referenceStore.ts';
import { openLibrary } from '../twins/node/library.ts';
import { createDeviceService } from './deviceService.ts';
import { deviceHandlers } from './handlers/deviceHandlers.ts';
import { jobHandlers } from './handlers/jobHandlers.ts';
import { libraryHandlers } from './handlers/libraryHandlers.ts';
import { projectHandlers } from './handlers/projectHandlers.ts';
import { resultHandlers } from './handlers/resultHandlers.ts';
import { stimulusHandlers } from './handlers/stimulusHandlers.ts';
import { createExportJob } from './jobs/exportJob.ts';
import { createImportImagesJob } from './jobs/importImagesJob.ts';
import { createRunJob } from './jobs/runJob.ts';
import { createSearchJob } from './jobs/searchJob.ts';
import { installFolder } from './installFolder.ts';
import { createResources } from './resources.ts';
import { noProject, type HostName, type OpenProject, type Services } from './services.ts';
import { removeOldUploads } from './uploads.ts';
import { computeVersions, ortVersion, twinscopeVersion } from './versions.ts';
import { createWorkload } from './workload.ts';

export type EventListener = <E extends EventName>(event: E, data: EventData<E>) => void;

export type Backend = {
  readonly handlers: Handlers;
  /** Bulk bytes by path: thumbnails, responses, exports, uploads. */
  handleResource(request: Request): Promise<Response>;
  onEvent(listener: EventListener): () => void;
  openProject(path: string, create?: { name: string }): Promise<ProjectInfo>;
  readonly services: Services;
  close(): Promise<void>;
};

export type BackendOptions = {
  host: HostName;
  spawnCompute: SpawnCompute;
  log: Log;
  /** Built-in twins; dist/twins unless told otherwise. */
  builtInTwins?: string;
  /** When compute counts as hanging under a job; `defaultDeadlines` unless told otherwise. */
  deadlines?: DeadlineLimits;
};

export { installFolder };

export async function createBackend(options: BackendOptions): Promise<Backend> {
  const listeners = new Set<EventListener>();
  const emit = <E extends EventName>(event: E, data: EventData<E>): void => {
    for (const listener of listeners) listener(event, data);
  };
  const library = await openLibrary({
    folder: libraryFolder(),
    builtInFolder: options.builtInTwins ?? path.join(installFolder, 'dist', 'twins'),
    versions: { twinscope: twinscopeVersion, runtime: ortVersion },
  });

  let open: OpenProject | null = null;
  const workload = createWorkload();

  const compute = createComputeClient({
    spawn: options.spawnCompute,
    callbacks: {
      'blob.image': async ({ sha256 }) => ({ bytes: await current().project.images.bytes(sha256) }),
      'blob.array': async ({ sha256 }) => ({ bytes: await current().project.arrays.bytes(sha256) }),
    },
    logError: (error) => void options.log.error(error, 'the compute process'),
    // A crash of ours leaves this record, by which the next opening ends a survivor.
    onProcess: async (pid) => {
      if (open === null || open.project.readOnly !== null) return;
      for (const job of open.queue.list()) {
        if (job.state === 'running') await open.project.jobs.recordCompute(job.id, pid);
      }
    },
  });

  function current(): OpenProject {
    if (open === null) throw noProject();
    return open;
  }

  /** Notes which compute process works for a job, as long as it does. */
  function recorded(runner: JobRunner): JobRunner {
    return async (context) => {
      const { project } = current();
      await project.jobs.recordCompute(context.jobId, compute.pid());
      try {
        return await runner(context);
      } finally {
        await project.jobs.recordCompute(context.jobId, null);
      }
    };
  }

  /** Measurements of devices stand aside for every job. */
  const counted =
    (runner: JobRunner): JobRunner =>
    (context) =>
      workload.during(() => runner(context));

  // Opening and closing take turns: two at once would leave a project open that nobody holds.
  let turn: Promise<unknown> = Promise.resolve();
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = turn.then(work);
    turn = result.catch(() => undefined);
    return result;
  }

  async function closeNow(): Promise<void> {
    const closing = open;
    if (closing === null) return;
    await closing.queue.close();
    open = null;
    await closing.project.close();
  }

  async function openNow(file: string, create?: { name: string }): Promise<OpenProject> {
    if (!create && open !== null && (await sameFile(file, open.project.path))) {
      // Whoever had it open may have closed it since.
      if (open.project.readOnly === null) return open;
      await closeNow();
    }
    // The new one is opened first: when that fails, the project at hand stays open.
    const project = await openProject(file, {
      host: options.host,
      appVersion: twinscopeVersion,
      ...(create ? { create } : {}),
    });
    try {
      await closeNow();
      const runners: Record<JobKind, JobRunner> = {
        run: counted(recorded(createRunJob(services, current))),
        search: counted(recorded(createSearchJob(services, current))),
        'import-images': counted(createImportImagesJob(services, current)),
        export: counted(createExportJob(services, current)),
      };
      const queue = await createJobQueue({ jobs: project.jobs, runners, log: options.log });
      services.liveSearches.clear();
      queue.onChange((job) => {
        if (['finished', 'failed', 'cancelled'].includes(job.state)) services.liveSearches.delete(job.id);
        emit('job.changed', job);
        // What was not measured because a job was running can be measured now.
        if (job.endedAt !== null) emit('data.changed', { lists: ['devices'] });
      });
      open = { project, queue };
    } catch (error) {
      await project.close();
      throw error;
    }
    emit('data.changed', { lists: ['project', 'sets', 'runs', 'searches', 'protocols', 'exports', 'jobs'] });
    return open;
  }

  const services: Services = {
    host: options.host,
    version: twinscopeVersion,
    log: options.log,
    library,
    compute,
    workload,
    deadlines: options.deadlines ?? defaultDeadlines,
    devices: createDeviceService({
      spawn: options.spawnCompute,
      workload,
      // What is kept of reference sets is kept by the settings that follow.
      onMeasured: () => emit('data.changed', { lists: ['devices', 'references'] }),
    }),
    references: openReferenceStore(referenceCacheFolder()),
    projectsFolder: projectsFolder(),
    uploadsFolder: path.join(userDataFolder(), 'uploads'),
    liveSearches: new Map(),
    emit,
    current,
    currentOrNull: () => open,
    closeProject: () => inTurn(closeNow),
    open: (file, create) => inTurn(() => openNow(file, create)),
  };
  mkdirSync(services.projectsFolder, { recursive: true });
  await removeOldUploads(services.uploadsFolder);

  const handlers: Handlers = {
    'app.info': async () => ({
      version: twinscopeVersion,
      host: options.host,
      versions: computeVersions(),
      projectsFolder: services.projectsFolder,
      logFile: options.log.file !== null && existsSync(options.log.file) ? options.log.file : null,
    }),
    ...projectHandlers(services),
    ...libraryHandlers(services),
    ...deviceHandlers(services),
    ...stimulusHandlers(services),
    ...jobHandlers(services),
    ...resultHandlers(services),
  };

  return {
    handlers,
    handleResource: createResources(services),
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async openProject(file, create) {
      const { project } = await services.open(file, create);
      return project.info();
    },
    services,
    async close() {
      await inTurn(closeNow);
      await services.devices.close();
      await compute.close();
    },
  };
}

/** Also true for a link or another spelling of the same path. */
async function sameFile(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all([a, b].map((file) => realpath(file).catch(() => path.resolve(file))));
  return one === other;
}
