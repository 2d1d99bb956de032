/** Compute as a utility process of the desktop: the shell hands over the port to the backend as its first message. */
import { fromMessagePortMain, type MessagePortMainLike } from '../rpc/transports.ts';
import { runAsChild } from './compute.ts';

interface ParentPort {
  once(event: 'message', listener: (event: { ports: MessagePortMainLike[] }) => void): unknown;
}

(process as unknown as { parentPort: ParentPort }).parentPort.once('message', ({ ports: [port] }) => {
  if (port !== undefined) runAsChild(fromMessagePortMain(port));
});
