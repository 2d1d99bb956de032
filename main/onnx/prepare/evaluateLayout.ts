/** Cutting, joining and reordering of small constants of any type. */
import { intAttribute, intsAttribute } from '../graph.ts';
import { tensorOfConstant } from '../inferShapes.ts';
import { positiveAxis } from '../shapes/dims.ts';
import { clampSlice } from '../shapes/layout.ts';
import { elementCount, makeTensor, type Tensor } from '../tensor.ts';
import {
  broadcastIndices,
  broadcastNumbers,
  checkCount,
  forEachPosition,
  moveElements,
  stridesOf,
} from './elements.ts';
import type { Evaluator } from './evaluate.ts';
import { asType, readable } from './evaluateArithmetic.ts';

const one = (tensor: Tensor | undefined): Tensor[] | undefined => tensor && [tensor];

/** The same bytes under another shape: no copy is made. */
function reshaped(tensor: Tensor, shape: readonly number[]): Tensor[] | undefined {
  return elementCount(shape) === elementCount(tensor.shape) ? [{ ...tensor, shape: [...shape] }] : undefined;
}

/** Builds a tensor of `shape` from one other, given where each element comes from. */
function gathered(
  x: Tensor,
  shape: readonly number[],
  from: (position: readonly number[]) => number,
): Tensor | undefined {
  checkCount(shape);
  const sources: [Tensor, number][] = [];
  forEachPosition(shape, (position) => sources.push([x, from(position)]));
  return moveElements(x.dtype, shape, sources);
}

const reshape: Evaluator = (node, [x, wanted]) => {
  const list = readable(wanted);
  if (!x || !list) return undefined;
  const copies = intAttribute(node, 'allowzero', 0) === 0;
  const shape = list.map((size, axis) => (size === 0 && copies ? (x.shape[axis] ?? 0) : size));
  const open = shape.indexOf(-1);
  if (open >= 0) shape[open] = elementCount(x.shape) / -elementCount(shape);
  return shape.every((size) => Number.isInteger(size) && size >= 0) ? reshaped(x, shape) : undefined;
};

const squeeze: Evaluator = (_node, [x, axes]) => {
  const listed = axes && readable(axes);
  if (!x || (axes && !listed)) return undefined;
  // An empty list is none to the runtime.
  const gone = listed?.length ? listed.map((axis) => positiveAxis(axis, x.shape.length)) : undefined;
  return reshaped(
    x,
    x.shape.filter((size, axis) => (gone ? !gone.includes(axis) : size !== 1)),
  );
};

const unsqueeze: Evaluator = (_node, [x, axes]) => {
  const listed = readable(axes);
  if (!x || !listed) return undefined;
  const rank = x.shape.length + listed.length;
  const shape = [...x.shape];
  for (const axis of listed.map((item) => positiveAxis(item, rank)).toSorted((a, b) => a - b)) shape.splice(axis, 0, 1);
  return reshaped(x, shape);
};

const flatten: Evaluator = (node, [x]) => {
  if (!x) return undefined;
  const axis = positiveAxis(intAttribute(node, 'axis', 1), x.shape.length);
  return reshaped(x, [elementCount(x.shape.slice(0, axis)), elementCount(x.shape.slice(axis))]);
};

const transpose: Evaluator = (node, [x]) => {
  if (!x) return undefined;
  const order = intsAttribute(node, 'perm') ?? x.shape.map((_, axis) => x.shape.length - 1 - axis);
  const strides = stridesOf(x.shape);
  const shape = order.map((axis) => x.shape[axis]!);
  return one(
    gathered(x, shape, (position) => position.reduce((sum, at, axis) => sum + at * strides[order[axis]!]!, 0)),
  );
};

const concat: Evaluator = (node, inputs) => {
  const tensors = inputs.filter((tensor) => tensor !== undefined);
  const first = tensors[0];
  if (!first || tensors.some(({ dtype, shape }) => dtype !== first.dtype || shape.length !== first.shape.length)) {
    return undefined;
  }
  const axis = positiveAxis(intAttribute(node, 'axis', 0), first.shape.length);
  const shape = first.shape.with(
    axis,
    tensors.reduce((sum, tensor) => sum + tensor.shape[axis]!, 0),
  );
  checkCount(shape);
  if (elementCount(shape) === 0) return one(moveElements(first.dtype, shape, []));
  const inner = elementCount(first.shape.slice(axis + 1));
  const sources: [Tensor, number][] = [];
  for (let outer = 0; outer < elementCount(first.shape.slice(0, axis)); outer++) {
    for (const tensor of tensors) {
      const run = tensor.shape[axis]! * inner;
      for (let at = 0; at < run; at++) sources.push([tensor, outer * run + at]);
    }
  }
  return sources.length === elementCount(shape) ? one(moveElements(first.dtype, shape, sources)) : undefined;
};

const gather: Evaluator = (node, [x, indices]) => {
  const list = readable(indices);
  if (!x || !list) return undefined;
  const axis = positiveAxis(intAttribute(node, 'axis', 0), x.shape.length);
  const size = x.shape[axis]!;
  const picked = list.map((index) => positiveAxis(index, size));
  if (picked.some((index) => !(index >= 0 && index < size))) return undefined;
  const inner = elementCount(x.shape.slice(axis + 1));
  const shape = x.shape.toSpliced(axis, 1, ...indices!.shape);
  checkCount(shape);
  if (elementCount(shape) === 0) return one(moveElements(x.dtype, shape, []));
  const sources: [Tensor, number][] = [];
  for (let outer = 0; outer < elementCount(x.shape.slice(0, axis)); outer++) {
    for (const index of picked) {
      for (let at = 0; at < inner; at++) sources.push([x, (outer * size + index) * inner + at]);
    }
  }
  return one(moveElements(x.dtype, shape, sources));
};

const slice: Evaluator = (_node, [x, starts, ends, axes, steps]) => {
  // Ends beyond 2^53 stand for "to the end" and are clamped anyway.
  const read = (tensor: Tensor | undefined): number[] | undefined =>
    tensor && readable(tensor.dtype === 'int64' ? clamped(tensor) : tensor);
  const [from, to] = [read(starts), read(ends)];
  if (!x || !from || !to) return undefined;
  const along = (axes ? read(axes) : from.map((_, axis) => axis))?.map((axis) => positiveAxis(axis, x.shape.length));
  const by = steps ? read(steps) : from.map(() => 1);
  if (!along || !by || by.includes(0)) return undefined;
  const shape = [...x.shape];
  const begin = x.shape.map(() => 0);
  const step = x.shape.map(() => 1);
  along.forEach((axis, index) => {
    const [first, last] = clampSlice(x.shape[axis]!, from[index]!, to[index]!, by[index]!);
    shape[axis] = Math.max(0, Math.ceil((last - first) / by[index]!));
    begin[axis] = first;
    step[axis] = by[index]!;
  });
  const strides = stridesOf(x.shape);
  return one(
    gathered(x, shape, (position) =>
      position.reduce((sum, at, axis) => sum + (begin[axis]! + at * step[axis]!) * strides[axis]!, 0),
    ),
  );
};

function clamped(tensor: Tensor): Tensor {
  const aligned = Uint8Array.from(tensor.bytes);
  const limit = 2n ** 52n;
  const values = [...new BigInt64Array(aligned.buffer)].map((value) => {
    return value > limit ? limit : value < -limit ? -limit : value;
  });
  return makeTensor('int64', tensor.shape, values);
}

const expand: Evaluator = (_node, [x, wanted]) => {
  const list = readable(wanted);
  if (!x || !list) return undefined;
  const shape = broadcastNumbers([x.shape, list]);
  const indices = broadcastIndices(x.shape, shape);
  return one(
    moveElements(
      x.dtype,
      shape,
      indices.map((index) => [x, index]),
    ),
  );
};

const tile: Evaluator = (_node, [x, repeats]) => {
  const list = readable(repeats);
  if (!x || list?.length !== x.shape.length) return undefined;
  const strides = stridesOf(x.shape);
  const shape = x.shape.map((size, axis) => size * list[axis]!);
  return one(
    gathered(x, shape, (position) =>
      position.reduce((sum, at, axis) => sum + (at % x.shape[axis]!) * strides[axis]!, 0),
    ),
  );
};

const constantOfShape: Evaluator = (node, [wanted]) => {
  const shape = readable(wanted);
  if (!shape) return undefined;
  const value = node.attributes['value'];
  const element = value?.kind === 'tensor' ? value.value : makeTensor('float32', [1], [0]);
  return one(gathered(element, shape, () => 0));
};

const split: Evaluator = (node, [x, sizes]) => {
  if (!x) return undefined;
  const axis = positiveAxis(intAttribute(node, 'axis', 0), x.shape.length);
  const parts = node.outputs.length;
  const each = Math.ceil(x.shape[axis]! / parts);
  const lengths = sizes
    ? readable(sizes)
    : node.outputs.map((_, part) => Math.max(0, Math.min(each, x.shape[axis]! - part * each)));
  if (lengths?.length !== parts) return undefined;
  const strides = stridesOf(x.shape);
  let begin = 0;
  const outputs = lengths.map((length) => {
    const start = begin * strides[axis]!;
    begin += length;
    return gathered(x, x.shape.with(axis, length), (position) =>
      position.reduce((sum, at, item) => sum + at * strides[item]!, start),
    );
  });
  return outputs.every((tensor) => tensor !== undefined) ? outputs : undefined;
};

const reduceProd: Evaluator = (node, [x, axes]) => {
  const list = readable(x);
  if (!x || !list || x.shape.length > 1 || (axes && readable(axes)?.length !== 1)) return undefined;
  if (!axes && intAttribute(node, 'noop_with_empty_axes', 0) === 1) return undefined;
  const product = list.reduce((total, value) => total * value, 1);
  return one(asType(x.dtype, intAttribute(node, 'keepdims', 1) === 1 ? x.shape.map(() => 1) : [], [product]));
};

export const layoutEvaluators: Record<string, Evaluator> = {
  Constant: (node) => one(tensorOfConstant(node)),
  Identity: (_node, [x]) => one(x),
  Shape: (node, [x]) => {
    if (!x) return undefined;
    const [from, to] = clampSlice(
      x.shape.length,
      intAttribute(node, 'start', 0),
      intAttribute(node, 'end', x.shape.length),
      1,
    );
    const part = x.shape.slice(from, to);
    return one(asType('int64', [part.length], part));
  },
  Size: (_node, [x]) => one(x && asType('int64', [], [elementCount(x.shape)])),
  Reshape: reshape,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Flatten: flatten,
  Transpose: transpose,
  Concat: concat,
  Gather: gather,
  Slice: slice,
  Expand: expand,
  Tile: tile,
  ConstantOfShape: constantOfShape,
  Split: split,
  ReduceProd: reduceProd,
};
