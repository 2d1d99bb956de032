/** Intermediate values of a graph as outputs: which ones there are, and what becomes of their first axis. */
import {
  inferShapes,
  requiredInputs,
  type Graph,
  type TensorType,
  type ValueInfo,
  withOutputs,
} from '../onnx/index.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { isNpyDtype } from '../stimuli/npyArray.ts';
import type { TapArray } from './computeContract.ts';

export interface Tap extends ValueInfo {
  /** The axis of the pictures; null for values that are the same for any number of them, such as a position embedding. */
  axis: number | null;
}

/**
 * The graph up to these values, which become its outputs, and what is known of each. The name of a node stands for its
 * first output. Throws 'bad-input' with the nearest names for values the graph does not compute, 'unsupported' for values
 * that are no numbers.
 */
export function tapGraph(graph: Graph, names: readonly string[]): { graph: Graph; taps: Tap[] } {
  const made = new Set(graph.nodes.flatMap(({ outputs }) => outputs));
  const tensors = names.map((name) =>
    made.has(name) ? name : (graph.nodes.find((node) => node.name !== '' && node.name === name)?.outputs[0] ?? name),
  );
  const types = inferShapes(graph);
  const batched = requiredInputs(graph).some(({ shape }) => typeof shape?.[0] === 'string');
  const tapped = withOutputs(graph, tensors);
  const wrong = tapped.outputs.find(({ dtype }) => !isTappable(dtype));
  if (wrong !== undefined) {
    throw new TwinscopeError(
      'unsupported',
      `"${wrong.name}" holds ${wrong.dtype} values, which no array file takes. Nothing was computed. Leave it out.`,
    );
  }
  return {
    graph: tapped,
    taps: tapped.outputs.map((info) => ({ ...info, axis: axisOfPictures(types.get(info.name), batched) })),
  };
}

/** True where values of this type can be written; 'undefined': not known before it runs. */
export const isTappable = (dtype: string): boolean => dtype === 'undefined' || isNpyDtype(dtype);

/** The first axis that is open until the model runs; the first of all where nothing is open or known. */
function axisOfPictures(type: TensorType | undefined, batched: boolean): number | null {
  if (type === undefined) return 0;
  const open = type.shape.findIndex((size) => typeof size === 'string');
  if (open >= 0) return open;
  return batched || type.shape.length === 0 ? null : 0;
}

/** The refusal of a value that cannot be cut or stacked by pictures. */
export function notPerPicture(name: string, dims: readonly number[]): TwinscopeError {
  return new TwinscopeError(
    'unsupported',
    `"${name}" has no axis for the pictures (its shape is ${dims.join(' × ')}), so it cannot be stacked. Leave it out.`,
  );
}

/** Batches of one tensor, one behind the other along the axis of the pictures. */
export function stack(parts: readonly TapArray[]): TapArray {
  const [first] = parts as [TapArray, ...TapArray[]];
  const { axis } = first;
  if (axis === null || parts.length === 1) return first;
  const others = (shape: readonly number[]): string => shape.toSpliced(axis, 1).join();
  if (parts.some(({ shape }) => others(shape) !== others(first.shape))) throw notPerPicture(first.name, first.shape);
  const shape = first.shape.with(
    axis,
    parts.reduce((sum, part) => sum + (part.shape[axis] as number), 0),
  );
  const outer = shape.slice(0, axis).reduce((product, size) => product * size, 1);
  const length = parts.reduce((sum, { data }) => sum + data.length, 0);
  const data = new (first.data.constructor as new (length: number) => Float32Array)(length);
  let at = 0;
  for (let row = 0; row < outer; row++) {
    for (const part of parts) {
      const size = part.data.length / outer;
      data.set((part.data as Float32Array).subarray(row * size, (row + 1) * size), at);
      at += size;
    }
  }
  return { ...first, data, shape };
}
