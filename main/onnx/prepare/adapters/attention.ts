/** Scaled dot-product attention (an operator since opset 23) in matrix products. */
import { dtypeOfCode, type Dtype } from '../../elementTypes.ts';
import { floatAttribute, intAttribute, type GraphNode } from '../../graph.ts';
import { makeTensor } from '../../tensor.ts';
import type { Adapter, Rewriter } from '../rewriter.ts';

/**
 * softmax(scale · Q Kᵀ + bias) V for as many key as query heads, on [batch, heads, length, size] or [batch, length,
 * heads · size]. Caches of keys, windows and the intermediate product as an output are refused. A query that may attend
 * to nothing gives NaN here (zero in the newest runtimes).
 */
export const attention: Adapter = (node, rewrite) => {
  refuseVariants(node, rewrite);
  const [q, k, v] = node.inputs as [string, string, string];
  const flat = rewrite.rank(q) === 3;
  const heads = (count: 'q_num_heads' | 'kv_num_heads'): number => intAttribute(node, count, 0);
  const query = flat ? splitHeads(rewrite, q, heads('q_num_heads')) : q;
  const key = flat ? splitHeads(rewrite, k, heads('kv_num_heads')) : k;
  const value = flat ? splitHeads(rewrite, v, heads('kv_num_heads')) : v;
  const dtype = rewrite.dtype(q);
  const scale = floatAttribute(node, 'scale', 0) || 1 / Math.sqrt(headSize(node, rewrite, flat));
  const scaled = rewrite.node('Mul', [query, rewrite.scalar(scale, dtype)]);
  let scores = rewrite.node('MatMul', [scaled, rewrite.node('Transpose', [key], { perm: [0, 1, 3, 2] })]);
  const cap = floatAttribute(node, 'softcap', 0);
  if (cap > 0) {
    const limit = rewrite.scalar(cap, dtype);
    scores = rewrite.node('Mul', [rewrite.node('Tanh', [rewrite.node('Div', [scores, limit])]), limit]);
  }
  if (intAttribute(node, 'is_causal', 0) === 1) {
    scores = rewrite.node('Add', [scores, bias(rewrite, causalMask(rewrite, query, key), dtype)]);
  }
  const mask = node.inputs[3];
  if (mask) {
    const added = rewrite.dtype(mask) === 'bool' ? bias(rewrite, mask, dtype) : mask;
    scores = rewrite.node('Add', [scores, added]);
  }
  const attended = rewrite.node('MatMul', [softmax(rewrite, scores, dtype, softmaxType(node)), value]);
  if (flat) joinHeads(rewrite, attended, node.outputs[0]!);
  else rewrite.node('Identity', [attended], {}, node.outputs[0]);
  return true;
};

function refuseVariants(node: GraphNode, rewrite: Rewriter): void {
  if (node.inputs.slice(4).some((name) => name !== '')) rewrite.refuse('it caches keys and values');
  if (node.outputs.slice(1).some((name) => name !== '')) rewrite.refuse('it gives more than its first output');
  if (intAttribute(node, 'left_window_size', -1) >= 0 || intAttribute(node, 'right_window_size', -1) >= 0) {
    rewrite.refuse('it attends within a window');
  }
  const [q, k] = [rewrite.context.type(node.inputs[0])?.shape[1], rewrite.context.type(node.inputs[1])?.shape[1]];
  const grouped =
    rewrite.rank(node.inputs[0]) === 3
      ? intAttribute(node, 'q_num_heads', 0) !== intAttribute(node, 'kv_num_heads', 0)
      : q === undefined || q !== k;
  if (grouped) rewrite.refuse('it has fewer heads for keys than for queries');
}

function headSize(node: GraphNode, rewrite: Rewriter, flat: boolean): number {
  const size = rewrite.context.type(node.inputs[0])?.shape.at(-1);
  if (typeof size !== 'number') rewrite.refuse('its head size is open');
  return flat ? size / intAttribute(node, 'q_num_heads', 1) : size;
}

function splitHeads(rewrite: Rewriter, name: string, heads: number): string {
  if (heads < 1) rewrite.refuse('it does not state its number of heads');
  return rewrite.node('Transpose', [rewrite.node('Reshape', [name, rewrite.ints([0, 0, heads, -1])])], {
    perm: [0, 2, 1, 3],
  });
}

function joinHeads(rewrite: Rewriter, name: string, output: string): void {
  const transposed = rewrite.node('Transpose', [name], { perm: [0, 2, 1, 3] });
  rewrite.node('Reshape', [transposed, rewrite.ints([0, 0, -1])], {}, output);
}

/** True where key j is not after query i. */
function causalMask(rewrite: Rewriter, query: string, key: string): string {
  const length = (name: string): string => rewrite.node('Shape', [name], { start: 2, end: 3 });
  const shape = rewrite.node('Concat', [length(query), length(key)], { axis: 0 });
  const ones = rewrite.node('ConstantOfShape', [shape], {
    value: { kind: 'tensor', value: makeTensor('float32', [1], [1]) },
  });
  return rewrite.cast(rewrite.node('Trilu', [ones], { upper: 0 }), 'bool');
}

/** 0 where attention is allowed, −∞ where it is not. */
function bias(rewrite: Rewriter, allowed: string, dtype: Dtype): string {
  return rewrite.node('Where', [allowed, rewrite.scalar(0, dtype), rewrite.scalar(-Infinity, dtype)]);
}

function softmaxType(node: GraphNode): Dtype | undefined {
  const code = intAttribute(node, 'softmax_precision', 0);
  return code === 0 ? undefined : dtypeOfCode(code);
}

function softmax(rewrite: Rewriter, scores: string, dtype: Dtype, precise: Dtype | undefined): string {
  if (precise === undefined || precise === dtype) return rewrite.node('Softmax', [scores], { axis: -1 });
  return rewrite.cast(rewrite.node('Softmax', [rewrite.cast(scores, precise)], { axis: -1 }), dtype);
}
