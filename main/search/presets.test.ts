import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { searchPlan } from '../contract/plans.ts';
import type { StimulusSpec } from '../contract/stimuli.ts';
import { decodeCheckpoint } from './checkpoint.ts';
import type { ResponseModel, StimulusSource } from './model.ts';
import { searchPresets } from './presets.ts';
import { planOf, searchOn } from './testing/fixtures.ts';

const reference = JSON.parse(
  fs.readFileSync(new URL('./optimisers/fixtures/first_order.json', import.meta.url), 'utf8'),
) as { presets: Record<string, number[][]> };

const folder = path.join(import.meta.dirname, '../../docs/plans/presets');

const sizePx = 6;
const pixels = sizePx ** 2;
const indices = Array.from({ length: pixels }, (_, i) => i);

/** As in first_order.py: r = w·d + q/2·|d|², d the deviation from .5. */
const weights = [0, 1, 2].map((k) => indices.map((i) => ((((i + 1) * (k + 2) * 7) % 11) - 5) / 10));
const curvatures = [-0.05, -0.1, -0.15];

const model: ResponseModel = {
  batchSize: 8,
  units: [
    { area: 'A', unit: 'u0' },
    { area: 'A', unit: 'u1' },
    { area: 'B', unit: 'u2' },
  ],
  field: { sizePx, fieldOfViewDeg: 0.3, background: 0.5 },
  responses: async (images, n) =>
    Float32Array.from({ length: 3 * n }, (_, at) => {
      const image = images.subarray(Math.floor(at / 3) * pixels);
      return indices.reduce((sum, i) => {
        const d = (image[i] as number) - 0.5;
        return sum + (weights[at % 3]?.[i] as number) * d + ((curvatures[at % 3] as number) / 2) * d * d;
      }, 0);
    }),
  gradient: async (images, n, cotangent) => ({
    responses: await model.responses(images, n),
    gradient: Float32Array.from({ length: pixels * n }, (_, at) => {
      const from = 3 * Math.floor(at / pixels);
      return [0, 1, 2].reduce(
        (sum, k) =>
          sum +
          (cotangent[from + k] as number) *
            ((weights[k]?.[at % pixels] as number) + (curvatures[k] as number) * ((images[at] as number) - 0.5)),
        0,
      );
    }),
  }),
};

const imagesOf = (images: readonly number[][]): StimulusSource => ({
  count: images.length,
  render: async (index) => Float32Array.from(images[index] as number[]),
  // Stands for any still stimulus; its picture is given.
  spec: (): StimulusSpec => ({
    type: 'noise',
    spectrum: 'white',
    contrastRms: 0.1,
    diameterDeg: 3,
    edgeDeg: 0,
    xDeg: 0,
    yDeg: 0,
    seed: 1,
  }),
});
const measured = imagesOf(
  Array.from({ length: 6 }, (_, s) => indices.map((i) => 0.5 + 0.15 * (((i * (s + 3) + s) % 5) - 2))),
);
const base = imagesOf([indices.map((i) => 0.5 + 0.03 * (((i * 5 + 2) % 7) - 3))]);

describe('presets of searches', () => {
  it('each stands in a plan of its own that names its source', () => {
    expect(fs.readdirSync(folder).toSorted()).toEqual(searchPresets.map(({ id }) => `${id}.plan.yaml`).toSorted());
    for (const { id, plan, citation } of searchPresets) {
      const text = fs.readFileSync(path.join(folder, `${id}.plan.yaml`), 'utf8');
      const written = searchPlan.parse(parse(text));
      const { format, kind, name, twin, target } = parse(text) as Record<string, unknown>;
      expect(written, id).toEqual(searchPlan.parse({ format, kind, name, twin, target, ...plan }));
      const author = citation.split(/[ ,’]/)[0] as string;
      expect(text, id).toContain(author);
    }
  });

  it.each(searchPresets)('$id makes the first three updates of its source', async ({ id, plan }) => {
    const search = searchOn(
      model,
      planOf({
        ...plan,
        target: [{ area: 'A', units: ['u0'] }],
        space: { ...plan.space, startFrom: { from: { set: 'given' } } },
        starts: 1,
        controls: { random: 0 },
      }),
      { reference: measured, sources: { start: base } },
    );
    const expected = reference.presets[id] as number[][];
    const first = plan.optimiser.type === 'first-order' ? 1 : 0;
    // The reference set, and the blank.
    await search.advance();
    await search.advance();
    const shown: Float32Array[] = [];
    for (let step = 0; step < 4; step++) {
      await search.advance();
      shown.push(decodeCheckpoint(search.checkpoint()).arrays['phase 1/0/image'] as Float32Array);
    }
    for (let step = first; step < 4; step++) {
      const image = shown[step - first] as Float32Array;
      for (const i of indices) {
        expect(Math.abs((image[i] as number) - (expected[step]?.[i] as number)), `${step} ${i}`).toBeLessThan(2e-7);
      }
      // Updates are far larger than what is let through.
      if (step === 0) continue;
      const update = indices.map((i) => Math.abs((expected[step]?.[i] as number) - (expected[0]?.[i] as number)));
      expect(Math.max(...update)).toBeGreaterThan(1e-4);
    }
    const { candidates } = search.result();
    const responses = await model.responses(candidates[0]?.image as Float32Array, 1);
    expect(responses).toEqual(candidates[0]?.responses);
  });
});
