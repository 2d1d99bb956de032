/** What the desktop shell's preload script offers; undefined in the browser host. */
export interface DesktopHost {
  /**
   * Asks the shell for a message port to the backend. A port cannot be returned through the context bridge, so it
   * arrives as a window message `{ type: 'twinscope:port' }` with the port attached.
   */
  connect(): void;
  /** Lets the person choose a folder; null when they closed the dialog. */
  chooseFolder?(title: string): Promise<string | null>;
  /** Lets the person choose a file; null when they closed the dialog. */
  chooseFile?(title: string): Promise<string | null>;
  /** The path of a file that was dropped onto the window. */
  pathForFile?(file: File): string;
}

declare global {
  interface Window {
    readonly twinscope?: DesktopHost;
  }
}

export const desktop: DesktopHost | undefined = typeof window === 'undefined' ? undefined : window.twinscope;

/** Waits for the backend's port from the desktop shell. */
export function receivePort(host: DesktopHost): Promise<MessagePort> {
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
