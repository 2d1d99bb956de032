import { expect, test } from 'vitest';
import { createDeadline } from './deadline.ts';

const limits = { firstMs: 1000, firstMsPerPicture: 10, leastMs: 300, timesSlowest: 20 };

test('before the first answer it is that of a start, then a multiple of the slowest answer, never less than the least', () => {
  const deadline = createDeadline(limits, 5);
  expect(deadline.ms()).toBe(1050);
  deadline.answered(2);
  expect(deadline.ms()).toBe(300);
  deadline.answered(40.01);
  expect(deadline.ms()).toBe(801);
  deadline.answered(3);
  expect(deadline.ms()).toBe(801);
});
