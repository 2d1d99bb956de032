import { expect, test } from 'vitest';
import { sameArchitecture } from './heldOut.ts';

test('siblings and other seeds are of one architecture, twins of other families are not', () => {
  const v1 = { id: 'macaque-v1-gabor-energy', title: 'Macaque V1' };
  expect(sameArchitecture(v1, { id: 'macaque-v1-gabor-energy-sibling-5', title: 'x' })).toBe(true);
  expect(sameArchitecture(v1, { id: 'macaque-v1-gabor-energy-seed-2-sibling-12-5', title: 'x' })).toBe(true);
  expect(sameArchitecture({ ...v1, id: 'own' }, { id: 'renamed', title: 'Macaque V1, other seed (2)' })).toBe(true);
  expect(sameArchitecture(v1, { id: 'macaque-ventral-hierarchy', title: 'Macaque ventral stream, V1 to IT' })).toBe(
    false,
  );
});
