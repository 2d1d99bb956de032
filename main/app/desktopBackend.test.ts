/** The desktop's backend process against a shell of plain message channels. */
import { EventEmitter } from 'node:events';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { BackendToShell, ShellToBackend } from '../contract/desktop.ts';
import type { JobSnapshot } from '../contract/jobs.ts';
import type { ComputeProcess, SpawnCompute } from '../engine/computeContract.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { silentLog } from '../platform/node/log.ts';
import { createClient } from '../rpc/client.ts';
import { testHandlers, testProject } from '../rpc/testing/handlers.ts';
import { fromMessagePort, type MessagePortMainLike } from '../rpc/transports.ts';
import type { Backend } from './backend.ts';
import { runDesktopBackend, type ShellPort } from './desktopBackend.ts';

/** Electron's view of a port, over one of Node's. */
function asMain(port: MessagePort): MessagePortMainLike {
  const emitter = new EventEmitter();
  port.on('close', () => emitter.emit('close'));
  return Object.assign(emitter, {
    postMessage: (message: unknown) => port.postMessage(message),
    start: () => void port.on('message', (data) => emitter.emit('message', { data })),
    close: () => port.close(),
  }) as unknown as MessagePortMainLike;
}

class FakeShell extends EventEmitter implements ShellPort {
  readonly heard: BackendToShell[] = [];
  postMessage(message: BackendToShell): void {
    this.heard.push(structuredClone(message));
  }
  say(data: ShellToBackend, ports: MessagePortMainLike[] = []): void {
    this.emit('message', { data, ports });
  }
  async hears<T extends BackendToShell['type']>(type: T): Promise<BackendToShell & { type: T }> {
    return vi.waitFor(
      () => {
        const found = this.heard.findLast((message) => message.type === type);
        if (found === undefined) throw new Error(`${type} was not said`);
        return found as BackendToShell & { type: T };
      },
      { timeout: 120_000 },
    );
  }
}

let shell: FakeShell;
let spawn: SpawnCompute;
let emit: Parameters<Backend['onEvent']>[0] = () => undefined;
const channels: MessageChannel[] = [];
let closed = false;

function channel(): MessageChannel {
  const made = new MessageChannel();
  channels.push(made);
  return made;
}

beforeEach(() => {
  shell = new FakeShell();
  closed = false;
});
afterEach(() => {
  vi.useRealTimers();
  for (const { port1 } of channels.splice(0)) port1.close();
});

function run(handleResource: Backend['handleResource'] = async () => new Response('resource')): void {
  const create = async (spawnCompute: SpawnCompute) => {
    spawn = spawnCompute;
    return {
      handlers: testHandlers({ 'project.current': async () => testProject }),
      handleResource,
      onEvent: (listener: typeof emit) => {
        emit = listener;
        return () => undefined;
      },
      close: async () => {
        closed = true;
      },
    };
  };
  runDesktopBackend(shell, create, silentLog());
}

test('pages are served over the ports the shell hands over, also before the backend is ready', async () => {
  run();
  const clients = [channel(), channel()].map(({ port1, port2 }) => {
    shell.say({ type: 'connect' }, [asMain(port2)]);
    return createClient(fromMessagePort(port1));
  });
  for (const client of clients) expect(await client.call('project.current', {})).toEqual(testProject);
  const heard = Promise.all(clients.map((client) => new Promise((resolve) => client.on('data.changed', resolve))));
  emit('data.changed', { lists: ['sets'] });
  expect(await heard).toEqual([{ lists: ['sets'] }, { lists: ['sets'] }]);
  await shell.hears('ready');
});

test('resources are answered with their bytes, errors with their sentence', async () => {
  run(async (request) => {
    if (request.url.endsWith('/missing')) throw new TwinscopeError('not-found', 'There is no such picture.');
    return new Response(`${request.method} ${new URL(request.url).search} ${await request.text()}`, { status: 201 });
  });
  const body = new TextEncoder().encode('pixels');
  shell.say({ type: 'resource', id: 7, request: { path: '/resource/x?y=1', method: 'PUT', headers: [], body } });
  const { id, response } = await shell.hears('resource');
  expect([id, response.status, new TextDecoder().decode(response.body)]).toEqual([7, 201, 'PUT ?y=1 pixels']);
  shell.heard.length = 0;
  shell.say({
    type: 'resource',
    id: 8,
    request: { path: '/resource/missing', method: 'GET', headers: [], body: null },
  });
  const failed = (await shell.hears('resource')).response;
  expect(failed.status).toBe(404);
  expect(new TextDecoder().decode(failed.body)).toContain('There is no such picture.');
});

test('compute is asked of the shell, spoken to over its port and killed through the shell', async () => {
  run();
  await shell.hears('ready');
  const starting = spawn();
  const { id } = await shell.hears('start-compute');
  const { port1, port2 } = channel();
  port1.on('message', (message: string) => port1.postMessage(`${message} heard`));
  shell.say({ type: 'compute-started', id, pid: 4242 }, [asMain(port2)]);
  const compute: ComputeProcess = await starting;
  expect(compute.pid).toBe(4242);
  const answer = new Promise((resolve) => compute.port.onMessage(resolve));
  compute.port.postMessage('hello');
  expect(await answer).toBe('hello heard');
  compute.kill();
  expect(await shell.hears('kill-compute')).toEqual({ type: 'kill-compute', id });
  shell.say({ type: 'compute-exited', id, code: 9 });
  expect(await compute.exited).toEqual({ code: 9, signal: null });
});

test('compute that does not start fails the request: ended early, impossible, or silent', async () => {
  run();
  await shell.hears('ready');
  const early = spawn();
  const { id } = await shell.hears('start-compute');
  shell.say({ type: 'compute-exited', id, code: 7 });
  await expect(early).rejects.toMatchObject({
    code: 'compute-failed',
    message: 'The compute process did not start (exit code 7). What was saved is safe.',
  });

  const impossible = spawn();
  shell.say({ type: 'compute-failed', id: id + 1, reason: 'no space left' });
  await expect(impossible).rejects.toMatchObject({
    code: 'compute-failed',
    message: expect.stringContaining('(no space left)') as string,
  });

  vi.useFakeTimers();
  const failure = spawn().catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await failure).toMatchObject({ code: 'compute-failed', message: expect.stringContaining('60 s') as string });
  expect(shell.heard.at(-1)).toEqual({ type: 'kill-compute', id: id + 2 });
  vi.useRealTimers();
  const { port1, port2 } = channel();
  const portClosed = new Promise<void>((resolve) => port1.once('close', () => resolve()));
  shell.say({ type: 'compute-started', id: id + 2, pid: 1 }, [asMain(port2)]);
  await portClosed;
});

test('the shell knows which jobs run', async () => {
  run();
  await shell.hears('ready');
  const job = { id: 'a', title: 'Search', state: 'running' } as JobSnapshot;
  emit('job.changed', job);
  emit('job.changed', { ...job, state: 'pausing' });
  emit('job.changed', { ...job, state: 'paused' });
  expect(shell.heard.filter(({ type }) => type === 'running-jobs')).toEqual([
    { type: 'running-jobs', titles: ['Search'] },
    { type: 'running-jobs', titles: [] },
  ]);
});

test('asked to close, it saves and says so', async () => {
  run();
  shell.say({ type: 'close' });
  await shell.hears('closed');
  expect(closed).toBe(true);
});

test('a backend that cannot be made is told in a sentence', async () => {
  const create = () => Promise.reject(new TwinscopeError('corrupt', 'The library cannot be read.'));
  runDesktopBackend(shell, create, silentLog());
  expect(await shell.hears('failed')).toEqual({ type: 'failed', sentence: 'The library cannot be read.' });
  shell.heard.length = 0;
  runDesktopBackend(shell, () => Promise.reject(new TypeError('secret')), silentLog());
  expect((await shell.hears('failed')).sentence).toMatch(/^Twinscope could not start \(reference error-/);
});
