import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as exact from './exactMath.ts';

const reference = JSON.parse(readFileSync(new URL('./fixtures/exact-math.json', import.meta.url), 'utf8')) as Record<
  string,
  number[][]
>;

test.each(['exp', 'log'] as const)('%s agrees with 40-digit values to 4e-16 relative', (name) => {
  for (const [x, value] of reference[name] as [number, number][]) {
    expect(Math.abs(exact[name](x) / value - 1), `${name}(${x})`).toBeLessThan(4e-16);
  }
});

test.each(['sin', 'cos'] as const)('%s agrees with 40-digit values to 3e-16', (name) => {
  for (const [x, value] of reference[name] as [number, number][]) {
    expect(Math.abs(exact[name](x) - value), `${name}(${x})`).toBeLessThan(3e-16);
  }
});

test('pow agrees with 40-digit values to 1e-14 relative', () => {
  for (const [base, power, value] of reference['pow'] as [number, number, number][]) {
    expect(Math.abs(exact.pow(base, power) / value - 1), `${base}^${power}`).toBeLessThan(1e-14);
  }
});

test('the ends of the range', () => {
  expect(exact.exp(-Infinity)).toBe(0);
  expect(exact.exp(710)).toBe(Infinity);
  expect(exact.exp(0)).toBe(1);
  expect(exact.log(0)).toBe(-Infinity);
  expect(exact.log(-1)).toBeNaN();
  expect(exact.log(1)).toBe(0);
  expect(exact.pow(0, 0.2)).toBe(0);
  expect(exact.pow(2, -3)).toBe(0.125);
  expect(exact.sin(0)).toBe(0);
  expect(exact.cos(0)).toBe(1);
});
