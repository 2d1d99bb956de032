import { expect, it } from 'vitest';
import { bestOfCheckpoint } from './bestOfCheckpoint.ts';
import type { Search } from './search.ts';
import { GaborModel } from './testing/gaborModel.ts';
import { planOf, searchOn, smallField, unit } from './testing/fixtures.ts';

/** Advances until the optimisation has taken `steps` steps. */
async function stepped(search: Search, steps: number): Promise<Search> {
  for (let points = 0; points < steps;) if ((await search.advance()).point !== null) points++;
  return search;
}

it.each([
  { type: 'gradient', steps: 12 },
  { type: 'first-order', rule: 'adam', steps: 12, rate: 0.02 },
] as const)('is the best image of all starts by then: $type', async (optimiser) => {
  const model = new GaborModel([unit('simple'), unit('complex')], smallField);
  const search = searchOn(model, planOf({ optimiser, controls: { random: 8 } }));
  expect(bestOfCheckpoint(search.checkpoint())).toBeNull();
  await stepped(search, 5);
  const found = bestOfCheckpoint(search.checkpoint());
  const live = search.live();
  expect(found?.objective).toBe(Math.max(...live.best));
  expect(found?.image).toEqual(live.bestImage);
});

it('is nothing where gratings are searched', async () => {
  const model = new GaborModel([unit('simple')], smallField);
  const plan = planOf({
    space: { type: 'gratings', spatialFrequencyCpd: [0.5, 4] },
    optimiser: { type: 'cma-es', evaluations: 24 },
    constraints: {},
    controls: { random: 0 },
  });
  const search = await stepped(searchOn(model, plan), 1);
  expect(bestOfCheckpoint(search.checkpoint())).toBeNull();
});
