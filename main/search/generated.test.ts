import { describe, expect, it } from 'vitest';
import type { StimulusSpec } from '../contract/stimuli.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { renderShown } from '../stimuli/clip.ts';
import { encodeCheckpoint, decodeCheckpoint } from './checkpoint.ts';
import type { ResponseModel, SearchField } from './model.ts';
import { whitenedProduct } from './objectives/similarity.ts';
import type { Search } from './search.ts';
import { createParametricBox } from './spaces/parametricSpace.ts';
import { drawnFrom } from './spaces/drawn.ts';
import { parametricSpace } from '../contract/plans.ts';
import {
  differencesAfterResuming,
  finish,
  gratingReference,
  outcomeOf,
  planOf,
  searchOn,
  smallField,
  sourceOf,
  unit,
} from './testing/fixtures.ts';
import { GaborModel } from './testing/gaborModel.ts';

const target = [{ area: 'V1-complex', units: ['u0'] }];
const planted = { orientationDeg: 70, spatialFrequencyCpd: 2.3, xDeg: 0.3, yDeg: -0.2, sigmaDeg: 0.25 };
const gabors = {
  type: 'parametric',
  stimulus: 'gabor',
  parameters: {
    orientationDeg: [0, 180],
    spatialFrequencyCpd: [0.5, 5],
    phaseDeg: [0, 360],
    sigmaDeg: [0.1, 0.8],
    xDeg: [-1, 1],
    yDeg: [-1, 1],
  },
};
const mixed = {
  ...gabors,
  parameters: {
    ...gabors.parameters,
    orientationDeg: { values: [10, 40, 70, 100, 130, 160] },
    phaseDeg: { values: [0, 90] },
  },
};

/** The Gabor model without its gradient. */
function forwardOnly(model: GaborModel): ResponseModel {
  return {
    batchSize: model.batchSize,
    units: model.units,
    field: model.field,
    responses: (images, n) => model.responses(images, n),
    gradient: null,
  };
}

const complex = (batchSize = 16) => new GaborModel([unit('complex', planted)], smallField, { batchSize });
const plan = (changes: object) =>
  planOf({ target, space: gabors, controls: { random: 9, sameSpace: 'equal' }, ...changes });

async function refusal(make: () => Search): Promise<string> {
  try {
    await finish(make());
  } catch (error) {
    return error instanceof TwinscopeError ? error.message : `a fault: ${String(error)}`;
  }
  return 'none';
}

function expectPlanted(spec: StimulusSpec | null | undefined): void {
  if (spec?.type !== 'gabor') throw new Error('not a Gabor');
  expect(Math.abs(spec.orientationDeg - planted.orientationDeg)).toBeLessThan(5);
  expect(Math.abs(Math.log2(spec.spatialFrequencyCpd / planted.spatialFrequencyCpd))).toBeLessThan(0.2);
  expect(Math.abs(spec.xDeg - planted.xDeg)).toBeLessThan(0.15);
  expect(Math.abs(spec.yDeg - planted.yDeg)).toBeLessThan(0.15);
}

describe('searches over the parameters of a generator', () => {
  const optimisers = [
    { type: 'cma-es', evaluations: 1500 },
    { type: 'cma-es', evaluations: 2500, covariance: 'diagonal' },
    { type: 'cma-es', evaluations: 2500, covariance: 'spherical' },
    { type: 'genetic', evaluations: 2500 },
    { type: 'hybrid', screen: { samples: 800 }, refine: { type: 'cma-es', evaluations: 800, sigma: 0.1 } },
    { type: 'hybrid', screen: { samples: 800 }, refine: { type: 'genetic', evaluations: 1200 } },
  ];
  for (const optimiser of optimisers) {
    const refine = optimiser.refine === undefined ? '' : ` → ${optimiser.refine.type}`;
    it(`recover planted parameters by ${optimiser.type}${refine} ${optimiser.covariance ?? ''}, continuous and mixed`, async () => {
      for (const space of [gabors, mixed]) {
        const model = complex();
        const outcome = (await finish(searchOn(forwardOnly(model), plan({ space, optimiser })))).result();
        expectPlanted(outcome.candidates[0]?.spec);
        for (const { spec, image, responses, residuals } of outcome.candidates) {
          expect(await model.responses(renderShown(spec as StimulusSpec, smallField), 1)).toEqual(responses);
          expect(image).toEqual(renderShown(spec as StimulusSpec, smallField));
          expect(residuals).toBeNull();
        }
        const [random] = outcome.controls;
        expect(random?.label).toMatch(/random Gabors of the same space/);
        expect(random?.beaten).toBe(true);
      }
    });
  }

  it('show clips of moving stimuli, and find the direction that a unit wants', async () => {
    const field: SearchField = { ...smallField, frames: 4, frameRateHz: 16 };
    const inner = complex();
    // An opponent of two phases at two moments: the sign of ad − bc tells the direction of motion.
    const model: ResponseModel = {
      batchSize: 8,
      field,
      units: [{ area: 'V1-complex', unit: 'u0' }],
      gradient: null,
      responses: async (images, n) => {
        const { even, odd } = inner.filters[0] as { even: Float64Array; odd: Float64Array };
        const pixels = field.sizePx ** 2;
        const along = (filter: Float64Array, from: number): number =>
          filter.reduce((sum, weight, i) => sum + weight * (images[from + i] as number), 0);
        return Float32Array.from({ length: n }, (_, s) => {
          const first = 4 * s * pixels;
          const [a, b] = [along(even, first), along(odd, first)];
          const [c, d] = [along(even, first + pixels), along(odd, first + pixels)];
          return a * d - b * c;
        });
      },
    };
    const space = {
      type: 'parametric',
      stimulus: 'drifting-grating',
      parameters: {
        directionDeg: [0, 360],
        spatialFrequencyCpd: 2.3,
        temporalFrequencyHz: [1, 7],
        diameterDeg: 2,
        xDeg: 0.3,
        yDeg: -0.2,
      },
    };
    const renderSpec = (spec: StimulusSpec) => renderShown(spec, field);
    const clips = drawnFrom(
      createParametricBox(parametricSpace.parse(space), planOf({}).constraints, field),
      { samples: 40, sampling: 'halton' },
      7,
      renderSpec,
    );
    const search = searchOn(model, plan({ space, optimiser: { type: 'cma-es', evaluations: 600 } }), {
      renderSpec,
      reference: clips,
      sources: {},
    });
    const outcome = (await finish(search)).result();
    const best = outcome.candidates[0];
    if (best?.spec?.type !== 'drifting-grating') throw new Error('not a drifting grating');
    // Bars of 70° move towards 160° or 340°; a quarter of a cycle between two frames at 16 Hz is 4 Hz.
    const off = Math.abs(((best.spec.directionDeg - planted.orientationDeg + 360) % 180) - 90);
    expect(off).toBeLessThan(5);
    expect(Math.abs(best.spec.temporalFrequencyHz - 4)).toBeLessThan(0.4);
    expect(best.image).toHaveLength(4 * field.sizePx ** 2);
  });

  it('give the same bytes when they are stopped and resumed at every single step', async () => {
    const optimisers = [
      { type: 'cma-es', evaluations: 60, covariance: 'diagonal' },
      { type: 'cma-es', evaluations: 60, covariance: 'spherical' },
      { type: 'genetic', evaluations: 60, population: 8 },
      { type: 'screening', keep: 4, samples: 60, diversity: { limit: 0.5 } },
      { type: 'screening', keep: 4, samples: 60, sampling: 'random' },
      { type: 'hybrid', screen: { samples: 40 }, refine: { type: 'cma-es', evaluations: 40 } },
      { type: 'hybrid', screen: { samples: 40 }, refine: { type: 'genetic', evaluations: 40, population: 8 } },
      { type: 'hybrid', screen: { samples: 40 }, refine: { type: 'gradient', steps: 6 } },
      { type: 'hybrid', screen: { samples: 40 }, refine: { type: 'first-order', rule: 'normalised', steps: 6 } },
    ];
    for (const optimiser of optimisers) {
      const different = await differencesAfterResuming(() =>
        searchOn(
          new GaborModel([unit('complex', planted), unit('simple')], smallField, { batchSize: 7 }),
          plan({ space: mixed, optimiser, starts: 2 }),
          { sources: {} },
        ),
      );
      expect(different, JSON.stringify(optimiser)).toEqual([]);
    }
  });

  it('tell seeds apart and reproduce them', async () => {
    const run = async (seed: number) =>
      outcomeOf(await finish(searchOn(complex(), plan({ seed, optimiser: { type: 'genetic', evaluations: 64 } }))));
    expect(await run(1)).toBe(await run(1));
    expect(await run(1)).not.toBe(await run(2));
  });
});

describe('screening of samples', () => {
  const cheapField: SearchField = { sizePx: 12, fieldOfViewDeg: 3, background: 0.5 };
  const space = {
    ...gabors,
    parameters: { ...gabors.parameters, spatialFrequencyCpd: [0.5, 1.9] },
  };
  const coarse = gratingReference(smallField);
  const reference = sourceOf(
    Array.from({ length: coarse.count }, (_, i) => coarse.spec(i)).filter(
      (spec) => spec.type !== 'grating' || spec.spatialFrequencyCpd === 1,
    ),
    cheapField,
  );
  const cheap = () =>
    new GaborModel([unit('complex', { ...planted, spatialFrequencyCpd: 1.5 })], cheapField, { batchSize: 50 });

  it('keeps exactly the best of 20,000, and neither state nor trajectory grows with their number', async () => {
    const screening = plan({
      space,
      optimiser: { type: 'screening', keep: 10, samples: 20_000 },
      controls: { random: 0 },
    });
    const search = searchOn(cheap(), screening, { reference, sources: {} });
    const sizes: number[] = [];
    while (!search.done) {
      const { step } = await search.advance();
      if (step % 100 === 0) {
        // Without the trajectory, which has at most 1,000 points.
        const { json, arrays } = decodeCheckpoint(search.checkpoint());
        delete arrays['search/trajectory'];
        sizes.push(encodeCheckpoint({ json, arrays }).length);
      }
    }
    expect(Math.max(...sizes.slice(1)) - Math.min(...sizes.slice(1))).toBeLessThan(500);
    const box = createParametricBox(parametricSpace.parse(space), screening.constraints, cheapField);
    const source = drawnFrom(box, { samples: 20_000, sampling: 'halton' }, screening.seed, (spec) =>
      renderShown(spec, cheapField),
    );
    const model = cheap();
    const all: { index: number; response: number }[] = [];
    for (let index = 0; index < 20_000; index++) {
      const [response] = await model.responses(await source.render(index), 1);
      all.push({ index, response: response as number });
    }
    const expected = all.toSorted((a, b) => b.response - a.response || a.index - b.index).slice(0, 10);
    const { candidates, evaluations } = search.result();
    expect(candidates.map(({ sourceIndex }) => sourceIndex)).toEqual(expected.map(({ index }) => index));
    expect(candidates.map(({ spec }) => spec)).toEqual(expected.map(({ index }) => source.spec(index)));
    // Beside them the reference set, and its gratings once more as controls.
    expect(evaluations).toBe(20_000 + reference.count + (reference.count - 1));
  });

  it('tells at most 1,000 points of its trajectory, the last among them', async () => {
    const small = new GaborModel([unit('complex', { ...planted, spatialFrequencyCpd: 1.5 })], cheapField, {
      batchSize: 2,
    });
    const optimiser = { type: 'screening', keep: 3, samples: 5001 };
    const search = await finish(
      searchOn(small, plan({ space, optimiser, controls: { random: 0 } }), { reference, sources: {} }),
    );
    const { trajectory, candidates } = search.result();
    expect(trajectory.length).toBeGreaterThan(800);
    expect(trajectory.length).toBeLessThanOrEqual(1000);
    expect(trajectory.at(-1)).toMatchObject({ step: 2501, best: candidates[0]?.value });
  });

  for (const over of ['pixels', 'responses'] as const) {
    it(`keeps stimuli that differ in their ${over}: the best one, and none too similar to another`, async () => {
      const units = [0, 45, 90, 135].map((orientationDeg) => unit('complex', { ...planted, orientationDeg }));
      const model = new GaborModel(units, smallField, { batchSize: 50 });
      const run = async (diversity: object | undefined) => {
        const optimiser = { type: 'screening', keep: 8, samples: 2000, diversity };
        return (await finish(searchOn(model, plan({ target: [{ area: 'V1-complex' }], optimiser })))).result();
      };
      const free = await run(undefined);
      const limit = over === 'pixels' ? 0.3 : 0.9;
      const diverse = await run({ limit, over });
      expect(diverse.candidates[0]?.sourceIndex).toBe(free.candidates[0]?.sourceIndex);
      expect(diverse.candidates).toHaveLength(8);
      const { scale } = diverse.reference ?? {};
      const cosine = (a: (typeof free.candidates)[0], b: (typeof free.candidates)[0]): number => {
        const product = (x: typeof a, y: typeof a): number => {
          if (over === 'pixels') return whitenedProduct(x.image, y.image, smallField.sizePx);
          return [0, 1, 2, 3].reduce((sum, u) => {
            const z = ({ responses }: typeof a) =>
              ((responses[u] as number) - (scale?.mean[u] as number)) / (scale?.sd[u] as number);
            return sum + z(x) * z(y);
          }, 0);
        };
        return product(a, b) / Math.sqrt(product(a, a) * product(b, b));
      };
      const largest = ({ candidates }: typeof free): number =>
        Math.max(...candidates.flatMap((a, i) => candidates.slice(0, i).map((b) => cosine(a, b))));
      expect(largest(free)).toBeGreaterThan(limit);
      expect(largest(diverse)).toBeLessThanOrEqual(limit);
    });
  }
});

describe('screening that goes on in pixels', () => {
  const optimiser = { type: 'hybrid', screen: { samples: 400 }, refine: { type: 'gradient', steps: 30 } };

  it('begins at the best of the screening and ends on the constraints, above what it began with', async () => {
    const model = complex();
    const hybrid = plan({ optimiser, constraints: { contrastRms: 0.1 }, starts: 2 });
    const search = searchOn(model, hybrid);
    let screened: Float32Array | undefined;
    while (!search.done) {
      const { phase } = await search.advance();
      if (phase === 'climbing the gradient') screened ??= search.live().tiles[0];
    }
    const outcome = search.result();
    const best = outcome.candidates[0];
    expect(best?.spec).toBeNull();
    expect(best?.residuals?.contrastRms).toBeLessThan(1e-6);
    expect(best?.residuals?.meanLuminance).toBeLessThan(1e-6);
    expect(outcome.controls.map(({ kind, beaten }) => [kind, beaten])).toEqual([
      ['random', true],
      ['best-of-set', true],
      ['best-grating', true],
      ['same-space', true],
    ]);
    // 400 screened samples, and 30 steps of 2 starts worth 3 passes each.
    expect(outcome.controls[3]).toMatchObject({
      n: 400 + 3 * 60,
      label:
        'best of 580 starting images of the same space (the search used 60 gradient steps after 400 screened stimuli, 580 forward passes)',
    });
    // The first image of the ascent is the screened one on the constraints: it correlates with what was found.
    const deviation = (image: Float32Array) => image.map((value) => value - 0.5);
    const [a, b] = [deviation(screened as Float32Array), deviation(best?.image as Float32Array)];
    const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * (y[i] as number), 0);
    expect(dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))).toBeGreaterThan(0.5);
    expect(outcome.trajectory.at(-1)?.step).toBe(400 / 16 + 30);
  });

  it('goes on from the best of a set', async () => {
    const space = { type: 'set', stimuli: { set: 'gabors' } };
    const hybrid = plan({ space, optimiser: { type: 'hybrid', refine: { type: 'gradient', steps: 20 } }, starts: 2 });
    const outcome = (await finish(searchOn(complex(), hybrid))).result();
    expect(outcome.candidates).toHaveLength(2);
    expect(outcome.controls.find(({ kind }) => kind === 'best-of-set')?.beaten).toBe(true);
    expect(outcome.candidates[0]?.residuals?.contrastRms).toBeLessThan(1e-6);
  });
});

describe('refusals', () => {
  const on = (changes: object, model: ResponseModel = complex(), options = {}) =>
    refusal(() => searchOn(model, plan(changes), options));

  it('name optimisers that do not fit the space', async () => {
    expect(await on({ optimiser: { type: 'gradient' } })).toMatch(
      /'parametric' cannot be searched by 'gradient'.*'cma-es' or 'genetic' or 'screening' or 'hybrid'/,
    );
    const set = { type: 'set', stimuli: { set: 'gabors' } };
    expect(await on({ space: set, optimiser: { type: 'genetic' } })).toMatch(/'set' cannot be searched by 'genetic'/);
    expect(await on({ space: set, optimiser: { type: 'screening', samples: 5 } })).toMatch(/set is shown whole/);
    expect(await on({ space: set, optimiser: { type: 'hybrid', refine: { type: 'cma-es' } } })).toMatch(
      /no parameters that 'cma-es' could change/,
    );
    expect(await on({ space: { type: 'pixels' }, optimiser: { type: 'genetic' } })).toMatch(
      /'pixels' cannot be searched by 'genetic'.*'gradient'/,
    );
    const diverse = { weight: 1 };
    const firstOrder = { type: 'first-order', rule: 'adam', steps: 2 };
    expect(await on({ optimiser: { type: 'genetic' }, diverse })).toMatch(/`diverse` makes one set/);
    expect(await on({ space: { type: 'pixels' }, optimiser: firstOrder, diverse })).toMatch(/`diverse` makes one set/);
  });

  it('name constraints that a generator cannot keep, and twins without a gradient', async () => {
    expect(await on({ optimiser: { type: 'genetic' }, constraints: { contrastRms: 0.2 } })).toMatch(
      /generator have a contrast.*would not hold: contrastRms/,
    );
    const optimiser = { type: 'hybrid', refine: { type: 'gradient', steps: 2 } };
    expect(await on({ optimiser }, forwardOnly(complex()))).toMatch(/no gradient/);
    expect(await on({ optimiser, constraints: { contrastRms: 0.9, meanLuminance: 0.6 } })).toMatch(
      /background luminance/,
    );
  });

  it('name moving stimuli that a gradient would go on from', async () => {
    const field = { ...smallField, frames: 4, frameRateHz: 20 };
    const model = { ...forwardOnly(complex()), field, gradient: complex().gradient };
    const space = {
      type: 'parametric',
      stimulus: 'drifting-grating',
      parameters: { directionDeg: [0, 360], spatialFrequencyCpd: 1, temporalFrequencyHz: [1, 4], diameterDeg: 2 },
    };
    expect(await on({ space, optimiser: { type: 'hybrid', refine: { type: 'gradient' } } }, model)).toMatch(
      /screened stimuli move/,
    );
  });
});
