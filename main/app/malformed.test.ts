/** 500 malformed models: each is refused in sentences or runs, compute may end, and the backend goes on. */
import { expect, test } from 'vitest';
import { notAllowed } from './testing/malformed/judge.ts';
import { torture } from './testing/malformed/torture.ts';

const count = 500;

test(`${count} malformed models end in a refusal or an ordinary run`, async () => {
  const report = await torture({ count, seed: 1, deadlineMs: 20_000, packageEvery: 10 });
  expect(notAllowed(report)).toEqual([]);
  const results = (request: string): string[] =>
    report.outcomes.filter((outcome) => outcome.request === request).map(({ result }) => result);
  expect(results('gradient')).toHaveLength(count);
  expect(results('import')).toHaveLength(count / 10);
  // The damage is neither so mild that all run, nor the check so coarse that one code stands for everything.
  expect(new Set(results('gradient'))).toEqual(
    new Set([...results('gradient'), 'ran', 'corrupt', 'unsupported', 'bad-input']),
  );
});
