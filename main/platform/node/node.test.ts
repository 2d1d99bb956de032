/** Files, folders, paths, processes and the log of one machine. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  fileError,
  isNetworkFolder,
  isNetworkType,
  safeFileName,
  writeFileAtomic,
  writeFolderAtomic,
  writeNewFileAtomic,
} from './files.ts';
import { newId } from './ids.ts';
import { createLog, logSentence } from './log.ts';
import { libraryFolder, logFile, projectsFolder, userDataFolder } from './paths.ts';
import { endProcess, isAlive, processStartTime, thisProcess } from './process.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'twinscope-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a file is replaced whole and leaves nothing beside it', async () => {
  const path = join(folder, 'plan.json');
  await writeFileAtomic(path, 'first');
  await writeFileAtomic(path, Uint8Array.of(0x32));
  expect(readFileSync(path, 'utf8')).toBe('2');
  await expect(writeFileAtomic(join(folder, 'missing', 'plan.json'), '')).rejects.toMatchObject({ code: 'not-found' });
  mkdirSync(join(folder, 'taken', 'inside'), { recursive: true });
  await expect(writeFileAtomic(join(folder, 'taken'), 'x')).rejects.toMatchObject({ code: 'bad-input' });
  expect(readdirSync(folder)).toEqual(['plan.json', 'taken']);
});

test('a folder exists whole or not at all', async () => {
  const path = join(folder, 'exports', 'session-1');
  const filled = await writeFolderAtomic(path, async (temporary) => {
    writeFileSync(join(temporary, 'trials.csv'), 'onset\n');
    expect(readdirSync(join(folder, 'exports'))).not.toContain('session-1');
    return 'done';
  });
  expect([filled, readdirSync(path)]).toEqual(['done', ['trials.csv']]);
  // Colleagues of the same group or machine may read it exactly as far as they may read any new folder.
  mkdirSync(join(folder, 'any'));
  expect(statSync(path).mode).toBe(statSync(join(folder, 'any')).mode);
  await expect(writeFolderAtomic(path, async () => {})).rejects.toMatchObject({ code: 'conflict' });
  const failing = writeFolderAtomic(join(folder, 'exports', 'session-2'), async (temporary) => {
    writeFileSync(join(temporary, 'half.csv'), '');
    throw new Error('stopped');
  });
  await expect(failing).rejects.toThrow('stopped');
  expect(readdirSync(join(folder, 'exports'))).toEqual(['session-1']);
});

test('of several who write a new file at once one does, and the others are told', async () => {
  const path = join(folder, 'twin.twin');
  const results = await Promise.allSettled(
    Array.from({ length: 8 }, (_, n) => writeNewFileAtomic(path, (handle) => handle.writeFile(`writer ${n}`))),
  );
  const [winner, ...more] = results.flatMap(({ status }, n) => (status === 'fulfilled' ? [n] : []));
  expect(more).toEqual([]);
  const told = results.flatMap((each) => (each.status === 'rejected' ? [(each.reason as Error).message] : []));
  expect(told).toEqual(Array.from({ length: 7 }, () => expect.stringMatching(/already exists and was left as it is/)));
  expect(readFileSync(path, 'utf8')).toBe(`writer ${winner}`);
  expect(readdirSync(folder)).toEqual(['twin.twin']);
});

test('errors of the file system become sentences', () => {
  const full = fileError(Object.assign(new Error('x'), { code: 'ENOSPC' }), '/data/a.png');
  expect(full).toMatchObject({
    code: 'disk-full',
    message:
      'The disk is full, so /data/a.png was not written. Nothing that was there is lost. Free some space and try again.',
  });
  const other = new Error('x');
  expect(fileError(other, '/data/a.png')).toBe(other);
});

test.each([
  ['V4: "drive" / suppress?', 'V4 drive suppress'],
  ['../../etc/passwd', 'etc passwd'],
  ['Séance 1 – 猿', 'Séance 1 猿'],
  ['con', 'con-'],
  ['LPT1.csv', 'LPT1.csv-'],
  ['  ...  ', 'untitled'],
  ['name. ', 'name'],
  ['a'.repeat(300), 'a'.repeat(80)],
])('%j becomes the file name %j', (text, name) => {
  expect(safeFileName(text)).toBe(name);
});

test('network file systems are known by their type', async () => {
  expect([0x6969, 0xff534d42, 0xff534d42 - 2 ** 32, 0x01021997].map(isNetworkType)).toEqual([true, true, true, true]);
  // ext4, tmpfs, btrfs, xfs, overlay
  expect([0xef53, 0x01021994, 0x9123683e, 0x58465342, 0x794c7630].map(isNetworkType)).not.toContain(true);
  expect(await isNetworkFolder(join(folder, 'missing'))).toBe(false);
});

test('everything moves with TWINSCOPE_HOME; without it, where the system keeps such things', () => {
  const moved = { TWINSCOPE_HOME: folder };
  expect([userDataFolder(moved), projectsFolder(moved), libraryFolder(moved), logFile(moved)]).toEqual([
    folder,
    join(folder, 'projects'),
    join(folder, 'library'),
    join(folder, 'logs', 'twinscope.log'),
  ]);
  expect(userDataFolder({}, 'linux')).toBe(join(homedir(), '.local', 'share', 'twinscope'));
  expect(userDataFolder({ XDG_DATA_HOME: '/data' }, 'linux')).toBe(join('/data', 'twinscope'));
  expect(userDataFolder({}, 'darwin')).toBe(join(homedir(), 'Library', 'Application Support', 'Twinscope'));
  expect(userDataFolder({ LOCALAPPDATA: 'L' }, 'win32')).toBe(join('L', 'Twinscope'));
  expect(projectsFolder({})).toBe(join(homedir(), 'Twinscope'));
});

test('ids are distinct and easy to read aloud', () => {
  const ids = new Set(Array.from({ length: 10_000 }, () => newId('run')));
  expect(ids.size).toBe(10_000);
  for (const id of ids) expect(id).toMatch(/^run-[0-9abcdefghjkmnpqrstvwxyz]{12}$/);
});

test('a process is recognised by its pid and start time', async () => {
  expect(isAlive(thisProcess())).toBe(true);
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  const pid = child.pid as number;
  const identity = { pid, startTime: processStartTime(pid) };
  expect(isAlive(identity)).toBe(true);
  expect(isAlive({ pid, startTime: 'another' })).toBe(false);
  // Somebody else's process, or one that cannot be told apart, is left alone.
  expect(endProcess({ pid, startTime: 'another' })).toBe(false);
  expect(endProcess({ pid, startTime: null })).toBe(false);
  expect(endProcess(thisProcess())).toBe(false);
  const exited = once(child, 'exit');
  expect(endProcess(identity)).toBe(identity.startTime !== null);
  if (identity.startTime === null) child.kill('SIGKILL');
  await exited;
  expect(isAlive(identity)).toBe(false);
  expect(endProcess(identity)).toBe(false);
});

test('the log keeps its last pieces, and errors can be found by their id', () => {
  const file = join(folder, 'logs', 'twinscope.log');
  const now = () => new Date('2026-01-02T03:04:05Z');
  const log = createLog({ file, maxBytes: 200, keep: 2, now });
  const id = log.error(new Error('broken', { cause: new RangeError('deeper\nforged line') }), 'opening');
  expect(id).toMatch(/^error-/);
  const text = readFileSync(file, 'utf8');
  expect(text).toContain(`2026-01-02T03:04:05.000Z error ${id} during opening: Error: broken\n    `);
  expect(text).toContain('caused by RangeError: deeper\n    forged line');
  for (let n = 0; n < 20; n++) log.info(`entry ${n} ${'x'.repeat(60)}`);
  expect(readdirSync(join(folder, 'logs'))).toEqual(['twinscope.log', 'twinscope.log.1', 'twinscope.log.2']);
  expect(readFileSync(file, 'utf8')).toContain('entry 19');
  // Entries follow each other from the oldest piece to the newest without a gap.
  const kept = ['.2', '.1', ''].flatMap((piece) => [...readFileSync(file + piece, 'utf8').matchAll(/entry (\d+)/g)]);
  const numbers = kept.map(([, n]) => Number(n));
  expect(numbers).toEqual(numbers.map((_, at) => 20 - numbers.length + at));
  expect(logSentence(log)).toBe(`The log is ${file}.`);
  // A log that cannot be written does not stop the work, and nobody is sent to look for it.
  const nowhere = createLog({ file: join(file, 'not-a-folder.log') });
  expect(nowhere.error('x')).toMatch(/^error-/);
  expect(logSentence(nowhere)).toBe(`The log could not be written to ${nowhere.file}.`);
});
