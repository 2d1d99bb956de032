import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cos, exp, log, pow, sin } from './exactMath.ts';

const reference = JSON.parse(readFileSync(new URL('./fixtures/exact-math.json', import.meta.url), 'utf8')) as Record<
  string,
  number[][]
>;

test.each([
  ['exp', exp],
  ['log', log],
] as const)('%s agrees with 40-digit values to 4e-16 relative', (name, tested) => {
  for (const [x, value] of reference[name] as [number, number][]) {
    expect(Math.abs(tested(x) / value - 1), `${name}(${x})`).toBeLessThan(4e-16);
  }
});

test.each([
  ['sin', sin],
  ['cos', cos],
] as const)('%s agrees with 40-digit values to 3e-16', (name, tested) => {
  for (const [x, value] of reference[name] as [number, number][]) {
    expect(Math.abs(tested(x) - value), `${name}(${x})`).toBeLessThan(3e-16);
  }
});

test('pow agrees with 40-digit values to 1e-14 relative', () => {
  for (const [base, power, value] of reference['pow'] as [number, number, number][]) {
    expect(Math.abs(pow(base, power) / value - 1), `${base}^${power}`).toBeLessThan(1e-14);
  }
});

test('the ends of the range', () => {
  expect(exp(-Infinity)).toBe(0);
  expect(exp(710)).toBe(Infinity);
  expect(exp(0)).toBe(1);
  expect(log(0)).toBe(-Infinity);
  expect(log(-1)).toBeNaN();
  expect(log(1)).toBe(0);
  expect(pow(0, 0.2)).toBe(0);
  expect(pow(2, -3)).toBe(0.125);
  expect(sin(0)).toBe(0);
  expect(cos(0)).toBe(1);
});
