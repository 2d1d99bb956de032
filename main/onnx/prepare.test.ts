/** Prepared graphs against the originals in ONNX Runtime. */
import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { AttributeProtoSchema, FunctionProtoSchema, NodeProtoSchema } from './generated/onnx_pb.ts';
import type { FunctionProto, NodeProto } from './generated/onnx_pb.ts';
import {
  float,
  GraphBuilder,
  inferShapes,
  makeTensor,
  numbersOf,
  prepareGraph,
  readGraph,
  writeGraph,
} from './index.ts';
import type { Graph } from './index.ts';
import { expectSame, randomFeeds, runGraph } from './testing/runGraph.ts';

const operators = (graph: Graph): string[] => graph.nodes.map(({ op }) => op);

describe('local functions', () => {
  const call = (opType: string, input: string[], output: string[], more: object = {}): NodeProto =>
    create(NodeProtoSchema, { opType, input, output, ...more });
  const define = (
    name: string,
    input: string[],
    output: string[],
    node: NodeProto[],
    more: object = {},
  ): FunctionProto =>
    create(FunctionProtoSchema, {
      name,
      domain: 'local',
      input,
      output,
      node,
      opsetImport: [
        { domain: '', version: 13n },
        { domain: 'local', version: 1n },
      ],
      ...more,
    });
  const refersTo = (name: string, refAttrName: string, type: number) =>
    create(AttributeProtoSchema, { name, refAttrName, type });
  const withFunctions = (functions: FunctionProto[], use: (builder: GraphBuilder) => void): Graph => {
    const builder = new GraphBuilder({ opset: 13 });
    builder.input('x', 'float32', ['batch', 4]);
    use(builder);
    const graph = builder.build();
    graph.opsets.set('local', 1);
    graph.functions = functions;
    return readGraph(writeGraph(graph));
  };

  test('attributes are handed down, with defaults, through nested calls', async () => {
    const leaky = define(
      'Leaky',
      ['a'],
      ['b'],
      [call('LeakyRelu', ['a'], ['b'], { attribute: [refersTo('alpha', 'slope', 1)] })],
      { attributeProto: [create(AttributeProtoSchema, { name: 'slope', type: 1, f: 0.25 })] },
    );
    const twice = define(
      'Twice',
      ['a'],
      ['c', 'unused'],
      [
        call('Leaky', ['a'], ['b'], { domain: 'local', attribute: [refersTo('slope', 'outer', 1)] }),
        call('Leaky', ['b'], ['c'], { domain: 'local' }),
        call('Neg', ['b'], ['unused']),
      ],
      { attribute: ['outer'] },
    );
    const graph = withFunctions([leaky, twice], (builder) => {
      const [first] = builder.nodes('Twice', ['x'], { outer: float(0.5) }, 2, 'local');
      builder.nodes('Twice', [first!], {}, ['y', 'negative'], 'local');
      builder.output('y', 'float32', ['batch', 4]);
    });
    const prepared = await expectSame(graph, { batch: 3 });
    const slopes = prepared.nodes.map(({ attributes }) => attributes['alpha']);
    expect(slopes).toEqual([float(0.5), float(0.25), float(0.25), float(0.25)]);
    expect(new Set(prepared.nodes.map(({ name }) => name)).size).toBe(4);
    expect([...prepared.opsets.keys()]).toEqual(['']);
  });

  test('a function may use an older operator set than the graph', async () => {
    const build = (version: bigint): Graph => {
      const rows = define('Rows', ['a'], ['b'], [call('Softmax', ['a'], ['b'])], {
        opsetImport: [{ domain: '', version }],
      });
      return withFunctions([rows], (builder) => {
        const deep = builder.node('Reshape', ['x', builder.constant('s', 'int64', [3], [-1, 2, 2])]);
        builder.nodes('Rows', [deep], {}, ['y'], 'local');
        builder.output('y', 'float32', null);
      });
    };
    expect(operators(await expectSame(build(13n), { batch: 3 }))).toEqual(['Reshape', 'Softmax']);
    // Before 13 whole rows of four were normalised, not the last axis of two.
    const old = prepareGraph(build(11n));
    expect(operators(old)).toEqual(['Reshape', 'Flatten', 'Softmax', 'Reshape']);
    const { y } = await runGraph(old, randomFeeds(old, { batch: 1 }));
    expect(y!.data.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
  });

  test('inputs left out, inputs handed on and functions inside branches', async () => {
    const both = define(
      'Both',
      ['a', 'low', 'high'],
      ['clipped', 'a'],
      [call('Clip', ['a', 'low', 'high'], ['clipped'])],
    );
    const node = (op: string, domain: string, inputs: string[], outputs: string[]) => ({
      op,
      domain,
      name: op,
      inputs,
      outputs,
      attributes: {},
    });
    const branch = (limit: number, called: boolean) => {
      const inner = new GraphBuilder({ opset: 13 });
      inner.constant('limit', 'float32', [], [limit]);
      inner.node('Identity', ['limit'], {}, 'sum');
      inner.output('sum', 'float32', null);
      const value = inner.build();
      value.nodes = called
        ? [node('Both', 'local', ['x', '', 'limit'], ['c', 'same']), node('Add', '', ['c', 'same'], ['sum'])]
        : [node('Clip', '', ['x', '', 'limit'], ['c']), node('Add', '', ['c', 'x'], ['sum'])];
      return { kind: 'graph', value } as const;
    };
    const build = (called: boolean): Graph =>
      withFunctions(called ? [both] : [], (builder) => {
        builder.input('yes', 'bool', []);
        builder.node('If', ['yes'], { then_branch: branch(0.5, called), else_branch: branch(-0.5, called) }, 'y');
        builder.output('y', 'float32', null);
      });
    const inlined = prepareGraph(build(true));
    for (const seed of [3, 4]) {
      const feeds = randomFeeds(build(false), { batch: 2 }, seed);
      expect(await runGraph(inlined, feeds)).toEqual(await runGraph(build(false), feeds));
    }
  });
});

describe('folding', () => {
  test('a shape computed by the graph becomes a constant with one open size', async () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['batch', 4, 6]);
    const shape = builder.node('Shape', ['x']);
    const batch = builder.node('Gather', [shape, builder.constant('zero', 'int64', [], [0])]);
    const rest = builder.nodes('Constant', [], { value: { kind: 'tensor', value: makeTensor('int64', [1], [24]) } }, 1);
    const wanted = builder.node(
      'Concat',
      [builder.node('Unsqueeze', [batch, builder.constant('axis', 'int64', [1], [0])]), rest[0]!],
      { axis: 0 },
    );
    builder.node('Reshape', ['x', wanted], {}, 'y');
    builder.output('y', 'float32', ['batch', 24]);
    const prepared = await expectSame(builder.build(), { batch: 3 });
    expect(operators(prepared)).toEqual(['Reshape']);
    expect(inferShapes(prepared).get('y')?.shape).toEqual(['batch', 24]);
  });

  test('sizes that stay where they are need not be computed, however many are open', async () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['batch', 'time', 6]);
    const shape = builder.node('Shape', ['x']);
    const first = builder.node('Slice', [
      shape,
      builder.constant('a', 'int64', [1], [0]),
      builder.constant('b', 'int64', [1], [2]),
    ]);
    const wanted = builder.node('Concat', [first, builder.constant('heads', 'int64', [2], [2, 3])], { axis: 0 });
    builder.node('Reshape', ['x', wanted], {}, 'y');
    builder.output('y', 'float32', null);
    const prepared = await expectSame(builder.build(), { batch: 3, time: 5 });
    expect([...prepared.initializers.values()].map(numbersOf)).toEqual([[0, 0, 2, 3]]);
    expect(inferShapes(prepared).get('y')?.shape).toEqual(['batch', 'time', 2, 3]);
  });

  test('branches with a known condition are taken, and others stay', async () => {
    const branch = (op: string) => {
      const inner = new GraphBuilder();
      inner.input('v', 'float32', [1]);
      inner.constant('two', 'float32', [], [2]);
      inner.node('Mul', ['v', 'two'], {}, 'doubled');
      inner.node(op, ['doubled'], {}, 'out');
      inner.output('out', 'float32', null);
      const value = inner.build();
      value.inputs = [];
      return { kind: 'graph', value } as const;
    };
    const builder = new GraphBuilder();
    builder.input('v', 'float32', ['batch', 1, 3]);
    builder.input('yes', 'bool', []);
    const size = builder.node('Gather', [builder.node('Shape', ['v']), builder.constant('i', 'int64', [], [1])]);
    const single = builder.node('Equal', [size, builder.constant('one', 'int64', [], [1])]);
    const taken = builder.node('If', [single], { then_branch: branch('Neg'), else_branch: branch('Exp') });
    const open = builder.node('If', ['yes'], { then_branch: branch('Abs'), else_branch: branch('Exp') });
    builder.node('Add', [taken, open], {}, 'y');
    builder.output('y', 'float32', null);
    const prepared = await expectSame(builder.build(), { batch: 2 });
    expect(operators(prepared)).toEqual(['Mul', 'Neg', 'If', 'Add']);
  });

  test('scales computed in floating point reach Resize', async () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['batch', 2, 4, 4]);
    const half = builder.node('Sqrt', [builder.constant('quarter', 'float32', [2], [0.25, 0.25])]);
    const scales = builder.node('Concat', [builder.constant('ones', 'float32', [2], [1, 1]), half], { axis: 0 });
    builder.node('Resize', ['x', '', scales], {}, 'y');
    builder.output('y', 'float32', null);
    const prepared = await expectSame(builder.build(), { batch: 2 });
    expect(operators(prepared)).toEqual(['Resize']);
    expect(inferShapes(prepared).get('y')?.shape).toEqual(['batch', 2, 2, 2]);
  });

  test('large constants are neither copied nor computed', () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['batch', 100]);
    const bytes = new Float32Array(10_000);
    const made = builder.nodes(
      'Constant',
      [],
      { value: { kind: 'tensor', value: makeTensor('float32', [100, 100], bytes) } },
      1,
    );
    const turned = builder.node('Transpose', made);
    builder.node('MatMul', ['x', builder.node('Identity', [turned])], {}, 'y');
    builder.output('y', 'float32', null);
    const prepared = prepareGraph(builder.build());
    expect(operators(prepared)).toEqual(['Transpose', 'MatMul']);
    const [weights] = prepared.initializers.values();
    expect(weights!.bytes.buffer).toBe(bytes.buffer);
    expect(prepared.initializers.size).toBe(1);
  });

  test('an output that is constant is still made', async () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', [2]);
    builder.node(
      'Add',
      [builder.constant('a', 'float32', [1], [1]), builder.constant('b', 'float32', [1], [2])],
      {},
      'y',
    );
    builder.output('y', 'float32', [1]);
    builder.node('Identity', ['x'], {}, 'same');
    builder.output('same', 'float32', [2]);
    expect(operators(await expectSame(builder.build()))).toEqual(['Add', 'Identity']);
  });
});

describe('what nothing needs', () => {
  test('dead nodes, unused constants, chains of Identity and Dropout outside training', async () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['batch', 4]);
    builder.constant('unused', 'float32', [1], [1]);
    builder.node('Exp', ['x']);
    const passed = builder.node('Identity', [builder.node('Identity', ['x'])]);
    const kept = builder.node('Dropout', [passed, builder.constant('ratio', 'float32', [], [0.5])]);
    const cast = builder.node('Cast', [kept], { to: 1 });
    builder.node('Relu', [cast], {}, 'y');
    builder.output('y', 'float32', null);
    const prepared = await expectSame(builder.build(), { batch: 2 });
    expect(prepared.nodes.map(({ op, inputs }) => [op, ...inputs])).toEqual([['Relu', 'x']]);
    expect(prepared.initializers.size).toBe(0);
  });

  test('Dropout in training stays, to be refused by name', () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', [4]);
    builder.node(
      'Dropout',
      ['x', builder.constant('ratio', 'float32', [], [0.5]), builder.constant('training', 'bool', [], [1])],
      {},
      'd',
    );
    builder.node('Relu', ['d'], {}, 'y');
    builder.output('y', 'float32', null);
    expect(operators(prepareGraph(builder.build()))).toEqual(['Dropout', 'Relu']);
  });

  test('constants listed as inputs by old models are constants', () => {
    const builder = new GraphBuilder({ opset: 11, irVersion: 3 });
    builder.input('x', 'float32', ['batch', 2]);
    builder.input('w', 'float32', [2]);
    builder.node('Mul', ['x', 'w'], {}, 'y');
    builder.output('y', 'float32', null);
    const graph = builder.build();
    graph.initializers.set('w', makeTensor('float32', [2], [1, 2]));
    const prepared = prepareGraph(graph);
    expect(prepared.inputs.map(({ name }) => name)).toEqual(['x']);
    expect(prepared.irVersion).toBe(8);
  });
});

test('preparing twice changes nothing more', () => {
  const builder = new GraphBuilder({ opset: 20 });
  builder.input('x', 'float32', ['batch', 4, 4]);
  builder.node('Gelu', ['x'], {}, 'y');
  builder.output('y', 'float32', null);
  const once = prepareGraph(builder.build());
  expect(writeGraph(prepareGraph(once))).toEqual(writeGraph(once));
});
