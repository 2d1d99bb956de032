import type { DesktopBridge } from '../../main/contract/desktop.ts';

declare global {
  interface Window {
    /** The desktop shell's bridge; undefined in the browser host. */
    readonly twinscope?: DesktopBridge<File>;
  }
}

export const desktop: DesktopBridge<File> | undefined = typeof window === 'undefined' ? undefined : window.twinscope;

/** Waits for the backend's port from the desktop shell. */
export function receivePort(host: DesktopBridge<File>): Promise<MessagePort> {
  return new Promise((resolve) => {
    const receive = (event: MessageEvent) => {
      const port = event.ports[0];
      const type = (event.data as { type?: unknown } | null)?.type;
      if (event.source !== window || type !== 'twinscope:port' || port === undefined) return;
      window.removeEventListener('message', receive);
      resolve(port);
    };
    window.addEventListener('message', receive);
    host.connect();
  });
}

/** Address of the backend's RPC socket, on the host that served this page. */
export function socketAddress(): string {
  const address = new URL('/rpc', window.location.href);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  return address.href;
}
