/** The start-up contract of the shell, against a fake that electron.d.ts types. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ShellToBackend } from '../main/contract/desktop.ts';
import type * as Fake from './testing/fakeElectron.ts';

let fake: typeof Fake;
let home = '';

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'twinscope-shell-'));
  vi.stubEnv('TWINSCOPE_HOME', home);
  vi.resetModules();
  vi.doMock('electron', () => import('./testing/fakeElectron.ts'));
  fake = (await import('electron')) as unknown as typeof Fake;
});
afterEach(() => {
  vi.doUnmock('electron');
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

async function start(): Promise<Fake.FakeWindow> {
  await import('./main.ts');
  fake.becomeReady();
  await vi.waitFor(() => expect(fake.windows).toHaveLength(1));
  return fake.windows[0] as Fake.FakeWindow;
}

const backend = (): Fake.FakeUtilityProcess => fake.children.findLast(isBackend) as Fake.FakeUtilityProcess;
const isBackend = (child: Fake.FakeUtilityProcess): boolean => child.modulePath.endsWith('desktopBackend.js');
const sentTypes = (child: Fake.FakeUtilityProcess): string[] =>
  child.sent.map(({ message }) => (message as ShellToBackend).type);

test('scheme and sandbox are settled before Electron is ready, and no window exists by then', async () => {
  await import('./main.ts');
  expect(fake.log).toEqual(['registerSchemes', 'enableSandbox']);
  expect(fake.schemes).toEqual([
    { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true } },
  ]);
  expect(fake.children).toEqual([]);
});

test('the page is sandboxed and isolated, and loads app://', async () => {
  const window = await start();
  expect(window.url).toBe('app://twinscope/');
  expect(window.options.webPreferences).toMatchObject({
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    webSecurity: true,
    devTools: false,
    preload: expect.stringMatching(/preload\.cjs$/),
  });
  expect(window.options.show).toBe(false);
  window.emit('ready-to-show');
  expect(fake.log).toContain('show');
});

test('the page neither leaves, nor opens windows, nor embeds others, nor gets permissions', async () => {
  const { contents } = await start();
  for (const name of ['will-navigate', 'will-redirect', 'will-attach-webview']) {
    const event = { preventDefault: vi.fn<() => void>() };
    contents.emit(name, event, 'https://example.org/');
    expect(event.preventDefault).toHaveBeenCalledOnce();
  }
  expect(contents.openHandler({} as Parameters<typeof contents.openHandler>[0])).toEqual({ action: 'deny' });
  const granted: Record<string, boolean> = {};
  for (const permission of ['media', 'geolocation', 'hid', 'openExternal', 'fullscreen'] as const) {
    const answer = (allowed: boolean) => void (granted[permission] = allowed);
    fake.permissions.request?.({} as never, permission, answer, {} as never);
  }
  expect(granted).toEqual({ media: false, geolocation: false, hid: false, openExternal: false, fullscreen: true });
  expect(fake.permissions.check?.(null, 'usb', '', {} as never)).toBe(false);
});

test('asked by its own page, the shell hands one port to the page and its partner to the backend', async () => {
  const { contents } = await start();
  fake.ipcMain.emit('twinscope:connect', { senderFrame: { origin: 'https://example.org' }, sender: contents });
  expect(contents.posted).toEqual([]);
  fake.ipcMain.emit('twinscope:connect', { senderFrame: { origin: 'app://twinscope' }, sender: contents });
  expect(contents.posted).toMatchObject([{ channel: 'twinscope:port' }]);
  const [connect] = backend().sent;
  expect(connect?.message).toEqual({ type: 'connect' });
  expect(connect?.ports).toHaveLength(1);
  expect(contents.posted[0]?.ports).toHaveLength(1);
  expect(contents.posted[0]?.ports[0]).not.toBe(connect?.ports[0]);
});

test('folders are chosen by its own page only', async () => {
  await start();
  fake.answers.openDialog = ['/photographs'];
  const choose = fake.ipcHandlers.get('twinscope:choose');
  expect(await choose?.({ senderFrame: { origin: 'app://twinscope' } }, 'folder', 'Photographs')).toBe('/photographs');
  expect(await choose?.({ senderFrame: { origin: 'https://example.org' } }, 'folder', 'Photographs')).toBeNull();
  expect(await choose?.({ senderFrame: null }, 'folder', 'Photographs')).toBeNull();
  fake.answers.openDialog = [];
  expect(await choose?.({ senderFrame: { origin: 'app://twinscope' } }, 'file', 'Twin')).toBeNull();
});

test('resources go to the backend and come back with the policy', async () => {
  await start();
  const handler = fake.protocolHandlers.get('app');
  const upload = new Request('app://twinscope/resource/upload/b/c.png?x=1', { method: 'PUT', body: 'pixels' });
  const answering = handler?.(upload);
  await vi.waitFor(() => expect(sentTypes(backend())).toContain('resource'));
  const message = backend().sent[0]?.message as ShellToBackend & { type: 'resource' };
  expect(message.request).toMatchObject({ path: '/resource/upload/b/c.png?x=1', method: 'PUT' });
  expect(new TextDecoder().decode(message.request.body ?? undefined)).toBe('pixels');
  backend().emit('message', {
    type: 'resource',
    id: message.id,
    response: { status: 201, headers: [['content-type', 'text/plain']], body: new TextEncoder().encode('kept') },
  });
  const answer = (await answering) as Response;
  expect([answer.status, await answer.text(), answer.headers.get('content-type')]).toEqual([201, 'kept', 'text/plain']);
  expect(answer.headers.get('content-security-policy')).toMatch(/sandbox$/);
  expect((await handler?.(new Request('app://elsewhere/')))?.status).toBe(404);
  expect((await handler?.(new Request('app://twinscope/', { method: 'POST' })))?.status).toBe(405);
});

test('compute is started and ended on request, in a folder of its own', async () => {
  await start();
  backend().emit('message', { type: 'start-compute', id: 5 });
  const compute = fake.children.at(-1) as Fake.FakeUtilityProcess;
  expect(compute.modulePath).toMatch(/desktopCompute\.js$/);
  expect(compute.options.cwd?.startsWith(join(home, 'compute'))).toBe(true);
  expect(compute.sent).toMatchObject([{ ports: [expect.anything()] }]);
  compute.emit('spawn');
  expect(backend().sent.at(-1)).toMatchObject({ message: { type: 'compute-started', id: 5, pid: compute.pid } });
  expect(backend().sent.at(-1)?.ports).toHaveLength(1);
  backend().emit('message', { type: 'kill-compute', id: 5 });
  expect(compute.killed).toBe(true);
  expect(backend().sent.at(-1)?.message).toEqual({ type: 'compute-exited', id: 5, code: 15 });
});

test('compute that ends before it started, or cannot be started, is told to the backend', async () => {
  await start();
  backend().emit('message', { type: 'start-compute', id: 5 });
  (fake.children.at(-1) as Fake.FakeUtilityProcess).emit('exit', 7);
  expect(backend().sent.map(({ message }) => message)).toEqual([{ type: 'compute-exited', id: 5, code: 7 }]);
  fake.answers.forkError = new Error('no space left');
  backend().emit('message', { type: 'start-compute', id: 6 });
  expect(backend().sent.at(-1)?.message).toEqual({ type: 'compute-failed', id: 6, reason: 'no space left' });
  fake.answers.forkError = null;
  vi.stubEnv('TWINSCOPE_HOME', join(import.meta.filename, 'a folder in a file'));
  backend().emit('message', { type: 'start-compute', id: 7 });
  expect(backend().sent.at(-1)?.message).toMatchObject({
    type: 'compute-failed',
    id: 7,
    reason: expect.stringMatching(/ENOTDIR|ENOENT/),
  });
});

test('a backend started anew hears nothing of the compute of the earlier one', async () => {
  await start();
  backend().emit('message', { type: 'start-compute', id: 1 });
  const old = fake.children.at(-1) as Fake.FakeUtilityProcess;
  old.kill = () => true;
  backend().emit('exit', 1);
  backend().emit('message', { type: 'start-compute', id: 1 });
  const compute = fake.children.at(-1) as Fake.FakeUtilityProcess;
  old.emit('exit', 15);
  expect(backend().sent).toEqual([]);
  backend().emit('message', { type: 'kill-compute', id: 1 });
  expect(compute.killed).toBe(true);
});

test('a backend that dies takes compute along, fails what was asked and is started again, three times', async () => {
  await start();
  const first = backend();
  first.emit('message', { type: 'start-compute', id: 1 });
  const compute = fake.children.at(-1) as Fake.FakeUtilityProcess;
  const waiting = fake.protocolHandlers.get('app')?.(new Request('app://twinscope/resource/x'));
  await vi.waitFor(() => expect(sentTypes(first)).toContain('resource'));
  first.emit('exit', 1);
  expect(compute.killed).toBe(true);
  expect((await waiting)?.status).toBe(503);
  expect(backend()).not.toBe(first);
  for (let again = 0; again < 3; again++) backend().emit('exit', 1);
  expect(fake.children.filter(isBackend)).toHaveLength(4);
  expect(fake.fatal).toEqual([expect.stringContaining('Your projects are safe')]);
  expect(fake.log).toContain('quit');
});

test('a backend that cannot start says why', async () => {
  await start();
  backend().emit('message', { type: 'failed', sentence: 'The library cannot be read.' });
  expect(fake.fatal).toEqual(['The library cannot be read.']);
});

test('closing asks while a job runs, and only then', async () => {
  const window = await start();
  const close = () => {
    const event = { preventDefault: vi.fn<() => void>() };
    window.emit('close', event);
    return event.preventDefault;
  };
  expect(close()).not.toHaveBeenCalled();
  backend().emit('message', { type: 'running-jobs', titles: ['Search for V1-complex'] });
  fake.answers.messageBox = 0;
  expect(close()).toHaveBeenCalledOnce();
  await vi.waitFor(() => expect(fake.questions).toHaveLength(1));
  expect(fake.questions[0]).toMatchObject({
    message: '“Search for V1-complex” is still running.',
    buttons: ['Keep running', 'Close'],
    cancelId: 0,
  });
  expect(fake.log).not.toContain('destroy');
  fake.answers.messageBox = 1;
  close();
  await vi.waitFor(() => expect(fake.log).toContain('destroy'));
  backend().emit('message', { type: 'running-jobs', titles: [] });
  expect(close()).not.toHaveBeenCalled();
});

test('quitting waits until the backend has saved', async () => {
  await start();
  fake.app.emit('window-all-closed');
  expect(fake.log).toContain('quit');
  const event = { preventDefault: vi.fn<() => void>() };
  fake.app.emit('will-quit', event);
  expect(event.preventDefault).toHaveBeenCalledOnce();
  expect(sentTypes(backend())).toEqual(['close']);
  expect(fake.log).not.toContain('exit 0');
  backend().emit('message', { type: 'closed' });
  await vi.waitFor(() => expect(fake.log).toContain('exit 0'));
  expect(fake.children.filter(isBackend)).toHaveLength(1);
});

test('a second start shows the first one and goes', async () => {
  const window = await start();
  fake.app.emit('second-instance');
  expect(fake.log.slice(-2)).toEqual(['restore', 'focus']);
  expect(window.isMinimized()).toBe(true);
});

test('a start that is not the first goes at once', async () => {
  fake.answers.lock = false;
  await import('./main.ts');
  fake.becomeReady();
  expect(fake.log).toContain('quit');
  expect(fake.windows).toEqual([]);
  expect(fake.children).toEqual([]);
});
