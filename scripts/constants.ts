/**
 * Builds a twin with deliberately wrong constants: `parameters.ts` of the twin is read with another value in place of an
 * exported constant, so that the acceptance table can be seen to fail. Nothing on disk is changed.
 */
import { registerHooks } from 'node:module';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

export interface ConstantChange {
  name: string;
  /** JSON. */
  value: string;
}

/** `NAME=VALUE`; throws a sentence for anything else. */
export function parseChange(text: string): ConstantChange {
  const [, name, value] = /^([A-Za-z]\w*)=(.+)$/s.exec(text) ?? [];
  const shape =
    'Say --set NAME=VALUE with a constant of the twin’s parameters.ts and a number, text in quotes or list.';
  if (name === undefined || value === undefined) throw new Error(`"${text}" names no constant and value. ${shape}`);
  try {
    JSON.parse(value);
  } catch {
    throw new Error(`${value} is no value for ${name}. ${shape}`);
  }
  return { name, value };
}

const declaration = (name: string): RegExp => new RegExp(`^(export const ${name}\\b[^=]*= )[^;]*;`, 'm');

/** The source with the constants changed; throws a sentence where one is not in it. */
export function changedSource(source: string, changes: readonly ConstantChange[]): string {
  return changes.reduce((text, { name, value }) => {
    if (!declaration(name).test(text)) {
      const known = [...source.matchAll(/^export const (\w+)\b[^=]*= [^(;]*;/gm)].map(([, each]) => each);
      throw new Error(
        `parameters.ts of this twin has no constant ${name}. Nothing was measured. It has ${known.join(', ')}.`,
      );
    }
    return text.replace(declaration(name), (_, head: string) => `${head}${value};`);
  }, source);
}

/** From now on, in this process, the twin's parameters are read with these constants. */
export function setConstants(twinFolder: string, changes: readonly ConstantChange[]): void {
  const file = path.join(twinFolder, 'parameters.ts');
  const source = changedSource(readFileSync(file, 'utf8'), changes);
  const target = pathToFileURL(file).href;
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context);
      return url === target ? { ...loaded, source } : loaded;
    },
  });
}
