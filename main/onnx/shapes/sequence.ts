/** Shapes of recurrent networks, attention and the other operators over sequences. */
import { intAttribute, stringAttribute, type Dim } from '../graph.ts';
import type { ShapeRule } from './context.ts';
import { numbersOf } from '../tensor.ts';
import { positiveAxis, product, quotient } from './dims.ts';

/** Y, Y_h and, for LSTM, Y_c; with layout 1 the batch comes first everywhere. */
const recurrent: ShapeRule = (node, context) => {
  const x = context.type(node.inputs[0]);
  const recurrence = context.type(node.inputs[2]);
  if (!x || x.shape.length !== 3) return [];
  const directions = stringAttribute(node, 'direction', 'forward') === 'bidirectional' ? 2 : 1;
  const hidden: Dim = intAttribute(node, 'hidden_size', 0) || (recurrence?.shape[2] ?? '?');
  const batchFirst = intAttribute(node, 'layout', 0) === 1;
  const [length, batch] = batchFirst ? [x.shape[1]!, x.shape[0]!] : [x.shape[0]!, x.shape[1]!];
  const all = batchFirst ? [batch, length, directions, hidden] : [length, directions, batch, hidden];
  const last = batchFirst ? [batch, directions, hidden] : [directions, batch, hidden];
  return [
    { dtype: x.dtype, shape: all },
    { dtype: x.dtype, shape: last },
    { dtype: x.dtype, shape: last },
  ];
};

/** Only the first output: caches and the intermediate product are for language models. */
const attention: ShapeRule = (node, context) => {
  const [q, k, v] = node.inputs.map((name) => context.type(name));
  if (!q || !k || !v) return [undefined];
  if (q.shape.length === 4) return [{ dtype: q.dtype, shape: [...q.shape.slice(0, 3), v.shape[3] ?? '?'] }];
  const heads = quotient(v.shape[2] ?? '?', intAttribute(node, 'kv_num_heads', 0));
  return [{ dtype: q.dtype, shape: [...q.shape.slice(0, 2), product([intAttribute(node, 'q_num_heads', 0), heads])] }];
};

const compress: ShapeRule = (node, context) => {
  const type = context.type(node.inputs[0]);
  if (!type) return [undefined];
  const axis = node.attributes['axis'] ? intAttribute(node, 'axis', 0) : undefined;
  if (axis === undefined) return [{ dtype: type.dtype, shape: ['?'] }];
  return [{ dtype: type.dtype, shape: type.shape.with(axis, '?') }];
};

/** Complex numbers have a last axis of 2. Half of the frequencies with `onesided`, or the real signal that they stand for. */
const fourier: ShapeRule = (node, context) => {
  const type = context.type(node.inputs[0]);
  if (!type) return [undefined];
  const axis = positiveAxis(intAttribute(node, 'axis', 1), type.shape.length);
  const stated = node.inputs[1] ? context.constant(node.inputs[1]) : undefined;
  const length = node.inputs[1] ? (stated ? numbersOf(stated)[0]! : '?') : type.shape[axis]!;
  const half = intAttribute(node, 'onesided', 0) === 1;
  if (half && intAttribute(node, 'inverse', 0) === 1) {
    return [stated && { dtype: type.dtype, shape: type.shape.with(axis, length).with(-1, 1) }];
  }
  const frequencies = half ? (typeof length === 'number' ? Math.floor(length / 2) + 1 : '?') : length;
  return [{ dtype: type.dtype, shape: type.shape.with(axis, frequencies).with(-1, 2) }];
};

export const sequenceShapes: Record<string, ShapeRule> = {
  LSTM: recurrent,
  GRU: recurrent,
  RNN: recurrent,
  Attention: attention,
  Compress: compress,
  DFT: fourier,
};
