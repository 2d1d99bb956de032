/** Every test gets a Twinscope of its own: a fresh profile, the real command, the real browser host. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test as base } from '@playwright/test';

export { expect } from '@playwright/test';

const launcher = path.resolve(import.meta.dirname, '..', 'bin', 'twinscope');

export interface Host {
  /** Holds the one-time token: the first page that opens it is let in. */
  url: string;
  /** The profile: library, projects, logs. */
  home: string;
  process: ChildProcess;
}

/** Starts `twinscope serve` on a free port with `home` as its profile; rejects with its output when it ends first. */
export async function startHost(home: string, args: readonly string[] = []): Promise<Host> {
  const started = spawn(process.execPath, [launcher, 'serve', '--port', '0', ...args], {
    env: { ...process.env, TWINSCOPE_HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  started.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  return new Promise((resolve, reject) => {
    started.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const url = /Twinscope is open at (http:\S+)/.exec(output)?.[1];
      if (url !== undefined) resolve({ url, home, process: started });
    });
    started.once('exit', (code) => reject(new Error(`twinscope serve ended with ${code}:\n${output}`)));
    started.once('error', reject);
  });
}

/** Asks the host to end, as Ctrl-C does, and waits until it has. */
export async function stopHost(host: Host): Promise<void> {
  if (host.process.exitCode !== null || host.process.signalCode !== null) return;
  const ended = once(host.process, 'exit');
  host.process.kill('SIGTERM');
  await ended;
}

export const test = base.extend<{ home: string; host: Host }>({
  // Playwright reads the names of what a fixture needs from this pattern, empty or not.
  // oxlint-disable-next-line no-empty-pattern
  home: async ({}, use) => {
    const home = mkdtempSync(path.join(tmpdir(), 'twinscope-e2e-'));
    await use(home);
    rmSync(home, { recursive: true, force: true });
  },
  host: async ({ home }, use) => {
    const host = await startHost(home);
    await use(host);
    await stopHost(host);
  },
});
