import { expect, test } from 'vitest';
import { commerceOf, dataStated, isNonCommercial, licenceStated, trustMarks, type Licensed } from './trust.ts';

const twin = (weights: string, data = 'NONE', commercialUse: boolean | null = true, code = 'MIT'): Licensed => ({
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

test('without a statement the licences say whether commercial use is allowed, and what is unknown stays unknown', () => {
  const unsaid = (weights: string, data = 'NONE', code = 'MIT') => commerceOf(twin(weights, data, null, code));
  for (const open of [
    'MIT',
    'mit',
    'Apache-2.0',
    'BSD-3-Clause',
    'CC0-1.0',
    'CC-BY-4.0',
    'CC-BY-SA-4.0',
    'GPL-3.0-or-later',
    'MIT OR Apache-2.0',
    '(MIT AND CC-BY-4.0)',
    'GPL-2.0-only WITH Classpath-exception-2.0',
  ])
    expect(unsaid(open), open).toBe(true);
  for (const unknown of ['NOASSERTION', '', 'NONE', 'LicenseRef-lab', 'MIT AND LicenseRef-lab', 'MITx', 'ask Ada'])
    expect(unsaid(unknown), unknown).toBeNull();
  for (const closed of ['CC-BY-NC-4.0', 'MIT OR CC-BY-NC-4.0', 'PolyForm-Noncommercial-1.0.0'])
    expect(unsaid(closed), closed).toBe(false);
  expect(unsaid('MIT', 'NOASSERTION', '')).toBe(true);
  expect(unsaid('MIT', 'CC-BY-NC-SA-4.0')).toBe(false);
  expect(unsaid('MIT', 'LicenseRef-lab')).toBeNull();
  expect(unsaid('MIT', 'NONE', 'LicenseRef-lab')).toBeNull();
  // A statement stands, unless a licence forbids what it allows.
  expect(commerceOf(twin('LicenseRef-lab'))).toBe(true);
  expect(commerceOf(twin('MIT', 'NONE', false))).toBe(false);
  expect(commerceOf(twin('CC-BY-NC-4.0'))).toBe(false);

  expect(texts(twin('MIT', 'NONE', null))).toEqual(['plain: MIT']);
  expect(texts(twin('NOASSERTION', 'NONE', null))).toEqual(['missing: licence not stated']);
  expect(texts(twin('LicenseRef-lab', 'NONE', null))).toEqual(['missing: LicenseRef-lab']);
  expect(texts(twin('CC-BY-NC-4.0', 'NONE', null))).toEqual(['warning: CC-BY-NC-4.0, non-commercial']);
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
  for (const licensed of [twin('MIT'), twin('MIT', '', false), twin('', ''), twin('LicenseRef-lab', '', null)]) {
    for (const { sentence } of trustMarks(licensed)) expect(sentence).toMatch(/^[A-Z].*\.$/);
  }
});
