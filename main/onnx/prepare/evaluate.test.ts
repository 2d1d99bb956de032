/** Folded results against ONNX Runtime, element by element. */
import { describe, expect, test } from 'vitest';
import { toAttributes, type AttributeValues } from '../attributes.ts';
import { GraphBuilder, makeTensor, numbersOf, type Tensor } from '../index.ts';
import { runGraph } from '../testing/runGraph.ts';
import { evaluate } from './evaluate.ts';

const longs = (...data: number[]): Tensor => makeTensor('int64', [data.length], data);
const long = (value: number): Tensor => makeTensor('int64', [], [value]);
const floats = (...data: number[]): Tensor => makeTensor('float32', [data.length], data);
const table = makeTensor('float32', [2, 3], [1.5, -2.5, 3, 0.1, -0.5, 7]);
const cube = makeTensor('int64', [2, 2, 3], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
const flags = makeTensor('bool', [3], [1, 0, 1]);

type Case = [op: string, inputs: (Tensor | undefined)[], attributes?: AttributeValues, outputs?: number];

const cases: Case[] = [
  ['Add', [table, floats(1, 2, 0.1)]],
  ['Sub', [longs(7, -3), long(2)]],
  ['Mul', [table, makeTensor('float32', [2, 1], [3, 1 / 3])]],
  ['Div', [longs(7, -7, 9), longs(2, 2, -4)]],
  ['Div', [table, floats(3, 7, 0.3)]],
  ['Mod', [longs(7, -7, 9), longs(3, 3, -4)]],
  ['Mod', [table, floats(2, 2, -2)], { fmod: 1 }],
  ['Pow', [table, floats(2, 3, -2)]],
  ['Min', [table, floats(0, 0, 5), floats(-1, 1, 4)]],
  ['Max', [longs(1, 5), longs(3, 2)]],
  ['Equal', [longs(1, 5), long(5)]],
  ['Greater', [table, floats(0, 0, 3)]],
  ['LessOrEqual', [table, floats(0, 0, 3)]],
  ['And', [flags, makeTensor('bool', [1], [1])]],
  ['Not', [flags]],
  ['Neg', [longs(3, -4, 0)]],
  ['Abs', [table]],
  ['Sqrt', [floats(2, 0.3, 16)]],
  ['Reciprocal', [floats(3, 7)]],
  ['Floor', [table]],
  ['Ceil', [table]],
  ['Round', [floats(0.5, 1.5, 2.5, -0.5, -1.5, 2.4)]],
  ['Sign', [table]],
  ['Cast', [table], { to: 7 }],
  ['Cast', [longs(0, 3)], { to: 9 }],
  ['Cast', [longs(2 ** 24 + 1, 3)], { to: 1 }],
  ['Where', [flags, floats(1, 2, 3), makeTensor('float32', [2, 1], [8, 9])]],
  ['Range', [long(3), long(11), long(3)]],
  ['Range', [makeTensor('float32', [], [1]), makeTensor('float32', [], [0]), makeTensor('float32', [], [-0.25])]],
  ['Shape', [cube], { start: 1 }],
  ['Size', [cube]],
  ['Reshape', [cube, longs(0, -1)]],
  ['Squeeze', [makeTensor('int64', [1, 2, 1], [1, 2]), longs(-1)]],
  ['Unsqueeze', [table, longs(0, -1)]],
  ['Flatten', [cube], { axis: 2 }],
  ['Transpose', [cube], { perm: [2, 0, 1] }],
  ['Transpose', [cube]],
  ['Concat', [table, makeTensor('float32', [2, 1], [5, 6])], { axis: -1 }],
  ['Gather', [cube, makeTensor('int64', [2, 2], [0, -1, 2, 1])], { axis: 2 }],
  ['Gather', [longs(4, 5, 6), long(1)]],
  ['Slice', [cube, longs(-1, 1), longs(-10, 2 ** 62), longs(2, 1), longs(-2, 1)]],
  ['Slice', [longs(1, 2, 3, 4), longs(1), longs(-1)]],
  ['Expand', [makeTensor('float32', [2, 1], [1, 2]), longs(3, 1, 2)]],
  ['Tile', [table, longs(2, 2)]],
  ['ConstantOfShape', [longs(2, 2)], { value: { kind: 'tensor', value: longs(-1) } }],
  ['ConstantOfShape', [longs(3)]],
  ['Split', [cube, longs(1, 2)], { axis: 2 }, 2],
  ['Split', [longs(1, 2, 3, 4, 5)], { num_outputs: 2 }, 2],
  ['ReduceProd', [longs(2, 3, 4)], { keepdims: 0 }],
  ['Squeeze', [makeTensor('float32', [1, 2, 1], [1, 2]), longs()]],
];

test.each(cases)('%s', async (op, inputs, attributes = {}, outputs = 1) => {
  const builder = new GraphBuilder();
  const names = inputs.map((tensor, index) => (tensor ? builder.tensor(`c${index}`, tensor) : ''));
  const made = Array.from({ length: outputs }, (_, index) => `y${index}`);
  builder.nodes(op, names, attributes, made);
  made.forEach((name) => builder.output(name, 'undefined', null));
  const expected = await runGraph(builder.build(), {});
  const node = { op, domain: '', name: '', inputs: names, outputs: made, attributes: toAttributes(attributes) };
  const found = evaluate(node, inputs)!;
  made.forEach((name, index) => {
    const { dtype, shape } = found[index]!;
    expect({ type: dtype, dims: shape, data: numbersOf(found[index]!) }).toEqual(expected[name]);
  });
});

describe('what is left to the runtime', () => {
  const evaluated = (op: string, inputs: Tensor[], attributes: AttributeValues = {}): Tensor[] | undefined =>
    evaluate({ op, domain: '', name: '', inputs: [], outputs: ['y'], attributes: toAttributes(attributes) }, inputs);
  const half: Tensor = { dtype: 'float16', shape: [2], bytes: Uint8Array.of(0, 0x3c, 0, 0xc0) };

  test('half precision is moved and widened, never computed', () => {
    expect(evaluated('Add', [half, half])).toBeUndefined();
    expect(evaluated('Cast', [floats(1)], { to: 10 })).toBeUndefined();
    expect(numbersOf(evaluated('Cast', [half], { to: 1 })![0]!)).toEqual([1, -2]);
    expect(evaluated('Gather', [half, longs(1)])![0]!.bytes).toEqual(Uint8Array.of(0, 0xc0));
  });

  test('powers that are no products of whole numbers of factors', () => {
    expect(numbersOf(evaluated('Pow', [floats(-3, 2), floats(3, -2)])![0]!)).toEqual([-27, 0.25]);
    expect(evaluated('Pow', [floats(3), floats(0.5)])).toBeUndefined();
    expect(evaluated('Pow', [longs(2), longs(-1)])).toBeUndefined();
  });

  test('integers beyond exact numbers, division by zero and conversions that devices do differently', () => {
    const large: Tensor = makeTensor('int64', [1], [2n ** 60n + 1n]);
    expect(evaluated('Add', [large, longs(1)])).toBeUndefined();
    expect(evaluated('Concat', [large, large], { axis: 0 })![0]!.bytes).toEqual(
      Uint8Array.from([...large.bytes, ...large.bytes]),
    );
    expect(evaluated('Mul', [longs(2 ** 40), longs(2 ** 40)])).toBeUndefined();
    expect(evaluated('Div', [longs(1), longs(0)])).toBeUndefined();
    expect(evaluated('Cast', [floats(Infinity)], { to: 7 })).toBeUndefined();
  });

  test('results of more than 4,096 elements, and empty tensors with absurd sizes', () => {
    expect(evaluated('Expand', [floats(1), longs(64, 64)])![0]!.shape).toEqual([64, 64]);
    expect(evaluated('Expand', [floats(1), longs(65, 64)])).toBeUndefined();
    expect(evaluated('Range', [long(0), long(2 ** 50), long(1)])).toBeUndefined();
    const nothing: Tensor = { dtype: 'float32', shape: [2 ** 50, 0], bytes: new Uint8Array(0) };
    expect(evaluated('Gather', [nothing, longs(0)], { axis: 1 })).toBeUndefined();
    expect(evaluated('Gather', [nothing, longs()], { axis: 1 })![0]!.shape).toEqual([2 ** 50, 0]);
    expect(evaluated('Concat', [nothing, nothing], { axis: 1 })![0]!.shape).toEqual([2 ** 50, 0]);
  });

  test('a product over no axes, which is no product', () => {
    expect(evaluated('ReduceProd', [longs(2, 3)], { noop_with_empty_axes: 1 })).toBeUndefined();
    expect(numbersOf(evaluated('ReduceProd', [longs(2, 3)])![0]!)).toEqual([6]);
  });

  test('nodes that contradict their inputs', () => {
    expect(evaluated('Add', [floats(1, 2), floats(1, 2, 3)])).toBeUndefined();
    expect(evaluated('Reshape', [table, longs(4, -1)])).toBeUndefined();
    expect(evaluated('Gather', [table, longs(5)])).toBeUndefined();
  });
});
