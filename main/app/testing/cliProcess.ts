/** The command line as a process of its own, for tests. */
import { spawn } from 'node:child_process';
import path from 'node:path';

const cli = path.resolve(import.meta.dirname, '..', 'cli.ts');

export type CliResult = { code: number | null; stdout: string; stderr: string };

export function runCli(
  args: readonly string[],
  home: string,
  prefix: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<CliResult> {
  const [command, ...rest] = [...prefix, process.execPath, cli, ...args] as [string, ...string[]];
  const child = spawn(command, rest, {
    env: { ...process.env, ...environment, TWINSCOPE_HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}
