/** Real processes: a session that is killed while a process that hangs measures for it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { isAlive, processStartTime } from '../../platform/node/process.ts';
import { openMeasuringProcesses } from './measuringProcesses.ts';

const base = mkdtempSync(path.join(os.tmpdir(), 'twinscope-measuring-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** A session that starts a process, notes it, says its pid and is killed. */
async function killedSession(folder: string): Promise<number> {
  const code = `
    import { spawn } from 'node:child_process';
    import { openMeasuringProcesses } from ${JSON.stringify(new URL('./measuringProcesses.ts', import.meta.url).href)};
    const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore', detached: true });
    openMeasuringProcesses(${JSON.stringify(folder)}).began(child.pid);
    console.log(child.pid);
    setInterval(() => undefined, 1000);`;
  const session = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(session, 'exit');
  const [said] = (await once(session.stdout, 'data')) as [Buffer];
  session.kill('SIGKILL');
  await exited;
  return Number(said.toString());
}

test('what a killed session left measuring is ended at the next opening', async () => {
  const folder = path.join(base, 'killed');
  const pid = await killedSession(folder);
  const identity = { pid, startTime: processStartTime(pid) };
  expect(isAlive(identity)).toBe(true);
  const ended = openMeasuringProcesses(folder).endOrphans();
  // Without start times a pid may be somebody else's by now, and is left alone.
  expect(ended).toBe(identity.startTime === null ? 0 : 1);
  if (identity.startTime === null) process.kill(pid, 'SIGKILL');
  await expect.poll(() => isAlive(identity)).toBe(false);
  expect(readdirSync(folder)).toEqual([]);
});

test('what this session measures is left alone, and its record goes with it', () => {
  const folder = path.join(base, 'own');
  const own = openMeasuringProcesses(folder);
  expect(own.endOrphans()).toBe(0);
  const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
  const pid = child.pid as number;
  own.began(pid);
  expect(openMeasuringProcesses(folder).endOrphans()).toBe(0);
  expect(isAlive({ pid, startTime: processStartTime(pid) })).toBe(true);
  child.kill('SIGKILL');
  own.ended(pid);
  expect(readdirSync(folder)).toEqual([]);
});

test('a record that cannot be read is thrown away', () => {
  const folder = path.join(base, 'damaged');
  mkdirSync(folder);
  const file = path.join(folder, '1.json');
  writeFileSync(file, '{ "owner"');
  expect(openMeasuringProcesses(folder).endOrphans()).toBe(0);
  expect(existsSync(file)).toBe(false);
});
