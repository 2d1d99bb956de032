/** Starts compute as a child process with an empty working directory: for the browser host and the command line. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { makeOwnedFolder, removeOwnedFolder } from '../platform/node/ownedFolders.ts';
import { computeFolder } from '../platform/node/paths.ts';
import { fromIpc } from '../rpc/transports.ts';
import type { ComputeProcess, SpawnCompute } from '../engine/computeContract.ts';

/** From sources the entry is TypeScript, in the product it is the bundle beside this one. */
const entry = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './computeChild.ts' : './computeChild.js', import.meta.url),
);

export const spawnCompute: SpawnCompute = async ({ quiet = false } = {}): Promise<ComputeProcess> => {
  const emptyFolder = makeOwnedFolder(computeFolder());
  const child = fork(entry, [], {
    cwd: emptyFolder,
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', quiet ? 'ignore' : 'inherit', 'ipc'],
    execArgv: [],
  });
  // A run answers nothing, and would go on for a while after a backend that leaves in a hurry.
  const end = (): void => void child.kill('SIGKILL');
  process.once('exit', end);
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('exit', (code, signal) => {
      process.removeListener('exit', end);
      removeOwnedFolder(emptyFolder);
      resolve({ code, signal });
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  return {
    pid: child.pid as number,
    kill: end,
    exited,
    port: fromIpc(child),
  };
};
