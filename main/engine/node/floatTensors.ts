/** Tensors of any floating-point type as numbers that can be added, and back. */
import * as ort from 'onnxruntime-node';
import type { FloatArray, Vjp } from '../../autodiff/index.ts';
import { halfOfNumber, numberOfHalf } from '../../platform/float16.ts';
import { halfTensor } from './modelInputs.ts';

/** Half precision is widened to single. */
export function floatsOf({ type, data }: ort.Tensor): FloatArray {
  if (type === 'float64') return data as Float64Array;
  if (type !== 'float16') return data as Float32Array;
  return data instanceof Uint16Array ? Float32Array.from(data, numberOfHalf) : Float32Array.from(data as Float32Array);
}

/** A tensor of the type named; every value is rounded to it. */
export function floatTensor(type: string, dims: readonly number[], values: FloatArray): ort.Tensor {
  if (type === 'float64') return new ort.Tensor('float64', Float64Array.from(values), dims);
  if (type === 'float16') return halfTensor(Uint16Array.from(values, halfOfNumber), dims);
  return new ort.Tensor('float32', Float32Array.from(values), dims);
}

/** The input of a gradient's graph that weighs the responses of one output, and the type it takes: the output's own. */
export function cotangentInput({ graph, cotangents }: Vjp, output: string): { name: string; dtype: string } {
  const input = graph.inputs.find(({ name }) => name === cotangents[output]);
  if (input === undefined) throw new RangeError(`the gradient has no weights for ${output}`);
  return { name: input.name, dtype: input.dtype };
}
