/** One page's WebSocket: the method table, events at the pace the page can take, and an end when the page is gone. */
import type { WebSocket } from 'ws';
import type { SearchLive } from '../../contract/jobs.ts';
import type { Handlers } from '../../contract/methods.ts';
import { serveConnection, type ServeOptions, type ServerConnection } from '../../rpc/server.ts';
import { fromWebSocket } from '../../rpc/transports.ts';

export interface PageSocketOptions extends ServeOptions {
  /** How often the page is asked whether it is there. */
  heartbeatMs?: number;
}

/** A page is let go after this many questions in a row without an answer: a host that was held up asks again first. */
const unansweredAllowed = 2;
/** While more than this waits to be sent, pictures of running searches do not join the queue. */
export const fullBytes = 4 * 1024 * 1024;

export function servePage(
  socket: WebSocket,
  handlers: Handlers,
  { heartbeatMs = 30_000, ...options }: PageSocketOptions,
): Pick<ServerConnection, 'emit' | 'closed'> {
  const connection = serveConnection(fromWebSocket(socket), handlers, options);
  /** What a page that cannot keep up has not seen yet, by job. */
  const waiting = new Map<string, SearchLive>();

  let unanswered = 0;
  socket.on('pong', () => {
    unanswered = 0;
  });
  const heartbeat = setInterval(() => {
    if (unanswered === unansweredAllowed) return socket.terminate();
    unanswered += 1;
    return socket.ping();
  }, heartbeatMs);
  void connection.closed.then(() => clearInterval(heartbeat));

  return {
    emit(event, data) {
      if (event === 'search.live') {
        const live = data as SearchLive;
        waiting.set(live.jobId, joined(waiting.get(live.jobId), live));
      }
      if (socket.bufferedAmount <= fullBytes) {
        for (const live of waiting.values()) connection.emit('search.live', live);
        waiting.clear();
      }
      if (event !== 'search.live') connection.emit(event, data);
    },
    closed: connection.closed,
  };
}

/** Two messages as one: the newest state, every point of the trajectory, the last pictures there were. */
function joined(before: SearchLive | undefined, now: SearchLive): SearchLive {
  if (before === undefined) return now;
  const tiles = now.tiles.length > 0 ? now.tiles : before.tiles;
  const spectrum = now.spectrum ?? before.spectrum;
  return { ...now, trajectory: [...before.trajectory, ...now.trajectory], tiles, spectrum };
}
