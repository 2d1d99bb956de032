import { describe, expect, test } from 'vitest';
import { GraphBuilder, type Graph } from '../onnx/index.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { deriveVjp, type VjpRequest } from './index.ts';
import { elementwise } from './testing/graphs.ts';

function refusal(forward: Graph, request: VjpRequest): { message: string; code: string; details: unknown } {
  try {
    deriveVjp(forward, request);
  } catch (error) {
    if (error instanceof TwinscopeError) return { message: error.message, code: error.code, details: error.details };
    throw error;
  }
  throw new Error('It was not refused.');
}

describe('refusals', () => {
  const request = { wrt: 'x', outputs: ['y'] };

  test('an operator without a rule, by name', () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', [1, 1, 4, 4]);
    const regions = builder.constant('regions', 'float32', [1, 5], [0, 0, 0, 3, 3]);
    const pooled = builder.node('MaxRoiPool', ['x', regions], { pooled_shape: [2, 2] }, 'pool1');
    builder.node('Det', [pooled], {}, 'y');
    builder.output('y', 'float32', null);
    expect(refusal(builder.build(), request)).toEqual({
      code: 'unsupported',
      message:
        'Twinscope cannot derive a gradient through MaxRoiPool (node "pool1"): it has no rule for this operator, nor for Det. ' +
        'Gradient-free search (screening and CMA-ES) works with this twin.',
      details: { operator: 'MaxRoiPool', node: 'pool1', operators: ['MaxRoiPool', 'Det'] },
    });
  });

  test('an operator of another domain, by domain and name', () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', [1]);
    builder.nodes('FusedGelu', ['x'], {}, ['y'], 'com.example');
    builder.output('y', 'float32', [1]);
    expect(refusal(builder.build(), request).message).toContain('through com.example.FusedGelu (node "y")');
  });

  test.each(['Round', 'Floor', 'Sign'])('a gradient that is zero everywhere: %s', (op) => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', [1]);
    builder.node('Exp', [builder.node(op, ['x'], {}, 'steps')], {}, 'y');
    builder.output('y', 'float32', [1]);
    expect(refusal(builder.build(), request)).toMatchObject({
      code: 'unsupported',
      message:
        `The gradient of "y" with respect to "x" is zero everywhere: every path goes through ${op} (node "steps"), ` +
        'whose output changes only in steps. Gradient-free search (screening and CMA-ES) works with this twin.',
    });
  });

  test('random numbers and quantised branches, by name, also beside a path that has a gradient', () => {
    const noisy = new GraphBuilder();
    noisy.input('x', 'float32', [4]);
    noisy.node('Add', ['x', noisy.node('RandomNormalLike', ['x'], {}, 'noise')], {}, 'y');
    noisy.output('y', 'float32', [4]);
    expect(refusal(noisy.build(), request).message).toContain(
      'through RandomNormalLike (node "noise"): it draws random numbers, so that two runs differ.',
    );
    const quantised = new GraphBuilder();
    quantised.input('x', 'float32', [4]);
    const scale = quantised.constant('scale', 'float32', [], [0.1]);
    const zero = quantised.constant('zero', 'uint8', [], [0]);
    const levels = quantised.node('QuantizeLinear', ['x', scale, zero], {}, 'levels');
    quantised.node('Add', ['x', quantised.node('DequantizeLinear', [levels, scale, zero])], {}, 'y');
    quantised.output('y', 'float32', [4]);
    expect(refusal(quantised.build(), request).message).toContain(
      'through QuantizeLinear (node "levels"): it is quantised, so that its output changes only in steps.',
    );
  });

  test('values sorted and freed of duplicates, which move with the stimulus', () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', [3]);
    const [values] = builder.nodes('Unique', ['x'], {}, ['values']);
    const total = builder.node('ReduceSum', [values!], { keepdims: 1 });
    builder.node('Add', [total, builder.node('ReduceSum', ['x'], { keepdims: 1 })], {}, 'y');
    builder.output('y', 'float32', [1]);
    expect(refusal(builder.build(), request).message).toContain(
      'through Unique (node "values"): it has no rule for this operator',
    );
  });

  test('class labels: ArgMax behind a differentiable output', () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', [1, 4]);
    builder.node('Tanh', ['x'], {}, 'y');
    builder.node('ArgMax', ['y'], { axis: 1 }, 'label');
    builder.output('y', 'float32', [1, 4]);
    builder.output('label', 'int64', null);
    expect(refusal(builder.build(), { wrt: 'x', outputs: ['y', 'label'] }).message).toContain(
      'through ArgMax (node "label")',
    );
  });

  test('an input a rule treats as a parameter', () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', [1, 1, 2, 2]);
    builder.constant('image', 'float32', [1, 1, 4, 4], [...Array(16).keys()]);
    builder.node('Conv', ['image', builder.node('Exp', ['x'], {}, 'weights')], {}, 'y');
    builder.output('y', 'float32', null);
    expect(refusal(builder.build(), request).message).toBe(
      'Twinscope cannot derive a gradient through Conv (node "y"): there is no rule for its input "weights", which depends ' +
        'on "x". Gradient-free search (screening and CMA-ES) works with this twin.',
    );
  });

  test('a slice along computed axes', () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', [9, 9]);
    builder.input('axis', 'int64', [1]);
    builder.constant('start', 'int64', [1], [3]);
    builder.constant('end', 'int64', [1], [9]);
    builder.node('Slice', ['x', 'start', 'end', 'axis'], {}, 'y');
    builder.output('y', 'float32', null);
    expect(refusal(builder.build(), request).message).toContain('the axes it cuts are computed while it runs');
  });

  test('outputs and inputs that are not there, or have nothing to do with each other', () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', [1]);
    builder.input('u', 'int64', [1]);
    builder.node('Identity', [builder.constant('c', 'float32', [1], [1])], {}, 'y');
    builder.output('y', 'float32', [1]);
    const graph = builder.build();
    const message = (wrt: string, outputs: string[]): string => refusal(graph, { wrt, outputs }).message;
    expect(message('image', ['y'])).toBe('This graph has no input "image". Its inputs: "x", "u".');
    expect(message('x', ['z'])).toBe('This graph has no output "z". Its outputs: "y".');
    expect(message('x', [])).toBe('A gradient needs at least one output to start from.');
    expect(message('x', ['y'])).toBe('The output "y" does not depend on the input "x", so it has no gradient.');
    expect(message('u', ['y'])).toContain('The input "u" holds int64: only floating-point inputs have gradients.');
  });

  test('a very old operator set', () => {
    const graph = elementwise('Tanh');
    graph.opsets.set('', 9);
    expect(refusal(graph, request).message).toContain(
      'This model uses opset 9; gradients are derived from opset 11 on.',
    );
  });
});
