/** Damaged and hostile files: each is read or refused with a sentence, at once and without large allocations. */
import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { isTwinscopeError } from '../platform/errors.ts';
import { Random } from '../platform/random.ts';
import { FunctionProtoSchema, NodeProtoSchema, TypeProtoSchema } from './generated/onnx_pb.ts';
import type { TypeProto } from './generated/onnx_pb.ts';
import {
  encodeModel,
  externalTensors,
  float,
  GraphBuilder,
  makeTensor,
  modelOfGraph,
  prepareGraph,
  readGraph,
  writeGraph,
  type Graph,
  type GraphNode,
  type Tensor,
} from './index.ts';

/** The sentence of the refusal, '' where there is none. Anything but a TwinscopeError is thrown on. */
function refusalOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (isTwinscopeError(error)) return error.message;
    throw error;
  }
  return '';
}

const reading = (graph: Graph): string => refusalOf(() => readGraph(writeGraph(graph)));

function node(op: string, inputs: string[], outputs: string[]): GraphNode {
  return { op, domain: '', name: `${op} of ${outputs[0]}`, inputs, outputs, attributes: {} };
}

/** x → a → b → y. */
function chain(): Graph {
  const builder = new GraphBuilder();
  builder.input('x', 'float32', ['batch', 4]);
  builder.constant('w', 'float32', [4, 2], [1, 2, 3, 4, 5, 6, 7, 8]);
  builder.node('Relu', ['x'], {}, 'a');
  builder.node('LeakyRelu', ['a'], { alpha: float(0.1) }, 'b');
  builder.node('MatMul', ['b', 'w'], {}, 'y');
  builder.output('y', 'float32', ['batch', 2]);
  return builder.build();
}

describe('order', () => {
  test('nodes out of order are sorted, and those in order keep theirs', () => {
    const graph = chain();
    const ordered = graph.nodes.map(({ op }) => op);
    expect(readGraph(writeGraph(graph)).nodes.map(({ op }) => op)).toEqual(ordered);
    graph.nodes.reverse();
    expect(readGraph(writeGraph(graph)).nodes.map(({ op }) => op)).toEqual(ordered);
  });

  test('a long chain written backwards is sorted', () => {
    const graph = chain();
    graph.nodes = Array.from({ length: 20_000 }, (_, index) =>
      node('Relu', [index === 0 ? 'x' : `v${index}`], [index === 19_999 ? 'y' : `v${index + 1}`]),
    ).toReversed();
    const sorted = readGraph(writeGraph(graph)).nodes;
    expect([sorted[0]!.inputs, sorted.at(-1)!.outputs]).toEqual([['x'], ['y']]);
  });

  test('a circle is refused, naming a node on it', () => {
    const graph = chain();
    graph.nodes[0]!.inputs = ['b'];
    expect(reading(graph)).toMatch(/^(Relu|LeakyRelu) \(node "[ab]"\) of this model needs its own output/);
    graph.nodes[0]!.inputs = ['a'];
    expect(reading(graph)).toContain('Relu (node "a") of this model needs its own output');
  });
});

describe('names', () => {
  test('a value made twice, read but not made, or missing as an output', () => {
    const twice = chain();
    twice.nodes.push(node('Relu', ['x'], ['a']));
    expect(reading(twice)).toContain('The value "a" of this model is made twice.');
    const missing = chain();
    missing.nodes[1]!.inputs = ['nowhere'];
    expect(reading(missing)).toContain('LeakyRelu (node "b") of this model reads "nowhere", which nothing makes.');
    const output = chain();
    output.outputs[0]!.name = 'z';
    expect(reading(output)).toContain('The output "z" of this model is made by nothing.');
    const inputs = chain();
    inputs.inputs.push({ ...inputs.inputs[0]! });
    expect(reading(inputs)).toContain('Two inputs of this model have the same name.');
    const constants = modelOfGraph(chain());
    constants.graph!.initializer.push(constants.graph!.initializer[0]!);
    expect(refusalOf(() => readGraph(encodeModel(constants)))).toContain('two constants named "w"');
  });

  test('a branch reads what lies outside it, and nothing else', () => {
    const branch = (name: string): Graph => ({
      ...chain(),
      inputs: [],
      initializers: new Map(),
      nodes: [node('Relu', [name], ['inner'])],
      outputs: [{ name: 'inner', dtype: 'float32', shape: null }],
    });
    const graph = (name: string): Graph => {
      const outer = chain();
      outer.inputs.push({ name: 'yes', dtype: 'bool', shape: [] });
      outer.nodes[2] = node('If', ['yes'], ['y']);
      outer.nodes[2].attributes = {
        then_branch: { kind: 'graph', value: branch('a') },
        else_branch: { kind: 'graph', value: branch(name) },
      };
      return outer;
    };
    expect(reading(graph('b'))).toBe('');
    expect(reading(graph('y2'))).toContain('reads "y2", which nothing makes');
  });
});

describe('constants', () => {
  const withConstant = (tensor: Tensor): Graph => {
    const graph = chain();
    graph.initializers.set('w', tensor);
    return graph;
  };

  test('shapes of 4 TB, of negative sizes and beyond exact numbers', () => {
    const bytes = new Uint8Array(32);
    const shaped = (...shape: number[]): string => reading(withConstant({ dtype: 'float32', shape, bytes }));
    expect(shaped(1_000_000, 1_000_000)).toContain('should hold 4000000000000 bytes');
    expect(shaped(-4, -2)).toContain('has the shape [-4, -2], which no tensor has');
    expect(shaped(0, 2 ** 60)).toContain('which no tensor has');
    expect(shaped(4, 2)).toBe('');
  });

  test.each([
    ['/etc/passwd', false],
    ['\\\\server\\share', false],
    ['C:\\weights.bin', false],
    ['../weights.bin', false],
    ['data/../../weights.bin', false],
    ['data\\..\\weights.bin', false],
    ['weights\u0000.bin', false],
    ['', false],
    ['weights.bin', true],
    ['data/weights..bin', true],
  ])('data stored in %j', (location, allowed) => {
    const graph = withConstant({
      dtype: 'float32',
      shape: [4, 2],
      bytes: new Uint8Array(0),
      external: { location, offset: '64', length: '32' },
    });
    const found = refusalOf(() => {
      const stored = [...externalTensors(readGraph(writeGraph(graph)))];
      expect(stored.map(({ tensor }) => tensor.external['location'])).toEqual([location]);
    });
    expect(found.includes('is not a file beside the model')).toBe(!allowed);
  });

  test('places of stored data that are no numbers or do not fit the shape', () => {
    const placed = (external: Record<string, string>): string =>
      reading(
        withConstant({
          dtype: 'float32',
          shape: [1_000_000, 1_000_000],
          bytes: new Uint8Array(0),
          external: { location: 'weights.bin', ...external },
        }),
      );
    expect(placed({ offset: '-1' })).toContain('The offset of the constant "w" of this model is "-1".');
    expect(placed({ length: '1e3' })).toContain('The length of the constant');
    expect(placed({ length: '4000' })).toContain('should hold 4000000000000 bytes');
  });
});

describe('nesting', () => {
  test('branches within branches end somewhere', () => {
    let graph = chain();
    for (let depth = 0; depth < 20; depth++) {
      const outer = chain();
      outer.inputs.push({ name: 'yes', dtype: 'bool', shape: [] });
      outer.nodes[0]!.attributes = { then_branch: { kind: 'graph', value: graph } };
      graph = outer;
    }
    expect(reading(graph)).toContain('The branches of this model are nested more than 16 deep.');
  });

  test('messages nested beyond use are refused before they fill the stack', () => {
    let type: TypeProto = create(TypeProtoSchema, {});
    for (let depth = 0; depth < 500; depth++) {
      type = create(TypeProtoSchema, { value: { case: 'sequenceType', value: { elemType: type } } });
    }
    const graph = chain();
    graph.values.push({ name: 'a', dtype: 'undefined', shape: null, other: type });
    expect(reading(graph)).toContain('cannot be read as an ONNX model');
  });
});

describe('local functions', () => {
  const withFunction = (operators: string[], calls: number): Graph => {
    const graph = chain();
    graph.opsets.set('local', 1);
    graph.functions = operators.map((name, index) =>
      create(FunctionProtoSchema, {
        name,
        domain: 'local',
        input: ['p'],
        output: ['q'],
        opsetImport: [
          { domain: '', version: 18n },
          { domain: 'local', version: 1n },
        ],
        node: Array.from({ length: calls }, (_, call) =>
          create(NodeProtoSchema, {
            opType: operators[index + 1] ?? 'Relu',
            domain: index + 1 < operators.length ? 'local' : '',
            input: [call === 0 ? 'p' : `v${call}`],
            output: [call === calls - 1 ? 'q' : `v${call + 1}`],
          }),
        ),
      }),
    );
    graph.nodes[0] = { ...node(operators[0]!, ['x'], ['a']), domain: 'local' };
    return graph;
  };

  test('bodies are checked when the file is read', () => {
    const graph = withFunction(['F'], 2);
    graph.functions[0]!.node[1]!.input = ['nowhere'];
    expect(reading(graph)).toContain('reads "nowhere", which nothing makes');
  });

  test('a function that calls itself is refused', () => {
    const graph = withFunction(['F', 'G', 'F'], 1);
    graph.functions.pop();
    expect(reading(graph)).toContain('calls itself, which ONNX forbids');
  });

  test('functions that multiply without bound are refused', () => {
    const graph = withFunction(['A', 'B', 'C', 'D', 'E', 'F'], 10);
    expect(reading(graph)).toContain('expand to more than 100,000 nodes');
  });

  test('the limit holds for the graph with its functions inlined', () => {
    const inner = (calls: number): Graph => withFunction(['A', 'B'], calls);
    // 300 calls of 300 nodes, and the two that follow the first call.
    expect(readGraph(writeGraph(inner(300))).nodes).toHaveLength(3);
    const graph = withFunction(['A'], 99_998);
    expect(readGraph(writeGraph(graph)).functions[0]?.node).toHaveLength(99_998);
    graph.nodes.push(node('Relu', ['y'], ['z']));
    expect(reading(graph)).toContain('expand to more than 100,000 nodes');
    // Nothing expands here, and the file is as large as its graph.
    graph.functions = [];
    graph.nodes[0] = node('Relu', ['x'], ['a']);
    for (let more = 0; more < 100_000; more++) graph.nodes.push(node('Relu', ['x'], [`more ${more}`]));
    expect(readGraph(writeGraph(graph)).nodes).toHaveLength(100_004);
  });
});

test('200 seeded mutations of a model are read and prepared, or refused', () => {
  const builder = new GraphBuilder();
  builder.input('x', 'float32', ['batch', 3, 9, 9]);
  builder.constant('w', 'float32', [4, 3, 3, 3], new Float32Array(108).fill(0.5));
  builder.constant('scale', 'float32', [2], [1, 2]);
  const conv = builder.node('Conv', ['x', 'w'], { strides: [2, 2], pads: [1, 1, 1, 1] });
  const shape = builder.node('Shape', [conv]);
  const batch = builder.node('Gather', [shape, builder.constant('zero', 'int64', [1], [0])]);
  const ends = builder.nodes(
    'Constant',
    [],
    { value: { kind: 'tensor', value: makeTensor('int64', [2], [4, -1]) } },
    1,
  );
  const wanted = builder.node('Concat', [batch, ends[0]!], { axis: 0 });
  const rows = builder.node('Reshape', [conv, wanted]);
  const parts = builder.nodes('Split', [rows], { axis: 1, num_outputs: 2 }, 2);
  builder.node('Softmax', [builder.node('Add', parts)], { axis: -1 }, 'y');
  builder.output('y', 'float32', null);
  const graph = builder.build();
  graph.metadata.set('species', 'mouse');
  const bytes = writeGraph(graph);
  const random = Random.fromSeed(11, 'mutations');
  let read = 0;
  let refused = 0;
  for (let trial = 0; trial < 200; trial++) {
    const mutated = Uint8Array.from(bytes);
    for (let hit = 0; hit <= trial % 4; hit++) mutated[random.int(mutated.length)]! ^= 1 << random.int(8);
    const message = refusalOf(() => prepareGraph(readGraph(mutated)));
    if (message === '') read += 1;
    else refused += 1;
  }
  expect([read + refused, read > 20, refused > 20]).toEqual([200, true, true]);
});
