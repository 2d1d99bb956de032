/** Files that are refused: one sentence each, and not a byte of the folder changes. */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { isTwinscopeError } from '../../platform/errors.ts';
import { migrations } from '../migrations.ts';
import { folderState, newProject, open, storeRun, areaOf, temporaryFolder } from '../testing/fixtures.ts';
import { openProject } from './project.ts';
import type { OpenOptions } from './project.ts';

async function refusal(path: string, options: Partial<OpenOptions> = {}) {
  const error: unknown = await openProject(path, { host: 'cli', ...options }).then(
    async (project) => {
      await project.close();
      return new Error('it opened');
    },
    (reason: unknown) => reason,
  );
  if (!isTwinscopeError(error)) throw error;
  return { code: error.code, message: error.message };
}

async function closedProject(): Promise<string> {
  const project = await newProject();
  await storeRun(project, [areaOf('V1', 100)], 600, [300]);
  await project.close();
  return project.path;
}

/** The refusal, and whether every file of the folder is as it was. */
async function refused(path: string) {
  const before = folderState(dirname(path));
  const { code, message } = await refusal(path);
  return { code, message, unchanged: isDeepStrictEqual(folderState(dirname(path)), before) };
}

const sentence = (code: string, words: string) => ({
  code,
  message: expect.stringContaining(words) as string,
  unchanged: true,
});

test('an empty file, a picture and a text file are not projects', async () => {
  const folder = temporaryFolder();
  const contents = {
    empty: '',
    picture: Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 1]),
    text: 'orientation,response\n',
  };
  for (const [name, content] of Object.entries(contents)) {
    const path = join(folder, `${name}.twinscope`);
    writeFileSync(path, content);
    expect(await refused(path)).toEqual(sentence('bad-input', 'is not a Twinscope project'));
  }
  const subfolder = join(folder, 'folder.twinscope');
  mkdirSync(subfolder);
  expect(await refusal(subfolder)).toMatchObject({ code: 'bad-input' });
});

test('a database of another program is not a project', async () => {
  const path = join(temporaryFolder(), 'browser-history.twinscope');
  const other = new Database(path);
  other.exec('CREATE TABLE visits (url TEXT); INSERT INTO visits VALUES (1);');
  other.close();
  expect(await refused(path)).toEqual(sentence('bad-input', 'a database of another program'));
});

test('a missing file and a missing folder', async () => {
  const folder = temporaryFolder();
  expect(await refusal(join(folder, 'a.twinscope'))).toEqual({
    code: 'not-found',
    message: `There is no project at ${join(folder, 'a.twinscope')}.`,
  });
  const create = { name: 'A' };
  expect(await refusal(join(folder, 'b', 'a.twinscope'), { create })).toEqual({
    code: 'not-found',
    message: `The folder ${join(folder, 'b')} does not exist.`,
  });
  expect(folderState(folder)).toEqual({});
});

test('creating over an existing file is refused', async () => {
  const path = await closedProject();
  const before = folderState(dirname(path));
  expect(await refusal(path, { create: { name: 'Other' } })).toMatchObject({ code: 'conflict' });
  expect(folderState(dirname(path))).toEqual(before);
});

test('a truncated file is refused, wherever it was cut', async () => {
  const path = await closedProject();
  const size = readFileSync(path).length;
  for (const kept of [size - 1, Math.floor(size / 2), 4096, 99, 20]) {
    const cut = join(temporaryFolder(), 'study.twinscope');
    copyFileSync(path, cut);
    truncateSync(cut, kept);
    expect(await refused(cut)).toEqual(sentence('corrupt', 'is damaged'));
  }
});

test('a file with overwritten pages is refused', async () => {
  const path = await closedProject();
  const bytes = readFileSync(path);
  bytes.fill(0xa5, 4096, 5 * 4096);
  writeFileSync(path, bytes);
  expect(await refused(path)).toEqual(sentence('corrupt', 'is damaged'));
});

test('a project of a newer version is refused', async () => {
  const future = [...migrations, { number: 90, name: 'future', sql: 'CREATE TABLE future (n INTEGER);' }];
  const project = await newProject({ migrations: future });
  await project.close();
  expect(await refused(project.path)).toEqual(
    sentence('newer-format', 'a newer version of Twinscope (format 90; this one reads up to 20)'),
  );
});

test('a history that was altered or is not ours is refused', async () => {
  const altered = await closedProject();
  const database = new Database(altered);
  database.exec(`UPDATE migrations SET sha256 = 'other'`);
  database.close();
  expect(await refused(altered)).toEqual(sentence('unsupported', 'does not know'));

  const emptied = await closedProject();
  const other = new Database(emptied);
  other.exec('DROP TABLE migrations');
  other.close();
  expect(await refused(emptied)).toEqual(sentence('unsupported', 'does not know'));
});

/**
 * Opens a project in a process without rights, because root may do everything. It gives them up only after everything
 * is loaded: the checkout may be readable by its owner alone.
 */
function openWithoutRights(path: string): { error?: { code: string; message: string }; readOnly?: string } {
  const sibling = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href);
  const request = { path, create: null, host: 'cli', token: 't', liveTokens: [], takeOver: false, appVersion: '' };
  const code = `
    const { openDatabase } = await import(${sibling('./open.ts')});
    const { createStore } = await import(${sibling('./store.ts')});
    const { explain } = await import(${sibling('./failures.ts')});
    const { migrations } = await import(${sibling('../migrations.ts')});
    const { default: Database } = await import('better-sqlite3');
    new Database(':memory:').close();
    if (process.getuid() === 0) { process.setgid(65534); process.setuid(65534); }
    try {
      const opened = openDatabase({ ...${JSON.stringify(request)}, migrations, network: false, maxPages: null });
      const store = createStore(opened, ${JSON.stringify(path)});
      store.runs.list();
      let refused = 'nothing';
      try { store.sets.remove('x'); } catch (error) { refused = error.code; }
      if (refused !== 'read-only') throw new Error(refused);
      opened.close();
      console.log(JSON.stringify({ readOnly: opened.session.readOnly }));
    } catch (error) {
      const { code, message } = explain(error, ${JSON.stringify(path)});
      console.log(JSON.stringify({ error: { code, message } }));
    }`;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
  return JSON.parse(child.stdout) as ReturnType<typeof openWithoutRights>;
}

test.runIf(process.platform !== 'win32')('without permission: reading only, or one sentence', async () => {
  const path = await closedProject();
  const folder = dirname(path);
  chmodSync(folder, 0o555);
  chmodSync(path, 0o444);
  const before = folderState(folder);
  expect(openWithoutRights(path).readOnly).toMatch(/^You do not have permission to change study\.twinscope/);
  chmodSync(path, 0o000);
  expect(openWithoutRights(path).error).toEqual({
    code: 'read-only',
    message: `You do not have permission to use ${path}. Nothing was changed.`,
  });
  chmodSync(path, 0o644);
  chmodSync(folder, 0o755);
  expect(folderState(folder)).toEqual(before);
});

test('after a refusal a whole project still opens', async () => {
  const path = await closedProject();
  expect((await open(path)).readOnly).toBeNull();
});
