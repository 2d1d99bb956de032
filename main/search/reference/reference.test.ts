/** Searches whose reference set is known from before. */
import { describe, expect, it } from 'vitest';
import type { StimulusSource } from '../model.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { renderSpec } from '../../stimuli/render.ts';
import { measureReference, scaleOf } from './reference.ts';
import { referenceEnded } from '../search.ts';
import { finish, gratingReference, planOf, searchOn, smallField, unit } from '../testing/fixtures.ts';
import { GaborModel } from '../testing/gaborModel.ts';

const batchSize = 5;
const modelOf = () => new GaborModel([unit('simple'), unit('complex')], smallField, { batchSize });
const reference = gratingReference(smallField);
const stimuli = {
  source: reference,
  renderSpec: (spec: Parameters<typeof renderSpec>[0]) => renderSpec(spec, smallField),
};
const plan = planOf({ starts: 2, optimiser: { type: 'gradient', steps: 4 }, controls: { random: 6 } });
const referenceSteps = Math.ceil(72 / batchSize) + 1;

describe('a known reference', () => {
  it('gives the checkpoints and the result of a measured one, bit for bit, without asking the twin', async () => {
    const known = await measureReference(modelOf(), stimuli);
    const measuring = searchOn(modelOf(), plan);
    const model = modelOf();
    const knowing = searchOn(model, plan, { knownReference: known });
    let callsByThen = -1;
    while (!measuring.done) {
      expect(await knowing.advance()).toEqual(await measuring.advance());
      expect(knowing.checkpoint()).toEqual(measuring.checkpoint());
      if (measuring.step === referenceSteps) callsByThen = model.calls.length;
    }
    expect(callsByThen).toBe(0);
    expect(knowing.result()).toEqual(measuring.result());
    expect(knowing.takeReference()).toBeNull();
    expect(measuring.takeReference()).toEqual(known);
    expect(measuring.takeReference()).toBeNull();
  });

  it('can be taken up in the middle of the reference set either way, with the result of an undisturbed search', async () => {
    const known = await measureReference(modelOf(), stimuli);
    const undisturbed = await finish(searchOn(modelOf(), plan));
    for (let at = 1; at <= referenceSteps; at++) {
      const broken = searchOn(modelOf(), plan);
      while (broken.step < at) await broken.advance();
      const saved = broken.checkpoint();
      expect(referenceEnded(saved)).toBe(at === referenceSteps);
      for (const knownReference of [null, known]) {
        const resumed = searchOn(modelOf(), plan, { knownReference });
        await resumed.restore(saved);
        await finish(resumed);
        expect(resumed.checkpoint()).toEqual(undisturbed.checkpoint());
        expect(resumed.result()).toEqual(undisturbed.result());
        // Rows that another process measured are part of it, but not when that one had ended the phase.
        const measured = knownReference === null && at < referenceSteps;
        expect(resumed.takeReference()).toEqual(measured ? known : null);
      }
    }
  });

  it('counts its own stimuli while it is measured', async () => {
    const search = searchOn(modelOf(), plan);
    const shown: unknown[] = [];
    while (search.step < referenceSteps + 1) shown.push((await search.advance()).reference);
    expect(shown.slice(0, 2)).toEqual([
      { done: 5, total: 72 },
      { done: 10, total: 72 },
    ]);
    expect(shown.slice(-3)).toEqual([{ done: 72, total: 72 }, null, null]);
  });
});

describe('measuring ahead', () => {
  it('has mean, sd, blank and the sd of the area’s mean of responses computed one by one', async () => {
    const model = modelOf();
    const { scale } = scaleOf(await measureReference(model, stimuli), reference, model.units);
    const all: number[][] = [];
    for (let i = 0; i < 72; i++) all.push([...(await modelOf().responses(await reference.render(i), 1))]);
    const blank = [...(await modelOf().responses(renderSpec({ type: 'blank' }, smallField), 1))];
    const sdOf = (values: number[]) => {
      const mean = values.reduce((a, b) => a + b) / values.length;
      return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
    };
    for (const u of [0, 1]) {
      const values = all.map((row) => row[u] as number);
      expect(scale.mean[u]).toBeCloseTo(values.reduce((a, b) => a + b) / 72, 6);
      expect(scale.sd[u]).toBeCloseTo(sdOf(values), 6);
      expect(scale.blank[u]).toBeCloseTo(blank[u] as number, 6);
      // Each unit is an area of its own here: its mean z has sd 1, so the coefficient is 1 ÷ sd.
      expect(scale.areaCoefficient[u]).toBeCloseTo(1 / sdOf(values), 4);
    }
    expect(scale.stimuli).toBe(72);
  });

  it('stops between two batches, and tells how far it is', async () => {
    const model = modelOf();
    const controller = new AbortController();
    const told: number[] = [];
    const measuring = measureReference(model, stimuli, {
      signal: controller.signal,
      onBatch: (done, total) => {
        told.push(done, total);
        if (done === 10) controller.abort(new TwinscopeError('cancelled', 'Stopped.'));
      },
    });
    await expect(measuring).rejects.toThrow('Stopped.');
    expect(told).toEqual([5, 72, 10, 72]);
    expect(model.calls).toEqual([5, 5]);
  });

  it('refuses a set that the twin cannot see with the way out', async () => {
    const coarse = { sizePx: 20, fieldOfViewDeg: 3, background: 0.5 };
    const source: StimulusSource = gratingReference(coarse);
    const model = new GaborModel([unit('simple')], coarse, { batchSize });
    const measuring = measureReference(model, { source, renderSpec: (spec) => renderSpec(spec, coarse) });
    await expect(measuring).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(
        /^The reference set cannot be shown to this twin: .*4 cpd needs at least 8 px per degree.*Choose a set of your own.*or leave the reference out of the plan/,
      ) as string,
    });
  });
});
