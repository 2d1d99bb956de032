/** Identifiers of things in a project: unique without a central counter, short enough to read aloud. */
import { randomBytes } from 'node:crypto';

// Crockford's base 32: no i, l, o or u, so that an id is not misread.
const digits = '0123456789abcdefghjkmnpqrstvwxyz';

/** e.g. newId('run') → 'run-7k3m9x0q2b5d' (60 random bits). */
export function newId(prefix: string): string {
  let text = '';
  for (const byte of randomBytes(12)) text += digits[byte % 32];
  return `${prefix}-${text}`;
}
