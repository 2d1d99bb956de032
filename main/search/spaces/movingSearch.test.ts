/** Searches for clips, on a twin whose answer to any clip is known: motion energy towards one side. */
import { describe, expect, it } from 'vitest';
import type { SearchPlan } from '../../contract/plans.ts';
import type { StimulusSpec } from '../../contract/stimuli.ts';
import { renderSpec } from '../../stimuli/render.ts';
import type { ResponseModel, SearchField, StimulusSource } from '../model.ts';
import { differencesAfterResuming, finish, planOf, searchOn } from '../testing/fixtures.ts';

const frames = 8;
const frameRateHz = 16;
const hz = 4;
const cpd = 1;
const field: SearchField = { sizePx: 16, fieldOfViewDeg: 2, background: 0.5, frames, frameRateHz };
const pixels = 16 * 16;

/** (Σ d·cos)² + (Σ d·sin)² of a wave of 1 cpd and 4 Hz that moves right, over the squared number of pixels. */
class RightwardModel implements ResponseModel {
  readonly batchSize = 4;
  readonly units = [{ area: 'MT', unit: 'right' }];
  readonly field = field;
  static readonly waves = ['cos', 'sin'].map((name) =>
    Float64Array.from({ length: frames * pixels }, (_, at) => {
      const x = ((at % 16) + 0.5) / 8 - 1;
      return (
        Math[name as 'cos' | 'sin'](2 * Math.PI * (cpd * x - (hz * Math.floor(at / pixels)) / frameRateHz)) / pixels
      );
    }),
  );

  static response(clip: Float32Array): { value: number; gradient: Float64Array } {
    const sums = RightwardModel.waves.map((wave) =>
      wave.reduce((sum, weight, at) => sum + weight * ((clip[at] as number) - 0.5), 0),
    );
    const [cos, sin] = sums as [number, number];
    return {
      value: cos * cos + sin * sin,
      gradient: Float64Array.from(
        RightwardModel.waves[0] as Float64Array,
        (c, at) => 2 * (cos * c + sin * (RightwardModel.waves[1]?.[at] as number)),
      ),
    };
  }

  async responses(images: Float32Array, n: number): Promise<Float32Array> {
    const each = frames * pixels;
    return Float32Array.from({ length: n }, (_, i) =>
      Number(RightwardModel.response(images.subarray(i * each, (i + 1) * each)).value),
    );
  }

  gradient: ResponseModel['gradient'] = async (images, n, cotangent) => {
    const each = frames * pixels;
    const gradient = new Float32Array(n * each);
    for (let i = 0; i < n; i++) {
      const slope = RightwardModel.response(images.subarray(i * each, (i + 1) * each)).gradient;
      gradient.set(
        slope.map((value) => value * (cotangent[i] as number)),
        i * each,
      );
    }
    return { responses: await this.responses(images, n), gradient };
  };
}

const drift = (directionDeg: number): StimulusSpec => ({
  type: 'drifting-grating',
  directionDeg,
  spatialFrequencyCpd: cpd,
  temporalFrequencyHz: hz,
  phaseDeg: 0,
  contrast: 0.4,
  diameterDeg: 4,
  edgeDeg: 0,
  xDeg: 0,
  yDeg: 0,
});
const clips: StimulusSource = {
  count: 8,
  render: async (index) => {
    const clip = new Float32Array(frames * pixels);
    for (let at = 0; at < frames; at++) {
      clip.set(renderSpec(drift(45 * index), field, {}, undefined, at / frameRateHz), at * pixels);
    }
    return clip;
  },
  spec: (index) => drift(45 * index),
};
const still: StimulusSource = {
  count: 1,
  render: async () => renderSpec({ ...drift(0), temporalFrequencyHz: 0 } as StimulusSpec, field),
  spec: () => ({ ...drift(0), temporalFrequencyHz: 0 }) as StimulusSpec,
};
const sources = { reference: clips, sources: { start: clips, bestOf: clips } };

const plan = (optimiser: object, space: object = {}, changes: object = {}): SearchPlan =>
  planOf({
    target: [{ area: 'MT' }],
    space: { type: 'pixels', start: 'white', motion: 'moving', ...space },
    optimiser,
    starts: 2,
    controls: { random: 6 },
    ...changes,
  });

/** Share of a clip's variance in the drifting grating that this unit prefers. */
function rightward(clip: Float32Array): number {
  let power = 0;
  for (const luminance of clip) power += (luminance - 0.5) ** 2;
  const energy = RightwardModel.response(clip).value * pixels ** 2;
  return (2 * energy) / (power * frames * pixels);
}

describe('searches for clips', () => {
  it.each([
    { type: 'gradient', steps: 40 },
    { type: 'first-order', rule: 'normalised', rate: [0.05, 0.005], steps: 40 },
  ])('find the drifting grating that the unit prefers, as one volume on the constraints: %o', async (optimiser) => {
    const outcome = (await finish(searchOn(new RightwardModel(), plan(optimiser), sources))).result();
    const [best] = outcome.candidates;
    expect(best?.image).toHaveLength(frames * pixels);
    expect(rightward(best?.image as Float32Array)).toBeGreaterThan(0.97);
    expect(best?.residuals?.meanLuminance).toBeLessThan(1e-6);
    expect(best?.residuals?.contrastRms).toBeLessThan(1e-6);
    expect(best?.residuals?.range).toBe(0);
    expect(await new RightwardModel().responses(best?.image as Float32Array, 1)).toEqual(best?.responses);
    const noise = outcome.controls.find(({ kind }) => kind === 'random');
    expect(noise?.image).toHaveLength(frames * pixels);
    expect(noise?.label).toMatch(/noise clips/);
    // The best drifting grating is all that can be had; noise does not reach the mean of the reference set.
    expect(outcome.controls.map(({ kind }) => kind)).toEqual(['random', 'best-of-set', 'best-grating']);
    const [random, set, grating] = outcome.controls.map((control) => control.best) as [number, number, number];
    expect(random).toBeLessThan(0);
    for (const control of [set, grating]) expect((best?.value as number) / control).toBeGreaterThan(0.97);
  });

  it('find nothing among still pictures, which do not move this unit', async () => {
    const search = searchOn(new RightwardModel(), plan({ type: 'gradient', steps: 5 }, { motion: 'still' }), sources);
    const [best] = (await finish(search)).result().candidates;
    expect(best?.image).toHaveLength(pixels);
    expect(best?.responses[0]).toBeLessThan(1e-6);
  });

  it('are smooth in time where they are told to be, and still on their constraints', async () => {
    const changes = (clip: Float32Array): number => {
      let sum = 0;
      for (let at = pixels; at < clip.length; at++) sum += ((clip[at] as number) - (clip[at - pixels] as number)) ** 2;
      return sum;
    };
    for (const optimiser of [
      { type: 'gradient', steps: 4 },
      { type: 'first-order', rule: 'adam', rate: 0.01, steps: 4 },
    ]) {
      const found = async (space: object) =>
        (await finish(searchOn(new RightwardModel(), plan(optimiser, space), sources))).result().candidates[0];
      const [free, smooth] = [await found({}), await found({ temporalCutoffHz: 2 })];
      expect(changes(smooth?.image as Float32Array)).toBeLessThan(0.35 * changes(free?.image as Float32Array));
      expect(smooth?.residuals?.contrastRms).toBeLessThan(1e-6);
    }
  });

  it.each([
    [{ type: 'gradient', steps: 5 }, {}],
    [
      { type: 'first-order', rule: 'adam', steps: 5, rate: 0.02, jitterDeg: 0.3, blurSigmaDeg: 0.1 },
      { temporalCutoffHz: 3 },
    ],
    [{ type: 'first-order', rule: 'sgd', steps: 5, rate: 1 }, { parameterisation: { type: 'fourier' } }],
  ])('give the same bytes when stopped and resumed at every single step: %o %o', async (optimiser, space) => {
    expect(
      await differencesAfterResuming(() =>
        searchOn(new RightwardModel(), plan(optimiser, space, { controls: { random: 3 } }), sources),
      ),
    ).toEqual([]);
  });

  it('start from a clip, or from a still picture in all frames', async () => {
    const first = async (given: StimulusSource, motion: string) => {
      const space = { startFrom: { from: { set: 'x' } }, motion };
      const search = searchOn(new RightwardModel(), plan({ type: 'gradient', steps: 1 }, space, { starts: 1 }), {
        reference: clips,
        sources: { start: given },
      });
      return (await finish(search)).result().candidates[0]?.image as Float32Array;
    };
    expect(rightward(await first(clips, 'moving'))).toBeGreaterThan(0.999);
    const repeated = await first(still, 'moving');
    expect(repeated.subarray(0, pixels)).toEqual(repeated.subarray(pixels, 2 * pixels));
    await expect(first(clips, 'still')).rejects.toThrow(/start from moves.*reference statistics are kept/);
  });
});
