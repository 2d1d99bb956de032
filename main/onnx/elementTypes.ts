/** Element types of ONNX tensors: their names here, their numbers on the wire and the bits one element takes. */

interface ElementType {
  /** TensorProto.DataType on the wire. */
  code: number;
  /** Bits of one element in raw data; 0 for strings, which have no raw form. */
  bits: number;
}

const table = {
  undefined: { code: 0, bits: 0 },
  float32: { code: 1, bits: 32 },
  uint8: { code: 2, bits: 8 },
  int8: { code: 3, bits: 8 },
  uint16: { code: 4, bits: 16 },
  int16: { code: 5, bits: 16 },
  int32: { code: 6, bits: 32 },
  int64: { code: 7, bits: 64 },
  string: { code: 8, bits: 0 },
  bool: { code: 9, bits: 8 },
  float16: { code: 10, bits: 16 },
  float64: { code: 11, bits: 64 },
  uint32: { code: 12, bits: 32 },
  uint64: { code: 13, bits: 64 },
  complex64: { code: 14, bits: 64 },
  complex128: { code: 15, bits: 128 },
  bfloat16: { code: 16, bits: 16 },
  float8e4m3fn: { code: 17, bits: 8 },
  float8e4m3fnuz: { code: 18, bits: 8 },
  float8e5m2: { code: 19, bits: 8 },
  float8e5m2fnuz: { code: 20, bits: 8 },
  uint4: { code: 21, bits: 4 },
  int4: { code: 22, bits: 4 },
  float4e2m1: { code: 23, bits: 4 },
  float8e8m0: { code: 24, bits: 8 },
  uint2: { code: 25, bits: 2 },
  int2: { code: 26, bits: 2 },
} as const satisfies Record<string, ElementType>;

export type Dtype = keyof typeof table;

const byCode = new Map<number, Dtype>(Object.entries(table).map(([name, { code }]) => [code, name as Dtype]));

export function dtypeCode(dtype: Dtype): number {
  return table[dtype].code;
}

/** The element type with this number on the wire; 'undefined' for numbers newer than this table. */
export function dtypeOfCode(code: number): Dtype {
  return byCode.get(code) ?? 'undefined';
}

/** Bytes of `count` elements in raw data; types below one byte are packed. */
export function byteLength(dtype: Dtype, count: number): number {
  return Math.ceil((table[dtype].bits * count) / 8);
}

const floating: ReadonlySet<Dtype> = new Set(['float32', 'float64', 'float16', 'bfloat16']);

/** True for the types a gradient can flow through. */
export function isFloating(dtype: Dtype): boolean {
  return floating.has(dtype);
}
