/**
 * What a twin takes beside its stimulus: behaviour, the same over a whole clip, and the state of a recurrent graph, which
 * each stimulus finds as a clip of the background leaves it.
 */
import type { TwinInput, TwinManifest } from '../contract/twins.ts';
import { nearestName } from '../contract/validate.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { formatNumber } from '../stimuli/words.ts';
import { imageInput, pictureShape } from './inputAdapter.ts';

/** Values of behaviour channels by name; channels left out keep their default. */
export type Behaviour = Readonly<Record<string, number>>;

export type OtherInput = {
  tensor: string;
  role: 'behaviour' | 'state';
  /** Sizes of one stimulus's values, without the batch. */
  shape: number[];
  /** One stimulus's values; zeros for a state. */
  values: Float32Array;
  /** Of a state: the output that holds it after the clip. */
  from: string | null;
};

/**
 * The inputs beside the stimulus, filled for one stimulus. Throws 'unsupported' with the reason where this version cannot
 * feed one of them, and 'bad-input' for a channel that the twin lacks or a value that is no number.
 */
export function otherInputs(manifest: TwinManifest, behaviour: Behaviour = {}): OtherInput[] {
  requireChannels(manifest, behaviour);
  return manifest.inputs.flatMap((input): OtherInput[] => {
    if (input.role === 'stimulus') return [];
    if (input.role === 'tokens') throw unfit(manifest, input, 'takes tokens');
    if (input.dtype !== 'float32') throw unfit(manifest, input, `takes ${input.dtype}, where float32 is fed`);
    const sizes = input.axes.slice(1).map(({ size }) => size);
    const shape = sizes.filter((size) => size !== null);
    if (shape.length < sizes.length || input.axes.length < 2)
      throw unfit(manifest, input, 'has no fixed sizes behind the batch');
    const length = shape.reduce((product, size) => product * size, 1);
    const { tensor } = input;
    if (input.role === 'state') {
      return [{ tensor, role: 'state', shape, values: new Float32Array(length), from: input.from }];
    }
    const channelAt = input.axes.findIndex(({ name }) => name === 'channel') - 1;
    if (channelAt < 0 || shape[channelAt] !== input.channels.length) {
      throw unfit(
        manifest,
        input,
        `names ${input.channels.length} channels, and no axis called "channel" has that size`,
      );
    }
    // Between two values of a channel, and of the next channel, lie the sizes of the axes behind it.
    const behind = shape.slice(channelAt + 1).reduce((product, size) => product * size, 1);
    const levels = input.channels.map(({ name, default: usual }) => behaviour[name] ?? usual);
    const values = Float32Array.from({ length }, (_, at) => levels[Math.floor(at / behind) % levels.length] as number);
    return [{ tensor, role: 'behaviour', shape, values, from: null }];
  });
}

/** Sizes of every input for `n` stimuli. Throws as `imageInput` and `otherInputs` do. */
export function inputShapes(manifest: TwinManifest, n: number): Map<string, number[]> {
  const { input, format } = imageInput(manifest);
  return new Map([
    [input.tensor, pictureShape(format, n)],
    ...otherInputs(manifest).map(({ tensor, shape }): [string, number[]] => [tensor, [n, ...shape]]),
  ]);
}

/** The values repeated for `n` stimuli. */
export function repeated(values: Float32Array, n: number): Float32Array {
  const all = new Float32Array(n * values.length);
  for (let i = 0; i < n; i++) all.set(values, i * values.length);
  return all;
}

function requireChannels(manifest: TwinManifest, behaviour: Behaviour): void {
  const channels = manifest.inputs.flatMap((input) => (input.role === 'behaviour' ? input.channels : []));
  for (const [name, value] of Object.entries(behaviour)) {
    if (!channels.some((channel) => channel.name === name)) {
      const known = channels.map((channel) => channel.name);
      const near = nearestName(name, known);
      throw new TwinscopeError(
        'bad-input',
        `${manifest.title} has no behaviour "${name}"${near === null ? '' : `; the nearest is "${near}"`}. Nothing was computed. ` +
          (known.length === 0 ? 'It takes no behaviour; leave it out of the plan.' : `It takes ${known.join(', ')}.`),
      );
    }
    if (!Number.isFinite(value)) {
      throw new TwinscopeError(
        'bad-input',
        `The behaviour "${name}" is ${value}. Nothing was computed. Give a number.`,
      );
    }
  }
}

/** A sentence where behaviour lies beyond what a twin was made for, or null: its answers are extrapolations there. */
export function behaviourBeyond({ inputs }: Pick<TwinManifest, 'inputs'>, behaviour: Behaviour = {}): string | null {
  const channels = inputs.flatMap((input) => (input.role === 'behaviour' ? input.channels : []));
  const beyond = channels.flatMap(({ name, range }) => {
    const value = behaviour[name];
    if (range === undefined || value === undefined || (value >= range[0] && value <= range[1])) return [];
    return [`${name} ${formatNumber(value)}, made for ${formatNumber(range[0])} to ${formatNumber(range[1])}`];
  });
  return beyond.length === 0
    ? null
    : `Behaviour outside what the twin was made for: ${beyond.join('; ')}. Its predictions there are extrapolations.`;
}

const unfit = ({ title }: TwinManifest, { tensor }: TwinInput, why: string): TwinscopeError =>
  new TwinscopeError('unsupported', `The input "${tensor}" of ${title} ${why}. This version cannot feed it.`);
