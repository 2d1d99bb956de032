/** A project as the backend uses it: every repository asynchronous, the file behind them in its own thread. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ProjectInfo } from '../../contract/methods.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { isNetworkFolder } from '../../platform/node/files.ts';
import { newId } from '../../platform/node/ids.ts';
import { migrations } from '../migrations.ts';
import type { Migration } from '../migrations.ts';
import type { CheckReport, Upgrade } from '../rows.ts';
import { readHeader } from './header.ts';
import type { OpenRequest } from './open.ts';
import type { Store } from './store.ts';
import type { Call, FailureMessage, WorkerMessage } from './wire.ts';

type Asynchronous<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => infer R ? (...args: A) => Promise<R> : never;
};

type Repositories = Omit<Store, 'project'>;

export type Project = { readonly [R in keyof Repositories]: Asynchronous<Repositories[R]> } & {
  readonly path: string;
  /** Null when this opening may write; otherwise the sentence why not. */
  readonly readOnly: string | null;
  /** What was noticed at opening, in sentences; null when nothing was. */
  readonly notice: string | null;
  /** What the opening upgraded, or null. */
  readonly upgrade: Upgrade | null;
  info(): Promise<ProjectInfo>;
  /** SQLite's own checks, references between tables, and every content hash computed again. */
  check(): Promise<CheckReport>;
  /** Writes a whole copy to a path that does not exist yet. */
  copyTo(path: string): Promise<void>;
  /** Leaves one file. Safe to call twice; calls made before it are carried out first. */
  close(): Promise<void>;
};

export interface OpenOptions {
  /** Makes a new project; refused ('conflict') when the file exists. */
  create?: { name: string };
  /** Who opens it, told to a second opener: 'desktop', 'browser' or 'cli'. */
  host: string;
  appVersion?: string;
  /** Opens for writing although a process is recorded as having it open of which nobody here knows whether it runs. */
  takeOver?: boolean;
  /** The thread's program, when the bundle does not lay it beside this module. */
  workerUrl?: URL;
  /** For tests: another history, a network folder, a full disk. */
  migrations?: readonly Migration[];
  network?: boolean;
  maxPages?: number;
}

const repositories = [
  'images',
  'arrays',
  'thumbnails',
  'sets',
  'runs',
  'searches',
  'protocols',
  'exports',
  'jobs',
] as const;

// Openings of this process, so that a row left by a failed thread of ours is not taken for a living owner.
const liveTokens = new Set<string>();

/** Beside this module in the sources; a bundle holds it as project-worker.js. */
function defaultWorkerUrl(): URL {
  // Kept out of the URL call, where bundlers would take it for an asset.
  const name = import.meta.url.endsWith('.ts') ? './worker.ts' : './project-worker.js';
  return new URL(name, import.meta.url);
}

/**
 * Opens a project. A project that somebody else has open, or that this user may not write, is opened for reading only
 * and says why in `readOnly`. Throws TwinscopeError: 'not-found', 'conflict' (create), 'bad-input' (not a project),
 * 'newer-format', 'unsupported' (unknown history), 'corrupt', 'read-only' (no permission), 'disk-full'.
 */
export async function openProject(path: string, options: OpenOptions): Promise<Project> {
  const absolute = resolve(path);
  const token = newId('open');
  const request: OpenRequest = {
    path: absolute,
    create: options.create ?? null,
    host: options.host,
    token,
    liveTokens: [...liveTokens],
    takeOver: options.takeOver ?? false,
    appVersion: options.appVersion ?? '',
    migrations: options.migrations ?? migrations,
    network: options.network ?? (await isNetworkFolder(dirname(absolute))),
    maxPages: options.maxPages ?? null,
  };
  liveTokens.add(token);
  // The thread needs nothing of how this process was started.
  const worker = new Worker(options.workerUrl ?? defaultWorkerUrl(), { workerData: request, execArgv: [] });
  worker.once('exit', () => liveTokens.delete(token));
  const { call, opened } = await connect(worker);

  let closed: Promise<void> | null = null;
  const on = (target: string) => (method: string, args: unknown[]) => {
    if (closed) return Promise.reject(new TwinscopeError('conflict', 'The project was closed. Nothing was changed.'));
    return call(target, method, args);
  };
  const project = on('project');
  return {
    ...(Object.fromEntries(repositories.map((name) => [name, repository(on(name))])) as Pick<
      Project,
      (typeof repositories)[number]
    >),
    path: absolute,
    readOnly: opened.readOnly,
    notice: opened.notice,
    upgrade: opened.upgrade,
    info: () => project('info', []) as Promise<ProjectInfo>,
    check: () => project('check', []) as Promise<CheckReport>,
    copyTo: (target) => project('copyTo', [resolve(target)]) as Promise<void>,
    close() {
      closed ??= (async () => {
        const exited = new Promise((done) => worker.once('exit', done));
        await call('close', '', []);
        await exited;
      })();
      return closed;
    },
  };
}

function repository(call: (method: string, args: unknown[]) => Promise<unknown>): object {
  return new Proxy(
    {},
    {
      // An object with a `then` would be taken for a promise when it is returned from an async function.
      get: (_, method) =>
        typeof method === 'string' && method !== 'then' ? (...args: unknown[]) => call(method, args) : undefined,
    },
  );
}

type Opening = Extract<WorkerMessage, { type: 'opened' }>;

/** Waits until the thread has opened the file, and gives a function that calls it. */
function connect(
  worker: Worker,
): Promise<{ call: (target: string, method: string, args: unknown[]) => Promise<unknown>; opened: Opening }> {
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: unknown) => void }>();
  let next = 0;
  let dead: Error | null = null;

  function call(target: string, method: string, args: unknown[]): Promise<unknown> {
    if (dead) return Promise.reject(dead);
    return new Promise((resolveCall, reject) => {
      const message: Call = { id: next++, target, method, args: args.map(tight) };
      waiting.set(message.id, { resolve: resolveCall, reject });
      worker.postMessage(message);
    });
  }

  return new Promise((resolveOpen, rejectOpen) => {
    function fail(error: Error): void {
      dead ??= error;
      rejectOpen(dead);
      for (const { reject } of waiting.values()) reject(dead);
      waiting.clear();
    }
    worker.on('message', (message: WorkerMessage) => {
      if (message.type === 'opened') return resolveOpen({ call, opened: message });
      if (message.type === 'refused') return fail(revive(message.failure));
      const caller = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.type === 'result') caller?.resolve(message.value);
      else caller?.reject(revive(message.failure));
      return undefined;
    });
    worker.on('error', fail);
    worker.on('exit', () => fail(new Error('The thread that holds the project has ended.')));
  });
}

function revive(failure: FailureMessage): Error {
  if (failure.twinscope) return new TwinscopeError(failure.code, failure.message, failure.details);
  const error = new Error(failure.message);
  error.stack = failure.stack;
  return error;
}

/** Copies views onto a part of a buffer: a message would carry the whole buffer otherwise, or share it. */
function tight(value: unknown): unknown {
  if (value instanceof Uint8Array || value instanceof Float32Array) {
    const whole = value.buffer instanceof ArrayBuffer && value.byteLength === value.buffer.byteLength;
    return whole ? value : value instanceof Uint8Array ? new Uint8Array(value) : new Float32Array(value);
  }
  if (Array.isArray(value)) return value.map(tight);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, tight(item)]));
}

/** Opens a project and closes it again, which upgrades it. Null when it was up to date. */
export async function upgradeProject(path: string, options: OpenOptions): Promise<Upgrade | null> {
  const project = await openProject(path, options);
  await project.close();
  if (project.readOnly !== null) throw new TwinscopeError('read-only', `${project.readOnly} Nothing was changed.`);
  return project.upgrade;
}

/**
 * Releases a project from an owner of whom nobody here can tell whether it still runs: one on another computer or in
 * another container, or a pid whose start is unknown. The file is checked whole on the way; a damaged one is refused
 * ('corrupt'). A process that is known to run keeps its project ('read-only'). Returns what was noticed, or null.
 */
export async function unlockProject(path: string, options: OpenOptions = { host: 'cli' }): Promise<string | null> {
  const project = await openProject(path, { ...options, takeOver: true });
  await project.close();
  if (project.readOnly !== null) throw new TwinscopeError('read-only', `${project.readOnly} Nothing was changed.`);
  return project.notice;
}

/** Projects in a folder, newest first; files that are not projects are passed over. */
export async function listProjects(
  folder: string,
): Promise<{ path: string; name: string; modifiedAt: string; sizeBytes: number }[]> {
  const names = await readdir(folder).catch(() => []);
  const found = [];
  for (const name of names.filter((item) => item.endsWith('.twinscope') && !item.startsWith('.'))) {
    const path = join(folder, name);
    try {
      const { sizeBytes } = readHeader(path);
      found.push({
        path,
        name: basename(name, '.twinscope'),
        modifiedAt: (await stat(path)).mtime.toISOString(),
        sizeBytes,
      });
    } catch {
      continue;
    }
  }
  return found.toSorted((a, b) => (a.modifiedAt < b.modifiedAt ? 1 : -1));
}
