/** Numbers as people read them: with units, and no more digits than are meant. */

import { formatNumber } from '../../main/platform/words.ts';

export { formatBytes, formatCount, formatNumber, plural } from '../../main/platform/words.ts';

/** Response units as an axis or a column has room for: what an author adds behind a colon is said in the inspector. */
export function unitsInShort(units: string): string {
  const short = (units.split(/[:;,(]/)[0] ?? '').trim() || units;
  return short.length > 24 ? `${short.slice(0, 23)}…` : short;
}

/** `under 0.1 s`, `0.4 s`, `8 s`, `3 min 20 s`, `2 h 05 min`. */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'unknown';
  if (seconds > 0 && seconds < 0.05) return 'under 0.1 s';
  if (seconds < 10) return `${seconds < 1 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} min`;
}

/** What is expected is said no finer than it is known: `under a second`, `about 8 s`. */
export const formatEstimate = (seconds: number): string =>
  seconds < 1 ? 'under a second' : `about ${formatSeconds(seconds)}`;

export function formatRate(perSecond: number, noun: string): string {
  return `${formatNumber(perSecond, perSecond >= 100 ? 3 : 2)} ${noun}/s`;
}

/** Local date and time, to the minute. */
export function formatTime(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  return date.toLocaleString('en-GB', {
    year: 'numeric',
    month: 'short',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
}

/** Local day and month, `30 Nov`, and the year where it is another than now. */
export function formatDay(iso: string, now: Date = new Date()): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const year = date.getFullYear() === now.getFullYear() ? {} : ({ year: 'numeric' } as const);
  return date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', ...year });
}

export function shortHash(sha256: string): string {
  return sha256.slice(0, 12);
}
