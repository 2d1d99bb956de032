/**
 * `checks.npz`: stimuli with the responses they must give. Arrays are called `input.<tensor>`, `output.<tensor>` and
 * `tolerance.<tensor>` (one number: the largest allowed |difference| as a part of the output's largest |value|).
 */
import { zipSync, type Zippable } from 'fflate';
import type { GoldenChecks, NamedArray } from '../../contract/twins.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { decodeNpy, encodeNpy } from '../../stimuli/npy.ts';
import { listZip, unpackBytes } from './zipFile.ts';

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

export async function readChecks(path: string): Promise<GoldenChecks> {
  const arrays = new Map<string, NamedArray>();
  for (const entry of await listZip(path, { entries: 256, totalBytes: 2 ** 30 })) {
    arrays.set(entry.path.replace(/\.npy$/, ''), decodeNpy(await unpackBytes(path, entry)));
  }
  const checks: GoldenChecks = { inputs: {}, outputs: {} };
  for (const [name, array] of arrays) {
    const [kind, ...rest] = name.split('.');
    const tensor = rest.join('.');
    if (kind === 'input') checks.inputs[tensor] = array;
    if (kind === 'output') {
      const tolerance = arrays.get(`tolerance.${tensor}`)?.data[0];
      if (tolerance === undefined || !(tolerance > 0)) throw incomplete(`the output "${tensor}" has no tolerance`);
      checks.outputs[tensor] = { ...array, tolerance };
    }
  }
  if (Object.keys(checks.inputs).length === 0 || Object.keys(checks.outputs).length === 0) {
    throw incomplete('they hold no inputs or no outputs');
  }
  return checks;
}

function incomplete(why: string): TwinscopeError {
  return new TwinscopeError(
    'bad-input',
    `The golden checks of this twin cannot be used: ${why}. The twin itself is untouched. Ask its author for corrected checks.`,
  );
}
