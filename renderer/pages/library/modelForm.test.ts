import { describe, expect, it } from 'vitest';
import { linesIn, numbersIn, presetOf, presetsFor, valuePresets } from './modelForm.ts';

describe('values of a bare model', () => {
  it('every preset is told again by its values, and others are none', () => {
    for (const { key, values } of valuePresets) expect(presetOf(values)).toBe(key);
    expect(presetOf({ range: [0, 1], mean: [0.5], std: null })).toBeNull();
    expect(presetOf({ range: null, mean: null, std: null })).toBeNull();
  });

  it('a grey network is not offered three means', () => {
    expect(presetsFor(1).every(({ values }) => values.mean === null)).toBe(true);
    expect(presetsFor(3).some(({ values }) => values.mean?.length === 3)).toBe(true);
  });

  it('lists are read as people write them', () => {
    expect(numbersIn('[0.485, 0.456 ;0.406]')).toEqual([0.485, 0.456, 0.406]);
    expect(numbersIn('−1 1')).toEqual([-1, 1]);
    expect(numbersIn('  ')).toBeNull();
    expect(numbersIn('0, one')).toBeUndefined();
    expect(linesIn('Ada Example; Bo\n\nCy ')).toEqual(['Ada Example', 'Bo', 'Cy']);
  });
});
