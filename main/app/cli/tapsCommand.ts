/** `twinscope twins taps`: activations of any layers of a twin, as one NPZ file, and which layers there are. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { zipSync, type Zippable } from 'fflate';
import type { ComputeMethods, TapArray } from '../../engine/computeContract.ts';
import { createDeadline } from '../../engine/deadline.ts';
import { withNothingSaved } from '../../engine/failures.ts';
import { isTappable, stack } from '../../engine/taps.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { plural } from '../../platform/words.ts';
import { fileError, writeFileAtomic } from '../../platform/node/files.ts';
import { designCount } from '../../stimuli/design.ts';
import { decodeNpyArray, encodeNpyArray, type NpyDtype } from '../../stimuli/npyArray.ts';
import { outsideInDesign } from '../../twins/domain.ts';
import { computeTwin, defaultSession } from '../services.ts';
import type { CliContext } from './context.ts';
import { interruptible, type Interruptible } from './interrupt.ts';
import { formatTable } from './output.ts';
import { refuseInputs, refuseOtherTable, requireOutput } from './outputFile.ts';
import { arrayTable, firstColumns, stimulusTable } from './stimulusTable.ts';
import { readPlan } from './planCommand.ts';
import { withPlanDesign } from './projectCommands.ts';
import { ask, looksLikeFile } from './twinCommands.ts';

type Options = { list?: boolean; tensors?: string[]; stimuli?: string; input?: string; out?: string };
type Wanted = { names: string[]; stimuli: string | undefined; input: string | undefined; out: string };
type From = ComputeMethods['twin.taps']['input']['from'];

/** Pictures per request: few enough to show progress and to be killed in time. */
const chunk = 64;
/** The file is put together in memory, once as arrays and once as a file. */
const mostBytes = 2 ** 30;

const sentences = { stopping: 'Stopping.', stopped: 'The activations were stopped. Nothing was written.' };

export async function tapTwin(context: CliContext, id: string, options: Options): Promise<void> {
  if (looksLikeFile(id)) {
    throw new TwinscopeError(
      'bad-input',
      `twins taps takes the id of a twin of the library, and ${id} is a file or folder. Nothing was computed. twins list shows the ids, twins import adds a package; twins gradient takes an .onnx file.`,
    );
  }
  if (options.list === true) return listTaps(context, id);
  const wanted = wantedOf(options);
  const sources = [wanted.stimuli, wanted.input].filter((file) => file !== undefined);
  const out = await requireOutput(wanted.out, '.npz', sources);
  const stimuli = `${out.replace(/\.npz$/i, '')}.stimuli.csv`;
  await refuseInputs(stimuli, sources);
  await refuseOtherTable(stimuli, firstColumns);
  const { arrays, table } = await interruptible(sentences, (interrupts) =>
    withSource({ ...context, ...interrupts }, id, wanted, async ({ count, from, table: rows }) => ({
      arrays: await collect({ ...context, ...interrupts }, id, wanted.names, count, from),
      table: rows,
    })),
  ).catch((error: unknown) => {
    throw withNothingSaved(error, 'Nothing was written.');
  });
  const files: Zippable = {};
  for (const { name, dtype, data, shape } of arrays) {
    files[`${name}.npy`] = encodeNpyArray(dtype as NpyDtype, data as Float32Array, shape);
  }
  await writeFileAtomic(out, zipSync(files, { level: 0 }));
  await writeFileAtomic(stimuli, new TextEncoder().encode(table));
  const rows = arrays.map(({ name, dtype, shape, axis }) => [name, dtype, shape.join(' × '), axis ?? 'none']);
  const lines = [
    formatTable(['tensor', 'type', 'shape', 'axis of the stimuli'], rows),
    `Wrote ${out}`,
    `Wrote ${stimuli}`,
  ];
  context.print(lines.join('\n'), {
    out,
    stimuli,
    tensors: arrays.map(({ name, dtype, shape, axis }) => ({ name, dtype, shape, axis })),
  });
}

function wantedOf({ tensors = [], out, ...source }: Options): Wanted {
  const names = tensors.flatMap((each) => each.split(',')).filter((name) => name !== '');
  if (names.length === 0) {
    throw new TwinscopeError('bad-input', 'Say which tensors: --tensors NAMES. --list shows all that there are.');
  }
  if (out === undefined) throw new TwinscopeError('bad-input', 'Say where to write them: --out FILE.npz.');
  return { names, stimuli: source.stimuli, input: source.input, out };
}

/** Every tensor that can be asked for, in running order. */
async function listTaps(context: CliContext, id: string): Promise<void> {
  const { nodes, values, commitments } = await ask(context, 'library.graph', { id });
  const tensors = nodes.flatMap(({ operator, outputs }, node) => {
    const areas = [...new Set(commitments.filter((each) => each.node === node).map(({ area }) => area))];
    return outputs
      .filter((name) => name !== '' && isTappable(values[name]?.dtype ?? 'undefined'))
      .map((name) => ({
        name,
        dtype: values[name]?.dtype ?? null,
        shape: values[name]?.shape ?? null,
        operator,
        areas,
      }));
  });
  const rows = tensors.map(({ name, dtype, shape, operator, areas }) => [
    name,
    dtype ?? 'unknown',
    shape === null ? 'unknown' : shape.length === 0 ? 'one number' : shape.join(' × '),
    operator,
    areas.join(', '),
  ]);
  context.print(formatTable(['tensor', 'type', 'shape', 'made by', 'area'], rows), { tensors });
}

type Source = {
  count: number;
  from(first: number, count: number): From;
  /** Which stimulus each row is, as CSV. */
  table: string;
};

/** The stimuli of a plan, or an array that is the twin's input as it stands. */
async function withSource<T>(
  context: CliContext & Interruptible,
  id: string,
  { stimuli, input }: Wanted,
  use: (source: Source) => Promise<T>,
): Promise<T> {
  if ((stimuli === undefined) === (input === undefined)) {
    throw new TwinscopeError('bad-input', 'Say what to show: either --stimuli PLAN or --input x.npy.');
  }
  if (stimuli !== undefined) {
    const plan = await readPlan(stimuli, 'run');
    const { manifest } = await context.backend.services.library.resolve(id);
    return withPlanDesign(context, plan, (design) =>
      use({
        count: designCount(design),
        from: (first, count) => ({ design, first, count }),
        table: stimulusTable(design, { outside: outsideInDesign(manifest.validity.tested, design) }),
      }),
    );
  }
  const { data, shape } = await readFloats(input as string);
  const rows = shape[0] ?? 0;
  const length = data.length / (shape[0] ?? 1);
  return use({
    count: rows,
    from: (first, count) => ({
      data: data.slice(first * length, (first + count) * length),
      shape: [count, ...shape.slice(1)],
    }),
    table: arrayTable(path.basename(input as string), data, rows),
  });
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
  names: string[],
  count: number,
  from: (first: number, count: number) => From,
): Promise<TapArray[]> {
  const { compute, deadlines, library } = backend.services;
  const twin = computeTwin(await library.resolve(id), defaultSession());
  const parts: TapArray[][] = [];
  const deadline = createDeadline(deadlines, Math.min(chunk, count));
  for (let first = 0; first < Math.max(count, 1); first += chunk) {
    const n = Math.min(chunk, count - first);
    const began = performance.now();
    const { arrays } = await compute.call(
      'twin.taps',
      { twin, tensors: names, from: from(first, n) },
      { signal, deadlineMs: deadline.ms() },
    );
    deadline.answered(performance.now() - began);
    const bytes = arrays.reduce((sum, { data, axis }) => sum + (axis === null ? 0 : data.byteLength / n) * count, 0);
    if (bytes > mostBytes) {
      throw new TwinscopeError(
        'unsupported',
        `These tensors take ${(bytes / 2 ** 30).toFixed(1)} GiB for ${plural(count, 'stimulus', 'stimuli')}, and one file holds ${mostBytes / 2 ** 30} GiB. Nothing was written. Ask for fewer tensors, or in parts.`,
      );
    }
    parts.push(arrays);
    show(`${Math.min(first + chunk, count)}/${count} stimuli`);
  }
  return (parts[0] as TapArray[]).map((_, tensor) => stack(parts.map((batch) => batch[tensor] as TapArray)));
}
