/** Constant tensors: element type, shape and raw little-endian bytes. The bytes may be a view into a model's file. */
import { TwinscopeError } from '../platform/errors.ts';
import { numberOfHalf } from '../platform/float16.ts';
import { byteLength, type Dtype } from './elementTypes.ts';

export interface Tensor {
  dtype: Dtype;
  shape: number[];
  /** Elements in row-major order, little-endian; empty for strings and for external data. */
  bytes: Uint8Array;
  /** Only for dtype 'string'. */
  strings?: string[];
  /** Where the bytes are when they are not in the model's file (keys location, offset, length). */
  external?: Record<string, string>;
}

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
} as const;

export type ArrayDtype = keyof typeof arrays;
export type TypedArray = InstanceType<(typeof arrays)[ArrayDtype]>;

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function checkLength(dtype: Dtype, shape: readonly number[], found: number): void {
  const wanted = elementCount(shape);
  if (found !== wanted) {
    throw new RangeError(
      `A ${dtype} tensor of shape [${shape.join(', ')}] holds ${wanted} elements; ${found} were given.`,
    );
  }
}

/**
 * A tensor from numbers. Integers beyond 2^53 are given as bigint. A typed array of the matching type is used without a
 * copy, so the caller leaves it alone afterwards. bool takes numbers 0 and 1.
 */
export function makeTensor(
  dtype: ArrayDtype | 'bool',
  shape: readonly number[],
  data: TypedArray | readonly number[] | readonly bigint[],
): Tensor {
  checkLength(dtype, shape, data.length);
  const constructor = arrays[dtype === 'bool' ? 'uint8' : dtype];
  let typed: TypedArray;
  if (data instanceof constructor) {
    typed = data;
  } else if (dtype === 'int64' || dtype === 'uint64') {
    const integers = Array.from(data as ArrayLike<number | bigint>, (value) => BigInt(value));
    typed = dtype === 'int64' ? BigInt64Array.from(integers) : BigUint64Array.from(integers);
  } else {
    const numbers = constructor as typeof Float32Array;
    typed = numbers.from(data as ArrayLike<number>);
  }
  return { dtype, shape: [...shape], bytes: new Uint8Array(typed.buffer, typed.byteOffset, typed.byteLength) };
}

export function stringTensor(shape: readonly number[], strings: readonly string[]): Tensor {
  checkLength('string', shape, strings.length);
  return { dtype: 'string', shape: [...shape], bytes: new Uint8Array(0), strings: [...strings] };
}

/** The elements as the typed array of their type: a view where the bytes are aligned, otherwise a copy. */
export function typedArrayOf(tensor: Tensor): TypedArray {
  const { dtype, bytes } = tensor;
  const constructor = dtype === 'bool' ? Uint8Array : arrays[dtype as ArrayDtype];
  if (constructor === undefined || tensor.external !== undefined) {
    throw new TypeError(
      `The elements of a ${dtype} tensor ${tensor.external ? 'stored in another file ' : ''}cannot be read.`,
    );
  }
  const size = constructor.BYTES_PER_ELEMENT;
  // Not slice(): on a Buffer of Node that is a view, as badly aligned as before.
  const source = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  return new constructor(source.buffer as ArrayBuffer, source.byteOffset, source.byteLength / size);
}

/** The elements as plain numbers; 64-bit integers beyond 2^53 lose their last digits. float16 is widened. */
export function numbersOf(tensor: Tensor): number[] {
  if (tensor.dtype === 'float16') {
    const view = new DataView(tensor.bytes.buffer, tensor.bytes.byteOffset, tensor.bytes.byteLength);
    return Array.from({ length: tensor.bytes.byteLength / 2 }, (_, index) =>
      numberOfHalf(view.getUint16(2 * index, true)),
    );
  }
  return Array.from(typedArrayOf(tensor) as ArrayLike<number | bigint>, Number);
}

/** Throws a sentence when the bytes do not fit the type and shape. */
export function checkTensor(name: string, tensor: Tensor): void {
  if (!tensor.shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw new TwinscopeError(
      'corrupt',
      `The constant "${name}" of this model has the shape [${tensor.shape.join(', ')}], which no tensor has. ` +
        'The file is damaged; get it again.',
      { tensor: name },
    );
  }
  if (tensor.external !== undefined) return;
  const count = elementCount(tensor.shape);
  const found = tensor.dtype === 'string' ? (tensor.strings?.length ?? 0) : tensor.bytes.byteLength;
  const wanted = tensor.dtype === 'string' ? count : byteLength(tensor.dtype, count);
  if (found !== wanted) {
    throw new TwinscopeError(
      'corrupt',
      `The constant "${name}" of this model should hold ${wanted} ${tensor.dtype === 'string' ? 'strings' : 'bytes'} ` +
        `for its shape [${tensor.shape.join(', ')}] and holds ${found}. The file is damaged; get it again.`,
      { tensor: name },
    );
  }
}
