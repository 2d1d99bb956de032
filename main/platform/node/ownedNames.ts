/** Names that say which process made what they name, so that what a killed one left behind can be told from work under way. */
import { createHash, randomBytes } from 'node:crypto';
import { computerKey, isAlive, thisComputer, thisProcess } from './process.ts';

/** Of whom a name says that it is theirs; 'unknown' where nobody here can tell. */
export type Owner = 'ended' | 'lives' | 'unknown';

let own: string | null = null;

// Node's own hash: the desktop shell, which makes such names too, carries no package.
const here = (): string => createHash('sha256').update(computerKey(thisComputer())).digest('hex').slice(0, 8);

/** `<computer>_<pid>_<start>_` of this process; the start is left empty where the system does not tell. */
export function ownerMark(): string {
  if (own === null) {
    const { pid, startTime } = thisProcess();
    own = `${here()}_${pid}_${encodeURIComponent(startTime ?? '')}_`;
  }
  return own;
}

/** A new name beginning with `.<kind>-` that nobody else has. */
export const ownedName = (kind: string): string => `.${kind}-${ownerMark()}${randomBytes(4).toString('hex')}`;

/** @param text a name, or another text, with the mark of a process somewhere in it */
export function ownerOf(text: string): Owner {
  const [, computer, pid, start] = /(?:^|[^0-9a-f])([0-9a-f]{8})_(\d+)_([^_\s]*)_/.exec(text) ?? [];
  if (computer !== here() || pid === undefined || start === undefined) return 'unknown';
  const startTime = start === '' ? null : decodeURIComponent(start);
  if (!isAlive({ pid: Number(pid), startTime })) return 'ended';
  // A pid alone may be another process's by now.
  return startTime === null ? 'unknown' : 'lives';
}
