/** Arithmetic on sizes that are fixed only at run time. */
import { describe, expect, test } from 'vitest';
import type { Dim } from '../index.ts';
import { broadcastDim, difference, evaluateDim, product, quotient, sum } from './dims.ts';

describe('sizes', () => {
  test('products and quotients cancel names', () => {
    expect(product([2, 'batch', 3, 'a'])).toBe('6*a*batch');
    expect(product(['batch', 0, '?'])).toBe(0);
    expect(product(['slide(h,3,2)', 4])).toBe('4*slide(h,3,2)');
    expect(product(['f(2*h,3)', 'f(2*h,3)'])).toBe('f(2*h,3)*f(2*h,3)');
    expect(quotient('12*batch', 4)).toBe('3*batch');
    expect(quotient('12*batch*time', '3*batch')).toBe('4*time');
    expect(quotient('batch', 2)).toBe('?');
    expect(quotient(12, 'batch')).toBe('?');
  });

  test('sums have one form, and division goes through them', () => {
    expect(sum(['h', 1, 'a', 2])).toBe('sum(a,h,3)');
    expect(sum(['sum(a,h,3)', 'a', -3])).toBe('sum(2*a,h)');
    expect(difference('sum(h,1)', 1)).toBe('h');
    expect(difference('3*h', 'h')).toBe('2*h');
    expect(difference('h', 'h')).toBe(0);
    expect(quotient('sum(2*h,4)', 2)).toBe('sum(h,2)');
    expect(sum(['?', 'h'])).toBe('?');
  });

  test('texts are evaluated', () => {
    const values = { batch: 3, h: 11, 'x.0': 5 };
    expect(evaluateDim('2*batch*h', values)).toBe(66);
    expect(evaluateDim('slide(sum(h,-2),3,2)', values)).toBe(4);
    expect(evaluateDim('3*max(batch,x.0)*slice(h,-4,9,2)', values)).toBe(15);
    expect(evaluateDim('div(h,2)', values)).toBe(5);
    expect(evaluateDim('batch*time', values)).toBeUndefined();
    expect(evaluateDim('constructor(h)', values)).toBeUndefined();
    expect(evaluateDim('?', values)).toBeUndefined();
    // An author's own name wins over how it looks.
    expect(evaluateDim('h//2 (rounded)', { 'h//2 (rounded)': 7 })).toBe(7);
  });

  test('texts of functions of functions stay short', () => {
    let dim: Dim = 'h';
    for (let level = 0; level < 40; level++) dim = broadcastDim(product([dim, 'a']), product([dim, 'b']));
    expect(String(dim).length).toBeLessThan(400);
  });

  test('broadcasting is decided only where it is certain', () => {
    expect(broadcastDim('batch', 1)).toBe('batch');
    expect(broadcastDim('batch', 4)).toBe(4);
    expect(broadcastDim('batch', 'batch')).toBe('batch');
    expect(broadcastDim('batch', 'time')).toBe('max(batch,time)');
    expect(broadcastDim('?', '?')).toBe('?');
    expect(broadcastDim('time', 'min(64,time)')).toBe('time');
    expect(broadcastDim('max(a,b)', 'b')).toBe('max(a,b)');
  });
});
