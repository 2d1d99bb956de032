/**
 * `kill -9` of the backend and of the compute process at seeded random moments of a run and of a search: nothing
 * survives, nothing acknowledged is lost, resuming finishes, and the result has the content of an undisturbed one.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Random } from '../platform/random.ts';
import { openProject } from '../projects/node/project.ts';

const trials = 10;
const here = path.dirname(fileURLToPath(import.meta.url));
const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-kill-'));
const env = { ...process.env, TWINSCOPE_HOME: path.join(folder, 'home') };

const plans = {
  run: {
    format: 1,
    kind: 'run',
    twin: 'macaque-v1-gabor-energy',
    stimuli: { design: { type: 'noise', n: 400, seed: 3 } },
  },
  search: {
    format: 1,
    kind: 'search',
    twin: 'macaque-v1-gabor-energy',
    target: [{ area: 'V1-complex', units: ['0'] }],
    space: { type: 'pixels' },
    reference: {
      design: { type: 'gratings', factors: { orientationDeg: [0, 45, 90, 135], spatialFrequencyCpd: [1.5, 3] } },
    },
    optimiser: { type: 'gradient', steps: 60 },
    controls: { random: 80 },
    starts: 3,
  },
};
type Kind = keyof typeof plans;
const planFile = (kind: Kind): string => path.join(folder, `${kind}.plan.json`);

beforeAll(async () => {
  const { openLibrary } = await import('../twins/node/library.ts');
  const library = await openLibrary({
    folder: path.join(folder, 'home', 'library'),
    builtInFolder: path.resolve(here, '../../dist/twins'),
  });
  const twin = await library.resolve({ id: 'macaque-v1-gabor-energy' });
  const unit = twin.units.find(({ area }) => area === 'V1-complex');
  plans.search.target = [{ area: 'V1-complex', units: [unit?.unit as string] }];
  for (const kind of ['run', 'search'] as const) writeFileSync(planFile(kind), JSON.stringify(plans[kind]));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Line = { compute?: number; acknowledged?: number; ended?: string };

/** Starts a plan; when `acknowledged` commits and then `afterMs` have passed, kills the victim. */
async function runAndKill(
  kind: Kind,
  project: string,
  victim: 'backend' | 'compute' | null,
  after: { commits: number; ms: number },
) {
  const child = spawn(process.execPath, [path.join(here, 'testing', 'jobChild.ts'), project, planFile(kind), kind], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: Line[] = [];
  const computes: number[] = [];
  let commits = 0;
  let armed = victim !== null;
  let rest = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() as string;
    for (const part of parts) {
      const line = JSON.parse(part) as Line;
      lines.push(line);
      if (line.compute !== undefined) computes.push(line.compute);
      if (line.acknowledged !== undefined) commits += 1;
      if (armed && computes.length > 0 && commits >= after.commits) {
        armed = false;
        setTimeout(() => {
          try {
            process.kill(victim === 'backend' ? (child.pid as number) : (computes[0] as number), 'SIGKILL');
          } catch {
            // It had finished already; the trial then shows that a late kill harms nothing either.
          }
        }, after.ms);
      }
    }
  });
  await new Promise((resolve) => child.once('close', resolve));
  return {
    lines,
    computes,
    acknowledged: Math.max(0, ...lines.map((line) => line.acknowledged ?? 0)),
    pid: child.pid as number,
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A killed backend's compute ends between two batches, well within this. */
async function expectGone(pids: number[]): Promise<void> {
  await expect.poll(() => pids.filter(isAlive), { timeout: 10_000, interval: 20 }).toEqual([]);
}

function resume(kind: Kind, project: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(
    process.execPath,
    [path.join(here, 'cli.ts'), kind, planFile(kind), '--project', project, '--resume', '--json'],
    { env },
  );
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text) => (stdout += String(text)));
  child.stderr.on('data', (text) => (stderr += String(text)));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

/** Opens the project as the next session would and reads what is stored. */
async function inspect(kind: Kind, file: string) {
  const project = await openProject(file, { host: 'cli' });
  try {
    const check = await project.check();
    const result = kind === 'run' ? (await project.runs.list()).at(-1) : (await project.searches.list()).at(-1);
    const job = (await project.jobs.list()).at(-1);
    const hash =
      result === undefined
        ? null
        : kind === 'run'
          ? (await project.runs.get(result.id)).contentSha256
          : (await project.searches.get(result.id)).contentSha256;
    const stored =
      result !== undefined && kind === 'run'
        ? (await project.runs.get(result.id)).committed
        : (job?.progress.done ?? 0);
    return { check, hash, stored, state: job?.state };
  } finally {
    await project.close();
  }
}

const undisturbed = new Map<Kind, Promise<string>>();
function hashOfUndisturbed(kind: Kind): Promise<string> {
  let hash = undisturbed.get(kind);
  if (hash === undefined) {
    hash = (async () => {
      const file = path.join(folder, `${kind}-undisturbed.twinscope`);
      await runAndKill(kind, file, null, { commits: 0, ms: 0 });
      return (await inspect(kind, file)).hash as string;
    })();
    undisturbed.set(kind, hash);
  }
  return hash;
}

const cases = (['run', 'search'] as const).flatMap((kind) =>
  (['backend', 'compute'] as const).flatMap((victim) =>
    Array.from({ length: trials }, (_, trial) => ({ kind, victim, trial })),
  ),
);

test.each(cases)('$kind: kill -9 of $victim, moment $trial', async ({ kind, victim, trial }) => {
  const expected = await hashOfUndisturbed(kind);
  expect(expected).toMatch(/^[0-9a-f]{64}$/);
  const random = Random.fromSeed(trial, `kill/${kind}/${victim}`);
  const file = path.join(folder, `${kind}-${victim}-${trial}.twinscope`);
  const { acknowledged, computes, pid } = await runAndKill(kind, file, victim, {
    commits: random.int(8),
    ms: random.int(120),
  });
  await expectGone([pid, ...computes]);

  const after = await inspect(kind, file);
  expect(after.check).toMatchObject({ ok: true, problems: [] });
  expect(after.stored).toBeGreaterThanOrEqual(acknowledged);

  const resumed = await resume(kind, file);
  expect(resumed, resumed.stderr).toMatchObject({ code: 0 });
  const finished = await inspect(kind, file);
  expect(finished.state).toBe('finished');
  expect(finished.hash).toBe(expected);
});
