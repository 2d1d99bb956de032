/** Array files given to a model from outside: matched with the graph's inputs, checked, and turned into tensors. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { nearestName } from '../../contract/validate.ts';
import { isFloating, requiredInputs, type Dtype, type Graph, type ValueInfo } from '../../onnx/index.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { halfOfNumber } from '../../platform/float16.ts';
import { fileError } from '../../platform/node/files.ts';
import { decodeNpyArray, type NpyArray } from '../../stimuli/npyArray.ts';

/** An array file, and the input it is for; null where the graph has only one. */
export type InputFile = { name: string | null; file: string };

const bad = (message: string): TwinscopeError => new TwinscopeError('bad-input', message);
const listed = (infos: readonly ValueInfo[]): string => infos.map(describeValue).join(', ');

/** `"x" (float32, batch × 3 × 224 × 224)`. */
export function describeValue({ name, dtype, shape }: ValueInfo): string {
  const type = dtype === 'undefined' ? 'of an unknown type' : dtype;
  return `"${name}" (${[type, shape?.join(' × ')].filter(Boolean).join(', ')})`;
}

/** The value of that name, or the only one there is; `what` is its role: 'input' or 'output'. */
export function chooseValue(infos: readonly ValueInfo[], name: string | null, what: string, option: string): ValueInfo {
  if (name === null) {
    if (infos.length === 1) return infos[0] as ValueInfo;
    if (infos.length === 0)
      throw bad(`This graph has no ${what} that a gradient could be taken of. Nothing was written.`);
    throw bad(`This graph has ${infos.length} ${what}s: ${listed(infos)}. Choose one with ${option}.`);
  }
  const found = infos.find((info) => info.name === name);
  if (found !== undefined) return found;
  const near = nearestName(
    name,
    infos.map((info) => info.name),
  );
  const hint = near === null ? `Its ${what}s: ${listed(infos)}.` : `The nearest name is "${near}".`;
  throw bad(`This graph has no ${what} "${name}". ${hint} Nothing was written.`);
}

/** One tensor per input, in the types of the graph. Throws 'bad-input' with the file and the input it does not fit. */
export async function readInputs(graph: Graph, files: readonly InputFile[]): Promise<Map<string, ort.Tensor>> {
  const required = requiredInputs(graph);
  const tensors = new Map<string, ort.Tensor>();
  for (const { name, file } of files) {
    const candidates = name === null ? required : graph.inputs;
    if (name === null && required.length !== 1) {
      throw bad(
        `This graph takes ${required.length} inputs: ${listed(required)}. Give each file the name of its input, as NAME=${path.basename(file)}.`,
      );
    }
    const info = chooseValue(candidates, name, 'input', '--input NAME=FILE');
    if (tensors.has(info.name)) throw bad(`The input "${info.name}" was given twice. Give one file for it.`);
    tensors.set(info.name, tensorFor(info, await readArray(file), path.basename(file)));
  }
  const missing = required.filter(({ name }) => !tensors.has(name));
  if (missing.length > 0) {
    throw bad(`No values were given for ${listed(missing)}. Add --input ${missing[0]?.name}=FILE.npy for each.`);
  }
  return tensors;
}

/**
 * Where two inputs have different sizes on an axis that the graph gives one name: a sentence, else null. Only a reason
 * where the runtime has refused: one sample beside many may be meant to be repeated.
 */
export function axisMismatch(graph: Graph, feeds: Readonly<Record<string, ort.Tensor>>): string | null {
  const first = new Map<string, { name: string; size: number }>();
  for (const { name, shape } of graph.inputs) {
    for (const [axis, symbol] of (shape ?? []).entries()) {
      const size = feeds[name]?.dims[axis];
      if (typeof symbol !== 'string' || symbol === '?' || symbol === '' || size === undefined) continue;
      const other = first.get(symbol);
      if (other !== undefined && other.size !== size) {
        return `"${other.name}" has ${other.size} and "${name}" has ${size} on an axis that the graph calls "${symbol}" in both. Nothing was written. Give arrays of the same size there.`;
      }
      first.set(symbol, other ?? { name, size });
    }
  }
  return null;
}

async function readArray(file: string): Promise<NpyArray> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw fileError(error, file);
  }
  try {
    return decodeNpyArray(bytes);
  } catch (error) {
    if (error instanceof TwinscopeError) throw bad(`${path.basename(file)}: ${error.message}`);
    throw error;
  }
}

function tensorFor(info: ValueInfo, array: NpyArray, file: string): ort.Tensor {
  const holds = `${file} holds ${array.dtype} of ${array.shape.join(' × ') || 'one number'}`;
  const takes = `The input ${describeValue(info)}`;
  checkShape(info, array, takes, holds);
  if (array.data.length === 0) throw bad(`${takes} needs at least one value, and ${holds}.`);
  const data = converted(info.dtype, array);
  if (data instanceof Float32Array || data instanceof Float64Array) {
    let wrong = 0;
    for (const value of data) if (!Number.isFinite(value)) wrong += 1;
    const what = wrong === 1 ? 'value that is not a finite number' : 'values that are not finite numbers';
    if (wrong > 0) throw bad(`${file} holds ${wrong} ${what}. Give an array without NaN and infinity.`);
  }
  if (data === null) {
    const hint = isFloating(info.dtype)
      ? ' Save it with .astype("float32").'
      : ` Save it with .astype("${info.dtype}").`;
    throw bad(`${takes} cannot be given ${array.dtype}: ${holds}.${hint}`);
  }
  if (info.dtype === 'float16') return halfTensor(data as Uint16Array, array.shape);
  return new ort.Tensor(info.dtype as ort.Tensor.Type, data, array.shape);
}

/**
 * A tensor of half precision from its bits. Where the runtime has a Float16Array, ort.Tensor wraps the bits in one, which
 * the native side of ONNX Runtime 1.30 cannot read ("not enough space: expected 32, got 0"): it is given the bits.
 */
export function halfTensor(bits: Uint16Array, dims: readonly number[]): ort.Tensor {
  return Object.assign(new ort.Tensor('float16', bits, dims), { cpuData: bits });
}

function checkShape({ shape }: ValueInfo, array: NpyArray, takes: string, holds: string): void {
  if (shape === null) return;
  const fits =
    shape.length === array.shape.length &&
    shape.every((size, axis) => typeof size === 'string' || size === array.shape[axis]);
  if (fits) return;
  const lacksBatch = shape.length === array.shape.length + 1;
  throw bad(
    `${takes} has another shape than what was given: ${holds}.${lacksBatch ? ' Is the batch axis missing? x[None] adds it.' : ''}`,
  );
}

type TensorData = ort.Tensor.DataTypeMap[keyof ort.Tensor.DataTypeMap];

/** The values in the type of the graph: floats round to any float, integers to any integer that holds them; else null. */
function converted(to: Dtype, { dtype, data }: NpyArray): TensorData | null {
  if (to === dtype && to !== 'float16') return data as TensorData;
  const floats = dtype.startsWith('float');
  if (floats && to === 'float32') return Float32Array.from(data as Float64Array);
  if (floats && to === 'float64') return Float64Array.from(data as Float32Array);
  if (floats && to === 'float16') return Uint16Array.from(data as Float32Array, halfOfNumber);
  if (floats || dtype === 'bool') return null;
  const arrays = {
    int8: Int8Array,
    int16: Int16Array,
    int32: Int32Array,
    uint8: Uint8Array,
    uint16: Uint16Array,
    uint32: Uint32Array,
    int64: BigInt64Array,
    uint64: BigUint64Array,
  };
  const constructor = arrays[to as keyof typeof arrays] as typeof arrays.int32 | typeof arrays.int64 | undefined;
  if (constructor === undefined) return null;
  const integers = Array.from(data as ArrayLike<number | bigint>, BigInt);
  const wide = constructor.BYTES_PER_ELEMENT === 8;
  const result = wide
    ? (constructor as typeof BigInt64Array).from(integers)
    : (constructor as typeof Int32Array).from(integers, Number);
  return integers.every((value, index) => BigInt(result[index] as number | bigint) === value) ? result : null;
}
