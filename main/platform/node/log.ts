/** A plain log file that never grows beyond `keep` + 1 pieces of `maxBytes`, with ids that a person can quote. */
import { appendFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { newId } from './ids.ts';

export interface Log {
  /** Null when nothing is written to disk. */
  readonly file: string | null;
  info(message: string): void;
  warn(message: string): void;
  /** Writes the error with its stack and returns the id to show, e.g. 'error-4t0v8wz1c6hn'. */
  error(error: unknown, during?: string): string;
}

export interface LogOptions {
  file: string;
  maxBytes?: number;
  keep?: number;
  now?: () => Date;
}

export function createLog({ file, maxBytes = 4 * 1024 * 1024, keep = 3, now = () => new Date() }: LogOptions): Log {
  let size: number | null = null;

  function rotate(): void {
    rmSync(`${file}.${keep}`, { force: true });
    for (let n = keep - 1; n >= 0; n--) {
      const from = n === 0 ? file : `${file}.${n}`;
      if (statSync(from, { throwIfNoEntry: false })) renameSync(from, `${file}.${n + 1}`);
    }
    size = 0;
  }

  function write(level: string, text: string): void {
    // Newlines inside an entry are indented, so that every entry starts at the margin and none can be forged.
    const bytes = Buffer.from(`${now().toISOString()} ${level} ${text.replaceAll(/\r?\n|\r/g, '\n    ')}\n`);
    try {
      if (size === null) {
        mkdirSync(dirname(file), { recursive: true });
        size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
      }
      if (size > 0 && size + bytes.length > maxBytes) rotate();
      appendFileSync(file, bytes);
      size += bytes.length;
    } catch {
      // A log that cannot be written must not stop the work; the next entry tries again.
      size = null;
    }
  }

  return {
    file,
    info: (message) => write('info', message),
    warn: (message) => write('warn', message),
    error(error, during) {
      const id = newId('error');
      write('error', `${id}${during ? ` during ${during}` : ''}: ${describe(error)}`);
      return id;
    },
  };
}

/** Where a person finds what was logged, or that it is nowhere: a disk may be full, a folder read-only. */
export function logSentence({ file }: Pick<Log, 'file'>): string {
  if (file === null) return 'No log is kept.';
  return existsSync(file) ? `The log is ${file}.` : `The log could not be written to ${file}.`;
}

/** For tests and one-off tools: ids, but no file. */
export function silentLog(): Log {
  return { file: null, info: () => {}, warn: () => {}, error: () => newId('error') };
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by ${describe(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
