import { expect, test } from 'vitest';
import { halfOfNumber, numberOfHalf } from './float16.ts';

test('every half survives the way to a number and back', () => {
  const halves = Array.from({ length: 0x10000 }, (_, half) => half);
  const numbers = halves.filter((half) => !Number.isNaN(numberOfHalf(half)));
  expect(numbers.map((half) => halfOfNumber(numberOfHalf(half)))).toEqual(numbers);
  expect(halves.length - numbers.length).toBe(2 * 1023);
  expect(halfOfNumber(Number.NaN)).toBe(0x7e00);
});

// Bits from numpy: np.float16(value).view(np.uint16).
test.each([
  [1, 0x3c00],
  [-2, 0xc000],
  [1 / 3, 0x3555],
  [65_504, 0x7bff],
  [65_519, 0x7bff],
  [65_520, 0x7c00],
  [2 ** -24, 1],
  [2 ** -25, 0],
  [3 * 2 ** -25, 2],
  [6.097e-5, 0x03ff],
  [2049, 0x6800],
  [2051, 0x6802],
  [-0, 0x8000],
])('%d rounds as numpy rounds', (value, bits) => {
  expect(halfOfNumber(value)).toBe(bits);
});
