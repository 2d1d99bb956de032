import { describe, expect, it } from 'vitest';
import { stimulusDesign } from '../../../main/contract/stimuli.ts';
import { designCount } from '../../../main/stimuli/design.ts';
import { initialForm, readForm, type DesignType } from './designForm.ts';

describe('the design form', () => {
  it.each<[DesignType, number]>([
    ['gratings', 8 * 4 * 4 + 1],
    ['gabors', 8 * 4 * 4 + 1],
    ['noise', 64 + 1],
    ['tsr1', 1024 + 1],
  ])('starts with a valid design of %s', (type, count) => {
    const { design, problems } = readForm({ ...initialForm, type });
    expect(problems).toEqual({});
    const parsed = stimulusDesign.parse(design);
    expect(designCount(parsed)).toBe(count);
  });
  it('gives no design while a field cannot be read, and says which', () => {
    const form = { ...initialForm, factors: { ...initialForm.factors, contrast: '0.5 2', phaseDeg: '' } };
    const { design, problems, counts } = readForm(form);
    expect(design).toBeNull();
    expect(problems).toEqual({ contrast: '2 is above 1.', phaseDeg: 'Write at least one level.' });
    expect(counts['orientationDeg']).toBe(8);
  });
});
