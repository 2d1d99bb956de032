import { describe, expect, it } from 'vitest';
import { parseFactorList } from './factorList.ts';

const levels = (text: string, limits = {}) => {
  const parsed = parseFactorList(text, limits);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.levels;
};
const problem = (text: string, limits = {}) => {
  const parsed = parseFactorList(text, limits);
  return 'problem' in parsed ? parsed.problem : 'none';
};

describe('lists of factor levels', () => {
  it('reads numbers separated by spaces, commas or semicolons', () => {
    expect(levels('0.5 1 2 4')).toEqual([0.5, 1, 2, 4]);
    expect(levels(' 0.5,1 ; 2,\n4 ')).toEqual([0.5, 1, 2, 4]);
    expect(levels('−2 -1 1e1')).toEqual([-2, -1, 10]);
  });
  it('reads a linear range with its end', () => {
    expect(levels('0:22.5:157.5')).toEqual([0, 22.5, 45, 67.5, 90, 112.5, 135, 157.5]);
    expect(levels('0 : 45 : 179')).toEqual([0, 45, 90, 135]);
    expect(levels('2:-1:-1')).toEqual([2, 1, 0, -1]);
  });
  it('keeps decimal steps free of binary tails', () => {
    expect(levels('0.1:0.1:0.8')).toEqual([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]);
  });
  it('reads a ratio range in octaves', () => {
    expect(levels('0.5:×2:8')).toEqual([0.5, 1, 2, 4, 8]);
    expect(levels('0.5:x2:7')).toEqual([0.5, 1, 2, 4]);
  });
  it('mixes numbers and ranges', () => {
    expect(levels('0 10:10:30 90')).toEqual([0, 10, 20, 30, 90]);
  });
  it('says what it cannot read', () => {
    expect(problem('')).toBe('Write at least one level.');
    expect(problem('1 two 3')).toBe('“two” is not a number.');
    expect(problem('0:90')).toMatch(/start:step:end/);
    expect(problem('0:-1:90')).toMatch(/never reaches its end/);
    expect(problem('0:0:90')).toMatch(/never reaches its end/);
    expect(problem('0:×2:8')).toMatch(/does not rise/);
    expect(problem('0:0.001:90')).toMatch(/More than 1000 levels/);
    expect(problem('1 2 1')).toBe('1 stands twice.');
  });
  it('keeps to the limits of the factor', () => {
    expect(problem('0 1', { above: 0 })).toBe('0 must be greater than 0.');
    expect(problem('0.5 1.2', { min: 0, max: 1 })).toBe('1.2 is above 1.');
    expect(problem('-0.1', { min: 0, max: 1 })).toBe('-0.1 is below 0.');
  });
});
