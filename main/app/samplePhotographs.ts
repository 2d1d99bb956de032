/** The photographs that come with Twinscope, by the names under which they are offered. */
import path from 'node:path';
import { TwinscopeError } from '../platform/errors.ts';
import { listImageFiles } from '../stimuli/node/photographs.ts';
import { installFolder } from './installFolder.ts';

const folder = path.join(installFolder, 'resources', 'sample');
const nameOf = (file: string): string => path.basename(file, path.extname(file));

export async function samplePhotographNames(): Promise<string[]> {
  return (await listImageFiles(folder)).map(nameOf);
}

/** The file of one of them; throws 'not-found' for another name. */
export async function samplePhotograph(name: string): Promise<string> {
  const file = (await listImageFiles(folder)).find((each) => nameOf(each) === name);
  if (file === undefined) throw new TwinscopeError('not-found', `There is no sample photograph "${name}".`);
  return file;
}
