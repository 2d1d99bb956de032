/**
 * Between the linear-light rasters that stimuli are drawn as and the tensor that a twin's graph takes: display encoding,
 * value range, mean and standard deviation, channels, axis order — and back, for gradients.
 */
import { pictureAxes } from '../contract/pictureAxes.ts';
import { stimulusInputOf, type StimulusInput, type TwinManifest } from '../contract/twins.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { encodeSrgb, linearToSrgb } from '../stimuli/encode.ts';

/** How a twin wants its pictures. Plain data, so that it can be sent to a thread. */
export type PictureFormat = {
  sizePx: number;
  channels: 1 | 3;
  /** NHWC instead of NCHW. */
  channelsLast: boolean;
  /** Whether values follow the sRGB curve or linear light. */
  curve: 'srgb' | 'linear';
  /** Photographs keep their colours; false: every channel gets the luminance. */
  colour: boolean;
  /** Per channel: an encoded value v, display black 0 and white 1, becomes v · scale + shift. */
  scale: number[];
  shift: number[];
};

/** Floats that one picture takes in the tensor. */
export const pictureFloats = ({ channels, sizePx }: PictureFormat): number => channels * sizePx * sizePx;

/** Sizes of a tensor of `n` pictures. */
export function pictureShape({ channels, sizePx, channelsLast }: PictureFormat, n: number): number[] {
  return channelsLast ? [n, sizePx, sizePx, channels] : [n, channels, sizePx, sizePx];
}

/**
 * The picture input of a twin and its format; throws 'unsupported' with the reason where this version cannot feed it.
 * With `range` [lo, hi], `mean` m and `std` s of a channel the graph gets (lo + v · (hi − lo) − m) ÷ s.
 */
export function imageInput(manifest: TwinManifest): { input: StimulusInput; sizePx: number; format: PictureFormat } {
  const input = stimulusInputOf(manifest);
  if (manifest.inputs.length !== 1 || input === undefined) {
    throw new TwinscopeError(
      'unsupported',
      `${manifest.title} takes more than one input. This version runs twins whose only input is a picture.`,
    );
  }
  const axes = pictureAxes(input);
  if (axes === null || (axes.channels !== 1 && axes.channels !== 3)) {
    throw new TwinscopeError(
      'unsupported',
      `${manifest.title} does not take square pictures with one or three channels. This version cannot feed it.`,
      { axes: input.axes.map(({ size }) => size) },
    );
  }
  if (input.dtype !== 'float32') {
    throw new TwinscopeError(
      'unsupported',
      `${manifest.title} takes its pictures as ${input.dtype}. This version feeds float32 only.`,
    );
  }
  const { channels } = axes;
  const perChannel = (values: number[] | undefined, name: 'mean' | 'std', otherwise: number): number[] => {
    if (values === undefined) return Array.from({ length: channels }, () => otherwise);
    const usable = values.every((value) => Number.isFinite(value) && (name === 'mean' || value > 0));
    if (!usable || (values.length !== 1 && values.length !== channels)) {
      throw new TwinscopeError(
        'unsupported',
        `The manifest of ${manifest.title} gives a ${name} of [${values.join(', ')}] for ${channels} ` +
          `${channels === 1 ? 'channel' : 'channels'}. This version cannot feed it. Ask its author for a corrected package.`,
      );
    }
    return Array.from({ length: channels }, (_, channel) => values[values.length === 1 ? 0 : channel] as number);
  };
  const mean = perChannel(input.mean, 'mean', 0);
  const std = perChannel(input.std, 'std', 1);
  const [low, high] = input.range;
  return {
    input,
    sizePx: axes.sizePx,
    format: {
      sizePx: axes.sizePx,
      channels,
      channelsLast: axes.channelsLast,
      curve: input.encoding === 'srgb' ? 'srgb' : 'linear',
      colour: channels === 3 && input.encoding !== 'grey-linear',
      scale: std.map((value) => (high - low) / value),
      shift: std.map((value, channel) => (low - (mean[channel] as number)) / value),
    },
  };
}

/**
 * Writes one channel of one picture.
 * @param plane sizePx² values of linear light
 * @param out the picture's `pictureFloats` values
 */
export function encodeChannel(format: PictureFormat, channel: number, plane: Float32Array, out: Float32Array): void {
  const { step, start } = strideOf(format, channel);
  const scale = format.scale[channel] as number;
  const shift = format.shift[channel] as number;
  if (format.curve === 'srgb') return encodeSrgb(plane, out, { scale, shift, start, step });
  for (let pixel = 0, at = start; pixel < plane.length; pixel++, at += step) {
    out[at] = (plane[pixel] as number) * scale + shift;
  }
}

/**
 * Writes one grey picture, the same light in every channel.
 * @param raster sizePx² values of linear-light luminance
 * @param out the picture's `pictureFloats` values
 */
export function encodeGreyPicture(format: PictureFormat, raster: Float32Array, out: Float32Array): void {
  for (let channel = 0; channel < format.channels; channel++) encodeChannel(format, channel, raster, out);
}

/** `n` grey pictures, one behind the other, as the tensor's values; a new array. */
export function encodeGreyPictures(format: PictureFormat, rasters: Float32Array, n: number): Float32Array {
  const pixels = format.sizePx * format.sizePx;
  const floats = pictureFloats(format);
  const out = new Float32Array(n * floats);
  for (let i = 0; i < n; i++) {
    const raster = rasters.subarray(i * pixels, (i + 1) * pixels);
    encodeGreyPicture(format, raster, out.subarray(i * floats, (i + 1) * floats));
  }
  return out;
}

/**
 * The gradient with respect to the linear grey rasters, from that with respect to the tensor made of them: every channel
 * carries the same raster r, so dL/dr = encode′(r) · Σ_channels scale · dL/dtensor. With s = 1.055·r^(1/2.4) − 0.055 the
 * curve's slope is (s + 0.055) ÷ (2.4·r), and 12.92 on its straight part.
 * @param gradient n × `pictureFloats`
 * @param rasters n × sizePx², the rasters that were encoded
 * @returns n × sizePx²
 */
export function gradientOfGrey(
  format: PictureFormat,
  gradient: Float32Array,
  rasters: Float32Array,
  n: number,
): Float32Array {
  const pixels = format.sizePx * format.sizePx;
  const floats = pictureFloats(format);
  const out = new Float32Array(n * pixels);
  const strides = format.scale.map((scale, channel) => ({ ...strideOf(format, channel), scale }));
  for (let i = 0; i < n; i++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      let sum = 0;
      for (const { start, step, scale } of strides) {
        sum += scale * (gradient[i * floats + start + pixel * step] as number);
      }
      const at = i * pixels + pixel;
      out[at] = format.curve === 'srgb' ? sum * srgbSlope(rasters[at] as number) : sum;
    }
  }
  return out;
}

const srgbSlope = (linear: number): number =>
  linear <= 0.0031308 ? 12.92 : (linearToSrgb(linear) + 0.055) / (2.4 * linear);

/** Where a channel's values stand among those of its picture. */
function strideOf({ channels, channelsLast, sizePx }: PictureFormat, channel: number): { start: number; step: number } {
  return channelsLast ? { start: channel, step: channels } : { start: channel * sizePx * sizePx, step: 1 };
}
