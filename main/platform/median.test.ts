import { expect, test } from 'vitest';
import { medianOf } from './median.ts';

test.each<[number[], number]>([
  [[3, 1, 20], 3],
  [[4, 1, 30, 2], 3],
  [[10, 9], 9.5],
  [[], Number.NaN],
])('of %j it is %d', (values, expected) => expect(medianOf(values)).toBe(expected));
