/** Attributes of nodes. ONNX keeps integers and floats apart, so a value carries its kind. */
import type { SparseTensorProto, TypeProto } from './generated/onnx_pb.ts';
import type { GraphBody } from './graph.ts';
import type { Tensor } from './tensor.ts';

export type Attribute =
  | { kind: 'float'; value: number }
  | { kind: 'int'; value: number }
  | { kind: 'string'; value: string }
  | { kind: 'tensor'; value: Tensor }
  | { kind: 'graph'; value: GraphBody }
  | { kind: 'floats'; value: number[] }
  | { kind: 'ints'; value: number[] }
  | { kind: 'strings'; value: string[] }
  | { kind: 'tensors'; value: Tensor[] }
  | { kind: 'graphs'; value: GraphBody[] }
  | { kind: 'sparseTensor'; value: SparseTensorProto }
  | { kind: 'sparseTensors'; value: SparseTensorProto[] }
  | { kind: 'type'; value: TypeProto }
  | { kind: 'types'; value: TypeProto[] };

export type AttributeKind = Attribute['kind'];

/** AttributeProto.AttributeType on the wire. */
export const attributeCodes = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
  tensors: 9,
  graphs: 10,
  sparseTensor: 11,
  sparseTensors: 12,
  type: 13,
  types: 14,
} as const satisfies Record<AttributeKind, number>;

export type Attributes = Record<string, Attribute>;

/** A float attribute; a plain number in `AttributeValues` is an integer. */
export function float(value: number): Attribute {
  return { kind: 'float', value };
}

export function floats(value: readonly number[]): Attribute {
  return { kind: 'floats', value: [...value] };
}

/** What a caller may write: integers, lists of integers and strings as they are, everything else with its kind. */
export type AttributeValues = Record<
  string,
  number | string | readonly number[] | readonly string[] | Attribute | undefined
>;

export function toAttributes(values: AttributeValues): Attributes {
  const attributes: Attributes = {};
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) attributes[name] = toAttribute(name, value);
  }
  return attributes;
}

function toAttribute(
  name: string,
  value: number | string | readonly number[] | readonly string[] | Attribute,
): Attribute {
  if (typeof value === 'string') return { kind: 'string', value };
  if (typeof value === 'number') return { kind: 'int', value: asInteger(name, value) };
  if (!isList(value)) return value;
  if (value.length > 0 && value.every((item) => typeof item === 'string'))
    return { kind: 'strings', value: [...value] };
  return { kind: 'ints', value: value.map((item) => asInteger(name, item)) };
}

function isList(
  value: readonly number[] | readonly string[] | Attribute,
): value is readonly number[] | readonly string[] {
  return Array.isArray(value);
}

function asInteger(name: string, value: unknown): number {
  if (!Number.isInteger(value)) {
    throw new TypeError(`Attribute "${name}" was given ${String(value)}: write float(…) or floats([…]) for a float.`);
  }
  return value as number;
}
