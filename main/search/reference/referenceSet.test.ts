/** Searches whose responses are z-scored over images of the reference set TSR-1. */
import { expect, it } from 'vitest';
import type { StimulusSpec } from '../../contract/stimuli.ts';
import { renderSpec } from '../../stimuli/render.ts';
import { tsr1IndexOf } from '../../stimuli/tsr1/classes.ts';
import { finish, planOf, searchOn, sourceOf, unit } from '../testing/fixtures.ts';
import { GaborModel } from '../testing/gaborModel.ts';

const field = { sizePx: 48, fieldOfViewDeg: 3, background: 0.5 };
const images = (key: 'gratings' | 'plaids', count: number): StimulusSpec[] =>
  Array.from({ length: count }, (_, k) => ({ type: 'tsr1', index: tsr1IndexOf(key, 3 * k) }));

it('weighs classes equally and takes the best grating from the set', async () => {
  const specs = [...images('gratings', 12), ...images('plaids', 5)];
  const model = new GaborModel([unit('complex')], field);
  const plan = planOf({
    target: [{ area: 'V1-complex', units: ['u0'] }],
    optimiser: { type: 'gradient', steps: 3 },
    controls: { random: 3 },
    starts: 1,
  });
  const reference = sourceOf([...specs, { type: 'blank' }], field);
  const outcome = (await finish(searchOn(model, plan, { reference, sources: {} }))).result();

  const grating = outcome.controls.find(({ kind }) => kind === 'best-grating');
  expect(grating?.n).toBe(12);
  expect(specs.slice(0, 12)).toContainEqual(grating?.sourceSpec);

  // There are four times as many gratings as plaids in the set, so each counts a quarter of a plaid.
  const responses: number[] = [];
  for (const spec of specs) responses.push((await model.responses(renderSpec(spec, field), 1))[0] as number);
  const weights = specs.map((_, at) => (at < 12 ? 1 : 4));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const weighted = (values: readonly number[]) =>
    values.reduce((sum, v, at) => sum + v * (weights[at] as number), 0) / total;
  const mean = weighted(responses);
  const sd = Math.sqrt(weighted(responses.map((response) => (response - mean) ** 2)));
  const best = outcome.candidates[0];
  expect(best?.units[0]?.z).toBeCloseTo(((best?.responses[0] as number) - mean) / sd, 5);
});
