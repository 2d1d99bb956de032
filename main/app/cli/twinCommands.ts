/** `twinscope twins …`. */
import path from 'node:path';
import type { DeviceChoice, DeviceId } from '../../contract/devices.ts';
import type { EventData, MethodArgs, MethodName, MethodOutput } from '../../contract/methods.ts';
import {
  gradientFailed,
  type CheckedTwin,
  type TwinManifest,
  type TwinSummary,
  type WrittenTwin,
} from '../../contract/twins.ts';
import type { CancelSignal } from '../../platform/cancel.ts';
import { isTwinscopeError, TwinscopeError } from '../../platform/errors.ts';
import { formatBytes, formatCount, plural } from '../../platform/words.ts';
import { reproducesText, twinFacts, type Fact } from '../../twins/facts.ts';
import { filterChoices, gradientWord, parseSize, twinMatches, type TwinFilter } from '../../twins/selection.ts';
import { trustMarks } from '../../twins/trust.ts';
import type { CliContext } from './context.ts';
import { interruptible } from './interrupt.ts';
import { formatTable } from './output.ts';

/** Calls a handler the way the workbench does. */
export function ask<M extends MethodName>(
  context: CliContext,
  method: M,
  input: MethodArgs<M>,
  signal: CancelSignal = new AbortController().signal,
): Promise<MethodOutput<M>> {
  return context.backend.handlers[method](input, { signal });
}

/** No id of a twin looks like this. */
export const looksLikeFile = (text: string): boolean => /[\\/]|\.(onnx|twin|zip|json)$/i.test(text);

/** Asks with a progress line of the gradient check, which Ctrl-C stops. */
export function askChecked<M extends 'library.import' | 'library.importModel' | 'library.verify'>(
  context: CliContext,
  method: M,
  input: MethodArgs<M>,
): Promise<MethodOutput<M>> {
  const sentences = {
    stopping: 'Stopping the check.',
    stopped: 'The check was stopped. What was stored before is kept.',
  };
  return interruptible(sentences, async ({ signal, show }) => {
    const stop = context.backend.onEvent((event, data) => {
      if (event !== 'library.checking') return;
      const { id, done, total } = data as EventData<'library.checking'>;
      show(`${id} · gradient, direction ${done} of ${total}`);
    });
    try {
      return await ask(context, method, input, signal);
    } finally {
      stop();
    }
  });
}

const verdict = ({ gradientCheck }: CheckedTwin): string => gradientCheck?.verdict ?? 'not checked';

/** Of a twin just imported, in one sentence. */
export const gradientSaid = (twin: CheckedTwin): string => `Gradient ${verdict(twin)}: ${said(twin)}`;

/** What this check has shown, or why it has shown nothing. */
const said = ({ gradientCheck, gradientUnchecked }: CheckedTwin): string =>
  gradientCheck?.sentence ?? gradientUnchecked ?? '';

export type ListOptions = Omit<TwinFilter, 'maxBytes'> & { maxSize?: string };

export async function listTwins(context: CliContext, { maxSize, ...filter }: ListOptions): Promise<void> {
  const all = await ask(context, 'library.list', {});
  const problems = await ask(context, 'library.problems', {});
  const maxBytes = maxSize === undefined ? undefined : parseSize(maxSize);
  const twins = all.filter((twin) => twinMatches(twin, { ...filter, maxBytes }));
  const rows = twins.map((twin) => [
    `${twin.id}@${twin.version}`,
    twin.species,
    twin.areas.map(({ name }) => name).join(', '),
    twin.modality,
    twin.units,
    gradientWord(twin),
    reproducesText(twin),
    trustMarks(twin)
      .map(({ text }) => text)
      .join('; '),
    formatBytes(twin.sizeBytes),
  ]);
  const header = ['twin', 'species', 'areas', 'modality', 'units', 'gradient', 'reproduces here', 'licence', 'size'];
  const shown =
    twins.length === all.length
      ? []
      : [`${formatCount(twins.length)} of ${plural(all.length, 'twin')}`, ...choicesOf(all, twins)];
  context.print([...(twins.length === 0 ? [] : [formatTable(header, rows)]), ...shown, ...problems].join('\n'), [
    ...twins,
    ...problems.map(asError),
  ]);
}

/** Where nothing is found, what there is to be found. */
function choicesOf(all: readonly TwinSummary[], found: readonly TwinSummary[]): string[] {
  if (found.length > 0) return [];
  const lines = Object.entries(filterChoices(all)).map(([name, values]) => `--${name}: ${values.join(' · ')}`);
  return ['Leave out an option, or take a value that the library has:', ...lines];
}

export async function showTwin(context: CliContext, id: string): Promise<void> {
  const details = await ask(context, 'library.get', { id });
  const { summary, manifest, card } = details;
  const text = [
    summary.title,
    summary.summary,
    ...trustMarks(manifest).flatMap(({ tone, sentence }) => (tone === 'plain' ? [] : [sentence])),
    ...twinFacts(details).flatMap(({ title, facts }) => ['', title, ...factLines(facts)]),
    ...acceptanceTable(manifest),
    '',
    'Card',
    card.replace(/^---\r?\n[\s\S]*?\r?\n---\r?\n/, '').trim(),
  ].join('\n');
  context.print(text, details);
}

/** Labels in one column, what is said in the next. */
function factLines(facts: readonly Fact[]): string[] {
  const width = Math.max(...facts.map(({ label }) => label.length));
  return facts.flatMap(({ label, lines }) =>
    lines.map((line, index) => `  ${(index === 0 ? label : '').padEnd(width)}  ${line}`),
  );
}

function acceptanceTable({ validity }: TwinManifest): string[] {
  const rows = (validity.acceptance ?? []).map(({ check, published, measured, tolerance, passed, n, source }) => [
    check,
    published,
    measured,
    tolerance,
    passed ? 'passed' : 'NOT PASSED',
    n,
    source,
  ]);
  if (rows.length === 0) return [];
  const header = ['check', 'published', 'measured', 'tolerance', 'result', 'n', 'source'];
  return ['', 'Acceptance checks', formatTable(header, rows)];
}

export async function removeTwin(context: CliContext, id: string): Promise<void> {
  const removed = await ask(context, 'library.remove', { id });
  const name = `${removed.id}@${removed.version}`;
  context.print(
    `Removed ${removed.title} (${name}). Results it gave stay in their projects; import the package again to run it again.`,
    { ...removed, removed: name },
  );
}

export async function exportTwin(context: CliContext, id: string, out: string): Promise<void> {
  // A folder is asked for by an ending that path.resolve() takes away.
  const place = `${path.resolve(out)}${/[\\/]$/.test(out) ? path.sep : ''}`;
  const written = await ask(context, 'library.export', { id, out: place });
  context.print(describeWritten(written), written);
}

/** Where a package is now, and by what everybody knows it again. */
export function describeWritten({ id, version, path: place, files, sizeBytes, sha256 }: WrittenTwin): string {
  return `Wrote ${id}@${version} to ${place} (${plural(files, 'file')}, ${formatBytes(sizeBytes)}).\nHash ${sha256}`;
}

type Unverified = { id: string; version: string; error: { code: string; message: string } };

export async function verifyTwins(
  context: CliContext,
  id: string | undefined,
  options: { all?: boolean; device: DeviceChoice },
): Promise<number> {
  if (options.all === true) return verifyAll(context, options.device);
  if (id === undefined) throw new TwinscopeError('bad-input', 'Name a twin, or verify every one with --all.');
  const twin = await verifyOne(context, id, options.device);
  context.print(verifiedTable([twin]), [twin]);
  return isSound(twin) ? 0 : 1;
}

const asError = (message: string) => ({ error: { code: 'corrupt', message } });

/** Every version of every twin; one that fails does not keep the others from being verified. */
async function verifyAll(context: CliContext, device: DeviceChoice): Promise<number> {
  const { devices } = context.backend.services;
  if (device !== 'auto') await devices.require(device);
  const twins: (CheckedTwin | Unverified)[] = [];
  for (const { id, version } of await ask(context, 'library.list', {})) {
    try {
      twins.push(await verifyOne(context, `${id}@${version}`, device));
    } catch (error) {
      if (!isTwinscopeError(error) || error.code === 'cancelled') throw error;
      twins.push({ id, version, error: { code: error.code, message: error.message } });
    }
  }
  const problems = await ask(context, 'library.problems', {});
  context.print([verifiedTable(twins), ...problems].join('\n'), [...twins, ...problems.map(asError)]);
  return problems.length === 0 && twins.every((twin) => !('error' in twin) && isSound(twin)) ? 0 : 1;
}

async function verifyOne(context: CliContext, id: string, choice: DeviceChoice): Promise<CheckedTwin> {
  const device = await chosenDevice(context, id, choice);
  return askChecked(context, 'library.verify', { id, device });
}

const verifiedTable = (twins: readonly (CheckedTwin | Unverified)[]): string =>
  formatTable(
    ['twin', 'reproduces here', 'gradient', 'in one sentence'],
    twins.map((twin) => [
      `${twin.id}@${twin.version}`,
      ...('error' in twin
        ? ['not verified', '', twin.error.message]
        : [reproducesText(twin), verdict(twin), said(twin)]),
    ]),
  );

const isSound = ({ reproduces: result, gradientCheck }: CheckedTwin): boolean =>
  result?.passed === true && gradientCheck !== null && !gradientFailed(gradientCheck.verdict);

/** Where 'auto' leads for this twin by what is known of it; nothing is measured here. */
async function chosenDevice(context: CliContext, id: string, device: DeviceChoice): Promise<DeviceId> {
  if (device !== 'auto') return device;
  const { devices } = await ask(context, 'devices.list', { twin: id, measure: 'known' });
  return devices.find(({ chosen }) => chosen)?.id ?? 'cpu';
}
