/** What the desktop shell and the backend process say to each other, and what the shell offers its page. */

/** The page's bridge to the shell. `DroppedFile` is the DOM's File, which this file cannot name. */
export interface DesktopBridge<DroppedFile> {
  /**
   * Asks for a message port to the backend. A port cannot be returned through the context bridge, so it arrives as a
   * window message `{ type: 'twinscope:port' }` with the port attached.
   */
  connect(): void;
  /** Lets the person choose a folder; null when they closed the dialog. */
  chooseFolder(title: string): Promise<string | null>;
  /** Lets the person choose a file; null when they closed the dialog. */
  chooseFile(title: string): Promise<string | null>;
  /** The path of a file that was dropped onto the window. */
  pathForFile(file: DroppedFile): string;
}

/** A request for a resource, without its streams: they do not cross process borders. */
export interface ResourceRequest {
  path: string;
  method: string;
  headers: [string, string][];
  body: Uint8Array<ArrayBuffer> | null;
}
export interface ResourceResponse {
  status: number;
  headers: [string, string][];
  body: Uint8Array<ArrayBuffer>;
}

export type ShellToBackend =
  /** Comes with a port: serve the method table on it. */
  | { type: 'connect' }
  | { type: 'resource'; id: number; request: ResourceRequest }
  /** Comes with a port: the compute process that was asked for. */
  | { type: 'compute-started'; id: number; pid: number }
  | { type: 'compute-exited'; id: number; code: number }
  /** Compute could not even be started; the reason is the system's. */
  | { type: 'compute-failed'; id: number; reason: string }
  | { type: 'close' };

export type BackendToShell =
  | { type: 'ready' }
  /** The backend cannot work; the sentence says why. */
  | { type: 'failed'; sentence: string }
  | { type: 'resource'; id: number; response: ResourceResponse }
  | { type: 'start-compute'; id: number }
  | { type: 'kill-compute'; id: number }
  /** Titles of the jobs that run, whenever they change. */
  | { type: 'running-jobs'; titles: string[] }
  | { type: 'closed' };
