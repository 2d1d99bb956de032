/** The one place that knows which transport this window has. */
import { createClient } from '../../main/rpc/client.ts';
import { fromMessagePort, fromWebSocket } from '../../main/rpc/transports.ts';
import { desktop, receivePort, socketAddress } from './host.ts';
import type { Connection } from './session.ts';

/** Connects to the backend: over the desktop shell's port, or over a socket to the host that served this page. */
export async function connect(): Promise<Connection> {
  if (desktop !== undefined) {
    const client = createClient(fromMessagePort(await receivePort(desktop)));
    return { client, closed: client.closed };
  }
  const socket = new WebSocket(socketAddress());
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve(), { once: true });
    socket.addEventListener('close', () => reject(new Error('the socket was refused')), { once: true });
  });
  const client = createClient(fromWebSocket(socket));
  return { client, closed: client.closed };
}
