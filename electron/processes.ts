/** The processes behind the window: one backend, and compute whenever the backend asks for it. */
import { join } from 'node:path';
import { MessageChannelMain, utilityProcess, type MessagePortMain, type UtilityProcess } from 'electron';
import type { BackendToShell, ResourceRequest, ResourceResponse, ShellToBackend } from '../main/contract/desktop.ts';
import { makeOwnedFolder, removeOwnedFolder } from '../main/platform/node/ownedFolders.ts';
import { computeFolder } from '../main/platform/node/paths.ts';

export interface Processes {
  /** A port for the page; its other end is the backend's method table. */
  connect(): MessagePortMain;
  resource(request: ResourceRequest): Promise<ResourceResponse>;
  /** Titles of the jobs that run now. */
  runningJobs(): readonly string[];
  /** Lets the backend save and end; after some seconds it is ended. */
  close(): Promise<void>;
}

const entry = (name: string): string => join(import.meta.dirname, '..', 'main', `${name}.js`);
/** The backend only has to reach the next checkpoint, which takes less than a batch. */
const closingMs = 10_000;
const restartsAllowed = 3;
const unreachable: ResourceResponse = { status: 503, headers: [], body: new Uint8Array() };

/** `onFatal` gets a sentence when there is no backend and none can be started. */
export function createProcesses(onFatal: (sentence: string) => void): Processes {
  let backend: UtilityProcess | null = null;
  let titles: readonly string[] = [];
  let restarts = 0;
  let lastRequest = 0;
  let closing: (() => void) | null = null;
  const computes = new Map<number, UtilityProcess>();
  const requests = new Map<number, (response: ResourceResponse) => void>();

  const send = (message: ShellToBackend, ports: MessagePortMain[] = []): void => backend?.postMessage(message, ports);

  function startBackend(): void {
    const started = utilityProcess.fork(entry('desktopBackend'), [], { serviceName: 'Twinscope backend' });
    backend = started;
    started.on('message', (message: BackendToShell) => receive(message));
    started.on('exit', () => {
      if (backend !== started) return;
      backend = null;
      titles = [];
      for (const compute of computes.values()) compute.kill();
      for (const answer of requests.values()) answer(unreachable);
      requests.clear();
      if (closing !== null) closing();
      else if (restarts < restartsAllowed) {
        restarts += 1;
        startBackend();
      } else onFatal('The backend of Twinscope stopped several times. Your projects are safe. Start Twinscope again.');
    });
  }

  function receive(message: BackendToShell): void {
    if (message.type === 'running-jobs') titles = message.titles;
    else if (message.type === 'failed') onFatal(message.sentence);
    else if (message.type === 'start-compute') startCompute(message.id);
    else if (message.type === 'kill-compute') computes.get(message.id)?.kill();
    else if (message.type === 'closed') backend?.kill();
    else if (message.type === 'resource') {
      requests.get(message.id)?.(message.response);
      requests.delete(message.id);
    }
  }

  function startCompute(id: number): void {
    const owner = backend;
    // A backend that was started anew counts its computes from one again and must not hear of earlier ones.
    const tell = (message: ShellToBackend, ports: MessagePortMain[] = []): void => {
      if (backend === owner) send(message, ports);
    };
    let cwd: string | null = null;
    try {
      // A model opened in an empty folder finds nothing to read beside itself.
      cwd = makeOwnedFolder(computeFolder());
      const folder = cwd;
      const compute = utilityProcess.fork(entry('desktopCompute'), [], { serviceName: 'Twinscope compute', cwd });
      const { port1, port2 } = new MessageChannelMain();
      computes.set(id, compute);
      compute.once('spawn', () => tell({ type: 'compute-started', id, pid: compute.pid ?? 0 }, [port2]));
      compute.once('exit', (code) => {
        if (computes.get(id) === compute) computes.delete(id);
        removeOwnedFolder(folder);
        tell({ type: 'compute-exited', id, code });
      });
      compute.postMessage(null, [port1]);
    } catch (error) {
      if (cwd !== null) removeOwnedFolder(cwd);
      tell({ type: 'compute-failed', id, reason: error instanceof Error ? error.message : String(error) });
    }
  }

  startBackend();
  return {
    connect() {
      const { port1, port2 } = new MessageChannelMain();
      send({ type: 'connect' }, [port1]);
      return port2;
    },
    resource(request) {
      if (backend === null) return Promise.resolve(unreachable);
      const id = (lastRequest += 1);
      return new Promise((resolve) => {
        requests.set(id, resolve);
        send({ type: 'resource', id, request });
      });
    },
    runningJobs: () => titles,
    async close() {
      if (backend === null) return;
      const ended = new Promise<void>((resolve) => {
        closing = resolve;
      });
      send({ type: 'close' });
      const timer = setTimeout(() => backend?.kill(), closingMs);
      await ended;
      clearTimeout(timer);
    },
  };
}
