/**
 * `checks.npz`: stimuli with the responses they must give. Arrays are called `input.<tensor>`, `output.<tensor>` and
 * `tolerance.<tensor>` (one number: the largest allowed |difference| as a part of the output's largest |value|).
 */
import { zipSync, type Zippable } from 'fflate';
import type { GoldenChecks, NamedArray, TwinManifest } from '../../contract/twins.ts';
import { isTwinscopeError, TwinscopeError } from '../../platform/errors.ts';
import { fileError } from '../../platform/node/files.ts';
import { formatCount } from '../../platform/words.ts';
import { decodeNpy, encodeNpy } from '../../stimuli/npy.ts';
import { checksName, stimulusInput } from '../manifest.ts';
import { listZip, unpackBytes } from './zipFile.ts';

/** Two stimuli show whether a twin is reproduced; more would only make every import and every verification longer. */
export const mostGolden = { stimuli: 2, bytes: 256 * 2 ** 20 };

/** Bytes of the golden checks of so many stimuli with their responses, as `encodeChecks` lays them out, without headers. */
export function goldenBytes({ inputs, outputs }: TwinManifest, stimuli: number): number {
  const values = [...inputs, ...outputs].map(({ axes }) =>
    axes.reduce((product, { size }, axis) => product * (axis === 0 ? stimuli : (size ?? 1)), 1),
  );
  return values.reduce((sum, each) => sum + each, 0) * Float32Array.BYTES_PER_ELEMENT;
}

/** The earliest time a zip file can hold: equal checks give equal bytes. Local, since that is what the format stores. */
const noTime = new Date(1980, 0, 1);

export function encodeChecks(checks: GoldenChecks): Uint8Array {
  const files: Zippable = {};
  for (const [tensor, { data, shape }] of Object.entries(checks.inputs)) {
    files[`input.${tensor}.npy`] = encodeNpy(data, shape);
  }
  for (const [tensor, { data, shape, tolerance }] of Object.entries(checks.outputs)) {
    files[`output.${tensor}.npy`] = encodeNpy(data, shape);
    files[`tolerance.${tensor}.npy`] = encodeNpy(Float32Array.of(tolerance), [1]);
  }
  return zipSync(files, { mtime: noTime, level: 6 });
}

/** Throws 'bad-input' with the reason for a file that holds no checks; see `requireChecks` for whether they fit a twin. */
export async function readChecks(path: string): Promise<GoldenChecks> {
  const arrays = await readArrays(path);
  const checks: GoldenChecks = { inputs: {}, outputs: {} };
  for (const [name, array] of arrays) {
    const [kind, ...rest] = name.split('.');
    const tensor = rest.join('.');
    if (kind === 'input') checks.inputs[tensor] = array;
    if (kind === 'output') {
      const tolerance = arrays.get(`tolerance.${tensor}`)?.data[0];
      if (tolerance === undefined || !(tolerance > 0)) throw incomplete(`the output "${tensor}" has no tolerance`);
      // Missing responses count as an error of 1.
      if (tolerance >= 1)
        throw incomplete(`the tolerance of the output "${tensor}" is ${tolerance}, which allows anything`);
      checks.outputs[tensor] = { ...array, tolerance };
    }
  }
  if (Object.keys(checks.inputs).length === 0 || Object.keys(checks.outputs).length === 0) {
    throw incomplete('they hold no inputs or no outputs');
  }
  return checks;
}

async function readArrays(path: string): Promise<Map<string, NamedArray>> {
  const arrays = new Map<string, NamedArray>();
  let reading = checksName;
  try {
    for (const entry of await listZip(path, { entries: 256, totalBytes: mostGolden.bytes })) {
      reading = entry.path;
      arrays.set(entry.path.replace(/\.npy$/, ''), decodeNpy(await unpackBytes(path, entry)));
    }
  } catch (error) {
    const why = isTwinscopeError(error) ? error.details['why'] : undefined;
    throw typeof why === 'string' ? incomplete(`${reading}: ${why}`) : fileError(error, path);
  }
  return arrays;
}

/** n stimuli as the graph takes them, and n values of every other input. */
export type GoldenInputs = { images: Float32Array; n: number; others: Record<string, Float32Array> };

/**
 * Throws 'bad-input' with the reason where the checks are not those of a twin with this manifest: other tensors, sizes that
 * do not fit, values that are not numbers. Returns what the checks feed.
 */
export function requireChecks(manifest: TwinManifest, checks: GoldenChecks): GoldenInputs {
  const stimulus = stimulusInput(manifest).tensor;
  const stimuli = checks.inputs[stimulus];
  const n = stimuli?.shape[0] ?? 0;
  if (stimuli === undefined || n === 0) throw incomplete('they hold no stimulus');
  if (n > mostGolden.stimuli) {
    throw incomplete(`they hold ${formatCount(n)} stimuli, and at most ${mostGolden.stimuli} are allowed`);
  }
  const missing = manifest.inputs.find(({ tensor }) => checks.inputs[tensor] === undefined);
  if (missing !== undefined) throw incomplete(`they hold no values for the input "${missing.tensor}"`);
  const unchecked = manifest.outputs.find(({ tensor }) => checks.outputs[tensor] === undefined);
  if (unchecked !== undefined) throw incomplete(`they hold no responses of the output "${unchecked.tensor}"`);
  for (const kind of ['input', 'output'] as const) {
    const declared = kind === 'input' ? manifest.inputs : manifest.outputs;
    for (const [tensor, array] of Object.entries(kind === 'input' ? checks.inputs : checks.outputs)) {
      const axes = declared.find((each) => each.tensor === tensor)?.axes;
      if (axes === undefined) throw incomplete(`the manifest has no ${kind} "${tensor}"`);
      const sizes = axes.map(({ size }, axis) => size ?? (axis === 0 ? n : array.shape[axis]));
      if (sizes.length !== array.shape.length || sizes.some((size, axis) => size !== array.shape[axis])) {
        const wanted = axes.map(({ size }, axis) => size ?? (axis === 0 ? n : 'any number'));
        throw incomplete(
          `the ${kind} "${tensor}" is ${array.shape.join(' × ') || 'one number'}, and the manifest makes it ${wanted.join(' × ')}`,
        );
      }
      const wrong = array.data.findIndex((value) => !Number.isFinite(value));
      if (wrong !== -1) throw incomplete(`value ${wrong + 1} of the ${kind} "${tensor}" is ${array.data[wrong]}`);
    }
  }
  const others = Object.entries(checks.inputs).filter(([tensor]) => tensor !== stimulus);
  return { images: stimuli.data, n, others: Object.fromEntries(others.map(([tensor, { data }]) => [tensor, data])) };
}

/** What a refusal of checks ends with; whoever packs them is told something else. */
export const askForChecks = 'The twin itself is untouched. Ask its author for corrected checks.';

function incomplete(why: string): TwinscopeError {
  return new TwinscopeError('bad-input', `The golden checks of this twin cannot be used: ${why}. ${askForChecks}`);
}
