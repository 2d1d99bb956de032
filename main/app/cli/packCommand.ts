/** `twinscope twins pack`. */
import path from 'node:path';
import { withNothingSaved } from '../../engine/failures.ts';
import { plural } from '../../platform/words.ts';
import type { CliContext } from './context.ts';
import { interruptible } from './interrupt.ts';
import { ask, describeWritten } from './twinCommands.ts';

/** What fits on a line; JSON holds every name. */
const mostNames = 5;

const sentences = { stopping: 'Stopping.', stopped: 'The packing was stopped. Nothing was written.' };

export async function packTwin(context: CliContext, folder: string, options: { out?: string }): Promise<void> {
  const { out } = options;
  const place = out === undefined ? {} : { out: `${path.resolve(out)}${/[\\/]$/.test(out) ? path.sep : ''}` };
  const packed = await interruptible(sentences, ({ signal, show }) => {
    show('checking the folder and running the model');
    return ask(context, 'library.pack', { folder: path.resolve(folder), ...place }, signal);
  }).catch((error: unknown) => {
    throw withNothingSaved(error, 'Nothing was written.');
  });
  const lines = [describeWritten(packed), ...packed.notices];
  if (packed.leftOut.length > 0) {
    const names = packed.leftOut.slice(0, mostNames).join(', ');
    const more = packed.leftOut.length - mostNames;
    lines.push(`Left out: ${names}${more > 0 ? ` and ${plural(more, 'more file')}` : ''}.`);
  }
  context.print(lines.join('\n'), packed);
}
