/** Shapes of matrix products. */
import { intAttribute, stringAttribute, type Dim } from '../graph.ts';
import type { ShapeRule } from './context.ts';
import { broadcastDim, broadcastShapes } from './dims.ts';

const matMul: ShapeRule = (node, context) => {
  const a = context.type(node.inputs[0]);
  const b = context.type(node.inputs[1]);
  if (!a || !b || a.shape.length === 0 || b.shape.length === 0) return [undefined];
  const left = a.shape.length === 1 ? [1, ...a.shape] : a.shape;
  const right = b.shape.length === 1 ? [...b.shape, 1] : b.shape;
  const shape = broadcastShapes([left.slice(0, -2), right.slice(0, -2)]);
  if (a.shape.length > 1) shape.push(left.at(-2)!);
  if (b.shape.length > 1) shape.push(right.at(-1)!);
  return [{ dtype: node.op === 'MatMulInteger' ? 'int32' : a.dtype, shape }];
};

const gemm: ShapeRule = (node, context) => {
  const a = context.type(node.inputs[0]);
  const b = context.type(node.inputs[1]);
  if (!a || !b) return [undefined];
  const rows = a.shape[intAttribute(node, 'transA', 0) === 1 ? 1 : 0]!;
  const columns = b.shape[intAttribute(node, 'transB', 0) === 1 ? 0 : 1]!;
  return [{ dtype: a.dtype, shape: [rows, columns] }];
};

/** An ellipsis stands for the axes that no letter names; they broadcast, aligned at their ends. */
const einsum: ShapeRule = (node, context) => {
  const types = node.inputs.map((name) => context.type(name));
  const equation = stringAttribute(node, 'equation', '').replaceAll(' ', '');
  const [left, right] = equation.split('->');
  const terms = left!.split(',');
  if (types.some((type) => type === undefined) || terms.length !== types.length) return [undefined];
  const sizes = new Map<string, Dim>();
  const rests = terms.map((term, input) => {
    const shape = types[input]!.shape;
    const [before, after] = term.split('...') as [string, string | undefined];
    const end = shape.length - (after?.length ?? 0);
    [...before, ...(after ?? '')].forEach((letter, index) => {
      const size = shape[index < before.length ? index : end + index - before.length] ?? '?';
      sizes.set(letter, broadcastDim(sizes.get(letter) ?? 1, size));
    });
    return after === undefined ? [] : shape.slice(before.length, end);
  });
  const rest = broadcastShapes(rests);
  // Without an arrow the result has the letters that occur once, in alphabetical order, behind the ellipsis.
  const once = [...sizes.keys()].filter((letter) => left!.split(letter).length === 2).toSorted();
  const letters = right ?? `${left!.includes('...') ? '...' : ''}${once.join('')}`;
  const shape = letters.split(/(\.\.\.)/).flatMap((part): Dim[] => {
    return part === '...' ? rest : [...part].map((letter) => sizes.get(letter) ?? '?');
  });
  return [{ dtype: types[0]!.dtype, shape }];
};

export const linearShapes: Record<string, ShapeRule> = {
  MatMul: matMul,
  MatMulInteger: matMul,
  Gemm: gemm,
  Einsum: einsum,
};
