/** `twinscope twins gradient`: what the engine does with a bare model, without a library or a project. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { stillWorks } from '../../autodiff/index.ts';
import type { DeviceChoice } from '../../contract/devices.ts';
import { gradientFailed } from '../../contract/twins.ts';
import type { ModelGradient } from '../../engine/computeContract.ts';
import { withNothingSaved } from '../../engine/failures.ts';
import { isTwinscopeError, TwinscopeError } from '../../platform/errors.ts';
import { exists, writeFileAtomic } from '../../platform/node/files.ts';
import { encodeNpy } from '../../stimuli/npy.ts';
import { sessionThreads } from '../services.ts';
import type { CliContext } from './context.ts';
import { interruptible } from './interrupt.ts';
import { formatTable } from './output.ts';

/** A large model on a slow machine: the check alone runs it some fifty times. */
const deadlineMs = 6 * 3_600_000;
/** What fits on a screen; JSON holds every sample. */
const mostSamples = 12;

const sentences = { stopping: 'Stopping.', stopped: 'The gradient was stopped. Nothing was written.' };

type Options = { input: string[]; wrt?: string; output?: string; out: string; device: DeviceChoice };

export async function modelGradient(context: CliContext, given: string | undefined, options: Options): Promise<number> {
  const out = path.resolve(options.out);
  const { file, inputs } = separate(given, options.input);
  if (!(await exists(path.dirname(out)))) {
    throw new TwinscopeError(
      'not-found',
      `There is no folder ${path.dirname(out)} for the gradient. Nothing was computed. Make it, or choose another --out.`,
    );
  }
  const device = options.device === 'auto' ? 'cpu' : options.device;
  await context.backend.services.devices.require(device);
  const request = {
    modelFile: path.resolve(file),
    inputs: inputs.map(parseInput),
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
    throw ofBareModel(withNothingSaved(error, 'Nothing was written.'));
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

/** --input takes several files, so a model named behind them is among them. */
function separate(given: string | undefined, files: readonly string[]): { file: string; inputs: readonly string[] } {
  if (given !== undefined) return { file: given, inputs: files };
  const file = files.find((each) => each.endsWith('.onnx'));
  if (file === undefined) {
    throw new TwinscopeError(
      'bad-input',
      'No model was named. Write: twinscope twins gradient MODEL.onnx --input x.npy --out g.npy',
    );
  }
  return { file, inputs: files.filter((each) => each !== file) };
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
  const mega = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
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
    `Memory: weights ${mega(memory.weightBytes)}, activations ${mega(memory.activationBytes)}, peak ${mega(memory.peakBytes)}${ratio}`,
    `Wrote ${out}`,
  ].join('\n');
}
