/**
 * Reference sets that are kept on this machine: a search that takes one gives what a search gives that measures it, bit for
 * bit, also when it was killed while it measured.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { JobSnapshot } from '../contract/jobs.ts';
import { searchPlan, type SearchPlan } from '../contract/plans.ts';
import type { StimulusDesign } from '../contract/stimuli.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { referenceCacheFolder } from '../platform/node/paths.ts';
import { openProject } from '../projects/node/project.ts';
import { decodeNpyArray } from '../stimuli/npyArray.ts';
import { runCli } from './testing/cliProcess.ts';
import { openWatchedBackend, pixelSearch, type WatchedBackend } from './testing/watchedBackend.ts';

const here = path.dirname(fileURLToPath(import.meta.url));
const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-kept-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const small = pixelSearch({
  reference: { orientationDeg: [0, 45, 90, 135], spatialFrequencyCpd: [1.5, 3] },
  steps: 3,
  randomControls: 5,
  starts: 2,
});
/** Takes several commits to measure, and holds no gratings, which would be shown again as controls. */
const large = searchPlan.parse({
  ...small,
  reference: { design: { type: 'noise', n: 320, spectrum: 'white', contrastRms: 0.2, diameterDeg: 8, seed: 5 } },
});
const largeStimuli = 320;

let watched: WatchedBackend;
const inUse: WatchedBackend[] = [];
async function open(name: string): Promise<WatchedBackend> {
  watched = await openWatchedBackend(name);
  inUse.push(watched);
  return watched;
}
afterEach(async () => {
  for (const one of inUse.splice(0)) await one.close();
});

const references = (): string[] => {
  try {
    return readdirSync(referenceCacheFolder());
  } catch {
    return [];
  }
};

async function finishOf(plan: SearchPlan, meanwhile?: (id: string) => Promise<void>): Promise<JobSnapshot> {
  const { queue } = watched.backend.services.current();
  const { id } = await queue.start('search', 'search', plan);
  const end = queue.waitFor(id);
  await meanwhile?.(id);
  const snapshot = await end;
  expect(snapshot, JSON.stringify(snapshot.error)).toMatchObject({ state: 'finished' });
  return snapshot;
}
async function reportOf({ resultId }: JobSnapshot) {
  return watched.backend.services.current().project.searches.get(resultId as string);
}

test('the second search takes what the first has measured, with the same content and its origin on record', async () => {
  await open('kept');
  const first = await reportOf(await finishOf(small));
  expect(first.provenance.reference).toMatchObject({ from: 'search' });
  expect(references()).toHaveLength(1);
  const file = path.join(referenceCacheFolder(), references()[0] as string);

  const second = await reportOf(await finishOf(small));
  expect(second.provenance.reference).toEqual({ ...first.provenance.reference, from: 'cache' });
  expect(second.contentSha256).toBe(first.contentSha256);
  expect(second.report?.evaluations).toBe(first.report?.evaluations);

  // The project holds what every response is expressed in, whatever becomes of the cache.
  const sha256 = second.report?.referenceStatistics as string;
  expect(first.report?.referenceStatistics).toBe(sha256);
  const { project } = watched.backend.services.current();
  const { data, shape } = decodeNpyArray(await project.arrays.bytes(sha256));
  const units = 512;
  expect(shape).toEqual([5, units]);
  const largest = second.report?.evidence?.stretch?.units ?? [];
  expect(largest.length).toBeGreaterThan(200);
  for (const { referenceMax } of largest) expect(Array.from(data.slice(4 * units), Number)).toContain(referenceMax);
  const found = second.report?.candidates[0]?.units ?? [];
  expect(found.length).toBeGreaterThan(200);
  for (const { response, z, blank } of found) {
    const places = [...Array(units).keys()].filter((u) => Number(data[2 * units + u]) === blank);
    expect(places.map((u) => (response - Number(data[u])) / Number(data[units + u]))).toContain(z);
  }

  const whole = readFileSync(file);
  const damaged = Buffer.from(whole);
  damaged[whole.length - 1] = (whole.at(-1) as number) ^ 0x40;
  writeFileSync(file, damaged);
  const third = await reportOf(await finishOf(small));
  expect(third.provenance.reference?.from).toBe('search');
  expect(third.contentSha256).toBe(first.contentSha256);
  // Made anew: another date, the same responses.
  expect(third.provenance.reference?.sha256).toBe(first.provenance.reference?.sha256);
  expect((await reportOf(await finishOf(small))).provenance.reference?.from).toBe('cache');
});

test('measuring ahead gives a search the bits that it would have measured, for other targets too', async () => {
  await open('ahead');
  const other: SearchPlan = { ...small, target: [{ area: 'V1-simple', weight: 1 }] };
  const measured = await reportOf(await finishOf(other));
  rmSync(referenceCacheFolder(), { recursive: true });

  const { handlers, services } = watched.backend;
  const { signal } = new AbortController();
  const { design } = small.reference as { design: StimulusDesign };
  await handlers['sets.create']({ name: 'Small', design }, { signal });
  const request = { id: small.twin.id, set: 'Small', device: 'auto', by: 'gradients' } as const;
  const before = await handlers['references.get'](request, { signal });
  expect(before).toMatchObject({ name: 'Small', stimuli: 32, device: 'cpu', measured: null, notice: null });

  const told: number[] = [];
  watched.backend.onEvent((event, data) => {
    if (event === 'references.measuring') told.push((data as { done: number }).done);
  });
  // What the devices were measured as decides about batches, so the search below is asked for them as well.
  const after = await handlers['references.measure']({ ...request, device: 'cpu' }, { signal });
  expect(told).toEqual([16, 32]);
  expect(after.measured).not.toBeNull();
  expect(await handlers['references.get']({ ...request, device: 'cpu' }, { signal })).toEqual(after);

  const taken = await reportOf(await finishOf({ ...other, device: 'cpu' }));
  expect(taken.provenance.reference).toMatchObject({ from: 'cache', measuredAt: after.measured?.at });
  expect(taken.contentSha256).toBe(measured.contentSha256);
  expect(services.workload.active()).toBe(0);
});

test('a search that cannot keep what it has measured says why, and is the same search', async () => {
  await open('unkept');
  const kept = await finishOf(small);
  rmSync(referenceCacheFolder(), { recursive: true });
  writeFileSync(referenceCacheFolder(), 'in the way');
  const unkept = await finishOf(small);
  expect(unkept.notices.filter((notice) => !kept.notices.includes(notice))).toEqual([
    expect.stringMatching(
      /^The reference set was measured and could not be kept for other searches\. .*(not a folder|already exists).* This search goes on with it; the next one measures it again\.$/,
    ),
  ]);
  const [first, second] = [await reportOf(kept), await reportOf(unkept)];
  expect(second.provenance.reference?.from).toBe('search');
  expect(second.contentSha256).toBe(first.contentSha256);
});

test('a stopped measurement keeps nothing', async () => {
  await open('stopped');
  const controller = new AbortController();
  const { handlers } = watched.backend;
  watched.backend.onEvent((event) => {
    if (event === 'references.measuring') controller.abort(new TwinscopeError('cancelled', 'Measuring was stopped.'));
  });
  const request = { id: small.twin.id, device: 'cpu', by: 'gradients' } as const;
  await expect(handlers['references.measure'](request, { signal: controller.signal })).rejects.toMatchObject({
    code: 'cancelled',
  });
  expect(references()).toEqual([]);
  expect((await handlers['references.get'](request, { signal: new AbortController().signal })).measured).toBeNull();
});

let undisturbed: ReturnType<typeof reportOf> | undefined;
/** What the large search gives where nobody kills anything. */
function undisturbedOnce(): ReturnType<typeof reportOf> {
  undisturbed ??= (async () => {
    await open('undisturbed');
    const report = await reportOf(await finishOf(large));
    await inUse.pop()?.close();
    return report;
  })();
  return undisturbed;
}

describe('killed while it measures', () => {
  test('compute: the search goes on, with the content of an undisturbed one, and what it keeps is whole', async () => {
    const expected = await undisturbedOnce();
    await open('killed');
    const { queue } = watched.backend.services.current();
    const killedAt: number[] = [];
    const snapshot = await finishOf(large, async (id) => {
      await new Promise<void>((resolve) => {
        const stop = queue.onChange(({ id: changed, progress }) => {
          if (changed !== id || progress.noun !== 'reference stimuli' || progress.done === 0) return;
          stop();
          killedAt.push(progress.done);
          watched.current.kill();
          resolve();
        });
      });
    });
    expect(killedAt[0]).toBeLessThan(largeStimuli);
    expect(snapshot.notices.filter((text) => text.includes('started again'))).toHaveLength(1);
    const killed = await reportOf(snapshot);
    expect(killed.contentSha256).toBe(expected.contentSha256);
    expect(killed.provenance.reference).toMatchObject({
      from: 'search',
      sha256: expected.provenance.reference?.sha256,
    });
    const again = await reportOf(await finishOf(large));
    expect(again.provenance.reference?.from).toBe('cache');
    expect(again.contentSha256).toBe(expected.contentSha256);
  });

  test('backend: resuming gives the content of an undisturbed search', async () => {
    const planFile = path.join(folder, 'large.plan.json');
    writeFileSync(planFile, JSON.stringify(large));
    const { contentSha256 } = await undisturbedOnce();
    for (const commits of [1, 3]) {
      const home = path.join(folder, `home-${commits}`);
      const project = path.join(folder, `${commits}.twinscope`);
      await killBackend(planFile, project, home, commits);
      const opened = await openProject(project, { host: 'cli' });
      const job = (await opened.jobs.list()).at(-1);
      await opened.close();
      expect(job?.progress).toMatchObject({ noun: 'reference stimuli', total: largeStimuli });
      const resumed = await runCli(['search', planFile, '--project', project, '--resume', '--json'], home);
      expect(resumed, resumed.stderr).toMatchObject({ code: 0 });
      const report = JSON.parse(resumed.stdout) as { contentSha256: string; provenance: { reference: unknown } };
      expect(report.contentSha256).toBe(contentSha256);
      expect(report.provenance.reference).toMatchObject({ from: 'search' });
    }
  });
});

/** Ends with the process, killed at the given commit of the search. */
async function killBackend(planFile: string, project: string, home: string, commits: number): Promise<void> {
  const child = spawn(process.execPath, [path.join(here, 'testing', 'jobChild.ts'), project, planFile, 'search'], {
    env: { ...process.env, TWINSCOPE_HOME: home },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let seen = 0;
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (text: string) => {
    seen += text.split('"acknowledged"').length - 1;
    if (seen >= commits) child.kill('SIGKILL');
  });
  await new Promise((resolve) => child.once('close', resolve));
}
