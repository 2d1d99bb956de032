/** Where a command may write: refused before anything is computed, so that no hour of work and no input is lost. */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { TwinscopeError } from '../../platform/errors.ts';
import { exists } from '../../platform/node/files.ts';

/**
 * `--out` as an absolute path. Throws 'bad-input' where its name does not end as what is written (`extension`, e.g.
 * '.npy'), 'not-found' for a folder that is not there, and 'conflict' as {@link refuseInputs} does.
 */
export async function requireOutput(given: string, extension: string, inputs: readonly string[]): Promise<string> {
  const out = path.resolve(given);
  const kind = extension.slice(1).toUpperCase();
  if (path.extname(out).toLowerCase() !== extension) {
    throw new TwinscopeError(
      'bad-input',
      `--out ${given} does not end in ${extension}, and what is written is an ${kind} file. Nothing was computed. Choose a name that ends in ${extension}.`,
    );
  }
  if (!(await exists(path.dirname(out)))) {
    throw new TwinscopeError(
      'not-found',
      `There is no folder ${path.dirname(out)}. Nothing was computed. Make it, or choose another --out.`,
    );
  }
  await refuseInputs(out, inputs);
  return out;
}

/** Throws 'conflict' where the file to be written is one of those that are read. */
export async function refuseInputs(out: string, inputs: readonly string[]): Promise<void> {
  for (const input of inputs) {
    if (!(await isSameFile(out, path.resolve(input)))) continue;
    throw new TwinscopeError(
      'conflict',
      `${out} is one of the files to be read, and would be overwritten. Nothing was computed and it was left as it is. Choose another --out.`,
    );
  }
}

/** Also through a link, or in other letters where the disk takes both for one name. */
async function isSameFile(a: string, b: string): Promise<boolean> {
  if (a === b) return true;
  const [first, second] = await Promise.all([a, b].map((file) => stat(file, { bigint: true }).catch(() => null)));
  return Boolean(first && second && first.ino !== 0n && first.ino === second.ino && first.dev === second.dev);
}

/** Throws 'conflict' where a file of this name exists that does not begin as the table that would replace it. */
export async function refuseOtherTable(file: string, firstColumns: string): Promise<void> {
  if (!(await exists(file))) return;
  const text = await readFile(file, 'utf8').catch(() => '');
  if (text.startsWith(firstColumns)) return;
  throw new TwinscopeError(
    'conflict',
    `${file} exists and is not a table of stimuli, and that is where the table would go. Nothing was computed and it was left as it is. Choose another --out.`,
  );
}
