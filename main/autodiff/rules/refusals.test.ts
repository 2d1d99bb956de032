/** Nodes whose gradient is refused: the sentence names operator, node and reason. */
import { describe, expect, test } from 'vitest';
import { float, GraphBuilder, type AttributeValues, type Graph } from '../../onnx/index.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { deriveVjp } from '../index.ts';

type Constant = { dtype: 'float32' | 'int64'; shape: number[]; data: number[] } | null;

/** One operator whose first input is the stimulus. */
function graphOf(op: string, shape: (number | string)[], others: Constant[], attributes: AttributeValues): Graph {
  const builder = new GraphBuilder();
  builder.input('x', 'float32', shape);
  const names = others.map((item, index) =>
    item === null ? '' : builder.constant(`c${index}`, item.dtype, item.shape, item.data),
  );
  builder.node(op, ['x', ...names], attributes, 'y');
  builder.output('y', 'float32', null);
  return builder.build();
}

function refusal(graph: Graph): TwinscopeError {
  try {
    deriveVjp(graph, { wrt: 'x', outputs: ['y'] });
  } catch (error) {
    if (error instanceof TwinscopeError) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}

const integers = (shape: number[], ...data: number[]): Constant => ({ dtype: 'int64', shape, data });
const zeros = (...shape: number[]): Constant => {
  const count = shape.reduce((product, size) => product * size, 1);
  return { dtype: 'float32', shape, data: Array.from({ length: count }, () => 0) };
};
const lstm = [zeros(1, 8, 3), zeros(1, 8, 2)];
const gru = [zeros(1, 6, 3), zeros(1, 6, 2)];

describe('refused by name', () => {
  test.each<[string, (number | string)[], Constant[], AttributeValues, string]>([
    ['ScatterElements', [4], [integers([1], 2), zeros(1)], { reduction: 'mul' }, 'it combines updates by "mul"'],
    ['ScatterND', [4], [integers([1, 1], 2), zeros(1)], { reduction: 'max' }, 'it combines updates by "max"'],
    ['GridSample', [1, 1, 4, 4], [zeros(1, 2, 2, 2)], { mode: 'bicubic' }, 'it interpolates by "bicubic"'],
    ['GridSample', [1, 1, 4, 4, 4], [zeros(1, 2, 2, 2, 3)], {}, 'its input has 5 axes'],
    [
      'Resize',
      [1, 1, 4, 4],
      [null, null, integers([4], 1, 1, 8, 6)],
      { keep_aspect_ratio_policy: 'not_larger' },
      'it keeps the aspect ratio ("not_larger")',
    ],
    ['Pad', [1, 4], [integers([4], 0, -1, 0, 1)], { mode: 'reflect' }, 'it crops and pads by "reflect" at once'],
    [
      'DFT',
      [1, 4, 2],
      [integers([], 4)],
      { onesided: 1, inverse: 1 },
      'it is given more frequencies than its signal has',
    ],
    [
      'Conv',
      [1, 2, 9, 9],
      [zeros(3, 2, 1, 1)],
      { auto_pad: 'SAME_UPPER', strides: [3, 3] },
      'it pads by auto_pad with gaps, which runtimes understand differently',
    ],
    ['DepthToSpace', [1, 'channels', 2, 2], [], { blocksize: 2, mode: 'CRD' }, 'its number of channels is fixed only'],
    ['LSTM', ['time', 2, 3], lstm, { hidden_size: 2 }, 'its number of time steps is fixed only at run time'],
    ['LSTM', [4, 2, 3], lstm, { hidden_size: 2, clip: float(1) }, 'it clips what goes into its activations'],
    ['LSTM', [4, 2, 3], lstm, { hidden_size: 2, input_forget: 1 }, 'it couples its input and forget gates'],
    ['LSTM', [4, 2, 3], lstm, { hidden_size: 2, layout: 1 }, 'its batch comes first (layout 1)'],
    [
      'LSTM',
      [4, 2, 3],
      [...lstm, null, integers([2], 4, 3)],
      { hidden_size: 2 },
      'its sequences may end before the last time step',
    ],
    [
      'GRU',
      [4, 2, 3],
      gru,
      { hidden_size: 2, activations: ['Softsign', 'Tanh'] },
      'it has the activation "Softsign", and only Sigmoid, Tanh and Relu have a rule',
    ],
  ])('%s %#', (op, shape, others, attributes, reason) => {
    const error = refusal(graphOf(op, shape, others, attributes));
    expect(error.code).toBe('unsupported');
    expect(error.message).toContain(`through ${op} (node "y"): ${reason}`);
    expect(error.message).toContain('Gradient-free search (screening and CMA-ES) works with this twin.');
    expect(error.details).toMatchObject({ operator: op, node: 'y' });
  });

  test('the nearest pixels of a grid made from the stimulus', () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', [1, 2, 2, 2]);
    builder.constant('image', 'float32', [1, 1, 4, 4], new Float32Array(16));
    builder.node('GridSample', ['image', 'x'], { mode: 'nearest' }, 'y');
    builder.output('y', 'float32', null);
    expect(refusal(builder.build()).message).toContain('it takes the nearest pixels, which change only in steps');
  });
});
