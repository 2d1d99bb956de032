/** Shapes of matrix products. */
import { intAttribute, stringAttribute, type Dim } from '../graph.ts';
import type { ShapeRule } from './context.ts';
import { broadcastShapes, isKnown } from './dims.ts';

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

const einsum: ShapeRule = (node, context) => {
  const types = node.inputs.map((name) => context.type(name));
  const equation = stringAttribute(node, 'equation', '').replaceAll(' ', '');
  if (types.some((type) => type === undefined) || equation.includes('.')) return [undefined];
  const [left, right] = equation.split('->');
  const sizes = new Map<string, Dim>();
  left!.split(',').forEach((letters, input) => {
    [...letters].forEach((letter, axis) => {
      const size = types[input]?.shape[axis] ?? '?';
      if (!sizes.has(letter) || (isKnown(size) && size !== 1)) sizes.set(letter, size);
    });
  });
  // Without an arrow the result has the letters that occur once, in alphabetical order.
  const letters =
    right ??
    [...sizes.keys()]
      .filter((letter) => left!.split(letter).length === 2)
      .toSorted()
      .join('');
  return [{ dtype: types[0]!.dtype, shape: [...letters].map((letter) => sizes.get(letter) ?? '?') }];
};

export const linearShapes: Record<string, ShapeRule> = {
  MatMul: matMul,
  MatMulInteger: matMul,
  Gemm: gemm,
  Einsum: einsum,
};
