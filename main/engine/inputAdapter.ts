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
  /** Frames of a clip with their rate, and whether they stand before the channels; null where pictures stand still. */
  clip: { frames: number; frameRateHz: number; beforeChannels: boolean } | null;
};

/** Pictures in one stimulus: 1, or the frames of a clip. */
export const framesOf = ({ clip }: Pick<PictureFormat, 'clip'>): number => clip?.frames ?? 1;

/** Floats that one stimulus, a picture or a clip, takes in the tensor. */
export const pictureFloats = (format: PictureFormat): number =>
  framesOf(format) * format.channels * format.sizePx * format.sizePx;

/** Sizes of a tensor of `n` stimuli. */
export function pictureShape({ channels, sizePx, channelsLast, clip }: PictureFormat, n: number): number[] {
  const picture = channelsLast ? [sizePx, sizePx, channels] : [channels, sizePx, sizePx];
  return clip === null ? [n, ...picture] : [n, ...picture.toSpliced(clip.beforeChannels ? 0 : 1, 0, clip.frames)];
}

/**
 * The picture input of a twin and its format; throws 'unsupported' with the reason where this version cannot feed it.
 * With `range` [lo, hi], `mean` m and `std` s of a channel the graph gets (lo + v · (hi − lo) − m) ÷ s.
 */
export function imageInput(manifest: TwinManifest): { input: StimulusInput; sizePx: number; format: PictureFormat } {
  const input = stimulusInputOf(manifest);
  const stimuli = manifest.inputs.filter(({ role }) => role === 'stimulus').length;
  if (input === undefined || stimuli > 1) {
    throw new TwinscopeError(
      'unsupported',
      `${manifest.title} takes ${stimuli === 0 ? 'no pictures' : `pictures at ${stimuli} inputs`}. This version runs twins with one stimulus input.`,
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
  const { time } = axes;
  if (time !== null && input.frameRateHz === undefined) {
    throw new TwinscopeError(
      'unsupported',
      `The manifest of ${manifest.title} does not say how many frames per second its clips have. This version cannot feed it. Ask its author for a corrected package.`,
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
      clip: time === null ? null : { ...time, frameRateHz: input.frameRateHz as number },
    },
  };
}

/**
 * Writes one channel of one picture, of one frame or, where none is named, of all of a clip.
 * @param plane sizePx² values of linear light
 * @param out the stimulus's `pictureFloats` values
 */
export function encodeChannel(
  format: PictureFormat,
  channel: number,
  plane: Float32Array,
  out: Float32Array,
  frame?: number,
): void {
  const { step, starts } = placesOf(format, channel);
  const scale = format.scale[channel] as number;
  const shift = format.shift[channel] as number;
  const first = starts[frame ?? 0] as number;
  if (format.curve === 'srgb') encodeSrgb(plane, out, { scale, shift, start: first, step });
  else {
    for (let pixel = 0, at = first; pixel < plane.length; pixel++, at += step) {
      out[at] = (plane[pixel] as number) * scale + shift;
    }
  }
  if (frame !== undefined) return;
  for (const start of starts.slice(1)) {
    for (let pixel = 0, at = 0; pixel < plane.length; pixel++, at += step) {
      out[start + at] = out[first + at] as number;
    }
  }
}

/**
 * Writes one grey picture, the same light in every channel, into one frame or all of them.
 * @param raster sizePx² values of linear-light luminance
 * @param out the stimulus's `pictureFloats` values
 */
export function encodeGreyPicture(
  format: PictureFormat,
  raster: Float32Array,
  out: Float32Array,
  frame?: number,
): void {
  for (let channel = 0; channel < format.channels; channel++) encodeChannel(format, channel, raster, out, frame);
}

/**
 * `n` grey stimuli, one behind the other, as the tensor's values; a new array.
 * @param rasters n × frames × sizePx² values of linear light
 */
export function encodeGreyPictures(format: PictureFormat, rasters: Float32Array, n: number): Float32Array {
  const pixels = format.sizePx * format.sizePx;
  const floats = pictureFloats(format);
  const frames = framesOf(format);
  const out = new Float32Array(n * floats);
  for (let i = 0; i < n; i++) {
    const stimulus = out.subarray(i * floats, (i + 1) * floats);
    for (let frame = 0; frame < frames; frame++) {
      const at = (i * frames + frame) * pixels;
      encodeGreyPicture(format, rasters.subarray(at, at + pixels), stimulus, frame);
    }
  }
  return out;
}

/**
 * The gradient with respect to the linear grey rasters, from that with respect to the tensor made of them: every channel
 * carries the same raster r, so dL/dr = encode′(r) · Σ_channels scale · dL/dtensor. With s = 1.055·r^(1/2.4) − 0.055 the
 * curve's slope is (s + 0.055) ÷ (2.4·r), and 12.92 on its straight part.
 * @param gradient n × `pictureFloats`
 * @param rasters n × frames × sizePx², the rasters that were encoded
 * @returns n × frames × sizePx²
 */
export function gradientOfGrey(
  format: PictureFormat,
  gradient: Float32Array,
  rasters: Float32Array,
  n: number,
): Float32Array {
  const pixels = format.sizePx * format.sizePx;
  const floats = pictureFloats(format);
  const frames = framesOf(format);
  const out = new Float32Array(n * frames * pixels);
  const places = format.scale.map((scale, channel) => ({ ...placesOf(format, channel), scale }));
  for (let i = 0; i < n; i++) {
    for (let frame = 0; frame < frames; frame++) {
      for (let pixel = 0; pixel < pixels; pixel++) {
        let sum = 0;
        for (const { starts, step, scale } of places) {
          sum += scale * (gradient[i * floats + (starts[frame] as number) + pixel * step] as number);
        }
        const at = (i * frames + frame) * pixels + pixel;
        out[at] = format.curve === 'srgb' ? sum * srgbSlope(rasters[at] as number) : sum;
      }
    }
  }
  return out;
}

const srgbSlope = (linear: number): number =>
  linear <= 0.0031308 ? 12.92 : (linearToSrgb(linear) + 0.055) / (2.4 * linear);

/** Where a channel's values stand among those of its stimulus: the first of every frame, and how far the next one is. */
function placesOf(format: PictureFormat, channel: number): { starts: number[]; step: number } {
  const { channels, channelsLast, sizePx, clip } = format;
  const plane = sizePx * sizePx;
  const startOf = (frame: number): number => {
    if (channelsLast) return frame * plane * channels + channel;
    return plane * (clip?.beforeChannels === false ? channel * clip.frames + frame : frame * channels + channel);
  };
  return {
    starts: Array.from({ length: framesOf(format) }, (_, frame) => startOf(frame)),
    step: channelsLast ? channels : 1,
  };
}
