/**
 * The backend as the desktop's utility process. It talks to the shell by messages, to the page by ports that the shell
 * hands over, and asks the shell for compute, because a utility process may not start processes of its own.
 */
import type { BackendToShell, ResourceRequest, ResourceResponse, ShellToBackend } from '../contract/desktop.ts';
import type { JobSnapshot } from '../contract/jobs.ts';
import type { ComputeProcess, SpawnCompute } from '../engine/computeContract.ts';
import { isTwinscopeError, TwinscopeError } from '../platform/errors.ts';
import { createLog, logSentence, type Log } from '../platform/node/log.ts';
import { logFile } from '../platform/node/paths.ts';
import { serveConnection, type ServerConnection } from '../rpc/server.ts';
import { fromMessagePortMain, type MessagePortMainLike } from '../rpc/transports.ts';
import { createBackend, type Backend } from './backend.ts';
import { errorResponse } from './host/http.ts';
import { openSampleProject } from './sample.ts';

/** Electron's `process.parentPort`. */
export interface ShellPort {
  postMessage(message: BackendToShell): void;
  on(event: 'message', listener: (event: { data: ShellToBackend; ports: MessagePortMainLike[] }) => void): unknown;
}

type ShellBackend = Pick<Backend, 'handlers' | 'handleResource' | 'onEvent' | 'close'>;

interface ComputeRequest {
  started(process: ComputeProcess): void;
  /** Compute did not start, or it has ended. */
  ended(how: { reason: string; code: number }): void;
}

/** A process is there within moments, also on a machine that is busy or scans every program it starts. */
const startDeadlineMs = 60_000;

/** Answers the shell until it says 'close'. `create` makes the backend, given how to start compute. */
export function runDesktopBackend(
  shell: ShellPort,
  create: (spawnCompute: SpawnCompute) => Promise<ShellBackend>,
  log: Log,
): void {
  const computes = new Map<number, ComputeRequest>();
  let lastCompute = 0;
  const backend = create(() => startCompute());
  const connections = new Set<ServerConnection>();

  function startCompute(): Promise<ComputeProcess> {
    const id = (lastCompute += 1);
    return new Promise((resolve, reject) => {
      const failed = (reason: string): void => {
        computes.delete(id);
        clearTimeout(timer);
        reject(
          new TwinscopeError(
            'compute-failed',
            `The compute process did not start (${reason}). What was saved is safe.`,
            { restart: true },
          ),
        );
      };
      const timer = setTimeout(() => {
        failed(`it gave no sign of life for ${startDeadlineMs / 1000} s`);
        shell.postMessage({ type: 'kill-compute', id });
      }, startDeadlineMs);
      const started = (process: ComputeProcess): void => {
        clearTimeout(timer);
        resolve(process);
      };
      computes.set(id, { started, ended: ({ reason }) => failed(reason) });
      shell.postMessage({ type: 'start-compute', id });
    });
  }

  function computeStarted(id: number, pid: number, port: MessagePortMainLike): void {
    const request = computes.get(id);
    // It came after its deadline and is being ended.
    if (request === undefined) return port.close();
    const exited = new Promise<{ code: number; signal: null }>((resolve) => {
      request.ended = ({ code }) => resolve({ code, signal: null });
    });
    const kill = (): void => shell.postMessage({ type: 'kill-compute', id });
    request.started({ pid, port: fromMessagePortMain(port), kill, exited });
  }

  function computeEnded(id: number, how: { reason: string; code: number }): void {
    computes.get(id)?.ended(how);
    computes.delete(id);
  }

  async function connect(port: MessagePortMainLike): Promise<void> {
    const { handlers } = await backend;
    const connection = serveConnection(fromMessagePortMain(port), handlers, { logError: log.error });
    connections.add(connection);
    void connection.closed.then(() => connections.delete(connection));
  }

  async function answerResource(id: number, request: ResourceRequest): Promise<void> {
    const response = await backend
      .then(({ handleResource }) => handleResource(asRequest(request)))
      .catch((error: unknown) => errorResponse(error, (unknown) => log.error(unknown, request.path)));
    shell.postMessage({ type: 'resource', id, response: await asMessage(response) });
  }

  async function close(): Promise<void> {
    const open = await backend.catch(() => null);
    await open?.close().catch((error: unknown) => log.error(error, 'closing'));
    shell.postMessage({ type: 'closed' });
  }

  function fail(error: unknown): void {
    const sentence = isTwinscopeError(error)
      ? error.message
      : `Twinscope could not start (reference ${log.error(error, 'starting')}). ${logSentence(log)}`;
    shell.postMessage({ type: 'failed', sentence });
  }

  shell.on('message', ({ data: message, ports: [port] }) => {
    if (message.type === 'connect' && port !== undefined) connect(port).catch(fail);
    else if (message.type === 'compute-started' && port !== undefined) computeStarted(message.id, message.pid, port);
    else if (message.type === 'resource') void answerResource(message.id, message.request);
    else if (message.type === 'close') void close();
    else if (message.type === 'compute-failed') computeEnded(message.id, { reason: message.reason, code: 1 });
    else if (message.type === 'compute-exited') {
      computeEnded(message.id, { reason: `exit code ${message.code}`, code: message.code });
    }
  });

  backend.then((open) => {
    const running = new Map<string, string>();
    open.onEvent((event, data) => {
      for (const connection of connections) connection.emit(event, data);
      if (event !== 'job.changed') return;
      const job = data as JobSnapshot;
      const runs = job.state === 'running' || job.state === 'pausing' || job.state === 'cancelling';
      if (runs === running.has(job.id)) return;
      if (runs) running.set(job.id, job.title);
      else running.delete(job.id);
      shell.postMessage({ type: 'running-jobs', titles: [...running.values()] });
    });
    shell.postMessage({ type: 'ready' });
  }, fail);
}

function asRequest({ path, method, headers, body }: ResourceRequest): Request {
  return new Request(new URL(path, 'http://host'), { method, headers, ...(body === null ? {} : { body }) });
}

async function asMessage(response: Response): Promise<ResourceResponse> {
  const body = new Uint8Array(await response.arrayBuffer());
  return { status: response.status, headers: [...response.headers], body };
}

const shell = (process as { parentPort?: ShellPort }).parentPort;
if (shell !== undefined) {
  const log = createLog({ file: logFile() });
  const create = async (spawnCompute: SpawnCompute): Promise<Backend> => {
    const backend = await createBackend({ host: 'desktop', spawnCompute, log });
    // The window opens meanwhile and hears of the project by its events.
    openSampleProject(backend).catch((error: unknown) => log.error(error, 'opening the sample project'));
    return backend;
  };
  runDesktopBackend(shell, create, log);
}
