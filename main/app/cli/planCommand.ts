/** `twinscope run PLAN` and `twinscope search PLAN`. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse as parseYaml } from 'yaml';
import type { DeviceChoice } from '../../contract/devices.ts';
import type { JobSnapshot } from '../../contract/jobs.ts';
import { plan as anyPlan, type Plan, type RunPlan, type SearchPlan, type SetRef } from '../../contract/plans.ts';
import type { ProjectInfo } from '../../contract/methods.ts';
import type { SearchReport } from '../../contract/results.ts';
import { parseWith } from '../../contract/validate.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { fileError } from '../../platform/node/files.ts';
import { hashJson } from '../../platform/hash.ts';
import { formatCount, plural } from '../../platform/words.ts';
import { constraintRows } from '../../stimuli/constraintWords.ts';
import { objectiveText, scoreWords } from '../../stimuli/objectiveWords.ts';
import { listImageFiles } from '../../stimuli/node/photographs.ts';
import type { TestedDomain } from '../../contract/twins.ts';
import { outsideInDesign, outsideSummary, outsideTested, outsideTestedControl } from '../../twins/domain.ts';
import { evidenceSections } from '../../stimuli/evidenceWords.ts';
import { searchReportJson } from '../searchReportService.ts';
import type { Backend } from '../backend.ts';
import { exitInterrupted, type CliContext } from './context.ts';
import { requireNames } from '../jobs/areas.ts';
import { pinHeldOut } from '../jobs/heldOut.ts';
import { requireShown } from '../jobs/shown.ts';
import { onInterrupt } from './interrupt.ts';
import { jobTitle } from '../handlers/jobHandlers.ts';
import {
  columnsOf,
  createProgressLine,
  describeProgress,
  formatDuration,
  formatMinute,
  formatTable,
  plainEveryMs,
} from './output.ts';

/** Reads a plan and makes its folders absolute, so that it means the same from everywhere. */
export async function readPlan<K extends Plan['kind']>(file: string, kind: K): Promise<Extract<Plan, { kind: K }>> {
  let document: unknown;
  try {
    const text = planText(await readFile(file), file);
    document = file.endsWith('.json') ? JSON.parse(text) : parseYaml(text, { logLevel: 'error' });
  } catch (error) {
    const known = fileError(error, file);
    if (known instanceof TwinscopeError) throw known;
    throw new TwinscopeError(
      'bad-input',
      `${file} is neither JSON nor YAML: ${(error as Error).message.split('\n')[0]?.replace(/[:.]?$/, '.')} Nothing was started.`,
    );
  }
  const parsed = parseWith(anyPlan, document, `The plan ${path.basename(file)}`);
  if (parsed.kind !== kind) {
    throw new TwinscopeError(
      'bad-input',
      `${path.basename(file)} is a ${parsed.kind} plan; this command takes a ${kind} plan.`,
    );
  }
  const folder = path.dirname(path.resolve(file));
  return absoluteFolders(parsed, folder) as Extract<Plan, { kind: K }>;
}

/** Throws 'bad-input' for bytes that are no text, such as a model, which must not reach the terminal. */
function planText(bytes: Uint8Array, file: string): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text;
  } catch {
    // Said below.
  }
  throw new TwinscopeError(
    'bad-input',
    `${file} is not a text file, and this command takes a plan in JSON or YAML. Nothing was started.`,
  );
}

function absoluteFolders<T>(value: T, folder: string): T {
  if (Array.isArray(value)) return value.map((item) => absoluteFolders(item, folder)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, absoluteFolders(item, folder)]));
  if ('imageFolder' in copy)
    (copy as SetRef & { imageFolder: string }).imageFolder = path.resolve(folder, String(copy['imageFolder']));
  return copy as T;
}

/** Throws where the plan names what its twin lacks or what a project that is not there cannot have, so that a slip in its name makes none. */
export async function requireForNew(backend: Backend, plan: Plan, file: string): Promise<void> {
  if (existsSync(file)) return;
  if ('twin' in plan) {
    const { library } = backend.services;
    await requireNames(plan, await library.resolve(plan.twin), (ref) => library.resolve(ref));
    await requireShown(plan, library, null);
    if (plan.kind === 'search') await pinHeldOut(backend.services, plan);
  }
  for (const { key, value } of referencesIn(plan)) {
    if (key === 'imageFolder') {
      await listImageFiles(value);
      continue;
    }
    throw new TwinscopeError(
      'not-found',
      `There is no project ${file}, and this plan names the ${key} “${value}” of one. Nothing was made. Check --project.`,
    );
  }
}

/** Every set, search and folder of photographs that a plan names, wherever it stands. */
function referencesIn(value: unknown): { key: string; value: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => {
    // Where a plan came from is a record: that search may be in another project.
    if (key === 'forkedFrom') return [];
    return typeof item === 'string' && references.has(key) ? [{ key, value: item }] : referencesIn(item);
  });
}

const references: ReadonlySet<string> = new Set(['set', 'search', 'imageFolder']);

export async function openOrCreate(backend: Backend, file: string): Promise<ProjectInfo> {
  if (existsSync(file)) return backend.openProject(file);
  return backend.openProject(file, { name: path.basename(file, '.twinscope') });
}

/** Waits for a job with a progress line, in a pipe or a log one every ten seconds; Ctrl-C asks for a checkpoint, a second one kills. */
export async function follow(backend: Backend, job: JobSnapshot): Promise<JobSnapshot> {
  const { queue } = backend.services.current();
  const line = createProgressLine(process.stderr, { everyMs: plainEveryMs });
  // A bar that is not redrawn says no more than its numbers.
  const columns = (): number => (process.stderr.isTTY ? columnsOf(process.stderr) : 0);
  const stop = queue.onChange((change) => {
    if (change.id !== job.id || change.state !== 'running') return;
    line.show(describeProgress(change, columns()));
  });
  const stopListening = onInterrupt(line, 'Stopping at the next checkpoint.', () => {
    void queue.pause(job.id).catch(() => undefined);
  });
  try {
    return await queue.waitFor(job.id);
  } finally {
    stopListening();
    stop();
    line.clear();
  }
}

export function runPlanCommand(kind: 'run' | 'search') {
  return async (
    context: CliContext,
    file: string,
    options: { project: string; resume?: boolean; device?: DeviceChoice },
  ): Promise<number> => {
    const { backend } = context;
    const read = await readPlan(file, kind);
    const plan = options.device === undefined ? read : { ...read, device: options.device };
    if (options.resume && !existsSync(options.project)) {
      throw new TwinscopeError(
        'not-found',
        `There is no project ${options.project}, so there is nothing to resume. Nothing was made. Check --project, or leave out --resume to start the plan.`,
      );
    }
    await requireForNew(backend, plan, options.project);
    const info = await openOrCreate(backend, options.project);
    if (info.readOnly !== null) throw new TwinscopeError('read-only', info.readOnly);
    if (info.notice !== null) process.stderr.write(`${info.notice}\n`);
    const started = options.resume
      ? await resumeJob(backend, plan, options.project)
      : await startAnew(backend, kind, plan);
    const ended = await follow(backend, started);
    for (const notice of ended.notices) process.stderr.write(`${notice}\n`);
    if (ended.state === 'paused' || ended.state === 'interrupted') {
      process.stderr.write(
        `Stopped; everything up to the last checkpoint is saved. Go on with: twinscope ${kind} ${file} --project ${options.project}${options.device === undefined ? '' : ` --device ${options.device}`} --resume\n`,
      );
      // Only Ctrl-C pauses a job of the command line.
      return ended.state === 'paused' ? exitInterrupted : 1;
    }
    if (ended.error !== null) throw new TwinscopeError(ended.error.code, ended.error.message);
    if (ended.state !== 'finished' || ended.resultId === null) return 1;
    if (kind === 'run') await printRun(context, ended.resultId);
    else await printSearch(context, ended.resultId);
    return 0;
  };
}

/** Starts the plan as a new job, and says so where one of the same plan waits to be resumed. */
async function startAnew(backend: Backend, kind: 'run' | 'search', plan: RunPlan | SearchPlan): Promise<JobSnapshot> {
  const { project, queue } = backend.services.current();
  const wanted = withoutDevice(plan);
  const open = (await project.jobs.list()).some(
    (job) => waiting.has(job.state) && withoutDevice(job.plan as Plan) === wanted,
  );
  if (open) {
    process.stderr.write(
      'An unfinished job of this plan is in the project and is kept; this starts a new one. Add --resume to go on with it instead.\n',
    );
  }
  await requireShown(plan, backend.services.library, project);
  return queue.start(kind, jobTitle(plan), plan);
}

async function resumeJob(backend: Backend, plan: Plan, projectFile: string): Promise<JobSnapshot> {
  const { project, queue } = backend.services.current();
  // A job goes on where it began, so which device the plan asks for now does not matter.
  const wanted = withoutDevice(plan);
  const jobs = (await project.jobs.list()).filter((job) => withoutDevice(job.plan as Plan) === wanted);
  const newest = jobs.at(-1);
  // One that was interrupted comes before a newer one that has finished.
  const open = newest?.state === 'finished' ? jobs.findLast(({ state }) => waiting.has(state)) : newest;
  if (open !== undefined) return queue.resume(open.id);
  if (newest !== undefined) {
    process.stderr.write(
      'This plan has finished before; this is its stored result. Leave out --resume to run it anew.\n',
    );
    return newest;
  }
  throw new TwinscopeError(
    'not-found',
    `${projectFile} holds no job of this plan, so there is nothing to resume. Nothing was started. Leave out --resume to start it.`,
  );
}

const waiting: ReadonlySet<string> = new Set(['paused', 'interrupted']);

const withoutDevice = (plan: Plan): string => hashJson({ ...plan, device: undefined });

async function printRun(context: CliContext, id: string): Promise<void> {
  const { project } = context.backend.services.current();
  const run = await project.runs.get(id);
  const tested = await testedDomainOf(context, run.provenance.twin.sha256);
  const outside = tested === undefined ? [] : outsideInDesign(tested, run.design);
  const domain = outsideSummary(outside);
  const rows: (string | number)[][] = [];
  const summary = [];
  for (const { area, units, responseUnits } of run.areas) {
    const { mean, largest, unitIndex } = await project.runs.summariseArea(id, area);
    const bestUnit = units[unitIndex] as string;
    rows.push([area, units.length, mean.toFixed(2), largest.toFixed(2), bestUnit, responseUnits]);
    summary.push({ area, units: units.length, mean, max: largest, bestUnit, responseUnits });
  }
  const text = [
    `${run.name}: ${plural(run.stimuli, 'stimulus', 'stimuli')} × ${plural(run.units, 'unit')}, content ${run.contentSha256?.slice(0, 12)}`,
    formatTable(['area', 'units', 'mean', 'largest', 'by unit', 'in'], rows),
    ...(domain === null ? [] : [domain]),
  ].join('\n');
  context.print(text, {
    id,
    name: run.name,
    stimuli: run.stimuli,
    units: run.units,
    contentSha256: run.contentSha256,
    areas: summary,
    testedDomain: { outside: outside.filter((reason) => reason !== null).length, sentence: domain },
  });
}

/** What the twin of a result was tested with; null where nothing is stated, undefined where the library lacks the twin. */
async function testedDomainOf({ backend }: CliContext, sha256: string): Promise<TestedDomain | null | undefined> {
  return (await backend.services.library.list()).find((twin) => twin.sha256 === sha256)?.tested;
}

/** What fits on a screen; JSON holds every unit. */
const mostUnits = 8;

/** Whether the reference set was measured before this search, and when. */
const takenFrom = ({ provenance: { reference } }: SearchReport): string =>
  reference?.from === 'cache' ? ` (measured ${formatMinute(reference.measuredAt)} on this device)` : '';

async function printSearch(context: CliContext, id: string): Promise<void> {
  const report = await context.backend.handlers['searches.get']({ id }, { signal: new AbortController().signal });
  const best = report.candidates[0];
  const tested = await testedDomainOf(context, report.provenance.twin.sha256);
  const domain = (reason: string | null): string => (tested === undefined ? 'not known' : (reason ?? 'inside'));
  const candidateDomain = best === undefined ? '' : domain(outsideTested(tested, best.spec));
  const score = scoreWords(report.plan.objective.type);
  const toThree = (value: number): string => value.toFixed(3);
  const rows: (string | number)[][] = [
    ['candidate', 1, best === undefined ? 'none' : score.text(best.objective, toThree), '', candidateDomain],
    ...report.controls.map((control) => [
      control.label,
      control.n,
      score.text(control.best, toThree),
      control.beaten ? 'beaten' : 'not beaten',
      control.spec === null ? '' : domain(outsideTestedControl(tested, control)),
    ]),
  ];
  const lines = [
    `${report.name}: ${plural(report.evaluations, 'evaluation')}, of which ${formatCount(report.controlEvaluations)} for controls, in ${formatDuration(report.seconds)}, z-scored over ${report.referenceName}${takenFrom(report)}, content ${report.contentSha256?.slice(0, 12)}`,
    `Objective: ${objectiveText(report.plan)}`,
    formatTable(['stimulus', 'n', `best ${score.name}`, 'by the candidate', 'tested domain'], rows),
  ];
  const targeted = best?.units ?? [];
  if (targeted.length > 0) {
    const rows = targeted
      .slice(0, mostUnits)
      .map(({ area, unit, response, blank, z }) => [
        `${area} ${unit}`,
        response.toFixed(2),
        blank.toFixed(2),
        report.responseUnits,
        z.toFixed(2),
      ]);
    lines.push(formatTable(['targeted unit', 'response', 'blank', 'in', 'z'], rows));
  }
  if (targeted.length > mostUnits) lines.push(`and ${targeted.length - mostUnits} more; --json lists all`);
  if (best?.residuals) {
    const { residuals, residuals8Bit } = best;
    const told = (value: number | undefined): string =>
      value === undefined ? '' : value === 0 ? '0' : value.toExponential(1);
    const rows = constraintRows(report.plan.constraints).map(({ key, label, asked }) => [
      label,
      asked,
      told(residuals[key]),
      told(residuals8Bit?.[key]),
    ]);
    lines.push(formatTable(['constraint', 'asked', 'residual', 'after 8-bit sRGB'], rows));
    lines.push('Residuals are relative to what was asked; those of range and background are in luminance.');
  }
  for (const { title, sentences, table } of evidenceSections(report)) {
    lines.push([title, ...sentences.map((sentence) => `  ${sentence}`)].join('\n'));
    if (table.columns.length > 0) lines.push(formatTable(table.columns, table.rows));
  }
  context.print(lines.join('\n'), { ...searchReportJson(report), testedDomain: candidateDomain });
}
