/** Small documents and folders that the tests of projects and jobs share. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { runPlan, searchPlan } from '../../contract/plans.ts';
import type { Provenance } from '../../contract/results.ts';
import { stimulusDesign } from '../../contract/stimuli.ts';
import { openProject } from '../node/project.ts';
import type { OpenOptions, Project } from '../node/project.ts';
import type { NewRun, NewSearch, RunArea } from '../rows.ts';
import { chunkOf, noProgress } from './responses.ts';

export const sha256 = (content: Uint8Array | string): string => createHash('sha256').update(content).digest('hex');

/** A folder that is removed when the test has finished. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'twinscope-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A new project that is closed when the test has finished. */
export async function newProject(options: Partial<OpenOptions> = {}): Promise<Project> {
  return open(join(temporaryFolder(), 'study.twinscope'), { create: { name: 'Study' }, ...options });
}

/** Opens a project that is closed when the test has finished. */
export async function open(path: string, options: Partial<OpenOptions> = {}): Promise<Project> {
  const project = await openProject(path, { host: 'cli', ...options });
  onTestFinished(() => project.close());
  return project;
}

/** Name and hash of every file in a folder, to show that nothing changed. */
export function folderState(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder)
      .toSorted()
      .map((name) => [name, sha256(readFileSync(join(folder, name)))]),
  );
}

export const design = stimulusDesign.parse({
  type: 'gratings',
  factors: { orientationDeg: [0, 90], spatialFrequencyCpd: [2] },
});

const plan = runPlan.parse({ format: 1, kind: 'run', twin: 'v1-gabor@1.0.0', stimuli: { set: 'Gratings' } });
const plannedSearch = searchPlan.parse({
  format: 1,
  kind: 'search',
  twin: 'v1-gabor@1.0.0',
  target: [{ area: 'V1-simple', units: ['s-001'] }],
  space: { type: 'pixels' },
  optimiser: { type: 'gradient' },
});

const provenance: Provenance = {
  plan,
  planSha256: sha256('plan'),
  twin: { id: 'v1-gabor', version: '1.0.0', sha256: sha256('twin') },
  stimuliSha256: sha256('stimuli'),
  sets: { stimuli: { name: 'Gratings', sha256: sha256('stimuli') } },
  seeds: [1],
  device: 'cpu',
  batchSize: 16,
  threads: 2,
  gradientForms: null,
  versions: { twinscope: '0.1.0' },
};

export function runOf(jobId: string, areas: RunArea[], stimuli: number): NewRun {
  return { jobId, name: 'Gratings on V1', plan, provenance, design, setName: 'Gratings', areas, stimuli };
}

export function searchOf(jobId: string): NewSearch {
  return { jobId, name: 'Drive s-001', plan: plannedSearch, provenance: { ...provenance, plan: plannedSearch } };
}

export async function newJob(project: Project): Promise<string> {
  const { id } = await project.jobs.create({ kind: 'run', title: 'Gratings on V1', plan, progress: noProgress });
  return id;
}

export function areaOf(area: string, units: number): RunArea {
  return { area, units: Array.from({ length: units }, (_, n) => `${area}-${n}`), responseUnits: 'spikes/s' };
}

/** Creates a job and a run and stores stimuli 0 … stimuli − 1 in chunks of these sizes, repeated as needed. */
export async function storeRun(
  project: Project,
  areas: RunArea[],
  stimuli: number,
  chunks: number[],
): Promise<{ runId: string; jobId: string }> {
  const jobId = await newJob(project);
  const { id: runId } = await project.runs.create(runOf(jobId, areas, stimuli));
  for (let first = 0, n = 0; first < stimuli; n++) {
    const count = Math.min(chunks[n % chunks.length] as number, stimuli - first);
    await project.runs.commitChunk(chunkOf(runId, jobId, areas, first, count));
    first += count;
  }
  return { runId, jobId };
}
