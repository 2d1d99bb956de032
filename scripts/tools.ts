/** Starts the command-line tools of our dev dependencies without a shell, the same way on every operating system. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);

/** The JavaScript entry behind a package's command, e.g. ('typescript', 'tsc'). */
function entryOf(packageName: string, command: string): string {
  const manifest = path.join(root, 'node_modules', packageName, 'package.json');
  const bin = (JSON.parse(readFileSync(manifest, 'utf8')) as { bin: string | Record<string, string> }).bin;
  const entry = typeof bin === 'string' ? bin : bin[command];
  if (entry === undefined) throw new Error(`${packageName} has no command ${command}`);
  return require.resolve(path.join(path.dirname(manifest), entry));
}

/** Runs a script under this Node, its output going to ours. Resolves with the exit code; 1 if it died of a signal. */
export function runNode(args: string[], env: NodeJS.ProcessEnv = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

export function runTool(
  packageName: string,
  command: string,
  args: string[],
  env: NodeJS.ProcessEnv = {},
): Promise<number> {
  return runNode([entryOf(packageName, command), ...args], env);
}
