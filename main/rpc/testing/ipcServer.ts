/** A child process that answers one method over its IPC channel and ends with it. */
import process from 'node:process';
import { serveConnection } from '../server.ts';
import { fromIpc } from '../transports.ts';
import { testHandlers, testProject } from './handlers.ts';

serveConnection(fromIpc(process), testHandlers({ 'project.current': async () => testProject }), {
  logError: (error) => String(error),
});
