import { expect, test } from 'vitest';
import { dataStated, isNonCommercial, licenceStated, trustMarks, type Licensed } from './trust.ts';

const twin = (weights: string, data = 'NONE', commercialUse = true, code = 'MIT'): Licensed => ({
  licences: { code, weights, data },
  commercialUse,
});
const texts = (licensed: Licensed): string[] => trustMarks(licensed).map(({ text, tone }) => `${tone}: ${text}`);

test('a free licence is plain, a restricted one warns, whoever says that it is restricted', () => {
  expect(texts(twin('MIT'))).toEqual(['plain: MIT']);
  expect(texts(twin('MIT', 'NONE', false))).toEqual(['warning: MIT, non-commercial']);
  expect(texts(twin('CC-BY-NC-4.0'))).toEqual(['warning: CC-BY-NC-4.0, non-commercial']);
  // Weights may not be freer than the recordings allow.
  expect(texts(twin('MIT', 'CC-BY-NC-SA-4.0'))).toEqual(['warning: MIT, non-commercial']);
  expect(texts(twin('Apache-2.0', 'CC0-1.0'))).toEqual(['plain: Apache-2.0']);
});

test('weights that nobody may use warn', () => {
  expect(texts(twin('NONE', 'NONE', false))).toEqual(['warning: no licence granted, non-commercial']);
  expect(texts(twin('none'))).toEqual(['warning: no licence granted']);
});

test('letters within a name are no restriction', () => {
  for (const licence of ['NCSA', 'NCGL-UK-2.0x', 'HPND', 'CC-BY-4.0', 'BSD-3-Clause']) {
    expect(isNonCommercial(twin(licence)), licence).toBe(false);
  }
  for (const licence of [
    'cc-by-nc-4.0',
    'LicenseRef-NonCommercial',
    'LicenseRef-non-commercial',
    'PolyForm-Noncommercial-1.0.0',
  ])
    expect(isNonCommercial(twin(licence)), licence).toBe(true);
});

test('what is not stated is said, also that of the data', () => {
  for (const nothing of ['NOASSERTION', '', '  ', 'noassertion']) {
    expect(licenceStated(twin(nothing))).toBe(false);
    expect(texts(twin(nothing))).toEqual(['missing: licence not stated']);
    expect(dataStated(twin('MIT', nothing))).toBe(false);
    expect(texts(twin('MIT', nothing))).toEqual(['plain: MIT', 'missing: data not stated']);
  }
  expect(texts(twin('NOASSERTION', 'NOASSERTION', false))).toEqual([
    'warning: licence not stated, non-commercial',
    'missing: data not stated',
  ]);
  // NONE says that no data went in.
  expect(dataStated(twin('MIT', 'NONE'))).toBe(true);
});

test('every mark has a sentence with a full stop', () => {
  for (const licensed of [twin('MIT'), twin('MIT', '', false), twin('', '')]) {
    for (const { sentence } of trustMarks(licensed)) expect(sentence).toMatch(/^[A-Z].*\.$/);
  }
});
