/** What handlers and job runners share: one library, one compute process, at most one open project. */
import os from 'node:os';
import type { DeviceId } from '../contract/devices.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { graphCacheFolder } from '../platform/node/paths.ts';
import type { SearchLive } from '../contract/jobs.ts';
import type { EventData, EventName } from '../contract/methods.ts';
import type { ComputeClient } from '../engine/computeClient.ts';
import type { UnitPlace } from '../contract/twins.ts';
import type { ComputeTwin } from '../engine/computeContract.ts';
import type { DeadlineLimits } from '../engine/deadline.ts';
import { requireRunnable } from '../engine/outputLayout.ts';
import type { JobQueue } from '../jobs/node/queue.ts';
import type { Log } from '../platform/node/log.ts';
import type { Project } from '../projects/node/project.ts';
import type { ReferenceStore } from '../search/node/referenceStore.ts';
import type { Library, ResolvedTwin } from '../twins/node/library.ts';
import { placeOf } from '../twins/unitPlaces.ts';
import type { DeviceService } from './deviceService.ts';
import type { Workload } from './workload.ts';

export type HostName = 'browser' | 'desktop' | 'cli';

export type OpenProject = { project: Project; queue: JobQueue };

export type Services = {
  readonly host: HostName;
  readonly version: string;
  readonly log: Log;
  readonly library: Library;
  readonly compute: ComputeClient;
  /** When compute counts as hanging under a job. */
  readonly deadlines: DeadlineLimits;
  /** Jobs and checks at work: measurements of devices stand aside for them. */
  readonly workload: Workload;
  readonly devices: DeviceService;
  /** Responses to reference sets, kept on this machine. */
  readonly references: ReferenceStore;
  readonly projectsFolder: string;
  readonly uploadsFolder: string;
  /** The last live message of every search that has not ended, by job. */
  readonly liveSearches: Map<string, SearchLive>;
  emit<E extends EventName>(event: E, data: EventData<E>): void;
  /** The open project, or a sentence that asks for one. */
  current(): OpenProject;
  currentOrNull(): OpenProject | null;
  open(path: string, create?: { name: string }): Promise<OpenProject>;
  /** Closes the open project, if any. */
  closeProject(): Promise<void>;
};

export function noProject(): TwinscopeError {
  return new TwinscopeError('not-found', 'No project is open. Create one or open one first.');
}

/** The sentence for an attempt to change a project that is open elsewhere. */
export function requireWritable({ project }: OpenProject): void {
  if (project.readOnly !== null) throw new TwinscopeError('read-only', project.readOnly);
}

export type FrozenSession = Pick<
  ComputeTwin,
  'device' | 'batchSize' | 'threads' | 'gradientForms' | 'behaviour' | 'window'
>;

/** Pictures per inference call: large enough to fill two cores, small enough to cancel within a fraction of a second. */
export const defaultBatchSize = 16;

/** Threads for one inference session: the physical cores of a usual machine, never none. */
export const sessionThreads = (): number => {
  const available = os.availableParallelism();
  return Math.max(1, Math.min(8, Math.floor(available / (available > 4 ? 2 : 1))));
};

/** What is used where no job has frozen anything. */
export const defaultSession = (device: DeviceId = 'cpu'): FrozenSession => ({
  device,
  batchSize: defaultBatchSize,
  threads: sessionThreads(),
  gradientForms: null,
});

/** A resolved twin in the form that compute takes, with the settings a job has frozen. */
export function computeTwin(twin: ResolvedTwin, session: FrozenSession): ComputeTwin {
  requireRunnable(twin.manifest, session.behaviour, session.window);
  const units: Record<string, string[]> = {};
  const places: Record<string, UnitPlace[]> = {};
  for (const unit of twin.units) {
    (units[unit.area] ??= [])[unit.index] = unit.unit;
    (places[unit.area] ??= [])[unit.index] = placeOf(unit);
  }
  return {
    id: twin.manifest.id,
    version: twin.manifest.version,
    sha256: twin.sha256,
    modelFile: twin.modelFile,
    manifest: twin.manifest,
    units,
    places,
    graphCacheFolder: graphCacheFolder(),
    ...session,
  };
}
