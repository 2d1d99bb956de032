import { expect, test } from 'vitest';
import { formatCount, plural } from './words.ts';

test('counts have separators, and nouns their number', () => {
  expect([0, 999, 1024000].map(formatCount)).toEqual(['0', '999', '1,024,000']);
  expect([0, 1, 2].map((n) => plural(n, 'run'))).toEqual(['0 runs', '1 run', '2 runs']);
  expect([1, 1024].map((n) => plural(n, 'stimulus', 'stimuli'))).toEqual(['1 stimulus', '1,024 stimuli']);
});
