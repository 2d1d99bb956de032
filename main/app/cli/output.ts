/** How the command line speaks: tables for people, JSON for programs, a progress bar on a terminal. */
import type { JobSnapshot } from '../../contract/jobs.ts';

/** Columns are as wide as their widest cell; numbers stand on the right. */
export function formatTable(header: string[], rows: (string | number)[][]): string {
  const text = [header, ...rows.map((row) => row.map(String))];
  const widths = header.map((_, column) => Math.max(...text.map((row) => (row[column] ?? '').length)));
  const line = (row: string[], numeric: boolean[]): string =>
    row
      .map((cell, column) =>
        numeric[column] ? cell.padStart(widths[column] as number) : cell.padEnd(widths[column] as number),
      )
      .join('  ')
      .trimEnd();
  const numeric = header.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'));
  return [
    line(header, numeric),
    widths.map((width) => '─'.repeat(width)).join('  '),
    ...text.slice(1).map((row) => line(row, numeric)),
  ].join('\n');
}

export function formatDuration(seconds: number): string {
  if (seconds < 1) return '< 1 s';
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

const minuteParts = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' } as const;

/** Local date and time to the minute with the time zone, `2026-05-04 09:30 GMT+2`. */
export const formatMinute = (iso: string): string =>
  new Date(iso).toLocaleString('sv-SE', { ...minuteParts, timeZoneName: 'short' });

const widestBar = 24;
/** Below that a bar says nothing. */
const narrowestBar = 6;

/** One line that says where a job is; the same words as in the jobs tray. The bar gets what the words leave of `columns`. */
export function describeProgress({ progress }: Pick<JobSnapshot, 'progress'>, columns = 80): string {
  if (progress.total <= 0) return progress.phase === '' ? 'starting' : progress.phase;
  const rate = progress.ratePerSecond === null ? '' : ` · ${progress.ratePerSecond.toPrecision(3)} ${progress.noun}/s`;
  const left = progress.secondsLeft === null ? '' : ` · ${formatDuration(progress.secondsLeft)} left`;
  const text = `${progress.phase} · ${progress.done}/${progress.total} ${progress.noun}${rate}${left}`;
  // The last column stays free: some terminals break the line when it is written.
  const width = Math.min(widestBar, columns - 2 - text.length);
  if (width < narrowestBar) return text;
  const full = Math.round(Math.min(1, progress.done / progress.total) * width);
  return `${'█'.repeat(full).padEnd(width, '░')} ${text}`;
}

/** Characters of a terminal's line; some report 0 where they do not know. */
export const columnsOf = (stream: { columns?: number }): number => stream.columns || 80;

export type ProgressLine = { show(text: string): void; clear(): void };

/** Where nothing can be redrawn, a line at most this often, so that a log shows that a job is alive and stays short. */
export const plainEveryMs = 10_000;

/**
 * Redraws one line on a terminal. Elsewhere it writes a line of its own every `everyMs`, the first after that time, or
 * nothing where that is left out.
 */
export function createProgressLine(
  stream: NodeJS.WriteStream,
  {
    everyMs = Number.POSITIVE_INFINITY,
    nowMs = () => performance.now(),
  }: { everyMs?: number; nowMs?: () => number } = {},
): ProgressLine {
  let shown = false;
  let lastMs = nowMs();
  return {
    show(text) {
      if (stream.isTTY) {
        stream.write(`\r\x1b[2K${text.slice(0, columnsOf(stream) - 1)}`);
        shown = true;
      } else if (nowMs() - lastMs >= everyMs) {
        stream.write(`${text}\n`);
        lastMs = nowMs();
      }
    },
    clear() {
      if (shown) stream.write('\r\x1b[2K');
      shown = false;
    },
  };
}
