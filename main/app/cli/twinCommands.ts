/** `twinscope twins …`. */
import type { DeviceChoice, DeviceId } from '../../contract/devices.ts';
import type { EventData, MethodArgs, MethodName, MethodOutput } from '../../contract/methods.ts';
import { gradientFailed, type CheckedTwin, type TwinSummary } from '../../contract/twins.ts';
import type { CancelSignal } from '../../platform/cancel.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { formatBytes, plural } from '../../platform/words.ts';
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
function askChecked<M extends 'library.import' | 'library.verify'>(
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

const reproduces = ({ reproduces: result }: TwinSummary): string =>
  result === null
    ? 'not checked'
    : `${result.passed ? 'yes' : 'NO'} (${result.device}, largest error ${result.maxError.toExponential(1)} of the largest response)`;

/** Whether the gradient could be relied on here; `derived` or `shipped` where that was not checked yet. */
const gradient = ({ gradient: capability, gradientCheck }: TwinSummary): string =>
  gradientCheck?.verdict ?? (capability === 'none' ? 'none' : 'not checked');

const verdict = ({ gradientCheck }: CheckedTwin): string => gradientCheck?.verdict ?? 'not checked';

/** What this check has shown, or why it has shown nothing. */
const said = ({ gradientCheck, gradientUnchecked }: CheckedTwin): string =>
  gradientCheck?.sentence ?? gradientUnchecked ?? '';

export async function listTwins(context: CliContext): Promise<void> {
  const twins = await ask(context, 'library.list', {});
  const rows = twins.map((twin) => [
    `${twin.id}@${twin.version}`,
    twin.species,
    twin.areas.map(({ name }) => name).join(', '),
    twin.units,
    gradient(twin),
    twin.licence,
    reproduces(twin),
  ]);
  context.print(
    formatTable(['twin', 'species', 'areas', 'units', 'gradient', 'licence', 'reproduces here'], rows),
    twins,
  );
}

export async function showTwin(context: CliContext, id: string): Promise<void> {
  const details = await ask(context, 'library.get', { id });
  const { summary, graph, card } = details;
  const text = [
    `${summary.title} (${summary.id}@${summary.version}, ${formatBytes(summary.sizeBytes)})`,
    `Hash ${summary.sha256}`,
    `Areas: ${summary.areas.map(({ name, units }) => `${name} (${plural(units, 'unit')})`).join(', ')}`,
    `Field of view ${summary.fieldOfViewDeg}°, ${summary.rasterPx} × ${summary.rasterPx} px`,
    `Graph: opset ${graph.opset}, ${plural(graph.nodes, 'node')}, ${plural(graph.parameters, 'parameter')}`,
    `Reproduces here: ${reproduces(summary)}`,
    `Gradient: ${gradient(summary)}${summary.gradientCheck === null ? '' : `. ${summary.gradientCheck.sentence}`}`,
    '',
    card.trim(),
  ].join('\n');
  context.print(text, details);
}

export async function importTwin(context: CliContext, path: string): Promise<void> {
  const twin = await askChecked(context, 'library.import', { path });
  const imported = `Imported ${twin.title} (${twin.id}@${twin.version}).`;
  context.print(`${imported} Gradient ${verdict(twin)}: ${said(twin)}`, twin);
}

export async function removeTwin(context: CliContext, id: string): Promise<void> {
  await ask(context, 'library.remove', { id });
  context.print(`Removed ${id}.`, { removed: id });
}

export async function verifyTwins(
  context: CliContext,
  id: string | undefined,
  options: { all?: boolean; device: DeviceChoice },
): Promise<number> {
  if (id === undefined && options.all !== true) {
    throw new TwinscopeError('bad-input', 'Name a twin, or verify every one with --all.');
  }
  const ids = options.all === true ? (await ask(context, 'library.list', {})).map((twin) => twin.id) : [id as string];
  const verified: CheckedTwin[] = [];
  for (const each of ids) {
    const device = await chosenDevice(context, each, options.device);
    verified.push(await askChecked(context, 'library.verify', { id: each, device }));
  }
  const rows = verified.map((twin) => [`${twin.id}@${twin.version}`, reproduces(twin), verdict(twin), said(twin)]);
  context.print(formatTable(['twin', 'reproduces here', 'gradient', 'in one sentence'], rows), verified);
  const sound = verified.every(
    ({ reproduces: result, gradientCheck }) =>
      result?.passed === true && gradientCheck !== null && !gradientFailed(gradientCheck.verdict),
  );
  return sound ? 0 : 1;
}

/** Where 'auto' leads for this twin by what is known of it; nothing is measured here. */
async function chosenDevice(context: CliContext, id: string, device: DeviceChoice): Promise<DeviceId> {
  if (device !== 'auto') return device;
  const { devices } = await ask(context, 'devices.list', { twin: id, measure: 'known' });
  return devices.find(({ chosen }) => chosen)?.id ?? 'cpu';
}
