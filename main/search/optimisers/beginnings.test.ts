import { expect, it } from 'vitest';
import { TwinscopeError } from '../../platform/errors.ts';
import { boundOrNull } from './beginnings.ts';

const images = [1, 2, 3].map((value) => new Float32Array(4).fill(value));

it('leaves to noise what cannot be brought to the constraints, and tells of it once', () => {
  const bind = (image: Float64Array): Float32Array => {
    if (image[0] === 2) throw new TwinscopeError('bad-input', 'These constraints cannot be met together.');
    return Float32Array.from(image, (value) => 10 * value);
  };
  const notices: string[] = [];
  for (let times = 0; times < 2; times++) {
    expect(boundOrNull(images, bind, notices)).toEqual([
      Float32Array.of(10, 10, 10, 10),
      null,
      Float32Array.of(30, 30, 30, 30),
    ]);
  }
  expect(notices).toEqual([
    expect.stringMatching(/^1 of the 3 screened stimuli .* so that start begins from noise\.$/),
  ]);
});

it('says nothing where all can be, and hides no other fault', () => {
  const notices: string[] = [];
  boundOrNull(images, (image) => Float32Array.from(image), notices);
  expect(notices).toEqual([]);
  const broken = (): never => {
    throw new RangeError('broken');
  };
  expect(() => boundOrNull(images, broken, notices)).toThrow('broken');
});
