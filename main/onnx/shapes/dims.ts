/**
 * Arithmetic on sizes that may be known only at run time. A size is a number, or a text: a product of names with an
 * optional factor first ('batch', '3*batch', '3*batch*time'), where a name may be a function of sizes ('pool(h,2,0)').
 * Equal texts are equal sizes at run time; '?' equals nothing, not even itself.
 */
import type { Dim } from '../graph.ts';

export function isKnown(dim: Dim): dim is number {
  return typeof dim === 'number';
}

export function sameDim(a: Dim, b: Dim): boolean {
  return a === b && a !== '?';
}

export function sameShape(a: readonly Dim[], b: readonly Dim[]): boolean {
  return a.length === b.length && a.every((dim, axis) => sameDim(dim, b[axis]!));
}

interface Product {
  factor: number;
  /** Sorted. */
  names: string[];
}

function parse(dim: Dim): Product {
  if (typeof dim === 'number') return { factor: dim, names: [] };
  const parts = splitProduct(dim);
  const factor = /^\d+$/.test(parts[0]!) ? Number(parts.shift()) : 1;
  return { factor, names: parts.toSorted() };
}

/** Splits at the asterisks outside brackets. */
function splitProduct(text: string): string[] {
  const parts: string[] = [''];
  let depth = 0;
  for (const character of text) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (character === '*' && depth === 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts;
}

function format({ factor, names }: Product): Dim {
  if (factor === 0 || names.length === 0) return factor;
  return factor === 1 ? names.join('*') : `${factor}*${names.join('*')}`;
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
  const above = parse(a);
  const below = parse(b);
  for (const name of below.names) {
    const at = above.names.indexOf(name);
    if (at < 0) return '?';
    above.names.splice(at, 1);
  }
  if (above.factor % below.factor !== 0) return '?';
  return format({ factor: above.factor / below.factor, names: above.names });
}

/** A size that is `compute` of others: the number where they are numbers, otherwise a name for it. */
export function derived(
  name: string,
  dims: readonly Dim[],
  parameters: readonly number[],
  compute: (sizes: number[]) => number,
): Dim {
  if (dims.every(isKnown)) return compute([...dims]);
  if (dims.includes('?')) return '?';
  return `${name}(${[...dims, ...parameters].join(',')})`;
}

export function sum(dims: readonly Dim[]): Dim {
  const fixed = dims.filter(isKnown).reduce((total, size) => total + size, 0);
  const open = dims.filter((dim) => !isKnown(dim));
  if (open.length === 0) return fixed;
  if (open.length === 1 && fixed === 0) return open[0]!;
  return derived('sum', open, [fixed], () => 0);
}

/** The size two sizes broadcast to: against a number above 1 a name can only be 1 or that number. */
export function broadcastDim(a: Dim, b: Dim): Dim {
  if (a === 1) return b;
  if (b === 1) return a;
  if (isKnown(a)) return a;
  if (isKnown(b)) return b;
  return sameDim(a, b) ? a : '?';
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
