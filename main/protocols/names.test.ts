import { describe, expect, it } from 'vitest';
import { parseCsv, unsafeCells, writeCsv } from './csv.ts';
import { isSafeCell, isSafeFileName, safeCondition, stimulusNames } from './names.ts';

describe('stimulus names', () => {
  const awkward = 'CON nul.txt lpt1 123 1e5 -7 nan None TRUE =1+1 @sum inf A a 日本 a/b\\c x:y*z?"<>|'
    .split(' ')
    .concat('[1, 2]', '(3, 4)', '45° 2.5 cpd', 'naïve µ', '', '...', ' lead', 'x'.repeat(300), '\u0000');

  it('are valid everywhere, unique without regard to case, and never evaluated', () => {
    const names = stimulusNames(awkward);
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(awkward.length);
    for (const name of names) {
      expect(name).toMatch(/^[a-z][A-Za-z0-9_-]*$/);
      expect(name.length).toBeLessThan(60);
      expect([name, isSafeFileName(`${name}.png`)]).toEqual([name, true]);
      expect([name, isSafeCell(name)]).toEqual([name, true]);
    }
  });

  it('keep what can be read of a label', () => {
    expect(stimulusNames(['45° 2.5 cpd', 'naïve µ', '日本'])).toEqual(['s001_45deg_2p5_cpd', 's002_naive_u', 's003']);
  });

  it('number longer lists with as many digits as they need', () => {
    const names = stimulusNames(Array.from({ length: 1000 }, () => 'a'));
    expect(names[0]).toBe('s0001_a');
    expect(names.toSorted()).toEqual(names);
  });

  it('refuses names that Windows reserves', () => {
    for (const name of ['con', 'CON.png', 'Aux', 'com1.txt', 'LPT9'])
      expect([name, isSafeFileName(name)]).toEqual([name, false]);
    for (const name of ['console.png', 'com10', 's001_con.png'])
      expect([name, isSafeFileName(name)]).toEqual([name, true]);
  });
});

describe('conditions', () => {
  it('are kept when safe and renamed when a reader would change them', () => {
    expect(safeCondition('control: best image')).toBe('control: best image');
    expect(safeCondition('1e5')).toBe('c_1e5');
    expect(safeCondition('[1]')).toBe('c_1');
    expect(safeCondition('NaN')).toBe('c_NaN');
    expect(safeCondition('°')).toBe('c_deg');
    expect(safeCondition('')).toBe('c_unnamed');
    for (const label of ['1e5', '[1]', 'NaN', '(2)', '=A1', 'true', 'a\nb', 'x\\ny']) {
      expect([label, isSafeCell(safeCondition(label))]).toEqual([label, true]);
    }
  });
});

describe('tables', () => {
  it('survive quotes, commas and line ends', () => {
    const text = writeCsv(
      ['a', 'b'],
      [
        ['x, "y"', 1.5],
        ['two\nlines', -3e-7],
      ],
    );
    expect(text).toBe('a,b\n"x, ""y""",1.5\n"two\nlines",-3e-7\n');
    expect(parseCsv(text).rows).toEqual([
      { a: 'x, "y"', b: '1.5' },
      { a: 'two\nlines', b: '-3e-7' },
    ]);
  });

  it('refuse what they cannot hold', () => {
    expect(() => writeCsv(['a'], [[Number.NaN]])).toThrow('NaN');
    expect(() => writeCsv(['a'], [[1, 2]])).toThrow('2 cells');
    expect(() => parseCsv('a,b\n1\n')).toThrow('1 of 2 cells');
    expect(() => parseCsv('a\n"open')).toThrow('quoted');
  });

  it('name the columns that a reader would change', () => {
    expect(unsafeCells('good,list,formula,number\ns001,[1],=A1,2\n')).toEqual(['list', 'formula']);
    expect(unsafeCells('a,b\nn/a,s1_x\n1.25,images/s1.png\n')).toEqual([]);
    expect(unsafeCells('a\n1_000\n')).toEqual(['a']);
  });
});
