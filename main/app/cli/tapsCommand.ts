/** `twinscope twins taps`: activations of any layers of a twin, as one NPZ file. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { zipSync, type Zippable } from 'fflate';
import type { ComputeMethods, TapArray } from '../../engine/computeContract.ts';
import { stack } from '../../engine/taps.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { exists, fileError, writeFileAtomic } from '../../platform/node/files.ts';
import { designCount } from '../../stimuli/design.ts';
import { decodeNpyArray, encodeNpyArray, type NpyDtype } from '../../stimuli/npyArray.ts';
import { computeTwin, defaultSession } from '../services.ts';
import type { CliContext } from './context.ts';
import { interruptible, type Interruptible } from './interrupt.ts';
import { formatTable } from './output.ts';
import { readPlan } from './planCommand.ts';
import { withPlanDesign } from './projectCommands.ts';

type Options = { tensors: string[]; stimuli?: string; input?: string; out: string };
type From = ComputeMethods['twin.taps']['input']['from'];

/** Pictures per request: few enough to show progress and to be killed in time. */
const chunk = 64;
/** The file is put together in memory, once as arrays and once as a file. */
const mostBytes = 2 ** 30;

const sentences = { stopping: 'Stopping.', stopped: 'The activations were stopped. Nothing was written.' };

export async function tapTwin(context: CliContext, id: string, options: Options): Promise<void> {
  const out = path.resolve(options.out);
  if (!(await exists(path.dirname(out)))) {
    throw new TwinscopeError(
      'not-found',
      `There is no folder ${path.dirname(out)}. Nothing was computed. Make it, or choose another --out.`,
    );
  }
  const arrays = await interruptible(sentences, (interrupts) =>
    withSource(context, options, (count, from) => collect({ ...context, ...interrupts }, id, options, count, from)),
  );
  const files: Zippable = {};
  for (const { name, dtype, data, shape } of arrays) {
    files[`${name}.npy`] = encodeNpyArray(dtype as NpyDtype, data as Float32Array, shape);
  }
  await writeFileAtomic(out, zipSync(files, { level: 0 }));
  const rows = arrays.map(({ name, dtype, shape }) => [name, dtype, shape.join(' × ')]);
  context.print(`${formatTable(['tensor', 'type', 'shape'], rows)}\nWrote ${out}`, {
    out,
    tensors: arrays.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
  });
}

type SourceUse<T> = (count: number, from: (first: number, count: number) => From) => Promise<T>;

/** The stimuli of a plan, or an array that is the twin's input as it stands. */
async function withSource<T>(context: CliContext, { stimuli, input }: Options, use: SourceUse<T>): Promise<T> {
  if ((stimuli === undefined) === (input === undefined)) {
    throw new TwinscopeError('bad-input', 'Say what to show: either --stimuli PLAN or --input x.npy.');
  }
  if (stimuli !== undefined) {
    const plan = await readPlan(stimuli, 'run');
    return withPlanDesign(context, plan, (design) =>
      use(designCount(design), (first, count) => ({ design, first, count })),
    );
  }
  const { data, shape } = await readFloats(input as string);
  const length = data.length / (shape[0] ?? 1);
  return use(shape[0] ?? 0, (first, count) => ({
    data: data.slice(first * length, (first + count) * length),
    shape: [count, ...shape.slice(1)],
  }));
}

async function readFloats(file: string): Promise<{ data: Float32Array; shape: number[] }> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw fileError(error, file);
  });
  const { dtype, data, shape } = decodeNpyArray(bytes);
  if (!dtype.startsWith('float')) {
    throw new TwinscopeError(
      'bad-input',
      `${file} holds ${dtype}, and twins take floats. Save it with .astype("float32").`,
    );
  }
  return { data: Float32Array.from(data as Float32Array), shape };
}

async function collect(
  { backend, signal, show }: CliContext & Interruptible,
  id: string,
  { tensors }: Options,
  count: number,
  from: (first: number, count: number) => From,
): Promise<TapArray[]> {
  const { compute, library } = backend.services;
  const twin = computeTwin(await library.resolve(id), defaultSession());
  const names = tensors.flatMap((each) => each.split(',')).filter((name) => name !== '');
  const parts: TapArray[][] = [];
  for (let first = 0; first < Math.max(count, 1); first += chunk) {
    const n = Math.min(chunk, count - first);
    const { arrays } = await compute.call('twin.taps', { twin, tensors: names, from: from(first, n) }, { signal });
    const bytes = arrays.reduce((sum, { data, axis }) => sum + (axis === null ? 0 : data.byteLength / n) * count, 0);
    if (bytes > mostBytes) {
      throw new TwinscopeError(
        'unsupported',
        `These tensors take ${(bytes / 2 ** 30).toFixed(1)} GiB for ${count} pictures, and one file holds ${mostBytes / 2 ** 30} GiB. Nothing was written. Ask for fewer tensors, or in parts.`,
      );
    }
    parts.push(arrays);
    show(`${Math.min(first + chunk, count)}/${count} pictures`);
  }
  return (parts[0] as TapArray[]).map((_, tensor) => stack(parts.map((batch) => batch[tensor] as TapArray)));
}
