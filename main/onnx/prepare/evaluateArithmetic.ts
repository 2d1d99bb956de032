/** Element-by-element arithmetic on small constants. float16 is never computed, only moved. */
import { pow } from '../../platform/exactMath.ts';
import { dtypeCode, dtypeOfCode, type Dtype } from '../elementTypes.ts';
import { intAttribute } from '../graph.ts';
import { elementCount, makeTensor, numbersOf, type ArrayDtype, type Tensor } from '../tensor.ts';
import type { Evaluator } from './evaluate.ts';
import { broadcastIndices, broadcastNumbers, checkCount, moveElements } from './elements.ts';

const computed: ReadonlySet<Dtype> = new Set(['float32', 'float64', 'int64', 'int32', 'bool']);

/** Numbers as the type can hold them; undefined where an integer leaves the range in which numbers are exact. */
export function asType(dtype: Dtype, shape: readonly number[], numbers: readonly number[]): Tensor | undefined {
  if (!computed.has(dtype)) return undefined;
  if (dtype === 'int64' && !numbers.every((value) => Number.isSafeInteger(value))) return undefined;
  if (dtype === 'int32' && !numbers.every((value) => value === (value | 0))) return undefined;
  return makeTensor(dtype as ArrayDtype | 'bool', shape, numbers);
}

/** The elements, undefined for types that are not computed and for integers beyond 2^53. */
export function readable(tensor: Tensor | undefined): number[] | undefined {
  if (tensor === undefined || !computed.has(tensor.dtype)) return undefined;
  const numbers = numbersOf(tensor);
  return tensor.dtype === 'int64' && !numbers.every((value) => Number.isSafeInteger(value)) ? undefined : numbers;
}

const isFloat = (dtype: Dtype): boolean => dtype === 'float32' || dtype === 'float64';

function unary(compute: (x: number) => number, allowed: (dtype: Dtype) => boolean = isFloat): Evaluator {
  return (_node, [x]) => {
    const numbers = x && allowed(x.dtype) ? readable(x) : undefined;
    return one(numbers && asType(x!.dtype, x!.shape, numbers.map(compute)));
  };
}

function one(tensor: Tensor | undefined): Tensor[] | undefined {
  return tensor && [tensor];
}

/** Broadcasts any number of inputs; `dtype` is that of the result unless it is that of the inputs. */
function broadcast(compute: (values: number[], dtype: Dtype) => number, dtype?: Dtype): Evaluator {
  return (_node, inputs) => {
    const first = inputs[0];
    const numbers = inputs.map(readable);
    if (!first || numbers.some((list) => list === undefined)) return undefined;
    const shapes = inputs.map((tensor) => tensor!.shape);
    const shape = broadcastNumbers(shapes);
    const indices = shapes.map((item) => broadcastIndices(item, shape));
    const result = Array.from({ length: elementCount(shape) }, (_, at) =>
      compute(
        numbers.map((list, input) => list![indices[input]![at]!]!),
        first.dtype,
      ),
    );
    return one(asType(dtype ?? first.dtype, shape, result));
  };
}

/** Integer division rounds towards zero; by zero it is NaN, which no integer type takes. */
const divide = ([a, b]: number[], dtype: Dtype): number => (isFloat(dtype) ? a! / b! : Math.trunc(a! / b!) + 0);

/** The sign of the divisor, or with fmod that of the dividend. */
const modulo: Evaluator = (node, inputs) => {
  const truncated = intAttribute(node, 'fmod', 0) === 1;
  return broadcast(([a, b]) => (truncated ? a! % b! : a! - b! * Math.floor(a! / b!)))(node, inputs);
};

/** Whole powers are products; what else `**` gives differs between engines, so the graph computes it. */
const power: Evaluator = (node, inputs) => {
  const whole = readable(inputs[1])?.every((y) => Number.isInteger(y) && Math.abs(y) <= 64);
  return whole ? broadcast(([a, b]) => pow(a!, b!))(node, inputs) : undefined;
};

/** Rounds half to even, as ONNX does, and keeps the sign of what becomes zero. */
function roundEven(x: number): number {
  const low = Math.floor(x);
  const up = x - low > 0.5 || (x - low === 0.5 && low % 2 !== 0);
  const rounded = up ? low + 1 : low;
  return rounded === 0 && x < 0 ? -0 : rounded;
}

const cast: Evaluator = (node, [x]) => {
  const to = dtypeOfCode(intAttribute(node, 'to', 0));
  if (!x) return undefined;
  if (x.dtype === to) return [x];
  const numbers = x.dtype === 'float16' ? numbersOf(x) : readable(x);
  if (!numbers || !computed.has(to)) return undefined;
  if (to === 'bool')
    return one(
      asType(
        to,
        x.shape,
        numbers.map((value) => Number(value !== 0)),
      ),
    );
  if (isFloat(to)) return one(asType(to, x.shape, numbers));
  // Converting what an integer cannot hold differs between devices.
  return numbers.every(Number.isFinite)
    ? one(
        asType(
          to,
          x.shape,
          numbers.map((value) => Math.trunc(value) + 0),
        ),
      )
    : undefined;
};

/** Moves elements of any type; only the condition is read. */
const where: Evaluator = (_node, [condition, a, b]) => {
  const yes = readable(condition);
  if (!yes || !a || !b || a.dtype !== b.dtype) return undefined;
  const shape = broadcastNumbers([condition!.shape, a.shape, b.shape]);
  const [ofCondition, ofA, ofB] = [condition!.shape, a.shape, b.shape].map((item) => broadcastIndices(item, shape));
  const chosen = Array.from({ length: elementCount(shape) }, (_, at) => yes[ofCondition![at]!] !== 0);
  const sources = chosen.map((first, at): [Tensor, number] => (first ? [a, ofA![at]!] : [b, ofB![at]!]));
  return one(moveElements(a.dtype, shape, sources));
};

const range: Evaluator = (_node, [start, limit, step]) => {
  const [from, to, by] = [start, limit, step].map((tensor) => readable(tensor)?.[0]);
  if (from === undefined || to === undefined || by === undefined || by === 0) return undefined;
  const length = Math.max(0, Math.ceil((to - from) / by));
  checkCount([length]);
  return one(
    asType(
      start!.dtype,
      [length],
      Array.from({ length }, (_, index) => from + index * by),
    ),
  );
};

const any = (dtype: Dtype): boolean => dtype !== 'bool';
const compare = (test: (a: number, b: number) => boolean): Evaluator =>
  broadcast(([a, b]) => Number(test(a!, b!)), 'bool');

export const arithmeticEvaluators: Record<string, Evaluator> = {
  Add: broadcast(([a, b]) => a! + b!),
  Sub: broadcast(([a, b]) => a! - b!),
  Mul: broadcast(([a, b]) => a! * b!),
  Div: broadcast(divide),
  Mod: modulo,
  Pow: power,
  Min: broadcast((values) => Math.min(...values)),
  Max: broadcast((values) => Math.max(...values)),
  Equal: compare((a, b) => a === b),
  Greater: compare((a, b) => a > b),
  GreaterOrEqual: compare((a, b) => a >= b),
  Less: compare((a, b) => a < b),
  LessOrEqual: compare((a, b) => a <= b),
  And: compare((a, b) => a !== 0 && b !== 0),
  Or: compare((a, b) => a !== 0 || b !== 0),
  Not: unary(
    (x) => Number(x === 0),
    (dtype) => dtype === 'bool',
  ),
  Neg: unary((x) => -x, any),
  Abs: unary(Math.abs, any),
  Sqrt: unary(Math.sqrt),
  Reciprocal: unary((x) => 1 / x),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Round: unary(roundEven),
  Sign: unary(Math.sign, any),
  Cast: cast,
  CastLike: (node, [x, like]) =>
    like && cast({ ...node, attributes: { to: { kind: 'int', value: dtypeCode(like.dtype) } } }, [x]),
  Where: where,
  Range: range,
};
