/** A bench for the twin's tests: clips made here, with Math alone, and the graph run by ONNX Runtime. */
import * as ort from 'onnxruntime-node';
import { buildModel, type BuildOptions } from '../index.ts';

export const sizePx = 80;
export const unitCount = 400;
export const clipFrames = 36;
/** Response window: frames 6 to 35, 1 s. */
export const windowFrom = 6;
export const frameRateHz = 30;
const pixels = sizePx * sizePx;
const stateShape = [102, 16, 16];
const stateFloats = stateShape.reduce((product, size) => product * size, 1);

/** What the animal does, in the order of the channels; one value for the whole clip or one per frame. */
export interface Behaviour {
  eyeXDeg?: number | readonly number[];
  eyeYDeg?: number | readonly number[];
  runningCmPerS?: number | readonly number[];
  pupil?: number | readonly number[];
}

export interface Grating {
  /** Direction of motion, 0 = right, 90 = up. */
  directionDeg: number;
  cpd: number;
  hz: number;
  contrast: number;
  /** At the field's middle in the first frame. */
  phaseDeg?: number;
}

/** Luminance .5·(1 + s): `at` gives s at (x, y) in degrees, y up, and the time in seconds. */
export function clipOf(at: (xDeg: number, yDeg: number, seconds: number) => number, frames = clipFrames): Float32Array {
  const clip = new Float32Array(frames * pixels);
  for (let t = 0, i = 0; t < frames; t++) {
    for (let row = 0; row < sizePx; row++) {
      for (let column = 0; column < sizePx; column++, i++) {
        clip[i] = 0.5 * (1 + at(column + 0.5 - sizePx / 2, sizePx / 2 - row - 0.5, t / frameRateHz));
      }
    }
  }
  return clip;
}

export function drifting(
  { directionDeg, cpd, hz, contrast, phaseDeg = 0 }: Grating,
  frames = clipFrames,
): Float32Array {
  const angle = (directionDeg * Math.PI) / 180;
  const [kx, ky] = [2 * Math.PI * cpd * Math.cos(angle), 2 * Math.PI * cpd * Math.sin(angle)];
  const phase = (phaseDeg * Math.PI) / 180;
  return clipOf((x, y, t) => contrast * Math.cos(kx * x + ky * y - 2 * Math.PI * hz * t + phase), frames);
}

export const blankClip = (frames = clipFrames): Float32Array => new Float32Array(frames * pixels).fill(0.5);

export interface Answer {
  /** [unit, frame] */
  responses: Float32Array;
  state: Float32Array;
}

export interface Bench {
  /** The .onnx file under test. */
  model: Uint8Array;
  frames: number;
  /** One clip; without a state it starts from nothing. */
  run(clip: Float32Array, behaviour?: Behaviour, state?: Float32Array): Promise<Answer>;
  /** What a clip of the background leaves behind after one run from nothing: where every stimulus starts. */
  background(behaviour?: Behaviour): Promise<Float32Array>;
  /** Means over the response window of clips that start from the background. */
  means(clips: Iterable<Float32Array>, behaviour?: Behaviour): Promise<Float64Array[]>;
}

export function windowMeans({ responses }: Answer, frames = clipFrames, from = windowFrom): Float64Array {
  return Float64Array.from({ length: unitCount }, (_, unit) => {
    let sum = 0;
    for (let t = from; t < frames; t++) sum += responses[unit * frames + t] as number;
    return sum / (frames - from);
  });
}

export function behaviourTensor(behaviour: Behaviour, frames: number): Float32Array {
  const values = [behaviour.eyeXDeg ?? 0, behaviour.eyeYDeg ?? 0, behaviour.runningCmPerS ?? 0, behaviour.pupil ?? 1];
  return Float32Array.from(values.flatMap((value) => (typeof value === 'number' ? Array(frames).fill(value) : value)));
}

export async function openBench(options: BuildOptions = {}): Promise<Bench> {
  const model = buildModel(options);
  const frames = options.frames ?? clipFrames;
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1 });
  const run: Bench['run'] = async (clip, behaviour = {}, state = new Float32Array(stateFloats)) => {
    const results = await session.run({
      stimulus: new ort.Tensor('float32', clip, [1, 1, frames, sizePx, sizePx]),
      behaviour: new ort.Tensor('float32', behaviourTensor(behaviour, frames), [1, 4, frames]),
      state: new ort.Tensor('float32', state, [1, ...stateShape]),
    });
    const data = (name: string) => (results[name] as ort.Tensor).data as Float32Array;
    return { responses: data('responses'), state: data('state_after') };
  };
  const background: Bench['background'] = async (behaviour = {}) => (await run(blankClip(frames), behaviour)).state;
  return {
    model,
    frames,
    run,
    background,
    means: async (clips, behaviour = {}) => {
      const start = await background(behaviour);
      const answers: Float64Array[] = [];
      for (const clip of clips) answers.push(windowMeans(await run(clip, behaviour, start), frames));
      return answers;
    },
  };
}
