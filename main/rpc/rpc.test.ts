/** Client and server over every real transport, with the same expectations for each. */
import { fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { MessageChannel as NodeMessageChannel } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket as NodeWebSocket, WebSocketServer } from 'ws';
import type { Handlers } from '../contract/methods.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { createClient, type ClientConnection } from './client.ts';
import type { Port } from './connection.ts';
import { serveConnection, type ServeOptions, type ServerConnection } from './server.ts';
import { testHandlers, testProject } from './testing/handlers.ts';
import {
  fromIpc,
  fromMessagePort,
  fromMessagePortMain,
  fromWebSocket,
  type MessagePortMainLike,
} from './transports.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** Electron's MessagePortMain: an emitter of `{ data }` over a real channel. */
function asMessagePortMain(port: InstanceType<typeof NodeMessageChannel>['port1']): MessagePortMainLike {
  const emitter = new EventEmitter();
  port.on('close', () => emitter.emit('close'));
  return Object.assign(emitter, {
    postMessage: (message: unknown) => port.postMessage(message),
    start: () => void port.on('message', (data) => emitter.emit('message', { data })),
    close: () => port.close(),
  }) as unknown as MessagePortMainLike;
}

async function webSocketPair(ClientSocket: typeof WebSocket | typeof NodeWebSocket): Promise<[Port, Port]> {
  const http = createServer();
  const sockets = new WebSocketServer({ server: http });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    sockets.close();
    http.close();
  });
  const accepted = once(sockets, 'connection') as Promise<[NodeWebSocket]>;
  const { port } = http.address() as { port: number };
  const client = new ClientSocket(`ws://127.0.0.1:${port}/`);
  cleanups.push(() => client.close());
  // The client is used before it is open, as the workbench does.
  const clientPort = fromWebSocket(client);
  const [server] = await accepted;
  return [clientPort, fromWebSocket(server)];
}

const transports: Record<string, () => Promise<[Port, Port]>> = {
  'MessagePort of Node': async () => {
    const { port1, port2 } = new NodeMessageChannel();
    return [fromMessagePort(port1), fromMessagePort(port2)];
  },
  'MessagePort of the web': async () => {
    const { port1, port2 } = new MessageChannel();
    return [fromMessagePort(port1), fromMessagePort(port2)];
  },
  'MessagePortMain of Electron': async () => {
    const { port1, port2 } = new NodeMessageChannel();
    return [fromMessagePort(port1), fromMessagePortMain(asMessagePortMain(port2))];
  },
  'WebSocket of the web': () => webSocketPair(WebSocket),
  'WebSocket of ws': () => webSocketPair(NodeWebSocket),
};

interface Pair {
  client: ClientConnection;
  server: ServerConnection;
  logged: [unknown, string][];
}

describe.each(Object.keys(transports))('%s', (name) => {
  async function connect(given: Partial<Handlers>, options: Partial<ServeOptions> = {}): Promise<Pair> {
    const [clientPort, serverPort] = await (transports[name] as () => Promise<[Port, Port]>)();
    const logged: [unknown, string][] = [];
    const server = serveConnection(serverPort, testHandlers(given), {
      logError: (error, method) => {
        logged.push([error, method]);
        return `ref${logged.length}`;
      },
      ...options,
    });
    const client = createClient(clientPort);
    cleanups.push(() => {
      client.close();
      server.close();
    });
    return { client, server, logged };
  }

  test('calls are answered, in parallel and out of order', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { client } = await connect({
      'project.open': async ({ path }) => {
        if (path === 'slow') await held;
        else release();
        return { ...testProject, path };
      },
    });
    const slow = client.call('project.open', { path: 'slow' });
    const quick = client.call('project.open', { path: 'quick' });
    expect((await quick).path).toBe('quick');
    expect((await slow).path).toBe('slow');
  });

  test('wrong input never reaches the handler and is told in one sentence', async () => {
    let called = false;
    const { client } = await connect({
      'sets.rename': async () => {
        called = true;
        throw new Error('must not be called');
      },
    });
    const wrong = { id: 'a', nam: 'b' } as unknown as { id: string; name: string };
    await expect(client.call('sets.rename', wrong)).rejects.toMatchObject({
      name: 'TwinscopeError',
      code: 'bad-input',
      message: 'The request sets.rename cannot be used: it has an unknown key “nam”, the nearest name is “name”.',
    });
    expect(called).toBe(false);
  });

  test('our errors keep code, sentence and details; others are logged and show a reference', async () => {
    const fault = new TypeError('secret /home/someone');
    const { client, logged } = await connect({
      'library.get': async () => {
        throw new TwinscopeError('not-found', 'There is no twin “x”.', { id: 'x' });
      },
      'library.list': async () => {
        throw fault;
      },
    });
    await expect(client.call('library.get', { id: 'x' })).rejects.toMatchObject({
      code: 'not-found',
      message: 'There is no twin “x”.',
      details: { id: 'x' },
    });
    const internal = await client.call('library.list', {}).catch((error: unknown) => error as TwinscopeError);
    expect(internal).toMatchObject({ code: 'internal', details: { id: 'ref1' } });
    expect((internal as TwinscopeError).message).toContain('ref1');
    expect((internal as TwinscopeError).message).not.toContain('secret');
    expect(logged).toEqual([[fault, 'library.list']]);
  });

  test('withdrawing a call rejects it at once and aborts the handler', async () => {
    let aborted: () => void = () => undefined;
    const noticed = new Promise<void>((resolve) => {
      aborted = resolve;
    });
    let begun: () => void = () => undefined;
    const began = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const { client } = await connect({
      'devices.list': async (_input, { signal }) => {
        signal.addEventListener('abort', aborted);
        begun();
        return new Promise(() => undefined);
      },
    });
    const controller = new AbortController();
    const call = client.call('devices.list', {}, controller.signal);
    await began;
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: 'cancelled' });
    await noticed;
    await expect(client.call('devices.list', {}, controller.signal)).rejects.toMatchObject({ code: 'cancelled' });
  });

  test('events reach every listener until it leaves', async () => {
    const { client, server } = await connect({ 'jobs.list': async () => [] });
    const heard: string[] = [];
    client.on('data.changed', ({ lists }) => heard.push(`first ${lists.join()}`));
    const leave = client.on('data.changed', ({ lists }) => heard.push(`second ${lists.join()}`));
    server.emit('data.changed', { lists: ['sets'] });
    await client.call('jobs.list', {});
    leave();
    server.emit('data.changed', { lists: ['runs'] });
    await client.call('jobs.list', {});
    expect(heard).toEqual(['first sets', 'second sets', 'first runs']);
  });

  test('a client that goes away aborts its calls; a server that goes away fails them', async () => {
    const aborted: string[] = [];
    let begun: () => void = () => undefined;
    const began = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const { client, server } = await connect({
      'jobs.list': async (_input, { signal }) => {
        signal.addEventListener('abort', () => aborted.push('jobs.list'));
        begun();
        return new Promise(() => undefined);
      },
    });
    const call = client.call('jobs.list', {});
    const failure = call.catch((error: unknown) => error);
    await began;
    client.close();
    await Promise.all([client.closed, server.closed]);
    expect(await failure).toMatchObject({ code: 'internal', details: { disconnected: true } });
    expect(aborted).toEqual(['jobs.list']);
    server.emit('data.changed', { lists: [] });
    await expect(client.call('jobs.list', {})).rejects.toMatchObject({ details: { disconnected: true } });
  });

  test('a wrong answer is caught where outputs are checked', async () => {
    const wrong = { ...testProject, sizeBytes: 'big' } as unknown as typeof testProject;
    const { client, logged } = await connect({ 'project.current': async () => wrong }, { validateOutputs: true });
    await expect(client.call('project.current', {})).rejects.toMatchObject({ code: 'internal' });
    expect(logged).toHaveLength(1);
  });
});

test('a child process answers over IPC', async () => {
  const child = fork(fileURLToPath(new URL('./testing/ipcServer.ts', import.meta.url)), { serialization: 'advanced' });
  const client = createClient(fromIpc(child));
  expect(await client.call('project.current', {})).toEqual(testProject);
  client.close();
  await client.closed;
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
});

test('what is not JSON closes a WebSocket instead of the backend', async () => {
  const http = createServer();
  const sockets = new WebSocketServer({ server: http });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    sockets.close();
    http.close();
  });
  sockets.on('connection', (socket) => {
    serveConnection(fromWebSocket(socket), testHandlers({}), { logError: () => 'ref' });
  });
  const { port } = http.address() as { port: number };
  for (const message of ['{', '7', Buffer.from([1, 2])]) {
    const socket = new NodeWebSocket(`ws://127.0.0.1:${port}/`);
    await once(socket, 'open');
    socket.send(message);
    await once(socket, 'close');
    expect(socket.readyState).toBe(NodeWebSocket.CLOSED);
  }
});
