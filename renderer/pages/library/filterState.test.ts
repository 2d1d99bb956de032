import { expect, it } from 'vitest';
import { filterOf, isEmpty, queryOf } from './filterState.ts';

it('what stands in an address comes back from it', () => {
  const filter = { text: 'gabor energy', area: 'V1', licence: 'not stated', maxBytes: 20e6 };
  expect(filterOf(new URLSearchParams(queryOf(filter)))).toEqual(filter);
  expect(queryOf(filter)).toBe('?text=gabor+energy&area=V1&licence=not+stated&maxBytes=20000000');
});

it('nothing asked for is no filter, and other parts of an address are not one', () => {
  expect(queryOf({})).toBe('');
  expect([{}, { text: '' }, { species: undefined }].map(isEmpty)).toEqual([true, true, true]);
  for (const query of ['', 'a=1', 'text=', 'maxBytes=', 'maxBytes=-3', 'maxBytes=much']) {
    expect(filterOf(new URLSearchParams(query)), query).toBeNull();
  }
});
