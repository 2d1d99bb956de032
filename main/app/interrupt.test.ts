/** Ctrl-C on the command line: exit code 130, a sentence, nothing left running, and work that can be gone on with. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TwinSummary } from '../contract/twins.ts';
import { openProject } from '../projects/node/project.ts';
import { encodeGreyPng } from '../stimuli/node/png.ts';
import { runCli, type CliResult } from './testing/cliProcess.ts';
import { writeWideModel, writeWideTwin } from './testing/wideModel.ts';
import { every, gratingsRun, pixelSearch } from './testing/watchedBackend.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-interrupt-'));
const home = path.join(folder, 'home');
const cli = path.resolve(import.meta.dirname, 'cli.ts');
/** Progress is drawn on terminals only. */
const asTerminal = ['--import', 'data:text/javascript,process.stderr.isTTY=true'];

const plans = {
  run: gratingsRun({ orientationDeg: every(24, 7.5), spatialFrequencyCpd: [1, 2, 4], phaseDeg: every(24, 15) }),
  search: pixelSearch({
    reference: { orientationDeg: [0, 45, 90, 135], spatialFrequencyCpd: [1.5, 3] },
    steps: 200,
    randomControls: 20,
    starts: 1,
  }),
};
type Kind = keyof typeof plans;
const planFile = (kind: Kind): string => path.join(folder, `${kind}.plan.json`);

beforeAll(() => {
  mkdirSync(home);
  for (const kind of ['run', 'search'] as const) writeFileSync(planFile(kind), JSON.stringify(plans[kind]));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Interrupted = { code: number | null; stderr: string; group: number };

/** Runs a command in a process group of its own and, once its progress matches, sends SIGINT to all of it, as terminals do. */
async function interrupt(args: readonly string[], progress: RegExp): Promise<Interrupted> {
  const child: ChildProcess = spawn(process.execPath, [...asTerminal, cli, ...args], {
    env: { ...process.env, TWINSCOPE_HOME: home },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  const group = child.pid as number;
  let stderr = '';
  let sent = false;
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    if (sent || !progress.test(stderr)) return;
    sent = true;
    process.kill(-group, 'SIGINT');
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  expect(sent, stderr).toBe(true);
  return { code, stderr, group };
}

function anyoneIn(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}

async function expectGone(group: number): Promise<void> {
  await expect.poll(() => anyoneIn(group)).toBe(false);
}

async function stored(kind: Kind, file: string) {
  const project = await openProject(file, { host: 'cli' });
  try {
    const job = (await project.jobs.list()).at(-1);
    const { ok } = await project.check();
    const repository = kind === 'run' ? project.runs : project.searches;
    const hash = (await repository.get(job?.resultId as string)).contentSha256;
    return { ok, hash, state: job?.state, done: job?.progress.done ?? 0, notices: job?.notices };
  } finally {
    await project.close();
  }
}

test.each(['run', 'search'] as const)(
  '%s: what is done is kept, and resuming gives the undisturbed content',
  async (kind) => {
    const command = (name: string): string[] => [
      kind,
      planFile(kind),
      '--project',
      path.join(folder, `${kind}-${name}.twinscope`),
    ];
    const whole = await runCli(command('whole'), home);
    expect(whole, whole.stderr).toMatchObject({ code: 0 });
    const undisturbed = await stored(kind, path.join(folder, `${kind}-whole.twinscope`));

    const { code, stderr, group } = await interrupt(command('stopped'), / [1-9]\d*\/\d+ (stimuli|steps)/);
    expect(stderr).toContain('Stopping at the next checkpoint.');
    expect(stderr).toMatch(/Stopped; everything up to the last checkpoint is saved\. Go on with: .* --resume/);
    expect(code).toBe(130);
    await expectGone(group);
    const file = path.join(folder, `${kind}-stopped.twinscope`);
    const stopped = await stored(kind, file);
    expect(stopped).toMatchObject({ ok: true, state: 'paused', notices: [] });
    expect(stopped.done).toBeGreaterThan(0);

    const resumed = await runCli([...command('stopped'), '--resume'], home);
    expect(resumed, resumed.stderr).toMatchObject({ code: 0 });
    const { hash, notices } = undisturbed;
    // No notice says that compute ended: Ctrl-C reached it too, and it went on to the checkpoint.
    expect(await stored(kind, file)).toMatchObject({ ok: true, state: 'finished', hash, notices });
  },
);

test('the check of an import: the twin is in the library and can be checked again', async () => {
  const source = await writeWideTwin(folder, 'wide');
  const { code, stderr, group } = await interrupt(['twins', 'import', source], /direction 1 of 8/);
  expect(stderr).toContain('Stopping the check.');
  expect(stderr).toContain('The check of its gradient was stopped.');
  expect(code).toBe(130);
  await expectGone(group);
  const wide = ({ stdout }: CliResult): TwinSummary['gradientCheck'] | undefined =>
    (JSON.parse(stdout) as TwinSummary[]).find(({ id }) => id === 'wide')?.gradientCheck;
  expect(wide(await runCli(['twins', 'list', '--json'], home))).toBeNull();
  expect(wide(await runCli(['twins', 'verify', 'wide', '--json'], home))?.verdict).toBe('verified');
});

test('the gradient of a bare model: nothing is written', async () => {
  const { modelFile, inputFile } = writeWideModel(folder);
  const out = path.join(folder, 'gradient.npy');
  const args = ['twins', 'gradient', modelFile, '--input', inputFile, '--out', out];
  const { code, stderr, group } = await interrupt(args, /direction 1 of 8/);
  expect(stderr).toContain('The gradient was stopped. Nothing was written.');
  expect(code).toBe(130);
  await expectGone(group);
  expect(existsSync(out)).toBe(false);
});

test('drawing stimuli: no folder is left', async () => {
  const out = path.join(folder, 'drawn');
  const before = readdirSync(folder);
  const args = ['stimuli', 'render', planFile('run'), '--out', out];
  const { code, stderr, group } = await interrupt(args, /drawing stimuli · [1-9]\d*\/\d+/);
  expect(stderr).toContain('The drawing was stopped. Nothing was written.');
  expect(code).toBe(130);
  await expectGone(group);
  expect(readdirSync(folder)).toEqual(before);
});

test('activations of photographs: reading them stops, and nothing is written', async () => {
  const photographs = path.join(folder, 'photographs');
  mkdirSync(photographs);
  const png = await encodeGreyPng(
    Float32Array.from({ length: 64 * 64 }, (_, i) => (i % 64) / 64),
    64,
    { srgb: true },
  );
  for (let i = 0; i < 400; i++) writeFileSync(path.join(photographs, `${i}.png`), png);
  const plan = path.join(folder, 'photographs.plan.json');
  const stimuli = { imageFolder: photographs };
  writeFileSync(plan, JSON.stringify({ format: 1, kind: 'run', twin: 'macaque-v1-gabor-energy', stimuli }));
  const out = path.join(folder, 'taps.npz');
  const { stdout } = await runCli(['twins', 'taps', 'macaque-v1-gabor-energy', '--list', '--json'], home);
  const { tensors } = JSON.parse(stdout) as { tensors: { name: string }[] };
  const [name] = tensors.map((tensor) => tensor.name);
  const args = ['twins', 'taps', 'macaque-v1-gabor-energy', '--tensors', name as string, '--stimuli', plan];
  const { code, stderr, group } = await interrupt([...args, '--out', out], /reading photographs · [1-9]\d*\/400/);
  expect(stderr).toContain('The activations were stopped. Nothing was written.');
  expect(stderr).not.toContain('400/400');
  expect(code).toBe(130);
  await expectGone(group);
  expect(readdirSync(folder).filter((file) => file.startsWith('taps'))).toEqual([]);
  expect(readdirSync(path.join(home, 'uploads'))).toEqual([]);
});
