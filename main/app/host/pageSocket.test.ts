/** A page that reads slowly, and one that is gone, over real sockets. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer, type ClientOptions } from 'ws';
import type { SearchLive } from '../../contract/jobs.ts';
import { createClient } from '../../rpc/client.ts';
import { testHandlers, testProject } from '../../rpc/testing/handlers.ts';
import { fromWebSocket } from '../../rpc/transports.ts';
import { fullBytes, servePage } from './pageSocket.ts';

let server: WebSocketServer | null = null;
afterEach(() => {
  for (const socket of server?.clients ?? []) socket.terminate();
  server?.close();
});

async function connect(clientOptions: ClientOptions, heartbeatMs?: number) {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const page = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, clientOptions);
  const client = createClient(fromWebSocket(page));
  const [socket] = (await once(server, 'connection')) as [WebSocket];
  const handlers = testHandlers({ 'project.current': async () => testProject });
  const host = servePage(socket, handlers, { logError: () => 'ref', ...(heartbeatMs && { heartbeatMs }) });
  await client.call('project.current', {});
  return { page, client, socket, host };
}

const live = (step: number, tiles: string[]): SearchLive => ({
  jobId: 'a',
  step,
  steps: 1000,
  best: [step],
  trajectory: [{ step, best: step, median: 0 }],
  tiles,
  areas: [],
  units: [],
  residuals: null,
  spectrum: null,
  controls: [],
});

test('a page that does not read gets the newest picture and the whole trajectory, not a queue', async () => {
  const { page, client, socket, host } = await connect({});
  const heard: SearchLive[] = [];
  client.on('search.live', (message) => heard.push(message));
  page.pause();
  const picture = 'x'.repeat(1024 * 1024);
  let sent = 0;
  // The systems' own buffers come before ours; how much they take differs between machines.
  while (socket.bufferedAmount <= fullBytes && sent < 1000) {
    host.emit('search.live', live(sent++, [`${sent} ${picture}`]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  const full = socket.bufferedAmount;
  expect(full).toBeGreaterThan(fullBytes);
  for (const _ of Array.from({ length: 50 })) host.emit('search.live', live(sent++, [`${sent} ${picture}`]));
  host.emit('search.live', live(sent++, []));
  expect(socket.bufferedAmount).toBe(full);
  // Small events are never held back.
  const told = new Promise((resolve) => client.on('data.changed', resolve));
  host.emit('data.changed', { lists: ['runs'] });
  page.resume();
  expect(await told).toEqual({ lists: ['runs'] });
  host.emit('search.live', live(sent++, []));
  await client.call('project.current', {});

  const last = heard.at(-1) as SearchLive;
  expect(heard).toHaveLength(sent - 51);
  expect(last.step).toBe(sent - 1);
  expect(last.tiles.map((tile) => tile.split(' ')[0])).toEqual([`${sent - 2}`]);
  expect(heard.flatMap(({ trajectory }) => trajectory.map(({ step }) => step))).toEqual(
    Array.from({ length: sent }, (_, step) => step),
  );
});

test('a page that answers stays, one that does not is let go', async () => {
  const there = await connect({}, 100);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(await there.client.call('project.current', {})).toEqual(testProject);
  there.client.close();
  await there.host.closed;
  server?.close();

  const gone = await connect({ autoPong: false }, 20);
  await gone.host.closed;
  await gone.client.closed;
  expect(gone.socket.readyState).toBe(WebSocket.CLOSED);
});
