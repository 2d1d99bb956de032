import { readFileSync } from 'node:fs';
import { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { TwinscopeError } from '../platform/errors.ts';
import { Random } from '../platform/random.ts';
import {
  decodeModel,
  encodeModel,
  float,
  GraphBuilder,
  numbersOf,
  readGraph,
  summariseGraph,
  typedArrayOf,
  writeGraph,
  type Graph,
} from './index.ts';

/** Made by the reference implementation (fixtures/make_wire.py): uses every message of the format. */
const wire = new Uint8Array(readFileSync(new URL('fixtures/wire.onnx', import.meta.url)));

function smallGraph(): Graph {
  const builder = new GraphBuilder({ name: 'small' });
  builder.input('x', 'float32', ['batch', 2]);
  builder.constant('w', 'float32', [2, 3], [1, 2, 3, 4, 5, 6]);
  builder.node('LeakyRelu', [builder.node('MatMul', ['x', 'w'])], { alpha: float(0.5) }, 'y');
  builder.output('y', 'float32', ['batch', 3]);
  builder.metadata('species', 'macaque');
  builder.metadata('area', 'V1');
  return builder.build();
}

describe('the wire format', () => {
  test('a model by the reference implementation comes back byte for byte', () => {
    expect(Buffer.from(encodeModel(decodeModel(wire))).equals(wire)).toBe(true);
  });

  test('no field of it is unknown to our schema', () => {
    const seen: string[] = [];
    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
      if ('$unknown' in value && value.$unknown !== undefined) seen.push(JSON.stringify(value));
      Object.values(value).forEach(visit);
    };
    visit(decodeModel(wire));
    expect(seen).toEqual([]);
  });

  test('every field means what it should', () => {
    const model = decodeModel(wire);
    expect([model.irVersion, model.modelVersion, model.domain, model.docString]).toEqual([
      10n,
      3n,
      'org.example',
      'a model',
    ]);
    expect(model.opsetImport.map(({ domain, version }) => [domain, version])).toEqual([
      ['', 18n],
      ['org.example', 2n],
    ]);
    expect(model.trainingInfo[0]?.updateBinding[0]?.value).toBe('b');
    expect(model.configuration[0]?.device).toEqual(['0', '1']);
    expect(model.functions[0]?.node[0]?.opType).toBe('Add');
    const node = model.graph?.node[0];
    expect(node?.deviceConfigurations[0]?.shardingSpec[0]?.shardedDim[0]?.simpleSharding[0]?.dim).toEqual({
      case: 'dimParam',
      value: 'n',
    });
    expect(node?.metadataProps[0]?.key).toBe('source');
    expect(model.graph?.quantizationAnnotation[0]?.quantParameterTensorNames[0]?.value).toBe('raw');
    expect(model.graph?.sparseInitializer[0]?.indices?.int64Data).toEqual([3n]);
  });

  test('constants of every kind are read', () => {
    const { initializers } = readGraph(wire);
    expect(numbersOf(initializers.get('raw')!)).toEqual([1.5, -2.25, 3, Math.fround(1e-7)]);
    expect(numbersOf(initializers.get('floats')!)).toEqual([0.5, 1.5, -3]);
    expect(numbersOf(initializers.get('doubles')!)).toEqual([0.1, -1e300]);
    expect([...typedArrayOf(initializers.get('longs')!)]).toEqual([-(2n ** 63n), 2n ** 63n - 1n, -1n]);
    expect([...typedArrayOf(initializers.get('unsigned')!)]).toEqual([2n ** 64n - 1n, 5n]);
    expect(numbersOf(initializers.get('ints')!)).toEqual([-7, 2 ** 31 - 1]);
    expect(numbersOf(initializers.get('bytes')!)).toEqual([-128, 127]);
    expect(numbersOf(initializers.get('flags')!)).toEqual([1, 0, 1]);
    // The half nearest to 6e-8 is the smallest subnormal, 2^-24.
    expect(numbersOf(initializers.get('halves')!)).toEqual([1, -0.5, 65504, 2 ** -24]);
    expect(initializers.get('words')!.strings).toEqual(['grating', 'Gabor μ']);
    expect(initializers.get('outside')!.external).toEqual({ location: 'weights.bin', offset: '64' });
  });

  test('attributes, open sizes and values that are not tensors are read', () => {
    const graph = readGraph(wire);
    const { attributes, inputs } = graph.nodes[0]!;
    expect(inputs).toEqual(['x', '', 'raw']);
    expect(attributes['an_int']).toEqual({ kind: 'int', value: 7 });
    expect(attributes['a_float']).toEqual({ kind: 'float', value: Math.fround(0.1) });
    expect(attributes['a_string']).toEqual({ kind: 'string', value: 'text μ' });
    expect(attributes['strings']).toEqual({ kind: 'strings', value: ['a', 'b'] });
    expect(attributes['graph']?.kind === 'graph' && attributes['graph'].value.nodes[0]?.op).toBe('Neg');
    expect(graph.inputs.map(({ shape }) => shape)).toEqual([
      ['batch', 2],
      ['?', 3],
    ]);
    expect(graph.outputs[0]?.shape).toEqual([]);
    expect(graph.values[0]?.shape).toBeNull();
    expect([...graph.metadata]).toEqual([['species', 'macaque']]);
  });

  test('a graph survives writing and reading, INT64_MAX included', () => {
    const graph = readGraph(wire);
    expect(readGraph(writeGraph(graph))).toEqual(graph);
    const ints = decodeModel(writeGraph(graph)).graph?.node[0]?.attribute.find(({ name }) => name === 'ints');
    expect(ints?.ints).toEqual([1n, -2n, 2n ** 63n - 1n]);
  });

  test('unknown fields are kept', () => {
    // Field 999, wire type 2 (length-delimited), three bytes.
    const extended = new Uint8Array([...wire, 0xba, 0x3e, 3, 1, 2, 3]);
    expect(Buffer.from(encodeModel(decodeModel(extended))).equals(extended)).toBe(true);
  });

  test('raw data are views into the file, not copies', () => {
    const tensor = readGraph(wire).initializers.get('raw')!;
    expect(tensor.bytes.buffer).toBe(wire.buffer);
  });
});

describe('refusals', () => {
  function messageOf(bytes: Uint8Array): string {
    try {
      readGraph(bytes);
    } catch (error) {
      return error instanceof TwinscopeError ? error.message : `unexpected: ${String(error)}`;
    }
    return '';
  }

  test('an empty file', () => {
    expect(messageOf(new Uint8Array(0))).toBe('This model file is empty (0 bytes). Get the file again.');
  });

  test('files of another kind', () => {
    const expected =
      'This file (1,000 bytes) cannot be read as an ONNX model: it is cut off, damaged or of another kind. ' +
      'Nothing was changed. Get the file again, or export the model to ONNX.';
    expect(messageOf(Uint8Array.from({ length: 1000 }, (_, index) => (index * 7919 + 13) % 256))).toBe(expected);
    expect(messageOf(new TextEncoder().encode('a'.repeat(1000)))).toBe(expected);
    expect(messageOf(new Uint8Array(1000))).toBe(expected);
  });

  test('a file cut off anywhere, wherever it was cut', () => {
    const graph = smallGraph();
    // Metadata come last and are optional: without them every cut loses something a model needs.
    graph.metadata.clear();
    const bytes = writeGraph(graph);
    for (let length = 1; length < bytes.length; length++) {
      expect(messageOf(bytes.subarray(0, length))).toContain('cannot be read as an ONNX model');
    }
  });

  test('a file with wrong bytes in it is read or refused with a sentence, never with a fault of ours', () => {
    const random = Random.fromSeed(5, 'damage');
    let refused = 0;
    for (let trial = 0; trial < 3000; trial++) {
      const damaged = Uint8Array.from(wire);
      for (let hit = 0; hit <= trial % 3; hit++) damaged[random.int(damaged.length)] = random.int(256);
      const message = messageOf(damaged);
      expect(message).not.toContain('unexpected');
      if (message !== '') refused += 1;
    }
    expect(refused).toBeGreaterThan(300);
  });

  test('a constant whose bytes do not fit its shape', () => {
    const graph = smallGraph();
    graph.initializers.set('w', { dtype: 'float32', shape: [2, 4], bytes: new Uint8Array(24) });
    expect(messageOf(writeGraph(graph))).toBe(
      'The constant "w" of this model should hold 32 bytes for its shape [2, 4] and holds 24. ' +
        'The file is damaged; get it again.',
    );
  });
});

describe('the builder', () => {
  test('what it builds runs', async () => {
    const session = await InferenceSession.create(writeGraph(smallGraph()));
    const { y } = await session.run({ x: new RuntimeTensor('float32', Float32Array.of(1, -1, 1, 1), [2, 2]) });
    expect(y!.data).toEqual(Float32Array.of(-1.5, -1.5, -1.5, 5, 7, 9));
  });

  test('equal graphs give equal bytes, whatever order their metadata came in', () => {
    const other = smallGraph();
    other.metadata = new Map([...other.metadata].toReversed());
    expect(writeGraph(other)).toEqual(writeGraph(smallGraph()));
  });

  test('mistakes are caught where they are made', () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['batch']);
    expect(() => builder.node('Relu', ['z'])).toThrow('Relu reads "z", which nothing has made.');
    expect(() => builder.node('LeakyRelu', ['x'], { alpha: 0.5 })).toThrow('write float(…)');
    expect(() => builder.constant('c', 'float32', [2], [1])).toThrow('holds 2 elements; 1 were given');
    expect(() => builder.input('x', 'float32', [])).toThrow('The name "x" is taken.');
    expect(() => builder.build()).toThrow('without outputs');
  });

  test('names are made up without clashes', () => {
    const builder = new GraphBuilder();
    builder.input('relu', 'float32', [1]);
    const first = builder.node('Relu', ['relu']);
    const second = builder.node('Relu', [first]);
    expect([first, second]).toEqual(['relu_2', 'relu_3']);
  });

  test('the summary counts nodes, parameters and operators', () => {
    expect(summariseGraph(smallGraph())).toEqual({
      opset: 18,
      nodes: 2,
      parameters: 6,
      inputs: [{ name: 'x', type: 'float32', shape: ['batch', '2'] }],
      outputs: [{ name: 'y', type: 'float32', shape: ['batch', '3'] }],
      operators: [
        { operator: 'LeakyRelu', count: 1 },
        { operator: 'MatMul', count: 1 },
      ],
    });
  });
});
