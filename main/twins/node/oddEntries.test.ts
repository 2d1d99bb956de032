/** What lies in the library's folder and is no twin: it is passed over with a sentence, and what killed processes left goes. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { authorContents, hashed, writeContents } from '../testing/authorFolder.ts';
import { openLibrary, type Library } from './library.ts';

let root: string;
let library: Library;
const own = (...parts: string[]): string => join(root, ...parts);
const open = (): Promise<Library> => openLibrary({ folder: own('library'), builtInFolder: own('nothing built in') });
const ids = async (): Promise<string[]> => (await library.list()).map(({ id }) => id);
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'twinscope-odd-'));
  library = await open();
  await library.import(writeContents(own('package'), hashed(authorContents({ id: 'resident' }))));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

// Windows has no pipes of this kind, and links only for administrators.
describe.skipIf(process.platform === 'win32')('odd things beside a twin', () => {
  const pipe = (...parts: string[]): void => void expect(spawnSync('mkfifo', [own(...parts)]).status).toBe(0);

  it('a pipe, and a link that leads to itself', async () => {
    pipe('library', 'a-pipe@1.0.0');
    symlinkSync('round@1.0.0', own('library', 'round@1.0.0'));
    expect(await ids()).toEqual(['resident']);
    expect(await library.problems()).toEqual([
      `${own('library', 'a-pipe@1.0.0')} in the library is a named pipe and was passed over. All other twins are listed. Take it away.`,
      `${own('library', 'round@1.0.0')} in the library is a symbolic link and was passed over. All other twins are listed. Import the folder that it leads to, and take the link away.`,
    ]);
  });

  it('a twin.json that is a link to itself', async () => {
    mkdirSync(own('library', 'round@1.0.0'));
    symlinkSync('twin.json', own('library', 'round@1.0.0', 'twin.json'));
    expect(await ids()).toEqual(['resident']);
    expect(await library.problems()).toEqual([
      expect.stringMatching(
        /round@1\.0\.0\/twin\.json is a symbolic link that leads round in a circle\. .*Take the link/,
      ),
    ]);
    expect((await library.resolve('resident')).id).toBe('resident');
  });

  it('a twin.json and outcomes that are pipes, which would be waited for without end', async () => {
    mkdirSync(own('library', 'waiting@1.0.0'));
    pipe('library', 'waiting@1.0.0', 'twin.json');
    pipe('library', 'verifications.json');
    pipe('library', 'gradients.json');
    expect(await ids()).toEqual(['resident']);
    expect(await library.problems()).toEqual([
      expect.stringMatching(/gradients\.json in the library is a named pipe/),
      expect.stringMatching(/verifications\.json in the library is a named pipe/),
      expect.stringMatching(/waiting@1\.0\.0 .*twin\.json is not a plain file/),
    ]);
  });

  // The superuser may read everything.
  it.skipIf(process.getuid?.() === 0)('a folder that may not be read', async () => {
    mkdirSync(own('library', 'closed@1.0.0'), { mode: 0 });
    expect(await ids()).toEqual(['resident']);
    expect(await library.problems()).toEqual([expect.stringMatching(/do not have permission to use .*closed@1\.0\.0/)]);
    chmodSync(own('library'), 0);
    expect(await library.problems()).toEqual([expect.stringMatching(/do not have permission to use .*library\./)]);
    chmodSync(own('library'), 0o700);
  });

  it('plain files, as systems put beside folders, are no reason for a sentence', async () => {
    writeFileSync(own('library', 'Thumbs.db'), 'x');
    expect(await library.problems()).toEqual([]);
  });
});

describe('what is left over', () => {
  /** A process that makes folders for an import, a packing and a removal in the library; `end` kills it. */
  async function worker(): Promise<{ folders: string[]; end(): Promise<void> }> {
    const code = `
      import { mkdirSync } from 'node:fs';
      import { ownedName } from ${JSON.stringify(new URL('../../platform/node/ownedNames.ts', import.meta.url).href)};
      const names = ['import', 'pack', 'removed'].map(ownedName);
      for (const name of names) mkdirSync(${JSON.stringify(own('library'))} + '/' + name + '/inside', { recursive: true });
      console.log(JSON.stringify(names));
      setInterval(() => undefined, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    const end = async (): Promise<void> => {
      child.kill('SIGKILL');
      await exited;
    };
    return { folders: JSON.parse(said.toString()) as string[], end };
  }
  const hidden = (): string[] => readdirSync(own('library')).filter((name) => name.startsWith('.'));

  // Windows does not tell when a process started: there a pid alone is trusted for a day only.
  it.skipIf(process.platform === 'win32')(
    'by a killed process goes at the next start; what a living one has under way stays, however old',
    async () => {
      const killed = await worker();
      const living = await worker();
      for (const name of living.folders) utimesSync(own('library', name), new Date(0), new Date(0));
      await killed.end();
      expect(hidden().toSorted()).toEqual([...killed.folders, ...living.folders].toSorted());
      await open();
      expect(hidden().toSorted()).toEqual(living.folders.toSorted());
      await living.end();
      await open();
      expect(hidden()).toEqual([]);
    },
  );

  it('by nobody knows whom goes after a day, and hidden files of others stay', async () => {
    for (const name of ['.import-old', '.import-new', '.git']) mkdirSync(own('library', name));
    writeFileSync(own('library', '.verifications.json.part-0123456789ab'), '{');
    writeFileSync(own('library', '.DS_Store'), 'x');
    for (const name of ['.import-old', '.git', '.verifications.json.part-0123456789ab', '.DS_Store'])
      utimesSync(own('library', name), new Date(0), new Date(0));
    await open();
    expect(hidden().toSorted()).toEqual(['.DS_Store', '.git', '.import-new']);
  });
});
