import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JobProgress } from '../../contract/jobs.ts';
import { columnsOf, createProgressLine, describeProgress, formatMinute, plainEveryMs } from './output.ts';

const search: JobProgress = {
  done: 1234,
  total: 5678,
  noun: 'evaluations',
  phase: 'measuring random controls',
  ratePerSecond: 123.4,
  secondsLeft: 36,
};
const at = (progress: Partial<JobProgress>, columns: number): string =>
  describeProgress({ progress: { ...search, ...progress } }, columns);

test('the time left is whole on every terminal that has room for the words', () => {
  const words = 'measuring random controls · 1234/5678 evaluations · 123 evaluations/s · 36 s left';
  expect(at({}, 200)).toBe(`${'█'.repeat(5)}${'░'.repeat(19)} ${words}`);
  expect(at({}, 100)).toMatch(/^█+░+ measuring .* 36 s left$/);
  expect(at({}, 100)).toHaveLength(99);
  expect(at({}, 80)).toBe(words);
});

test('before anything is counted there is no bar', () => {
  expect(at({ done: 0, total: 0, noun: '', phase: '' }, 80)).toBe('starting');
  expect(at({ done: 0, total: 0, phase: 'importing photographs' }, 80)).toBe('importing photographs');
});

test('a terminal that reports no columns loses no letter', () => {
  let written = '';
  const stream = { isTTY: true, columns: 0, write: (text: string) => (written += text) !== '' };
  createProgressLine(stream as NodeJS.WriteStream).show('3/9 stimuli');
  expect(written).toContain('3/9 stimuli');
  expect(columnsOf({})).toBe(80);
});

test('where nothing can be redrawn a plain line comes every ten seconds, the first after as long', () => {
  let written = '';
  let clockMs = 5000;
  const stream = { isTTY: false, columns: 0, write: (text: string) => (written += text) !== '' };
  const line = createProgressLine(stream as NodeJS.WriteStream, { everyMs: plainEveryMs, nowMs: () => clockMs });
  for (let seconds = 0; seconds < 35; seconds++) {
    clockMs = 5000 + 1000 * seconds;
    line.show(at({ done: seconds, total: 99, ratePerSecond: null, secondsLeft: null }, 0));
  }
  line.clear();
  expect(written).toBe(
    'measuring random controls · 10/99 evaluations\n' +
      'measuring random controls · 20/99 evaluations\n' +
      'measuring random controls · 30/99 evaluations\n',
  );
  written = '';
  const silent = createProgressLine(stream as NodeJS.WriteStream, { nowMs: () => (clockMs += 1e6) });
  silent.show('3/9 stimuli');
  expect(written).toBe('');
});

const zone = process.env['TZ'];
beforeEach(() => void (process.env['TZ'] = 'Asia/Tokyo'));
afterEach(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});
test('times name their zone', () => {
  expect(formatMinute('2026-05-04T09:30:12Z')).toBe('2026-05-04 18:30 GMT+9');
});
