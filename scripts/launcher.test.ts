/** `bin/twinscope` under the Node of an ordinary shell, with a stand-in for the command line behind it. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve, sep } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isAlive } from '../main/platform/node/process.ts';

const repository = resolve(import.meta.dirname, '..');

/** The oldest Node on the PATH that did not come with our packages; our own when there is no other. */
function shellNode(): string {
  const found = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes(`node_modules${sep}.bin`))
    .map((folder) => join(folder, process.platform === 'win32' ? 'node.exe' : 'node'))
    .filter((file) => existsSync(file))
    .map((file) => ({ file, version: spawnSync(file, ['-p', 'process.versions.node'], { encoding: 'utf8' }).stdout }))
    .filter(({ version }) => Number.parseInt(version, 10) >= 18)
    .toSorted((a, b) => Number.parseInt(a.version, 10) - Number.parseInt(b.version, 10));
  return found[0]?.file ?? process.execPath;
}

const node = shellNode();
let root = '';
let launcher = '';
const started: ChildProcess[] = [];

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'twinscope-launcher-'));
  cpSync(join(repository, 'bin'), join(root, 'bin'), { recursive: true });
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'), 'junction');
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  mkdirSync(join(root, 'dist', 'main'), { recursive: true });
  writeFileSync(
    join(root, 'dist', 'main', 'cli.js'),
    `import process from 'node:process';
     const [command, value] = process.argv.slice(2);
     if (command === 'report') console.log(JSON.stringify({ version: process.versions.node, pid: process.pid, argv: process.argv.slice(2), relaunched: process.env.TWINSCOPE_RELAUNCHED ?? null }));
     if (command === 'exit') process.exitCode = Number(value);
     if (command === 'wait') {
       for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => { console.log('got ' + signal); process.exit(7); });
       setInterval(() => {}, 1000);
       console.log(process.pid);
     }
     if (command === 'die') process.kill(process.pid, 'SIGKILL');`,
  );
  launcher = join(root, 'bin', 'twinscope');
});
afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

function run(...args: string[]) {
  return spawnSync(node, [launcher, ...args], { encoding: 'utf8', cwd: tmpdir() });
}

test('the command line runs under Node 24 with its arguments, and nothing of the launcher shows', () => {
  const result = run('report', '--json', 'two words', 'a"b');
  expect(result).toMatchObject({ status: 0, stderr: '' });
  const report = JSON.parse(result.stdout) as { version: string; argv: string[]; relaunched: string | null };
  expect(Number.parseInt(report.version, 10)).toBeGreaterThanOrEqual(24);
  expect(report.argv).toEqual(['report', '--json', 'two words', 'a"b']);
  expect(report.relaunched).toBeNull();
});

test.each([0, 1, 2])('exit code %i comes through', (code) => {
  expect(run('exit', String(code)).status).toBe(code);
});

test('death by a signal comes through', () => {
  expect(run('die').signal).toBe('SIGKILL');
});

async function waiting(): Promise<{ child: ChildProcess; pid: number; output: () => string }> {
  const child = spawn(node, [launcher, 'wait'], { stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return { child, pid: Number.parseInt(output, 10), output: () => output };
}

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s reaches the command line, whose answer is the exit code',
  async (signal) => {
    const { child, output } = await waiting();
    child.kill(signal);
    const [code] = await once(child, 'close');
    expect(code).toBe(7);
    expect(output()).toContain(`got ${signal}`);
  },
);

test('kill -9 of the launcher leaves no process behind', async () => {
  const { child, pid } = await waiting();
  child.kill('SIGKILL');
  // The pipe closes when the last process that holds it ends.
  await once(child, 'close');
  await expect.poll(() => isAlive({ pid, startTime: null })).toBe(false);
});

test.runIf(node !== process.execPath)('without a Node 24 it says what to do', () => {
  rmSync(join(root, 'node_modules'));
  const result = run('report');
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'), 'junction');
  expect(result.status).toBe(2);
  expect(result.stdout).toBe('');
  expect(result.stderr).toMatch(
    /^Twinscope needs Node 24 or newer \(this is Node \d+\.\d+\.\d+ on .+\)\. Install .+\n$/,
  );
});

test('from sources it runs the TypeScript', () => {
  mkdirSync(join(root, 'main', 'app'), { recursive: true });
  writeFileSync(
    join(root, 'main', 'app', 'cli.ts'),
    "const sentence: string = 'from sources';\nconsole.log(sentence);\n",
  );
  const built = join(root, 'dist', 'main', 'cli.js');
  cpSync(built, `${built}.kept`);
  rmSync(built);
  const result = run();
  cpSync(`${built}.kept`, built);
  expect(result.stdout).toBe('from sources\n');
});
