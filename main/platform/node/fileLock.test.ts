/** Locks between processes, also those that nobody gives back. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { underLock } from './fileLock.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'twinscope-lock-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('work under one lock takes turns, also where some of it fails', async () => {
  const file = join(folder, 'kept.json');
  let inside = 0;
  const order: number[] = [];
  const work = (n: number): Promise<number> =>
    underLock(file, async () => {
      expect(++inside).toBe(1);
      await new Promise((done) => void setTimeout(done, 5));
      inside--;
      order.push(n);
      if (n === 2) throw new Error('stopped');
      return n;
    });
  const results = await Promise.allSettled([0, 1, 2, 3, 4].map(work));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  expect(order.toSorted()).toEqual([0, 1, 2, 3, 4]);
  expect(readdirSync(folder)).toEqual([]);
});

test.skipIf(process.platform === 'win32')('the lock of a killed process is taken away at once', async () => {
  const file = join(folder, 'kept.json');
  const code = `
    import { underLock } from ${JSON.stringify(new URL('./fileLock.ts', import.meta.url).href)};
    await underLock(${JSON.stringify(file)}, () => { console.log('held'); return new Promise((done) => setTimeout(done, 1e6)); });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  await once(child.stdout, 'data');
  let done = false;
  const waiting = underLock(file, () => Promise.resolve((done = true)));
  await new Promise((passed) => void setTimeout(passed, 200));
  expect(done).toBe(false);
  child.kill('SIGKILL');
  await exited;
  const since = performance.now();
  await waiting;
  // Well before the time after which any lock is broken.
  expect(performance.now() - since).toBeLessThan(5000);
  expect(readdirSync(folder)).toEqual([]);
});

test('a lock that says nothing of its owner is broken in the end', async () => {
  writeFileSync(join(folder, '.kept.json.lock'), '');
  expect(await underLock(join(folder, 'kept.json'), () => Promise.resolve('done'), 100)).toBe('done');
  expect(readdirSync(folder)).toEqual([]);
});

test('a folder that is not there is said of the file that was asked for', async () => {
  const file = join(folder, 'missing', 'kept.json');
  await expect(underLock(file, () => Promise.resolve())).rejects.toMatchObject({
    code: 'not-found',
    message: `There is no file or folder ${file}.`,
  });
});
