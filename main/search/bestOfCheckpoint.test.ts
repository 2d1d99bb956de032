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

it('is the best of a diverse set, and before there is one the best that was seen', async () => {
  // A small simple cell is silent to half of all noise images, so that starts are looked for.
  const model = new GaborModel([unit('simple', { xDeg: 0.6, sigmaDeg: 0.15 })], smallField);
  const optimiser = { type: 'gradient', steps: 12 };
  const plan = planOf({ optimiser, diverse: { weight: 1, over: 'pixels' }, starts: 4, controls: { random: 0 } });
  const search = searchOn(model, plan);
  let seen = 0;
  let climbed = 0;
  while (climbed < 3) {
    const { point } = await search.advance();
    const found = bestOfCheckpoint(search.checkpoint());
    const { best, bestImage } = search.live();
    if (point === null && best.length > 0) seen++;
    if (point !== null) climbed++;
    expect(found?.objective).toBe(best.length === 0 ? undefined : Math.max(...best));
    expect(found?.image ?? null).toEqual(bestImage);
  }
  expect(seen).toBeGreaterThan(0);
});

it('is the best of what goes on from a screening', async () => {
  const model = new GaborModel([unit('simple')], smallField);
  const optimiser = { type: 'hybrid', refine: { type: 'gradient', steps: 6 } };
  const space = { type: 'set', stimuli: { set: 'gabors' } };
  const search = searchOn(model, planOf({ space, optimiser, starts: 2, controls: { random: 0 } }));
  while (search.live().bestImage === null) await search.advance();
  // Stimuli of a set are drawn again, so their pictures are in no checkpoint.
  expect(bestOfCheckpoint(search.checkpoint())).toBeNull();
  while (search.step < search.total - 1) await search.advance();
  const found = bestOfCheckpoint(search.checkpoint());
  expect(found?.objective).toBe(Math.max(...search.live().best));
  expect(found?.image).toEqual(search.live().bestImage);
});
