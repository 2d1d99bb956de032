/** Controls of searches over a twin that sees clips, when what is compared moves. */
import { describe, expect, it } from 'vitest';
import type { StimulusSpec } from '../../contract/stimuli.ts';
import { apertureWeights } from '../../stimuli/aperture.ts';
import { renderSpec } from '../../stimuli/render.ts';
import { decodeCheckpoint } from '../checkpoint.ts';
import type { ResponseModel, SearchField, StimulusSource } from '../model.ts';
import { measureResiduals, weightedStatistics } from '../constraints/residuals.ts';
import { differencesAfterResuming, finish, planOf, searchOn } from '../testing/fixtures.ts';

const frames = 4;
const hz = 2;
const frameRateHz = 8;
const field: SearchField = { sizePx: 16, fieldOfViewDeg: 2, background: 0.5, frames };
const pixels = 16 * 16;

/** Motion energy towards the right: the power at 1 cpd and 2 Hz of the frames' middle rows; frames that stand still give 0. */
class RightwardModel implements ResponseModel {
  readonly batchSize = 3;
  readonly units = [{ area: 'MT', unit: 'right' }];
  readonly field = field;
  readonly gradient = null;

  static response(clip: Float32Array): number {
    let [re, im] = [0, 0];
    for (const [at, luminance] of clip.entries()) {
      const x = ((at % 16) + 0.5) / 8;
      const angle = 2 * Math.PI * (x - (hz * Math.floor(at / pixels)) / frameRateHz);
      re += (luminance - 0.5) * Math.cos(angle);
      im += (luminance - 0.5) * Math.sin(angle);
    }
    return (re * re + im * im) / pixels ** 2;
  }

  async responses(images: Float32Array, n: number): Promise<Float32Array> {
    const each = frames * pixels;
    return Float32Array.from({ length: n }, (_, i) =>
      RightwardModel.response(images.subarray(i * each, (i + 1) * each)),
    );
  }
}

const drift = (directionDeg: number, contrast = 0.4): StimulusSpec => ({
  type: 'drifting-grating',
  directionDeg,
  spatialFrequencyCpd: 1,
  temporalFrequencyHz: hz,
  phaseDeg: 0,
  contrast,
  diameterDeg: 4,
  edgeDeg: 0,
  xDeg: 0,
  yDeg: 0,
});
/** Of full contrast in frames 0 and 2, a blank in frames 1 and 3. */
const flicker = (contrast: number): StimulusSpec => ({
  type: 'counterphase-grating',
  orientationDeg: 90,
  spatialFrequencyCpd: 1,
  temporalFrequencyHz: hz,
  phaseDeg: 0,
  contrast,
  diameterDeg: 4,
  edgeDeg: 0,
  xDeg: 0,
  yDeg: 0,
});
const frameOf = (clip: Float32Array, at: number): Float32Array => clip.subarray(at * pixels, (at + 1) * pixels);
const clipOf = (spec: StimulusSpec): Float32Array => {
  const clip = new Float32Array(frames * pixels);
  for (let at = 0; at < frames; at++) clip.set(renderSpec(spec, field, {}, undefined, at / frameRateHz), at * pixels);
  return clip;
};
const clips = (specs: readonly StimulusSpec[]): StimulusSource => ({
  count: specs.length,
  render: async (index) => clipOf(specs[index] as StimulusSpec),
  spec: (index) => specs[index] as StimulusSpec,
});
const directions = clips([0, 45, 90, 135, 180, 225, 270, 315].map((directionDeg) => drift(directionDeg)));
const plan = (changes: object) => planOf({ target: [{ area: 'MT' }], controls: { random: 5 }, ...changes });
const options = (screened: StimulusSource, bestOf: StimulusSource) => ({
  reference: directions,
  sources: { screening: screened, bestOf },
});
const screening = { space: { type: 'set', stimuli: { set: 'x' } }, optimiser: { type: 'screening', keep: 2 } };

describe('controls of what moves', () => {
  it('are matched to a candidate that moves: mean and contrast over its frames', async () => {
    const screened = clips([drift(180), drift(0, 0.5)]);
    const search = await finish(searchOn(new RightwardModel(), plan(screening), options(screened, directions)));
    const { candidates, controls, notices } = search.result();
    expect(candidates[0]?.spec).toMatchObject({ directionDeg: 0, contrast: 0.5 });
    // A sine of contrast .5 has an RMS contrast of .5 ÷ √2.
    expect(notices).toEqual([
      expect.stringMatching(
        /mean luminance 0\.5, RMS contrast 0\.354, weighted by its aperture\. It moves, and so does the noise that it is compared with\.$/,
      ),
    ]);
    expect(controls.map(({ kind, n }) => [kind, n])).toEqual([
      ['random', 5],
      ['best-of-set', 8],
      ['best-grating', 8],
    ]);
  });

  it('move as their stimuli do, mean and contrast over all frames those of the candidate', async () => {
    const screened = clips([drift(0, 0.5)]);
    const bestOf = clips([drift(180), drift(0, 0.2), drift(90)]);
    const search = await finish(searchOn(new RightwardModel(), plan(screening), options(screened, bestOf)));
    const outcome = search.result();
    const control = outcome.controls.find(({ kind }) => kind === 'best-of-set');
    expect(control).toMatchObject({
      label: 'best of 3 clips, brought to the same mean and RMS contrast',
      sourceIndex: 1,
      sourceSpec: drift(0, 0.2),
      spec: null,
    });
    const shown = control?.image as Float32Array;
    expect(shown).toHaveLength(frames * pixels);
    for (let at = 0; at < frames; at++) {
      const residuals = measureResiduals(frameOf(shown, at), new Float64Array(pixels).fill(1), {
        meanLuminance: 0.5,
        contrastRms: 0.5 / Math.SQRT2,
        range: [0, 1],
      });
      expect(Math.abs(residuals.meanLuminance)).toBeLessThan(1e-6);
      expect(residuals.contrastRms).toBeLessThan(1e-5);
    }
    // At the candidate's contrast it is the candidate itself; its first frame alone would evoke nothing.
    const objective = outcome.candidates[0]?.value as number;
    expect((control?.best as number) / objective).toBeCloseTo(1, 3);
    expect(RightwardModel.response(clipOf(drift(0)))).toBeGreaterThan(0.01);
    const still = new Float32Array(frames * pixels);
    for (let at = 0; at < frames; at++) still.set(frameOf(shown, 0), at * pixels);
    expect(RightwardModel.response(still)).toBeLessThan(1e-6);
  });

  it('keep the course of their contrast: one gain for a clip, and what is blank stays blank', async () => {
    const screened = clips([drift(0, 0.5)]);
    const search = await finish(
      searchOn(new RightwardModel(), plan(screening), options(screened, clips([flicker(0.2)]))),
    );
    const control = search.result().controls.find(({ kind }) => kind === 'best-of-set');
    const shown = control?.image as Float32Array;
    // RMS over the frames: .2 ÷ √2 in two of four, .2 ÷ 2; the candidate has .5 ÷ √2.
    const gain = 0.5 / Math.SQRT2 / (0.2 / 2);
    for (const [at, luminance] of clipOf(flicker(0.2)).entries()) {
      expect(Math.abs((shown[at] as number) - (0.5 + gain * (luminance - 0.5)))).toBeLessThan(1e-6);
    }
    for (const at of [1, 3]) for (const luminance of frameOf(shown, at)) expect(luminance).toBeCloseTo(0.5, 6);
  });

  it('are noise that moves, with mean and contrast of the candidate over all frames in its aperture', async () => {
    const aperture = { diameterDeg: 1.5, edgeDeg: 0.3, xDeg: 0.1, yDeg: 0 };
    const candidate: StimulusSpec = {
      ...(drift(0, 0.5) as Extract<StimulusSpec, { type: 'drifting-grating' }>),
      ...aperture,
    };
    const screened = clips([candidate]);
    const search = await finish(searchOn(new RightwardModel(), plan(screening), options(screened, directions)));
    const { candidates, controls } = search.result();
    const [noise] = controls;
    expect(noise).toMatchObject({
      kind: 'random',
      label: '5 pink noise clips of the same mean and RMS contrast (the search used 1 evaluation)',
    });
    const shown = noise?.image as Float32Array;
    expect(shown).toHaveLength(frames * pixels);
    const weights = apertureWeights(aperture, field);
    const wanted = weightedStatistics(candidates[0]?.image as Float32Array, weights);
    const residuals = measureResiduals(shown, weights, {
      meanLuminance: wanted.mean,
      contrastRms: wanted.contrastRms,
      range: [0, 1],
    });
    expect(residuals.meanLuminance).toBeLessThan(1e-6);
    expect(residuals.contrastRms).toBeLessThan(1e-6);
    expect(residuals.range).toBe(0);
    const outside = shown.filter((_, at) => weights[at % pixels] === 0);
    expect(outside.length).toBeGreaterThan(0);
    expect(new Set(outside)).toEqual(new Set([0.5]));
    // Noise that stands still evokes nothing of this unit.
    expect(noise?.best).toBeGreaterThan(Math.min(...(noise?.values ?? [])));
    expect(RightwardModel.response(shown)).toBeGreaterThan(1e-5);
    for (let at = 1; at < frames; at++) expect(frameOf(shown, at)).not.toEqual(frameOf(shown, at - 1));
  });

  it('stand still beside a candidate that does', async () => {
    const still: StimulusSpec = {
      ...(drift(0, 0.5) as Extract<StimulusSpec, { type: 'drifting-grating' }>),
      temporalFrequencyHz: 0,
    };
    const screened: StimulusSource = {
      count: 1,
      render: async () => renderSpec(still, field),
      spec: () => still,
    };
    const search = await finish(searchOn(new RightwardModel(), plan(screening), options(screened, directions)));
    const [noise] = search.result().controls;
    expect(noise?.image).toHaveLength(pixels);
    expect(noise?.label).toMatch(/^5 pink noise images /);
    expect(search.result().notices.join()).not.toMatch(/moves/);
  });
});

describe('a screening of clips', () => {
  const mixed = clips([drift(180), drift(0, 0.5), flicker(0.3), drift(0, 0.3), drift(90), drift(0, 0.2), flicker(0.4)]);
  const make = () => searchOn(new RightwardModel(), plan(screening), options(mixed, clips([drift(180), flicker(0.2)])));

  it('keeps no pictures in its checkpoints', async () => {
    const search = make();
    while (!search.done) {
      await search.advance();
      const { arrays } = decodeCheckpoint(search.checkpoint());
      const values = Object.values(arrays).reduce((sum, { length }) => sum + length, 0);
      // One frame would be 256: responses, values of controls and the trajectory are all there is.
      expect(values).toBeLessThan(60);
    }
    expect(search.result().candidates.map(({ image }) => image)).toEqual([
      clipOf(drift(0, 0.5)),
      clipOf(drift(0, 0.3)),
    ]);
  });

  it('gives the same bytes when it is stopped and resumed at every single step', async () => {
    expect(await differencesAfterResuming(make)).toEqual([]);
  });
});
