/** Controls of searches over a twin that sees clips, when what is compared moves. */
import { describe, expect, it } from 'vitest';
import type { StimulusSpec } from '../contract/stimuli.ts';
import { renderSpec } from '../stimuli/render.ts';
import type { ResponseModel, SearchField, StimulusSource } from './model.ts';
import { measureResiduals } from './residuals.ts';
import { finish, planOf, searchOn } from './testing/fixtures.ts';

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
        /mean luminance 0\.5, RMS contrast 0\.354, weighted by its aperture\. It moves, and the noise that it is compared with stands still\.$/,
      ),
    ]);
    expect(controls.map(({ kind, n }) => [kind, n])).toEqual([
      ['random', 5],
      ['best-of-set', 8],
      ['best-grating', 8],
    ]);
  });

  it('move as their stimuli do, every frame on the constraints', async () => {
    const screened = clips([drift(0, 0.5)]);
    const bestOf = clips([drift(180), drift(0, 0.2), drift(90)]);
    const search = await finish(searchOn(new RightwardModel(), plan(screening), options(screened, bestOf)));
    const outcome = search.result();
    const control = outcome.controls.find(({ kind }) => kind === 'best-of-set');
    expect(control).toMatchObject({
      label: 'best of 3 stimuli, brought to the same mean and RMS contrast',
      sourceIndex: 1,
      sourceSpec: drift(0, 0.2),
      spec: null,
    });
    const shown = control?.image as Float32Array;
    expect(shown).toHaveLength(frames * pixels);
    for (let at = 0; at < frames; at++) {
      const residuals = measureResiduals(
        shown.subarray(at * pixels, (at + 1) * pixels),
        new Float64Array(pixels).fill(1),
        { meanLuminance: 0.5, contrastRms: 0.5 / Math.SQRT2, range: [0, 1] },
      );
      expect(Math.abs(residuals.meanLuminance)).toBeLessThan(1e-6);
      expect(Math.abs(residuals.contrastRms)).toBeLessThan(1e-5);
    }
    // At the candidate's contrast it is the candidate itself; its first frame alone would evoke nothing.
    const objective = outcome.candidates[0]?.value as number;
    expect((control?.best as number) / objective).toBeCloseTo(1, 3);
    expect(RightwardModel.response(clipOf(drift(0)))).toBeGreaterThan(0.01);
    const still = new Float32Array(frames * pixels);
    for (let at = 0; at < frames; at++) still.set(shown.subarray(0, pixels), at * pixels);
    expect(RightwardModel.response(still)).toBeLessThan(1e-6);
  });
});
