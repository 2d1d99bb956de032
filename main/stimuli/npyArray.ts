/** NumPy's array file in every plain number type, byte order and memory order, as other people's models need it. */
import { numberOfHalf } from '../platform/float16.ts';
import { readNpyHeader, refuseNpy, writeNpyHeader } from './npyHeader.ts';

const kinds = {
  f2: { dtype: 'float16', array: Uint16Array },
  f4: { dtype: 'float32', array: Float32Array },
  f8: { dtype: 'float64', array: Float64Array },
  i1: { dtype: 'int8', array: Int8Array },
  i2: { dtype: 'int16', array: Int16Array },
  i4: { dtype: 'int32', array: Int32Array },
  i8: { dtype: 'int64', array: BigInt64Array },
  u1: { dtype: 'uint8', array: Uint8Array },
  u2: { dtype: 'uint16', array: Uint16Array },
  u4: { dtype: 'uint32', array: Uint32Array },
  u8: { dtype: 'uint64', array: BigUint64Array },
  b1: { dtype: 'bool', array: Uint8Array },
} as const;

type Kind = keyof typeof kinds;
export type NpyDtype = (typeof kinds)[Kind]['dtype'];

/** True for types that an array file can hold. */
export const isNpyDtype = (dtype: string): dtype is NpyDtype =>
  Object.values(kinds).some((kind) => kind.dtype === dtype);

type Values =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

export interface NpyArray {
  dtype: NpyDtype;
  shape: number[];
  /** Row-major. Half precision is widened to float32, which holds it exactly; bool is 0 and 1. */
  data: Values;
}

/** Throws 'bad-input' for text, records and other types that are not plain numbers, and for files that are cut off. */
export function decodeNpyArray(bytes: Uint8Array): NpyArray {
  const { descr, columnOrder, shape, offset } = readNpyHeader(bytes);
  const kind = kinds[descr.slice(1) as Kind] as (typeof kinds)[Kind] | undefined;
  if (kind === undefined || !'<>=|'.includes(descr[0] as string)) {
    throw refuseNpy(`its values are ${descr}`, 'Save it as float, integer or bool numbers, e.g. float32.');
  }
  const count = shape.reduce((product, size) => product * size, 1);
  const width = kind.array.BYTES_PER_ELEMENT;
  if (bytes.length - offset !== count * width) {
    throw refuseNpy(
      `${count} values were announced and ${(bytes.length - offset) / width} are there`,
      'The file is cut off or damaged; save it again.',
    );
  }
  // A copy, since the values in the file need not stand at a multiple of their size. Not slice(): on a Buffer a view.
  const values = new Uint8Array(bytes.subarray(offset));
  if (descr.startsWith('>')) swapBytes(values, width);
  let data: Values = new kind.array(values.buffer);
  if (kind.dtype === 'float16') data = Float32Array.from(data as Uint16Array, numberOfHalf);
  if (columnOrder && shape.length > 1) data = toRowOrder(data, shape);
  return { dtype: kind.dtype, shape, data };
}

function swapBytes(bytes: Uint8Array, width: number): void {
  for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
}

/**
 * Writes values of any type in the order they stand in, little-endian as every platform of ours is. float16 is given by
 * its bits. Throws when the shape does not hold exactly the data.
 */
export function encodeNpyArray(dtype: NpyDtype, data: Values, shape: readonly number[]): Uint8Array<ArrayBuffer> {
  const [code, { array }] = Object.entries(kinds).find(([, kind]) => kind.dtype === dtype) as [
    Kind,
    (typeof kinds)[Kind],
  ];
  const count = shape.reduce((product, size) => product * size, 1);
  if (count !== data.length || array.BYTES_PER_ELEMENT !== data.BYTES_PER_ELEMENT) {
    throw new RangeError(`${dtype} of ${shape.join(' × ')} does not hold ${data.byteLength} bytes.`);
  }
  const head = writeNpyHeader(`${array.BYTES_PER_ELEMENT === 1 ? '|' : '<'}${code}`, shape);
  const bytes = new Uint8Array(head.length + data.byteLength);
  bytes.set(head);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), head.length);
  return bytes;
}

/** From the first index varying fastest to the last. */
function toRowOrder<T extends Values>(data: T, shape: readonly number[]): T {
  const result = data.slice() as T;
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, size) => product * size, 1));
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < data.length; to++) {
    result[to] = data[from] as T[number];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] as number) + 1;
      from += strides[axis] as number;
      if ((index[axis] as number) < (shape[axis] as number)) break;
      index[axis] = 0;
      from -= (strides[axis] as number) * (shape[axis] as number);
    }
  }
  return result;
}
