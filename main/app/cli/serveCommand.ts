/** `twinscope serve`: the workbench in a browser. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { TwinscopeError } from '../../platform/errors.ts';
import { createLog, logSentence } from '../../platform/node/log.ts';
import { logFile } from '../../platform/node/paths.ts';
import { createBackend, installFolder } from '../backend.ts';
import { openSampleProject } from '../sample.ts';
import { startServer } from '../serve.ts';
import { spawnCompute } from '../spawnCompute.ts';

export async function serve(options: { port?: string; open?: boolean; project?: string }): Promise<void> {
  const port = options.port === undefined ? 0 : Number(options.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    process.stderr.write('The port must be a whole number from 0 to 65535.\n');
    process.exitCode = 2;
    return;
  }
  // Heard from the first moment: the sample project must be closed properly even while it is being made.
  const stopped = new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
  const log = createLog({ file: logFile() });
  const backend = await createBackend({ host: 'browser', spawnCompute, log });
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
    if (options.project === undefined) await openSampleProject(backend);
    else await backend.openProject(options.project);
  } catch (error) {
    process.stderr.write(
      `${error instanceof TwinscopeError ? error.message : `The project could not be opened (${log.error(error)}). ${logSentence(log)}`}\n`,
    );
  }
  if (options.open === true) openInBrowser(server.url);
  await stopped;
  console.log('Closing: running jobs stop at their next checkpoint and can be resumed.');
  await server.close();
  await backend.close();
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
