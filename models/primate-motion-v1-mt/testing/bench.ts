/** A bench for the twin's tests: clips made here, with Math alone, and the graph run by ONNX Runtime. */
import * as ort from 'onnxruntime-node';
import { readGraph, withOutputs, writeGraph } from '../../../main/onnx/index.ts';
import { inBatches } from '../../batches.ts';
import type { BuildOptions } from '../index.ts';
import { buildModel } from '../index.ts';

export const sizePx = 64;
export const pxPerDeg = 8;
export const frameRateHz = 100;
export const frames = 64;
export const windowBins = { from: 48, to: 64 } as const;
export const clipValues = frames * sizePx * sizePx;
export const sensorCount = 486;
export const counts = { v1: 972, mt_component: 144, mt_pattern: 144 } as const;
const batch = 8;

/** A full-field sinusoid that drifts in a direction (0 right, 90 up); the phase is that at the field's centre at time 0. */
export interface Drift {
  directionDeg: number;
  cpd: number;
  hz: number;
  phaseDeg?: number;
  contrast: number;
}

/** Degrees of columns from the middle, and of rows with the sign changed. */
export const pixelPlaces = Array.from({ length: sizePx }, (_, i) => (i + 0.5 - sizePx / 2) / pxPerDeg);

/** Luminance .5·(1 + s) of a sum of gratings, frame k at k/100 s. */
export function clipOf(parts: readonly Drift[], firstFrame = 0): Float32Array {
  const clip = new Float32Array(clipValues).fill(0.5);
  for (const { directionDeg, cpd, hz, phaseDeg = 0, contrast } of parts) {
    const angle = (directionDeg * Math.PI) / 180;
    const [kx, ky] = [2 * Math.PI * cpd * Math.cos(angle), 2 * Math.PI * cpd * Math.sin(angle)];
    const [cosX, sinX] = [pixelPlaces.map((x) => Math.cos(kx * x)), pixelPlaces.map((x) => Math.sin(kx * x))];
    for (let frame = firstFrame, at = firstFrame * sizePx * sizePx; frame < frames; frame++) {
      const turned = (phaseDeg * Math.PI) / 180 - (2 * Math.PI * hz * frame) / frameRateHz;
      for (const place of pixelPlaces) {
        const [c, s] = [Math.cos(turned - ky * place), Math.sin(turned - ky * place)];
        for (let column = 0; column < sizePx; column++, at++) {
          const wave = (cosX[column] as number) * c - (sinX[column] as number) * s;
          clip[at] = (clip[at] as number) + 0.5 * contrast * wave;
        }
      }
    }
  }
  return clip;
}

/** Draws a grating or the sum of two in a way of its own; `parts` says what is meant. */
export type Draw = (parts: readonly Drift[]) => Float32Array;

export type Responses = Record<string, Float32Array>;

export interface Bench {
  /** The .onnx file under test. */
  model: Uint8Array;
  /** [units, time] of every output for every clip. */
  courses(clips: Iterable<Float32Array>): Promise<Responses[]>;
  /** Means over the window of time bins that the manifest states: units of every output for every clip. */
  responses(clips: Iterable<Float32Array>): Promise<Responses[]>;
}

const windowMeans = (course: Float32Array): Float32Array =>
  Float32Array.from({ length: course.length / frames }, (_, unit) => {
    const bins = course.subarray(unit * frames + windowBins.from, unit * frames + windowBins.to);
    return bins.reduce((sum, value) => sum + value, 0) / bins.length;
  });

/** @param tensors intermediate tensors to show instead of the outputs; the nodes are those of the shipped graph */
export async function openBench(options: BuildOptions = {}, tensors?: readonly string[]): Promise<Bench> {
  const built = buildModel(options);
  const model = tensors === undefined ? built : writeGraph(withOutputs(readGraph(built), tensors));
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1 });
  const run = async (clips: readonly Float32Array[]): Promise<Responses[]> => {
    const data = new Float32Array(clips.length * clipValues);
    for (const [i, clip] of clips.entries()) data.set(clip, i * clipValues);
    const outputs = await session.run({
      stimulus: new ort.Tensor('float32', data, [clips.length, 1, frames, sizePx, sizePx]),
    });
    return clips.map((_, i) =>
      Object.fromEntries(
        Object.entries(outputs).map(([name, tensor]) => {
          const values = tensor.data as Float32Array;
          const each = values.length / clips.length;
          return [name, values.slice(i * each, (i + 1) * each)];
        }),
      ),
    );
  };
  const means = async (clips: readonly Float32Array[]): Promise<Responses[]> =>
    (await run(clips)).map((course) =>
      Object.fromEntries(Object.entries(course).map(([name, values]) => [name, windowMeans(values)])),
    );
  return {
    model,
    courses: (clips) => inBatches(clips, batch, run),
    responses: (clips) => inBatches(clips, batch, means),
  };
}

/** The bench that shows the sensors' energies, which the shipped graph computes on its way. */
export const openEnergies = (options: BuildOptions = {}): Promise<Bench> =>
  openBench(options, ['opponent_energy', 'total_energy']);
