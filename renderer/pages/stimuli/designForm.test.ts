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
    ['drifting-gratings', 12 * 4 * 3 + 1],
    ['counterphase-gratings', 8 * 4 * 3 * 2 + 1],
    ['drifting-plaids', 12 + 1],
    ['random-dots', 2 * 7 * 5 + 1],
    ['tsr1v', 256 + 1],
  ])('starts with a valid design of %s', (type, count) => {
    const { design, problems } = readForm({ ...initialForm, type });
    expect(problems).toEqual({});
    const parsed = stimulusDesign.parse(design);
    expect(designCount(parsed)).toBe(count);
  });
  it('keeps the levels of kinds that begin with others apart, and shares the rest', () => {
    const form = { ...initialForm, factors: { ...initialForm.factors, phaseDeg: '45', spatialFrequencyCpd: '2' } };
    const drifting = readForm({ ...form, type: 'drifting-gratings' }).design;
    expect(drifting).toMatchObject({ factors: { phaseDeg: [0], spatialFrequencyCpd: [2] } });
    const plaids = readForm({ ...form, type: 'drifting-plaids' }).design;
    expect(plaids).toMatchObject({
      factors: { plaidAngleDeg: [120], componentContrast: [0.5], spatialFrequencyCpd: [1.5] },
    });
    expect(readForm({ ...form, type: 'random-dots' }).design).toMatchObject({ n: 5, dotsPerDeg2: 4, lifetimeS: 0.2 });
  });
  it('gives no design while a field cannot be read, and says which', () => {
    const form = { ...initialForm, factors: { ...initialForm.factors, contrast: '0.5 2', phaseDeg: '' } };
    const { design, problems, counts } = readForm(form);
    expect(design).toBeNull();
    expect(problems).toEqual({ contrast: '2 is above 1.', phaseDeg: 'Write at least one level.' });
    expect(counts['orientationDeg']).toBe(8);
  });
});
