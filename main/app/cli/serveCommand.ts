/** `twinscope serve`: the workbench in a browser. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { TwinscopeError } from '../../platform/errors.ts';
import { logSentence, type Log } from '../../platform/node/log.ts';
import { createBackend, installFolder, type Backend } from '../backend.ts';
import { openSampleProject } from '../sample.ts';
import { startServer } from '../serve.ts';
import { spawnCompute } from '../spawnCompute.ts';

type ServeOptions = { port?: string; open?: boolean; project?: string };

/** Runs until SIGINT or SIGTERM. Throws 'bad-input' for a port that is none and 'conflict' for one that is taken. */
export async function serve(options: ServeOptions, log: Log): Promise<void> {
  const port = options.port === undefined ? 0 : Number(options.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new TwinscopeError('bad-input', 'The port must be a whole number from 0 to 65535. Nothing was started.');
  }
  // Heard from the first moment: the sample project must be closed properly even while it is being made.
  const stopped = new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
  const backend = await createBackend({ host: 'browser', spawnCompute, log });
  try {
    await serveBackend(backend, { ...options, port }, log, stopped);
  } finally {
    await backend.close();
  }
}

async function serveBackend(
  backend: Backend,
  { port, open, project }: Omit<ServeOptions, 'port'> & { port: number },
  log: Log,
  stopped: Promise<void>,
): Promise<void> {
  const server = await startServer({
    ...backend,
    rendererFolder: path.join(installFolder, 'dist', 'renderer'),
    port,
    logError: log.error,
  });
  console.log(`Twinscope is open at ${server.url}`);
  console.log('The address works once, on this machine only. Press Ctrl-C to close Twinscope.');
  // The address is printed first: the sample project is made while the window is already loading.
  try {
    if (project === undefined) await openSampleProject(backend);
    else await backend.openProject(project);
  } catch (error) {
    process.stderr.write(
      `${error instanceof TwinscopeError ? error.message : `The project could not be opened (${log.error(error)}). ${logSentence(log)}`}\n`,
    );
  }
  if (open === true) openInBrowser(server.url);
  await stopped;
  console.log('Closing: running jobs stop at their next checkpoint and can be resumed.');
  await server.close();
}

function openInBrowser(url: string): void {
  const [command, args] =
    process.platform === 'darwin'
      ? ['open', [url]]
      : process.platform === 'win32'
        ? ['explorer.exe', [url]]
        : ['xdg-open', [url]];
  // Without a default browser the printed address is enough.
  spawn(command as string, args as string[], { stdio: 'ignore', detached: true })
    .on('error', () => undefined)
    .unref();
}
