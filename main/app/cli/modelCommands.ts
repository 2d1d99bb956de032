/** `twinscope twins gradient`: what the engine does with a bare model or a twin's own graph, without a project. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { stillWorks } from '../../autodiff/index.ts';
import type { DeviceChoice } from '../../contract/devices.ts';
import { gradientFailed } from '../../contract/twins.ts';
import type { ModelGradient } from '../../engine/computeContract.ts';
import { withNothingSaved } from '../../engine/failures.ts';
import { isTwinscopeError, TwinscopeError } from '../../platform/errors.ts';
import { writeFileAtomic } from '../../platform/node/files.ts';
import { formatBytes } from '../../platform/words.ts';
import { encodeNpy } from '../../stimuli/npy.ts';
import { sessionThreads } from '../services.ts';
import type { CliContext } from './context.ts';
import { interruptible } from './interrupt.ts';
import { formatTable } from './output.ts';
import { requireOutput } from './outputFile.ts';
import { looksLikeFile } from './twinCommands.ts';

/** A large model on a slow machine: the check alone runs it thirty to some 240 times. */
const deadlineMs = 6 * 3_600_000;
/** What fits on a screen; JSON holds every sample. */
const mostSamples = 12;

const sentences = { stopping: 'Stopping.', stopped: 'The gradient was stopped. Nothing was written.' };

type Options = { input?: string[]; wrt?: string; output?: string; out?: string; device: DeviceChoice };

export async function modelGradient(context: CliContext, given: string | undefined, options: Options): Promise<number> {
  const { model, inputs: named } = separate(given, options.input ?? []);
  if (named.length === 0) throw missing('No input was given.');
  if (options.out === undefined) throw missing('--out is missing.');
  const { file, isTwin } = await modelFileOf(context, model);
  const inputs = named.map(parseInput);
  const out = await requireOutput(options.out, '.npy', [file, ...inputs.map((input) => input.file)]);
  const device = options.device === 'auto' ? 'cpu' : options.device;
  await context.backend.services.devices.require(device);
  const request = {
    modelFile: file,
    inputs,
    wrt: options.wrt ?? null,
    output: options.output ?? null,
    device,
    threads: sessionThreads(),
  };
  const result = await interruptible(sentences, ({ signal, show }) =>
    context.backend.services.compute.call('model.gradient', request, {
      deadlineMs,
      signal,
      onProgress: ({ done, total }) => show(`finite differences, direction ${done} of ${total}`),
    }),
  ).catch((error: unknown) => {
    const told = withNothingSaved(error, 'Nothing was written.');
    throw isTwin ? told : ofBareModel(told);
  });
  await writeFileAtomic(out, encodeNpy(result.gradient, result.wrt.shape));
  const { gradient: _, ...figures } = result;
  context.print(describe(result, out), { ...figures, out });
  return gradientFailed(result.check.verdict) ? 1 : 0;
}

/** What still works is said of a twin; a bare model becomes one by a package around it. */
function ofBareModel(error: unknown): unknown {
  if (!isTwinscopeError(error)) return error;
  const message = error.message.replace(
    stillWorks,
    stillWorks.replace('this twin', 'this model once it is a twin package'),
  );
  return new TwinscopeError(error.code, message, error.details);
}

const missing = (what: string): TwinscopeError =>
  new TwinscopeError('bad-input', `${what} Write: twinscope twins gradient MODEL.onnx --input x.npy --out g.npy`);

/** --input takes several files, so a model named behind them is among them. */
function separate(given: string | undefined, files: readonly string[]): { model: string; inputs: readonly string[] } {
  if (given !== undefined) return { model: given, inputs: files };
  const model = files.find((each) => each.endsWith('.onnx'));
  if (model === undefined) throw missing('No model was named.');
  return { model, inputs: files.filter((each) => each !== model) };
}

/** A file, or else the graph of the twin with that id. */
async function modelFileOf({ backend }: CliContext, model: string): Promise<{ file: string; isTwin: boolean }> {
  if (existsSync(model) || looksLikeFile(model)) return { file: path.resolve(model), isTwin: false };
  return { file: (await backend.services.library.resolve(model)).modelFile, isTwin: true };
}

/** `NAME=FILE`, or a file alone; a file whose name holds a '=' is a file if it exists. */
export function parseInput(text: string): { name: string | null; file: string } {
  const at = text.indexOf('=');
  if (at <= 0 || existsSync(text)) return { name: null, file: path.resolve(text) };
  return { name: text.slice(0, at), file: path.resolve(text.slice(at + 1)) };
}

function describe(
  { wrt, output, batch, values, norms, check, device, seconds, memory }: ModelGradient,
  out: string,
): string {
  const rows = values
    .slice(0, mostSamples)
    .map((value, sample) => [sample, value.toPrecision(6), (norms[sample] ?? Number.NaN).toPrecision(6)]);
  const shape = (of: { name: string; dtype: string; shape: number[] }): string =>
    `"${of.name}" (${[of.dtype, of.shape.join(' × ')].filter(Boolean).join(', ')})`;
  // Below that, the process itself is most of it.
  const ratio =
    memory.weightBytes < 10e6
      ? ''
      : ` = ${((memory.peakBytes - memory.activationBytes) / memory.weightBytes).toFixed(1)} × the weights + activations`;
  const all = Object.values(seconds).reduce((sum, part) => sum + part, 0);
  return [
    `d mean ${shape(output)} / d ${shape(wrt)}, summed over the batch: ${batch}`,
    formatTable(
      ['sample', 'mean of the output', '‖gradient‖'],
      norms.length === 1 && values.length > 1 ? rows.map(([a, b]) => [a as number, b as string, '']) : rows,
    ),
    ...(values.length > mostSamples ? [`and ${values.length - mostSamples} more; --json lists all`] : []),
    `Finite differences: ${check.verdict}. ${check.sentence}`,
    `Device: ${device} · derived in ${seconds.derive.toFixed(2)} s, run in ${seconds.run.toFixed(2)} s, checked in ${seconds.check.toFixed(2)} s, ${all.toFixed(2)} s in all`,
    `Memory: weights ${formatBytes(memory.weightBytes)}, activations ${formatBytes(memory.activationBytes)}, peak ${formatBytes(memory.peakBytes)}${ratio}`,
    `Wrote ${out}`,
  ].join('\n');
}
