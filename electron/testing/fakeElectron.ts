/**
 * A stand-in for Electron, as far as the shell uses it. `implements Pick<…>` holds every class to electron.d.ts, so that
 * a change there breaks the tests instead of the application.
 */
import { EventEmitter } from 'node:events';
import type * as Electron from 'electron';

/** Everything the shell did, in order. */
export const log: string[] = [];
export const windows: FakeWindow[] = [];
export const children: FakeUtilityProcess[] = [];
export const protocolHandlers = new Map<string, (request: Request) => Promise<Response>>();
export const ipcHandlers = new Map<string, (event: unknown, ...args: unknown[]) => unknown>();
export const answers = { lock: true, messageBox: 0, openDialog: [] as string[], forkError: null as Error | null };
export const permissions: {
  request: Parameters<Electron.Session['setPermissionRequestHandler']>[0];
  check: Parameters<Electron.Session['setPermissionCheckHandler']>[0];
} = { request: null, check: null };
export const schemes: Electron.CustomScheme[] = [];
export const questions: Electron.MessageBoxOptions[] = [];
export const fatal: string[] = [];

let makeReady: () => void = () => undefined;
const ready = new Promise<void>((resolve) => {
  makeReady = resolve;
});
export function becomeReady(): void {
  log.push('ready');
  makeReady();
}

class FakeApp
  extends EventEmitter
  implements
    Pick<Electron.App, 'enableSandbox' | 'requestSingleInstanceLock' | 'whenReady' | 'quit' | 'exit' | 'isPackaged'>
{
  readonly isPackaged: boolean = true;
  enableSandbox(): void {
    log.push('enableSandbox');
  }
  requestSingleInstanceLock(): boolean {
    return answers.lock;
  }
  whenReady(): Promise<void> {
    return ready;
  }
  quit(): void {
    log.push('quit');
  }
  exit(code?: number): void {
    log.push(`exit ${code ?? 0}`);
  }
}
export const app = new FakeApp();

export class FakeContents
  extends EventEmitter
  implements Pick<Electron.WebContents, 'setWindowOpenHandler' | 'postMessage'>
{
  openHandler: Parameters<Electron.WebContents['setWindowOpenHandler']>[0] = () => ({ action: 'allow' });
  readonly posted: { channel: string; message: unknown; ports: Electron.MessagePortMain[] }[] = [];
  setWindowOpenHandler(handler: Parameters<Electron.WebContents['setWindowOpenHandler']>[0]): void {
    this.openHandler = handler;
  }
  postMessage(channel: string, message: unknown, ports: Electron.MessagePortMain[] = []): void {
    this.posted.push({ channel, message, ports });
  }
}

export class FakeWindow
  extends EventEmitter
  implements Pick<Electron.BrowserWindow, 'loadURL' | 'show' | 'focus' | 'restore' | 'isMinimized' | 'destroy'>
{
  readonly options: Electron.BrowserWindowConstructorOptions;
  readonly contents = new FakeContents();
  url = '';
  constructor(options: Electron.BrowserWindowConstructorOptions) {
    super();
    this.options = options;
    windows.push(this);
    log.push('window');
    app.emit('web-contents-created', {}, this.contents);
  }
  loadURL(url: string): Promise<void> {
    this.url = url;
    return Promise.resolve();
  }
  show(): void {
    log.push('show');
  }
  focus(): void {
    log.push('focus');
  }
  restore(): void {
    log.push('restore');
  }
  isMinimized(): boolean {
    return true;
  }
  destroy(): void {
    log.push('destroy');
  }
}
export { FakeWindow as BrowserWindow };

export class FakePort
  extends EventEmitter
  implements Pick<Electron.MessagePortMain, 'postMessage' | 'start' | 'close'>
{
  postMessage(): void {}
  start(): void {}
  close(): void {}
}
export class MessageChannelMain implements Electron.MessageChannelMain {
  readonly port1 = new FakePort() as unknown as Electron.MessagePortMain;
  readonly port2 = new FakePort() as unknown as Electron.MessagePortMain;
}

export class FakeUtilityProcess
  extends EventEmitter
  implements Pick<Electron.UtilityProcess, 'postMessage' | 'kill' | 'pid'>
{
  readonly modulePath: string;
  readonly options: Electron.ForkOptions;
  readonly sent: { message: unknown; ports: Electron.MessagePortMain[] }[] = [];
  readonly pid: number;
  killed = false;
  constructor(modulePath: string, options: Electron.ForkOptions) {
    super();
    this.modulePath = modulePath;
    this.options = options;
    this.pid = 1000 + children.length;
    children.push(this);
  }
  postMessage(message: unknown, ports: Electron.MessagePortMain[] = []): void {
    this.sent.push({ message, ports });
  }
  kill(): boolean {
    this.killed = true;
    this.emit('exit', 15);
    return true;
  }
}
export const utilityProcess = {
  fork: (modulePath: string, _args: string[] = [], options: Electron.ForkOptions = {}) => {
    if (answers.forkError !== null) throw answers.forkError;
    return new FakeUtilityProcess(modulePath, options) as unknown as Electron.UtilityProcess;
  },
} satisfies Pick<typeof Electron.utilityProcess, 'fork'>;

export const protocol = {
  registerSchemesAsPrivileged(custom: Electron.CustomScheme[]): void {
    log.push('registerSchemes');
    schemes.push(...custom);
  },
  handle(scheme: string, handler: (request: Request) => Response | Promise<Response>): void {
    protocolHandlers.set(scheme, async (request) => handler(request));
  },
} satisfies Pick<Electron.Protocol, 'registerSchemesAsPrivileged' | 'handle'>;

export const session = {
  defaultSession: {
    setPermissionRequestHandler(handler): void {
      permissions.request = handler;
    },
    setPermissionCheckHandler(handler): void {
      permissions.check = handler;
    },
  } satisfies Pick<Electron.Session, 'setPermissionRequestHandler' | 'setPermissionCheckHandler'>,
};

export const ipcMain = Object.assign(new EventEmitter(), {
  handle(channel: string, listener: (event: Electron.IpcMainInvokeEvent, ...args: never[]) => unknown): void {
    ipcHandlers.set(channel, listener as (event: unknown, ...args: unknown[]) => unknown);
  },
}) satisfies Pick<Electron.IpcMain, 'handle'>;

export const dialog = {
  showErrorBox(_title: string, content: string): void {
    fatal.push(content);
  },
  async showMessageBox(_window: unknown, options: Electron.MessageBoxOptions): Promise<Electron.MessageBoxReturnValue> {
    questions.push(options);
    return { response: answers.messageBox, checkboxChecked: false };
  },
  async showOpenDialog(): Promise<Electron.OpenDialogReturnValue> {
    return { canceled: answers.openDialog.length === 0, filePaths: answers.openDialog };
  },
};

export const Menu = {
  buildFromTemplate(template: Electron.MenuItemConstructorOptions[]) {
    return template as unknown as Electron.Menu;
  },
  setApplicationMenu(): void {
    log.push('menu');
  },
} satisfies Pick<typeof Electron.Menu, 'buildFromTemplate' | 'setApplicationMenu'>;
