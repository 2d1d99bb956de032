import { describe, expect, it } from 'vitest';
import { type SearchPlan, unusableConstraints } from '../contract/plans.ts';
import { TwinscopeError } from '../platform/errors.ts';
import type { ResponseModel } from './model.ts';
import { finish, planOf, searchOn, smallField, sourceOf, unit } from './testing/fixtures.ts';
import { GaborModel } from './testing/gaborModel.ts';

const model = new GaborModel([unit('simple'), unit('complex')], smallField);

async function refusal(plan: SearchPlan, on: ResponseModel = model, changes = {}): Promise<string> {
  try {
    await finish(searchOn(on, plan, changes));
  } catch (error) {
    return error instanceof TwinscopeError ? error.message : `a fault: ${String(error)}`;
  }
  return 'none';
}

/** The Gabor model with its responses changed. */
const altered = (change: (responses: Float32Array, call: number) => void): ResponseModel => {
  let call = 0;
  const responses: ResponseModel['responses'] = async (images, n) => {
    const answer = await model.responses(images, n);
    change(answer, call++);
    return answer;
  };
  return {
    batchSize: 8,
    units: model.units,
    field: smallField,
    responses,
    gradient: async (images, n, cotangent) => {
      const answer = await model.gradient?.(images, n, cotangent);
      if (answer === undefined) throw new Error('no gradient');
      change(answer.responses, call++);
      return answer;
    },
  };
};

describe('refusals', () => {
  it('names the nearest area and unit', async () => {
    expect(await refusal(planOf({ target: [{ area: 'V1-Simpel' }] }))).toMatch(
      /no area 'V1-Simpel'; the nearest name is 'V1-simple'\. .* V1-simple, V1-complex/,
    );
    expect(await refusal(planOf({ target: [{ area: 'V1-complex', units: ['u2'] }] }))).toMatch(
      /'V1-complex' of this twin has no unit 'u2'; the nearest name is 'u1'/,
    );
  });

  it('says that a target does not respond to the reference set', async () => {
    const constant = altered((responses) => {
      for (let i = 0; i < responses.length; i += 2) responses[i] = 3;
    });
    expect(await refusal(planOf({}), constant)).toMatch(
      /V1-simple unit u0: its response is the same to every stimulus/,
    );
    expect(
      await refusal(planOf({ target: [{ area: 'V1-complex' }], optimiser: { type: 'gradient', steps: 2 } }), constant),
    ).toBe('none');
  });

  it('names constraints that gratings and sets cannot keep, and takes defaults', async () => {
    const gratings = { space: { type: 'gratings' }, optimiser: { type: 'cma-es', evaluations: 20 } };
    const set = { space: { type: 'set', stimuli: { set: 'gabors' } }, optimiser: { type: 'screening' } };
    const aperture = { diameterDeg: 1 };
    expect(await refusal(planOf({ ...gratings, constraints: { contrastRms: 0.2, aperture } }))).toMatch(
      /would not hold: contrastRms, aperture\. Nothing was started/,
    );
    expect(await refusal(planOf({ ...set, constraints: { range: [0.1, 1] } }))).toMatch(
      /cannot constrain them: range\./,
    );
    expect(await refusal(planOf({ ...set, constraints: { contrastRms: 0.15 } }))).toBe('none');
  });

  it('names the unit and the step of an answer that is not a number', async () => {
    const plan = planOf({ controls: { random: 8 }, optimiser: { type: 'gradient', steps: 5 } });
    // 9 batches and the blank of the reference, 1 random, 5 of the set, 9 gratings; then the steps.
    const broken = altered((responses, call) => {
      if (call === 10 + 1 + 5 + 9 + 2) responses[1] = NaN;
    });
    expect(await refusal(plan, broken)).toMatch(/Unit V1-complex u1 answered NaN while step 3 was evaluated/);
    const early = altered((responses) => {
      responses[0] = Infinity;
    });
    expect(await refusal(plan, early)).toMatch(/Unit V1-simple u0 answered Infinity while the reference set was shown/);
  });

  it('names the unit and the node whose gradient is not a number', async () => {
    const steep = altered(() => {});
    const broken: ResponseModel = {
      ...steep,
      gradient: async (images, n, cotangent) => {
        const answer = (await steep.gradient?.(images, n, cotangent)) ?? { responses: images, gradient: images };
        if (cotangent.some((weight, at) => at % 2 === 1 && weight !== 0)) answer.gradient[3] = NaN;
        return answer;
      },
      nodeAtFault: async (_, cotangent) =>
        `Sqrt (node "root of ${Array.from(cotangent ?? [])
          .map(Math.sign)
          .join(' ')}")`,
    };
    const target = [{ area: 'V1-simple' }, { area: 'V1-complex' }];
    expect(await refusal(planOf({ target, controls: { random: 8 } }), broken)).toMatch(
      /gradient of unit V1-complex u1 holds values that are not numbers .*first at Sqrt \(node "root of 0 1"\)\. .*checkpoint is safe/,
    );
  });

  it('names a target without any slope, with the step', async () => {
    const flat: ResponseModel = {
      ...altered(() => {}),
      gradient: async (images, n) => ({
        responses: await model.responses(images, n),
        gradient: new Float32Array(images.length),
      }),
    };
    expect(await refusal(planOf({ controls: { random: 0 } }), flat)).toMatch(
      /V1-simple unit u0 answered the same to all 16 starting images \(step 16\)/,
    );
  });

  it.each([
    {},
    { optimiser: { type: 'first-order', rule: 'adam', steps: 20, rate: 0.02 } },
    { diverse: { weight: 1, over: 'pixels' }, starts: 2 },
  ])('changes nothing in the step that finds no slope: %o', async (changes) => {
    const flat: ResponseModel = {
      ...altered(() => {}),
      gradient: async (images, n) => ({
        responses: await model.responses(images, n),
        gradient: new Float32Array(images.length),
      }),
    };
    const search = searchOn(flat, planOf({ controls: { random: 0 }, ...changes }));
    let before = search.checkpoint();
    const walk = async (): Promise<void> => {
      while (!search.done) {
        before = search.checkpoint();
        await search.advance();
      }
    };
    await expect(walk()).rejects.toThrow(/step 16.*start from a stimulus that drives it \(startFrom\)/);
    expect(search.checkpoint()).toEqual(before);
  });

  it('says what still works on a twin without a gradient', async () => {
    const forward: ResponseModel = { ...altered(() => {}), gradient: null };
    expect(await refusal(planOf({}), forward)).toMatch(/no gradient.*CMA-ES.*screening/);
  });

  it('names space and optimiser that do not fit', async () => {
    expect(await refusal(planOf({ optimiser: { type: 'cma-es' } }))).toMatch(
      /'pixels' cannot be searched by 'cma-es'.*'gradient'/,
    );
    expect(await refusal(planOf({ space: { type: 'gratings' } }))).toMatch(
      /'gratings' cannot be searched by 'gradient'/,
    );
  });

  it('names constraints that an optimiser would ignore which holds the range alone', async () => {
    const held = (hold: string, constraints: object, space: object = {}) =>
      planOf({
        optimiser: { type: 'first-order', rule: 'adam', rate: 0.1, steps: 1, hold },
        space: { type: 'pixels', ...space },
        constraints,
      });
    const mask = { foreground: { shape: 'ellipse', xDeg: 0, yDeg: 0, widthDeg: 2, heightDeg: 2 } };
    const ignored = { spectrum: { highCpd: 3 }, normL2: 0.3 };
    expect(await refusal(held('range', { ...ignored, mask }))).toMatch(
      /hold: range.*would not hold: normL2, spectrum\. Nothing was started\..*or hold them at-end/,
    );
    const distance = { from: { set: 'x' }, index: 0, rms: { max: 0.1 } };
    const all = { ...ignored, distance, temporal: { maxChangeRms: 0.1 } };
    expect(unusableConstraints(held('range', all, { motion: 'moving' }))).toEqual([
      'normL2',
      'spectrum',
      'distance',
      'temporal',
    ]);
    expect(unusableConstraints(held('at-end', all, { motion: 'moving' }))).toEqual([]);
    // Those of the starting noise, and what binds every pixel.
    expect(unusableConstraints(held('range', { contrastRms: 0.2, meanLuminance: 0.4, range: [0, 0.9], mask }))).toEqual(
      [],
    );
  });

  it('names grating bounds that alias, are empty, or have no room', async () => {
    const gratings = (space: object, constraints: object = {}) =>
      planOf({ space: { type: 'gratings', ...space }, optimiser: { type: 'cma-es' }, constraints });
    expect(await refusal(gratings({}))).toMatch(/up to 8 cpd need 16 px per degree; this twin has 10\.7.*to 5\.33/);
    const fine = { spatialFrequencyCpd: [1, 4] };
    expect(await refusal(gratings({ ...fine, xDeg: [1, -1] }))).toMatch(/bounds of xDeg run from 1 down to -1/);
    expect(await refusal(gratings(fine, { meanLuminance: 0.4 }))).toMatch(/background luminance of 0\.5, not on 0\.4/);
    expect(await refusal(gratings(fine, { range: [0.5, 1], meanLuminance: 0.6 }))).toMatch(/leaves no room/);
  });

  it('refuses a reference set of blanks, infeasible constraints, and checkpoints that are damaged or of another plan', async () => {
    const blanks = sourceOf([{ type: 'blank' }, { type: 'blank' }], smallField);
    expect(await refusal(planOf({}), model, { reference: blanks })).toMatch(/holds 0 stimuli besides blanks/);
    expect(await refusal(planOf({ constraints: { contrastRms: 0.9, meanLuminance: 0.6 } }))).toMatch(/at most 0\.812/);
    const bytes = searchOn(model, planOf({})).checkpoint();
    await expect(searchOn(model, planOf({ seed: 2 })).restore(bytes)).rejects.toThrow(/belongs to another search/);
    await expect(searchOn(model, planOf({})).restore(bytes.subarray(0, 40))).rejects.toThrow(/cannot be read/);
    await expect(searchOn(model, planOf({})).restore(new Uint8Array(3))).rejects.toThrow(/cannot be read/);
  });
});
