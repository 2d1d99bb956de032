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
import { isAlive, processStartTime, type ProcessIdentity } from '../platform/node/process.ts';
import { Random } from '../platform/random.ts';
import { openProject } from '../projects/node/project.ts';

const trials = 10;
/** Kills fall into the first part of a job, so that a machine that is faster by then has not finished it. */
const latestMoment = 0.4;
const here = path.dirname(fileURLToPath(import.meta.url));
const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-kill-'));
const env = { ...process.env, TWINSCOPE_HOME: path.join(folder, 'home') };

const plans = {
  run: {
    format: 1,
    kind: 'run',
    twin: 'macaque-v1-gabor-energy',
    stimuli: {
      design: {
        type: 'gratings',
        factors: {
          orientationDeg: Array.from({ length: 16 }, (_, i) => i * 11.25),
          spatialFrequencyCpd: [1, 2, 4, 6],
          phaseDeg: Array.from({ length: 8 }, (_, i) => i * 45),
        },
      },
    },
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
    controls: { random: 80, sameSpace: 90, phaseScrambled: 4 },
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

type Line = { compute?: number; acknowledged?: number; ended?: string; notices?: string[] };
type Victim = 'backend' | 'compute';

/** Starts a plan; when `commits` commits and then `ms` milliseconds have passed, kills the victim. */
async function runAndKill(
  kind: Kind,
  project: string,
  victim: Victim | null = null,
  after: { commits: number; ms: number } = { commits: 0, ms: 0 },
) {
  const child = spawn(process.execPath, [path.join(here, 'testing', 'jobChild.ts'), project, planFile(kind), kind], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: Line[] = [];
  const identify = (pid: number): ProcessIdentity => ({ pid, startTime: processStartTime(pid) });
  const processes = [identify(child.pid as number)];
  const commitTimes: number[] = [];
  let armed = victim !== null;
  let rest = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() as string;
    for (const part of parts) {
      const line = JSON.parse(part) as Line;
      lines.push(line);
      if (line.compute !== undefined) processes.push(identify(line.compute));
      if (line.acknowledged !== undefined) commitTimes.push(performance.now());
      const target = processes[victim === 'backend' ? 0 : 1];
      if (armed && processes.length > 1 && commitTimes.length >= after.commits) {
        armed = false;
        setTimeout(() => {
          try {
            process.kill((target as ProcessIdentity).pid, 'SIGKILL');
          } catch {
            // It had finished already; the trial then shows that a late kill harms nothing either.
          }
        }, after.ms);
      }
    }
  });
  await new Promise((resolve) => child.once('close', resolve));
  return {
    processes,
    commitTimes,
    acknowledged: Math.max(0, ...lines.map((line) => line.acknowledged ?? 0)),
    ended: lines.find(({ ended }) => ended !== undefined),
  };
}

/** A killed backend's compute ends between two batches, well within this. */
async function expectGone(processes: ProcessIdentity[]): Promise<void> {
  await expect.poll(() => processes.filter(isAlive)).toEqual([]);
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
        : job?.progress.noun === 'steps'
          ? job.progress.done
          : 0;
    return { check, hash, stored, state: job?.state };
  } finally {
    await project.close();
  }
}

interface Undisturbed {
  hash: string;
  commits: number;
  msPerCommit: number;
}
const undisturbed = new Map<Kind, Promise<Undisturbed>>();
/** What the plan gives when nobody kills anything, and how long it takes on this machine. */
function runUndisturbed(kind: Kind): Promise<Undisturbed> {
  let result = undisturbed.get(kind);
  if (result === undefined) {
    result = (async () => {
      const file = path.join(folder, `${kind}-undisturbed.twinscope`);
      const { commitTimes } = await runAndKill(kind, file);
      const commits = commitTimes.length;
      const msPerCommit = ((commitTimes.at(-1) as number) - (commitTimes[0] as number)) / (commits - 1);
      return { hash: (await inspect(kind, file)).hash as string, commits, msPerCommit };
    })();
    undisturbed.set(kind, result);
  }
  return result;
}

const pairs = (['run', 'search'] as const).flatMap((kind) =>
  (['backend', 'compute'] as const).map((victim) => ({ kind, victim })),
);
const cases = pairs.flatMap((pair) => Array.from({ length: trials }, (_, trial) => ({ ...pair, trial })));
/** Trials whose kill met work under way. */
const hits = new Map<string, number>();

test.each(cases)('$kind: kill -9 of $victim, moment $trial', async ({ kind, victim, trial }) => {
  const { hash: expected, commits, msPerCommit } = await runUndisturbed(kind);
  expect(expected).toMatch(/^[0-9a-f]{64}$/);
  expect(commits).toBeGreaterThan(2);
  const moment = latestMoment * commits * Random.fromSeed(trial, `kill/${kind}/${victim}`).uniform();
  const file = path.join(folder, `${kind}-${victim}-${trial}.twinscope`);
  const { acknowledged, processes, ended } = await runAndKill(kind, file, victim, {
    commits: Math.floor(moment),
    ms: (moment % 1) * msPerCommit,
  });
  // Compute that dies before the first slice ends its job in a sentence; later it is started again with a notice.
  const restarted = ended?.notices?.some((text) => text.includes('started again')) === true;
  const hit = victim === 'backend' ? ended === undefined : restarted || ended?.ended !== 'finished';
  if (hit) hits.set(`${kind}/${victim}`, (hits.get(`${kind}/${victim}`) ?? 0) + 1);
  await expectGone(processes);

  const after = await inspect(kind, file);
  expect(after.check).toMatchObject({ ok: true, problems: [] });
  expect(after.stored).toBeGreaterThanOrEqual(acknowledged);

  const resumed = await resume(kind, file);
  expect(resumed, resumed.stderr).toMatchObject({ code: 0 });
  const finished = await inspect(kind, file);
  expect(finished.state).toBe('finished');
  expect(finished.hash).toBe(expected);
});

test.each(pairs)('$kind: the kills of $victim met work under way', ({ kind, victim }) => {
  expect(hits.get(`${kind}/${victim}`)).toBeGreaterThanOrEqual(trials - 2);
});
