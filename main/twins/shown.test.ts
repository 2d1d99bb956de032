import { expect, it } from 'vitest';
import { stimulusDesign } from '../contract/stimuli.ts';
import type { StimulusInput } from '../contract/twins.ts';
import { whyNotShown } from './shown.ts';

const sides = [
  { name: 'height', size: 8 },
  { name: 'width', size: 8 },
];
const input = (clip: boolean): StimulusInput => ({
  tensor: 'picture',
  role: 'stimulus',
  axes: [
    { name: 'batch', size: null },
    ...(clip ? [{ name: 'time', size: 6 }] : []),
    { name: 'channel', size: 1 },
    ...sides,
  ],
  dtype: 'float32',
  range: [0, 1],
  encoding: 'linear',
  fieldOfViewDeg: 8,
  background: 0.5,
  ...(clip ? { frameRateHz: 30 } : {}),
});
const twin = (clip: boolean) => ({ title: clip ? 'Clips' : 'Stills', inputs: [input(clip)] });
const drift = (temporalFrequencyHz: number[]) =>
  stimulusDesign.parse({
    type: 'drifting-gratings',
    factors: { directionDeg: [0, 90], spatialFrequencyCpd: [1], temporalFrequencyHz },
  });
const still = stimulusDesign.parse({
  type: 'gratings',
  factors: { orientationDeg: [0, 90], spatialFrequencyCpd: [1] },
});

it('what moves is not for a twin of still pictures', () => {
  expect(whyNotShown(twin(false), drift([4]))).toEqual({
    why: 'Stills sees still pictures, and these stimuli move.',
    remedy: 'Choose a twin that sees clips, or stimuli that stand still.',
  });
  expect(whyNotShown(twin(false), drift([0]))).toBeNull();
  expect(whyNotShown(twin(false), still)).toBeNull();
});

it('what moves is for a twin of clips, as fast as its frames can show', () => {
  expect(whyNotShown(twin(true), still)).toBeNull();
  expect(whyNotShown(twin(true), drift([4, 14.9]))).toBeNull();
  expect(whyNotShown(twin(true), drift([4, 16]))?.why).toBe(
    'Clips has 30 frames per second, and a drift of 16 Hz needs more than 32: it would show another motion.',
  );
});
