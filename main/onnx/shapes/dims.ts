/**
 * Arithmetic on sizes that may be known only at run time. A size is a number, or a text: a product of names with an
 * optional whole factor first ('batch', '3*batch', '3*batch*time'), where a name may be a function of sizes
 * ('slide(h,3,2)', 'sum(h,-2)'; dimFunctions.ts). Equal texts are equal sizes at run time; '?' equals nothing, not even
 * itself.
 */
import type { Dim } from '../graph.ts';
import { applyDimFunction, isDimFunction, type DimFunction } from './dimFunctions.ts';

export function isKnown(dim: Dim): dim is number {
  return typeof dim === 'number';
}

export function sameDim(a: Dim, b: Dim): boolean {
  return a === b && a !== '?';
}

export function sameShape(a: readonly Dim[], b: readonly Dim[]): boolean {
  return a.length === b.length && a.every((dim, axis) => sameDim(dim, b[axis]!));
}

/** Longer texts say nothing to a person, and functions of functions could double theirs with every node. */
const longestText = 300;

interface Product {
  factor: number;
  /** Sorted. */
  names: string[];
}

function parse(dim: Dim): Product {
  if (typeof dim === 'number') return { factor: dim, names: [] };
  const parts = splitOutside(dim, '*');
  const factor = /^-?\d+$/.test(parts[0]!) ? Number(parts.shift()) : 1;
  return { factor, names: parts.toSorted() };
}

/** Splits at a character outside brackets. */
function splitOutside(text: string, separator: string): string[] {
  const parts: string[] = [''];
  let depth = 0;
  for (const character of text) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (character === separator && depth === 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts;
}

function format({ factor, names }: Product): Dim {
  if (factor === 0 || names.length === 0) return factor;
  return bounded(factor === 1 ? names.join('*') : `${factor}*${names.join('*')}`);
}

function bounded(text: string): Dim {
  return text.length > longestText ? '?' : text;
}

export function product(dims: readonly Dim[]): Dim {
  if (dims.includes(0)) return 0;
  if (dims.includes('?')) return '?';
  const parsed = dims.map(parse);
  return format({
    factor: parsed.reduce((total, { factor }) => total * factor, 1),
    names: parsed.flatMap(({ names }) => names).toSorted(),
  });
}

/** a ÷ b where it comes out whole whatever the names stand for; '?' otherwise. */
export function quotient(a: Dim, b: Dim): Dim {
  if (a === '?' || b === '?' || b === 0) return '?';
  if (a === b) return 1;
  const above = parse(a);
  const below = parse(b);
  for (const name of below.names) {
    const at = above.names.indexOf(name);
    if (at < 0) return '?';
    above.names.splice(at, 1);
  }
  if (above.factor % below.factor !== 0) return sumQuotient(above, below.factor);
  return format({ factor: above.factor / below.factor, names: above.names });
}

/** A sum all of whose terms can be divided. */
function sumQuotient({ factor, names }: Product, divisor: number): Dim {
  const terms = factor === 1 && names.length === 1 ? termsOf(names[0]!) : undefined;
  if (terms === undefined || terms.length < 2) return '?';
  const divided = terms.map((term) => quotient(term, divisor));
  return divided.includes('?') ? '?' : sum(divided);
}

/** A size that is a function of others: the number where they are numbers, otherwise a name for it. */
export function derived(name: DimFunction, dims: readonly Dim[]): Dim {
  if (dims.every(isKnown)) return applyDimFunction(name, [...dims]);
  if (dims.includes('?')) return '?';
  return bounded(`${name}(${dims.join(',')})`);
}

/** Like terms are added up: 'sum(a,b,c)' has its terms sorted and a number last. */
export function sum(dims: readonly Dim[]): Dim {
  if (dims.includes('?')) return '?';
  const factors = new Map<string, number>();
  let fixed = 0;
  for (const term of dims.flatMap(termsOf)) {
    const { factor, names } = parse(term);
    if (names.length === 0) fixed += factor;
    else factors.set(names.join('*'), (factors.get(names.join('*')) ?? 0) + factor);
  }
  const open = [...factors]
    .filter(([, factor]) => factor !== 0)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([names, factor]) => (factor === 1 ? names : `${factor}*${names}`));
  if (open.length === 0) return fixed;
  if (open.length === 1 && fixed === 0) return open[0]!;
  return derived('sum', fixed === 0 ? open : [...open, fixed]);
}

export function difference(a: Dim, b: Dim): Dim {
  return sum([a, product([-1, b])]);
}

/** The terms of a sum; anything else is a term itself. */
function termsOf(dim: Dim): Dim[] {
  const call = typeof dim === 'string' ? parseCall(dim) : undefined;
  return call?.name === 'sum' ? call.dims : [dim];
}

/** The function and sizes of a text that is nothing but a call. */
function parseCall(text: string): { name: DimFunction; dims: Dim[] } | undefined {
  const [, name, inner] = /^(\w+)\((.*)\)$/.exec(text) ?? [];
  if (name === undefined || inner === undefined || !isDimFunction(name) || !isBalanced(inner)) return undefined;
  const dims = splitOutside(inner, ',').map((part): Dim => (isNumber(part) ? Number(part) : part));
  return { name, dims };
}

function isNumber(text: string): boolean {
  return text !== '' && Number.isFinite(Number(text));
}

function isBalanced(text: string): boolean {
  let depth = 0;
  for (const character of text) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (depth < 0) return false;
  }
  return depth === 0;
}

/** The size a text stands for, given what its names stand for; undefined where a name is missing. */
export function evaluateDim(dim: Dim, sizes: Readonly<Record<string, number>>): number | undefined {
  if (typeof dim === 'number') return dim;
  if (Object.hasOwn(sizes, dim)) return sizes[dim];
  const { factor, names } = parse(dim);
  if (names.length === 1 && factor === 1) {
    const call = parseCall(names[0]!);
    const values = call?.dims.map((item) => evaluateDim(item, sizes));
    return call && values!.every((value) => value !== undefined) ? applyDimFunction(call.name, values!) : undefined;
  }
  let result: number | undefined = factor;
  for (const name of names) {
    const value = evaluateDim(name, sizes);
    result = value === undefined || result === undefined ? undefined : result * value;
  }
  return result;
}

/** True for a size that cannot be negative, which a text without subtraction is. */
export function isCount(dim: Dim): boolean {
  return typeof dim === 'number' ? dim >= 0 : dim !== '?' && !dim.includes('-');
}

/** The size two sizes broadcast to: against a number above 1 a name can only be 1 or that number. */
export function broadcastDim(a: Dim, b: Dim): Dim {
  if (a === 1) return b;
  if (b === 1) return a;
  if (isKnown(a)) return a;
  if (isKnown(b)) return b;
  if (sameDim(a, b)) return a;
  // Whichever is not the other has to be 1, and min(a, …) is not above a.
  if (hasArgument(b, 'min', a) || hasArgument(a, 'max', b)) return a;
  if (hasArgument(a, 'min', b) || hasArgument(b, 'max', a)) return b;
  return derived('max', [a, b].toSorted());
}

function hasArgument(dim: Dim, name: DimFunction, argument: Dim): boolean {
  const call = typeof dim === 'string' ? parseCall(dim) : undefined;
  return call?.name === name && call.dims.includes(argument);
}

export function broadcastShapes(shapes: readonly (readonly Dim[])[]): Dim[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) =>
    shapes.reduce<Dim>((dim, shape) => broadcastDim(dim, shape[axis - rank + shape.length] ?? 1), 1),
  );
}

/** Counts negative axes from the end, as ONNX does. */
export function positiveAxis(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}
