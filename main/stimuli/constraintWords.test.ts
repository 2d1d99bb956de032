import { expect, it } from 'vitest';
import { searchPlan } from '../contract/plans.ts';
import { holdsContrast, unconstrainedText } from './constraintWords.ts';

const planOf = (space: object, optimiser: object) =>
  searchPlan.parse({ format: 1, kind: 'search', twin: 't', target: [{ area: 'V1' }], space, optimiser });
const gabors = { type: 'parametric', stimulus: 'gabor', parameters: {} };
const set = { type: 'set', stimuli: { set: 'a' } };
const free = { type: 'first-order', rule: 'adam', hold: 'range' };
const pixelText = /^Within the range 0 to 1 and the aperture; mean and RMS contrast are their own\./;

it('says of pixels held to the range alone that their mean and contrast are free, wherever they began', () => {
  for (const plan of [
    planOf({ type: 'pixels' }, free),
    planOf(gabors, { type: 'hybrid', refine: free }),
    planOf(set, { type: 'hybrid', refine: free }),
  ]) {
    expect(holdsContrast(plan)).toBe(false);
    expect(unconstrainedText(plan)).toMatch(pixelText);
  }
});

it('says of stimuli of a generator and of a set what they are', () => {
  expect(unconstrainedText(planOf(gabors, { type: 'cma-es' }))).toMatch(
    /^Gabors on the background, within the range 0 to 1;/,
  );
  expect(unconstrainedText(planOf(gabors, { type: 'hybrid', refine: { type: 'cma-es' } }))).toMatch(
    /^Gabors on the background/,
  );
  expect(unconstrainedText(planOf(set, { type: 'screening' }))).toMatch(/^Stimuli of the set, shown as they are\./);
});

it('knows which searches bring their candidates to mean and contrast', () => {
  expect(holdsContrast(planOf({ type: 'pixels' }, { type: 'gradient' }))).toBe(true);
  expect(holdsContrast(planOf({ type: 'pixels' }, { ...free, hold: 'at-end' }))).toBe(true);
  expect(holdsContrast(planOf(gabors, { type: 'hybrid', refine: { type: 'gradient' } }))).toBe(true);
  expect(holdsContrast(planOf(gabors, { type: 'cma-es' }))).toBe(false);
});
