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

/** Local date and time to the minute, `2026-05-04 09:30`. */
export const formatMinute = (iso: string): string =>
  new Date(iso).toLocaleString('sv-SE', { dateStyle: 'short', timeStyle: 'short' });

/** One line that says where a job is; the same words as in the jobs tray. */
export function describeProgress({ progress }: JobSnapshot): string {
  const fraction = progress.total > 0 ? Math.min(1, progress.done / progress.total) : 0;
  const bar = '█'.repeat(Math.round(fraction * 24)).padEnd(24, '░');
  const rate = progress.ratePerSecond === null ? '' : ` · ${progress.ratePerSecond.toPrecision(3)} ${progress.noun}/s`;
  const left = progress.secondsLeft === null ? '' : ` · ${formatDuration(progress.secondsLeft)} left`;
  return `${bar} ${progress.phase} · ${progress.done}/${progress.total} ${progress.noun}${rate}${left}`;
}

/** Redraws one line on a terminal; silent elsewhere, so that logs stay readable. */
export function createProgressLine(stream: NodeJS.WriteStream): { show(text: string): void; clear(): void } {
  let shown = false;
  return {
    show(text) {
      if (!stream.isTTY) return;
      stream.write(`\r\x1b[2K${text.slice(0, (stream.columns ?? 80) - 1)}`);
      shown = true;
    },
    clear() {
      if (shown) stream.write('\r\x1b[2K');
      shown = false;
    },
  };
}
