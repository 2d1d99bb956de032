import { expect, test } from 'vitest';
import { formatBytes, formatCount, plural } from './words.ts';

test('counts have separators, and nouns their number', () => {
  expect([0, 999, 1024000].map(formatCount)).toEqual(['0', '999', '1,024,000']);
  expect([0, 1, 2].map((n) => plural(n, 'run'))).toEqual(['0 runs', '1 run', '2 runs']);
  expect([1, 1024].map((n) => plural(n, 'stimulus', 'stimuli'))).toEqual(['1 stimulus', '1,024 stimuli']);
});

test.each([
  [12, '12 B'],
  [512, '512 B'],
  [8000, '8 kB'],
  [20_480, '20 kB'],
  [999.6e6, '1 GB'],
  [1.25e9, '1.3 GB'],
  [16e12, '16 TB'],
  [Infinity, 'more than can be told'],
])('%i bytes are %s', (bytes, words) => {
  expect(formatBytes(bytes)).toBe(words);
});
