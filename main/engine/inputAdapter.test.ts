import { expect, test } from 'vitest';
import type { StimulusInput, TwinManifest } from '../contract/twins.ts';
import { Random } from '../platform/random.ts';
import { smallManifest } from '../twins/testing/smallTwin.ts';
import {
  encodeChannel,
  encodeGreyPicture,
  encodeGreyPictures,
  gradientOfGrey,
  imageInput,
  pictureFloats,
  pictureShape,
  type PictureFormat,
} from './inputAdapter.ts';

const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

function manifestWith(change: Partial<StimulusInput>, sizes: (number | null)[], names?: string[]): TwinManifest {
  const manifest = smallManifest() as TwinManifest;
  manifest.inputs[0] = {
    ...(manifest.inputs[0] as StimulusInput),
    axes: sizes.map((size, i) => ({ name: names?.[i] ?? `axis${i}`, size })),
    ...change,
  };
  return manifest;
}
const formatOf = (...given: Parameters<typeof manifestWith>): PictureFormat =>
  imageInput(manifestWith(...given)).format;

/** IEC 61966-2-1 in float64, by the host's power function. */
const srgb = (linear: number): number => (linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055);

function raster(sizePx: number, seed: number): Float32Array {
  const random = Random.fromSeed(seed, 'adapter test');
  // Both parts of the sRGB curve, and its ends.
  return Float32Array.from({ length: sizePx * sizePx }, (_, i) =>
    i === 0 ? 0 : i === 1 ? 1 : i % 3 === 0 ? 0.003 * random.uniform() : random.uniform(),
  );
}

const formats: [string, PictureFormat][] = [
  ['grey-linear', formatOf({}, [null, 1, 5, 5])],
  ['grey-linear, mean and std', formatOf({ mean: [0.5], std: [0.25] }, [null, 1, 5, 5])],
  ['grey-linear in three channels', formatOf({ ...imagenet }, [null, 3, 5, 5])],
  ['linear RGB, 0 to 255', formatOf({ encoding: 'linear', range: [0, 255], mean: [128] }, [null, 3, 5, 5])],
  ['grey sRGB, −1 to 1', formatOf({ encoding: 'srgb', range: [-1, 1] }, [null, 1, 5, 5])],
  ['sRGB, ImageNet', formatOf({ encoding: 'srgb', ...imagenet }, [null, 3, 5, 5])],
  ['sRGB, ImageNet, channels last', formatOf({ encoding: 'srgb', ...imagenet }, [null, 5, 5, 3])],
];

test('a format follows from axes, encoding, range, mean and std', () => {
  expect(formatOf({ encoding: 'srgb', ...imagenet }, [null, 3, 224, 224])).toMatchObject({
    sizePx: 224,
    channels: 3,
    channelsLast: false,
    curve: 'srgb',
    colour: true,
    scale: [1 / 0.229, 1 / 0.224, 1 / 0.225],
    shift: [-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225],
  });
  expect(formatOf({ encoding: 'srgb', range: [0, 255] }, [8, 64, 64, 3])).toMatchObject({
    channelsLast: true,
    scale: [255, 255, 255],
    shift: [0, 0, 0],
  });
  expect(formatOf({ encoding: 'grey-linear' }, [null, 3, 8, 8]).colour).toBe(false);
  const names = ['batch', 'height', 'width', 'channels'];
  expect(formatOf({}, [null, 3, 3, 3], names).channelsLast).toBe(true);
  expect(formatOf({}, [null, 3, 3, 3]).channelsLast).toBe(false);
});

test.each(formats)('%s: every value is the one that the definition gives', (_, format) => {
  const picture = raster(format.sizePx, 1);
  const out = new Float32Array(pictureFloats(format));
  encodeGreyPicture(format, picture, out);
  const pixels = format.sizePx ** 2;
  for (let channel = 0; channel < format.channels; channel++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      const light = picture[pixel] as number;
      const encoded = format.curve === 'srgb' ? srgb(light) : light;
      const expected = encoded * (format.scale[channel] as number) + (format.shift[channel] as number);
      const at = format.channelsLast ? pixel * format.channels + channel : channel * pixels + pixel;
      expect(Math.abs((out[at] as number) - expected)).toBeLessThanOrEqual(
        1e-9 * (format.scale[channel] as number) + 6e-8 * Math.abs(expected),
      );
    }
  }
});

test('linear grey pictures without mean and std pass to the bit', () => {
  const format = formatOf({}, [null, 1, 5, 5]);
  const pictures = Float32Array.from([...raster(5, 1), ...raster(5, 2)]);
  expect(encodeGreyPictures(format, pictures, 2)).toEqual(pictures);
});

test('planes of another colour each go to their own channel', () => {
  for (const sizes of [
    [null, 3, 2, 2],
    [null, 2, 2, 3],
  ]) {
    const format = formatOf({ encoding: 'linear' }, sizes);
    const out = new Float32Array(12);
    for (const channel of [0, 1, 2]) encodeChannel(format, channel, new Float32Array(4).fill(channel + 1), out);
    expect([...out]).toEqual(
      format.channelsLast ? [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3] : [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3],
    );
    expect(pictureShape(format, 7)).toEqual(format.channelsLast ? [7, 2, 2, 3] : [7, 3, 2, 2]);
  }
});

test.each(formats)('%s: the way back is the derivative of the way there', (_, format) => {
  const n = 2;
  const pixels = format.sizePx ** 2;
  const floats = pictureFloats(format);
  const rasters = Float32Array.from([...raster(format.sizePx, 3), ...raster(format.sizePx, 4)]);
  const random = Random.fromSeed(5, 'cotangent');
  const cotangent = Float32Array.from({ length: n * floats }, () => random.normal());
  const gradient = gradientOfGrey(format, cotangent, rasters, n);
  expect(gradient).toHaveLength(n * pixels);
  for (let at = 0; at < n * pixels; at++) {
    const light = rasters[at] as number;
    const picture = Math.floor(at / pixels);
    const pixel = at % pixels;
    /** The weighted sum over this pixel's channels at another light, in float64. */
    const sum = (value: number): number =>
      format.scale.reduce((total, scale, channel) => {
        const place = format.channelsLast ? pixel * format.channels + channel : channel * pixels + pixel;
        const weight = cotangent[picture * floats + place] as number;
        return total + weight * (scale * (format.curve === 'srgb' ? srgb(value) : value));
      }, 0);
    const step = 1e-6 * Math.max(light, 1e-3);
    const expected = (sum(light + step) - sum(light - step)) / (2 * step);
    const size = format.scale.reduce((total, scale) => total + scale, 0) * (format.curve === 'srgb' ? 12.92 : 1);
    expect(Math.abs((gradient[at] as number) - expected)).toBeLessThanOrEqual(1e-6 * Math.abs(expected) + 1e-8 * size);
  }
});

test('what cannot be fed is refused with the reason', () => {
  const refusal = (...given: Parameters<typeof manifestWith>) => {
    const manifest = manifestWith(...given);
    return () => imageInput(manifest);
  };
  const notSquare = 'does not take square pictures with one or three channels';
  expect(refusal({}, [null, 4, 8, 8])).toThrow(notSquare);
  expect(refusal({}, [null, 3, 8, 9])).toThrow(notSquare);
  expect(refusal({}, [null, 3, 5, 8, 8])).toThrow(notSquare);
  expect(refusal({ mean: [0.1, 0.2] }, [null, 3, 8, 8])).toThrow('gives a mean of [0.1, 0.2] for 3 channels');
  expect(refusal({ std: [0] }, [null, 1, 8, 8])).toThrow('gives a std of [0] for 1 channel');
  expect(refusal({ dtype: 'int64' }, [null, 1, 8, 8])).toThrow('takes its pictures as int64');
  const two = manifestWith({}, [null, 1, 8, 8]);
  two.inputs.push(two.inputs[0] as StimulusInput);
  expect(() => imageInput(two)).toThrow('takes pictures at 2 inputs');
});
