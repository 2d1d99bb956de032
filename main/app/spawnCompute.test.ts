/** Real processes: the folders that compute works in, also when a session and its compute are killed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { spawnCompute } from './spawnCompute.ts';

const home = mkdtempSync(path.join(os.tmpdir(), 'twinscope-spawn-'));
const folders = (): string[] => readdirSync(path.join(home, 'compute'));

beforeAll(() => void vi.stubEnv('TWINSCOPE_HOME', home));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

/** A session of its own with a compute process; `end` kills it in the middle of things, and compute before it can leave. */
async function session(): Promise<{ folder: string; end(): Promise<void> }> {
  const before = folders();
  const code = `
    import { spawnCompute } from ${JSON.stringify(new URL('./spawnCompute.ts', import.meta.url).href)};
    const compute = await spawnCompute();
    console.log(compute.pid);
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  const [folder] = folders().filter((name) => !before.includes(name)) as [string];
  return {
    folder,
    async end() {
      const compute = Number(said.toString());
      // Stopped, it cannot notice that its session is gone and remove the folder itself.
      process.kill(compute, 'SIGSTOP');
      child.kill('SIGKILL');
      await exited;
      process.kill(compute, 'SIGKILL');
    },
  };
}

test.skipIf(process.platform === 'win32')(
  'folders of killed sessions go with the next start, those of living stay',
  async () => {
    mkdirSync(path.join(home, 'compute', 'somebody else'), { recursive: true });
    const killed = await session();
    const living = await session();
    await killed.end();
    expect(folders().toSorted()).toEqual(['somebody else', killed.folder, living.folder].toSorted());

    const compute = await spawnCompute();
    const found = folders();
    expect(found).toHaveLength(3);
    expect(found).toContain(living.folder);
    expect(found).not.toContain(killed.folder);

    compute.kill();
    await compute.exited;
    expect(folders().toSorted()).toEqual(['somebody else', living.folder].toSorted());
    await living.end();
  },
);
