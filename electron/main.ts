/** The desktop shell: one window, the workbench behind app://, backend and compute in processes of their own. */
import { app, dialog, ipcMain, protocol, session, type BrowserWindow } from 'electron';
import { applicationMenu } from './menu.ts';
import { createProcesses, type Processes } from './processes.ts';
import { answerPage, origin, scheme } from './protocol.ts';
import { createWindow } from './window.ts';

// Schemes and the sandbox are settled before Electron is ready.
protocol.registerSchemesAsPrivileged([
  { scheme, privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true } },
]);
app.enableSandbox();

if (app.requestSingleInstanceLock()) void start();
else app.quit();

async function start(): Promise<void> {
  let window: BrowserWindow | null = null;
  app.on('second-instance', () => {
    if (window?.isMinimized() === true) window.restore();
    window?.focus();
  });
  app.on('web-contents-created', (_event, contents) => {
    // The page is the only document there is: it neither leaves nor opens another.
    contents.on('will-navigate', (event) => event.preventDefault());
    contents.on('will-redirect', (event) => event.preventDefault());
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  });
  await app.whenReady();

  const processes = createProcesses((sentence) => {
    dialog.showErrorBox('Twinscope', sentence);
    app.quit();
  });
  app.once('will-quit', (event) => {
    event.preventDefault();
    void processes.close().finally(() => app.exit(0));
  });

  const allowed = ['clipboard-sanitized-write', 'fullscreen'];
  session.defaultSession.setPermissionRequestHandler((_contents, permission, answer) =>
    answer(allowed.includes(permission)),
  );
  session.defaultSession.setPermissionCheckHandler((_contents, permission) => allowed.includes(permission));
  protocol.handle(scheme, (request) => answerPage(request, processes));

  ipcMain.on('twinscope:connect', (event) => {
    if (event.senderFrame?.origin !== origin) return;
    event.sender.postMessage('twinscope:port', null, [processes.connect()]);
  });
  ipcMain.handle('twinscope:choose', async (event, kind: unknown, title: unknown): Promise<string | null> => {
    if (event.senderFrame?.origin !== origin || window === null) return null;
    const properties = kind === 'folder' ? (['openDirectory', 'createDirectory'] as const) : (['openFile'] as const);
    const { filePaths } = await dialog.showOpenDialog(window, { title: String(title), properties: [...properties] });
    return filePaths[0] ?? null;
  });

  applicationMenu();
  window = createWindow();
  askBeforeClosing(window, processes);
  app.on('window-all-closed', () => app.quit());
}

/** A job that runs is worth a question; it is kept either way and goes on from its last checkpoint. */
function askBeforeClosing(window: BrowserWindow, processes: Processes): void {
  window.on('close', (event) => {
    const titles = processes.runningJobs();
    if (titles.length === 0) return;
    event.preventDefault();
    const question = {
      type: 'question' as const,
      message: titles.length === 1 ? `“${titles[0]}” is still running.` : `${titles.length} jobs are still running.`,
      detail: 'What is finished is saved. When you close now, the rest can be resumed next time.',
      buttons: ['Keep running', 'Close'],
      defaultId: 0,
      cancelId: 0,
    };
    void dialog.showMessageBox(window, question).then(({ response }) => {
      if (response === 1) window.destroy();
    });
  });
}
