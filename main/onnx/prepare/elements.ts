/** Row-major indices of small constants. */
import { byteLength, type Dtype } from '../elementTypes.ts';
import { elementCount, type Tensor } from '../tensor.ts';

/** The shape that shapes broadcast to; throws RangeError where they do not. */
export function broadcastNumbers(shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const result = Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1).filter((size) => size !== 1);
    if (new Set(sizes).size > 1) throw new RangeError('The shapes do not broadcast.');
    return sizes[0] ?? 1;
  });
  checkCount(result);
  return result;
}

/** Larger results are never folded, so they are not even computed. */
const mostComputed = 1 << 16;

export function checkCount(shape: readonly number[]): void {
  if (!(elementCount(shape) <= mostComputed)) throw new RangeError('The result is too large to fold.');
}

export function stridesOf(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

/** Calls `visit` with the position of every element of a shape, in order. The position is reused. */
export function forEachPosition(shape: readonly number[], visit: (position: readonly number[]) => void): void {
  const position = shape.map(() => 0);
  const count = elementCount(shape);
  for (let element = 0; element < count; element++) {
    visit(position);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position[axis]! += 1;
      if (position[axis]! < shape[axis]!) break;
      position[axis] = 0;
    }
  }
}

/** For every element of `shape` the index of the element of `source` that is broadcast there. */
export function broadcastIndices(source: readonly number[], shape: readonly number[]): number[] {
  const strides = stridesOf(source);
  const offset = shape.length - source.length;
  const indices: number[] = [];
  forEachPosition(shape, (position) => {
    indices.push(
      source.reduce((sum, size, axis) => sum + (size === 1 ? 0 : position[axis + offset]! * strides[axis]!), 0),
    );
  });
  return indices;
}

/** A tensor of elements taken from others, whatever their type: their bytes are moved, not read. */
export function moveElements(
  dtype: Dtype,
  shape: readonly number[],
  sources: readonly (readonly [Tensor, number])[],
): Tensor | undefined {
  const size = byteLength(dtype, 1);
  if (byteLength(dtype, 2) !== 2 * size || size === 0) return undefined;
  const bytes = new Uint8Array(size * sources.length);
  sources.forEach(([tensor, index], at) => {
    if (!(index >= 0 && (index + 1) * size <= tensor.bytes.byteLength)) throw new RangeError('An index is outside.');
    bytes.set(tensor.bytes.subarray(index * size, (index + 1) * size), at * size);
  });
  return { dtype, shape: [...shape], bytes };
}
