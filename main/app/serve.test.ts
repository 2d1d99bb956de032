/** The loopback host over real HTTP and WebSocket: what it serves to its browser, and that it refuses everybody else. */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { EventData, EventName } from '../contract/methods.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { createClient } from '../rpc/client.ts';
import { testHandlers, testProject } from '../rpc/testing/handlers.ts';
import { fromWebSocket } from '../rpc/transports.ts';
import { startServer, type Hosted, type RunningServer } from './serve.ts';

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}
type Emit = <E extends EventName>(event: E, data: EventData<E>) => void;

let folder = '';
let server: RunningServer;
let port = 0;
let token = '';
let emit: Emit = () => undefined;
let resource: (request: Request) => Promise<Response>;
const logged: [unknown, string][] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'twinscope-serve-'));
  mkdirSync(join(folder, 'renderer', 'assets'), { recursive: true });
  writeFileSync(join(folder, 'renderer', 'index.html'), '<!doctype html><title>workbench</title>');
  writeFileSync(join(folder, 'renderer', 'assets', 'main-1a2b.js'), 'void 0;');
  writeFileSync(join(folder, 'renderer', 'notes.exe'), 'not a web file');
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  resource = async () => new Response('resource');
  logged.length = 0;
  server = await startServer({
    handlers: testHandlers({ 'project.current': async () => testProject }),
    handleResource: (request) => resource(request),
    onEvent: (listener: Parameters<Hosted['onEvent']>[0]) => {
      emit = listener;
      return () => {
        emit = () => undefined;
      };
    },
    rendererFolder: join(folder, 'renderer'),
    logError: (error, what) => {
      logged.push([error, what]);
      return 'ref1';
    },
  });
  const url = new URL(server.url);
  port = Number(url.port);
  token = url.searchParams.get('token') ?? '';
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A request with exactly these headers; fetch would not let us lie about Host and Origin. */
function ask(
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = options;
    const sent = httpRequest({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

async function enter(): Promise<string> {
  const answer = await ask(`/?token=${token}`);
  return (answer.headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '';
}

function socket(headers: Record<string, string>, path = '/rpc'): WebSocket {
  return new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
}

async function refusalOf(webSocket: WebSocket): Promise<number> {
  webSocket.on('error', () => undefined);
  const [, response] = (await once(webSocket, 'unexpected-response')) as [unknown, { statusCode: number }];
  webSocket.terminate();
  return response.statusCode;
}

const origin = (): string => `http://127.0.0.1:${port}`;

describe('the token', () => {
  test('is exchanged once for a cookie that scripts cannot read and other sites cannot use', async () => {
    expect(token).toMatch(/^[\w-]{43}$/);
    const first = await ask(`/?token=${token}`);
    expect(first.status).toBe(303);
    expect(first.headers.location).toBe('/');
    const [cookie = ''] = first.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict; Path=\/$/);
    expect(cookie).not.toContain(token);
    const again = await ask(`/?token=${token}`);
    expect(again.status).toBe(401);
    expect(again.headers['set-cookie']).toBeUndefined();
  });

  test('a reload works by the cookie, with and without the used token', async () => {
    const cookie = await enter();
    expect(await ask('/', { headers: { cookie } })).toMatchObject({
      status: 200,
      body: expect.stringContaining('workbench'),
    });
    expect(await ask('/', { headers: { cookie } })).toMatchObject({ status: 200 });
    expect(await ask(`/?token=${token}`, { headers: { cookie } })).toMatchObject({ status: 303 });
  });

  test('survives a link preview and a wrong guess', async () => {
    expect((await ask(`/?token=${token}`, { method: 'HEAD' })).status).toBe(401);
    expect((await ask('/?token=wrong')).status).toBe(401);
    expect((await ask(`/?token=${token.slice(0, -1)}`)).status).toBe(401);
    expect((await ask(`/?token=${token}`)).status).toBe(303);
  });

  test('after a link on another page the browser is sent on by a page, not by a redirect', async () => {
    const answer = await ask(`/?token=${token}`, { headers: { 'sec-fetch-site': 'cross-site' } });
    expect(answer.status).toBe(200);
    expect(answer.headers['set-cookie']).toHaveLength(1);
    expect(answer.body).toContain('http-equiv="refresh"');
  });
});

describe('without the key everything is refused', () => {
  test.each(['/', '/index.html', '/assets/main-1a2b.js', '/resource/thumbnail/x', '/rpc', '/nothing', '/?token='])(
    'GET %s',
    async (path) => {
      const answer = await ask(path);
      expect(answer.status).toBe(401);
      expect(answer.body).toContain('Open the address that Twinscope printed');
      expect(answer.body).not.toContain('workbench</title>');
    },
  );
  test('writing, other methods and wrong cookies', async () => {
    const own = { origin: origin() };
    expect((await ask('/resource/upload/a/b.png', { method: 'PUT', headers: own, body: 'x' })).status).toBe(401);
    expect((await ask('/', { method: 'OPTIONS', headers: own })).status).toBe(401);
    const cookie = await enter();
    const name = cookie.slice(0, cookie.indexOf('='));
    for (const wrong of [`${name}=`, `${name}=${token}`, `other=${cookie.slice(name.length + 1)}`, `${cookie}x`]) {
      expect((await ask('/', { headers: { cookie: wrong } })).status).toBe(401);
    }
  });
  test('a socket', async () => {
    expect(await refusalOf(socket({ origin: origin() }))).toBe(401);
    expect(await refusalOf(socket({ origin: origin() }, `/rpc?token=${token}x`))).toBe(401);
  });
});

describe('other pages and other names are refused even with the cookie', () => {
  test.each([
    'evil.example',
    'evil.example:80',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '10.0.0.1',
    '0.0.0.0',
  ])('Host %s', async (host) => {
    const cookie = await enter();
    expect((await ask('/', { headers: { cookie, host } })).status).toBe(403);
    expect((await ask(`/?token=${token}`, { headers: { host } })).status).toBe(403);
    expect(await refusalOf(socket({ cookie, host, origin: `http://${host}` }))).toBe(403);
  });
  test('Host of an SSH tunnel is ours', async () => {
    const cookie = await enter();
    expect((await ask('/', { headers: { cookie, host: 'localhost:9000' } })).status).toBe(200);
  });
  test.each(['http://evil.example', 'null', 'https://127.0.0.1', 'http://127.0.0.1:1', 'http://localhost'])(
    'Origin %s',
    async (foreign) => {
      const cookie = await enter();
      const headers = { cookie, origin: foreign };
      expect((await ask('/', { headers })).status).toBe(403);
      expect((await ask('/resource/upload/a/b', { method: 'PUT', headers, body: 'x' })).status).toBe(403);
      expect(await refusalOf(socket(headers))).toBe(403);
    },
  );
  test('writing and sockets must say where they come from', async () => {
    const cookie = await enter();
    expect((await ask('/resource/upload/a/b', { method: 'PUT', headers: { cookie }, body: 'x' })).status).toBe(403);
    expect(await refusalOf(socket({ cookie }))).toBe(403);
  });
  test('only this machine is listened to', async () => {
    const others = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter(({ family, internal }) => family === 'IPv4' && !internal)
      .map(({ address }) => address);
    for (const address of [...others, '127.0.0.2']) {
      const tried = connect({ host: address, port });
      const outcome = await Promise.race([
        once(tried, 'connect').then(() => 'open'),
        once(tried, 'error').then(() => 'refused'),
      ]).catch(() => 'refused');
      tried.destroy();
      expect(outcome).toBe('refused');
    }
  });
});

describe('with the key', () => {
  let cookie = '';
  beforeEach(async () => {
    cookie = await enter();
  });

  test('every answer carries the policy and none allows another origin', async () => {
    const answers = [
      await ask('/', { headers: { cookie } }),
      await ask('/assets/main-1a2b.js', { headers: { cookie } }),
      await ask('/nothing.js', { headers: { cookie } }),
      await ask('/'),
      await ask('/', { headers: { host: 'evil.example' } }),
    ];
    for (const { headers } of answers) {
      expect(headers['content-security-policy']).toContain("default-src 'none'");
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['referrer-policy']).toBe('no-referrer');
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
    const served = await ask('/resource/x', { headers: { cookie } });
    expect(served.headers['content-security-policy']).toMatch(/sandbox$/);
    expect(served.headers['access-control-allow-origin']).toBeUndefined();
  });

  test('files of the workbench are served with their type, hashed ones for good', async () => {
    expect((await ask('/', { headers: { cookie } })).headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
    });
    const script = await ask('/assets/main-1a2b.js', { headers: { cookie } });
    expect(script.body).toBe('void 0;');
    expect(script.headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(script.headers['cache-control']).toContain('immutable');
    expect(await ask('/', { method: 'HEAD', headers: { cookie } })).toMatchObject({ status: 200, body: '' });
    expect((await ask('/', { method: 'POST', headers: { cookie, origin: origin() } })).status).toBe(405);
  });

  test.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/..%5csecret.txt',
    '/assets',
    '/assets/',
    '/index.html%00.js',
    '/%',
    '/notes.exe',
    '//etc/hosts.txt',
  ])('nothing is found at %s', async (path) => {
    const answer = await ask(path, { headers: { cookie } });
    expect(answer.status).toBe(404);
    expect(answer.body).not.toContain('secret');
  });

  test('resources stream both ways and never see the session', async () => {
    resource = async (request) => {
      expect(request.headers.get('cookie')).toBeNull();
      const pieces = await request.text();
      return new Response(`${request.method} ${new URL(request.url).pathname} ${pieces}`, {
        headers: { 'content-type': 'text/plain' },
      });
    };
    const headers = { cookie, origin: origin() };
    const answer = await ask('/resource/upload/batch/cat%20one.png', { method: 'PUT', headers, body: 'pixels' });
    expect(answer).toMatchObject({ status: 200, body: 'PUT /resource/upload/batch/cat%20one.png pixels' });
    expect(answer.headers['content-type']).toBe('text/plain');
  });

  test('a large answer is sent as it is made, and its source stops when nobody reads', async () => {
    let stopped: () => void = () => undefined;
    const stop = new Promise<void>((resolve) => {
      stopped = resolve;
    });
    let made = 0;
    resource = async () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            made += 1;
            controller.enqueue(new Uint8Array(1 << 20));
          },
          cancel: stopped,
        }),
      );
    const sent = httpRequest({ host: '127.0.0.1', port, path: '/resource/big', headers: { cookie } });
    sent.end();
    const [response] = await once(sent, 'response');
    await once(response, 'data');
    sent.destroy();
    await stop;
    expect(made).toBeLessThan(200);
  });

  test('errors of resources are answers: ours with their sentence, others with a reference', async () => {
    resource = async () => {
      throw new TwinscopeError('not-found', 'There is no picture “x”.');
    };
    const missing = await ask('/resource/x', { headers: { cookie } });
    expect(missing.status).toBe(404);
    expect(JSON.parse(missing.body)).toEqual({ code: 'not-found', message: 'There is no picture “x”.' });
    const fault = new TypeError('secret');
    resource = async () => {
      throw fault;
    };
    const failed = await ask('/resource/x', { headers: { cookie } });
    expect(failed.status).toBe(500);
    expect(failed.body).toContain('ref1');
    expect(failed.body).not.toContain('secret');
    expect(logged).toEqual([[fault, '/resource/x']]);
  });

  test('the socket answers calls, brings events and ends with the server', async () => {
    const client = createClient(fromWebSocket(socket({ cookie, origin: origin() })));
    expect(await client.call('project.current', {})).toEqual(testProject);
    const heard = new Promise((resolve) => {
      client.on('data.changed', resolve);
    });
    emit('data.changed', { lists: ['sets'] });
    expect(await heard).toEqual({ lists: ['sets'] });
    await server.close();
    await client.closed;
    await expect(ask('/')).rejects.toThrow('ECONNREFUSED');
  });

  test('there is one socket address', async () => {
    expect(await refusalOf(socket({ cookie, origin: origin() }, '/other'))).toBe(404);
  });
});

test.each(['//', '*', 'http://evil.example/', '/%', '/?token=%'])('the target %s is survived', async (target) => {
  for (const upgrade of ['', 'Upgrade: websocket\r\nConnection: Upgrade\r\n']) {
    const raw = connect({ host: '127.0.0.1', port });
    raw.end(`GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nOrigin: ${origin()}\r\n${upgrade}\r\n`);
    const [answer] = (await once(raw, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 40[01] /);
    raw.destroy();
  }
  expect((await ask('/')).status).toBe(401);
  expect(logged).toEqual([]);
});

test('a socket that is reset while it is refused is survived', async () => {
  const faults: unknown[] = [];
  const note = (error: unknown): number => faults.push(error);
  process.on('uncaughtException', note);
  for (let attempt = 0; attempt < 20; attempt++) {
    const raw = connect({ host: '127.0.0.1', port });
    await once(raw, 'connect');
    raw.write(`GET /rpc HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n`);
    raw.resetAndDestroy();
  }
  expect((await ask('/')).status).toBe(401);
  process.off('uncaughtException', note);
  expect(faults).toEqual([]);
});

test('an answer that cannot be written breaks the connection, not the host', async () => {
  const cookie = await enter();
  resource = async () => {
    const answer = new Response('x');
    Object.defineProperty(answer, 'status', { value: 7 });
    return answer;
  };
  const failed = await ask('/resource/x', { headers: { cookie } }).catch(() => null);
  expect(failed?.status ?? 500).toBe(500);
  expect(logged).toHaveLength(1);
  expect((await ask('/', { headers: { cookie } })).status).toBe(200);
});

test('a port that is taken is told in a sentence', async () => {
  const options = {
    handlers: testHandlers({}),
    handleResource: resource,
    onEvent: () => () => undefined,
    rendererFolder: folder,
    logError: () => 'ref',
  };
  await expect(startServer({ ...options, port })).rejects.toMatchObject({
    code: 'conflict',
    message: `Port ${port} is in use by another program. Choose another, or leave --port out.`,
  });
});
