/** What is done to a valid model: bytes changed, or its messages changed and encoded again. All of it seeded. */
import { create, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type TensorProto,
} from '../../../onnx/generated/onnx_pb.ts';
import { decodeModel } from '../../../onnx/index.ts';
import { Random } from '../../../platform/random.ts';
import { localFunction, seedModels, weightsFile, type SeedModel } from './seedModels.ts';

export type MalformedModel = { index: number; kind: DamageKind; seedModel: string } & Omit<SeedModel, 'name'>;

const pick = <T>(random: Random, items: readonly T[]): T => items[random.int(items.length)] as T;
/** 2⁴⁰ floats are 4 TB. */
const hugeSizes = [-1n, 0n, 3n, 10n ** 6n, 2n ** 31n, 2n ** 40n, 2n ** 62n, -(2n ** 63n)];
const absurd = [-(2n ** 63n), -(10n ** 9n), -7n, -1n, 0n, 9n, 10n ** 6n, 10n ** 9n, 2n ** 31n - 1n, 2n ** 62n];
const bodyOf = (model: ModelProto): GraphProto => model.graph as GraphProto;

/** Where constants lie within the file. */
function rawRanges(bytes: Uint8Array): [number, number][] {
  return bodyOf(decodeModel(bytes))
    .initializer.filter(({ rawData }) => rawData.byteLength > 0)
    .map(({ rawData }) => {
      const from = rawData.byteOffset - bytes.byteOffset;
      return [from, from + rawData.byteLength];
    });
}

function flipped(bytes: Uint8Array, random: Random, places: readonly number[]): Uint8Array {
  const copy = new Uint8Array(bytes);
  for (let left = 1 + random.int(16); left > 0 && places.length > 0; left--) {
    const at = pick(random, places);
    copy[at] = (copy[at] as number) ^ (1 + random.int(255));
  }
  return copy;
}

const upTo = (length: number): number[] => Array.from({ length }, (_, index) => index);

type DamageBytes = (bytes: Uint8Array, random: Random) => Uint8Array;
const byteDamage = {
  truncated: (bytes, random) => bytes.slice(0, random.int(bytes.length)),
  'bytes flipped': (bytes, random) => flipped(bytes, random, upTo(bytes.length)),
  'structure flipped': (bytes, random) => {
    const ranges = rawRanges(bytes);
    const places = upTo(bytes.length).filter((at) => !ranges.some(([from, to]) => at >= from && at < to));
    return flipped(bytes, random, places);
  },
  'weights flipped': (bytes, random) => {
    const ranges = rawRanges(bytes);
    return flipped(
      bytes,
      random,
      upTo(bytes.length).filter((at) => ranges.some(([from, to]) => at >= from && at < to)),
    );
  },
  empty: () => new Uint8Array(0),
  'not a model': (_, random) => Uint8Array.from({ length: 1 + random.int(400) }, () => random.int(256)),
} satisfies Record<string, DamageBytes>;

const initializer = (model: ModelProto, random: Random): TensorProto => pick(random, bodyOf(model).initializer);
const node = (model: ModelProto, random: Random): NodeProto => pick(random, bodyOf(model).node);

type Damage = (model: ModelProto, random: Random) => void;
const modelDamage = {
  cycle(model, random) {
    const { node: nodes } = bodyOf(model);
    const at = random.int(nodes.length);
    const later = pick(random, nodes.slice(at));
    (nodes[at] as NodeProto).input[0] = later.output[0] as string;
  },
  'out of order': (model, random) => {
    bodyOf(model).node = random.shuffle(bodyOf(model).node);
  },
  'duplicate names'(model, random) {
    const body = bodyOf(model);
    const change: (() => void)[] = [
      () => void (node(model, random).output[0] = node(model, random).output[0] as string),
      () => void (initializer(model, random).name = initializer(model, random).name),
      () => void body.input.push(pick(random, body.input)),
      () => void body.output.push(pick(random, body.output)),
      () => void body.node.push(node(model, random)),
      () => body.node.forEach((each) => void (each.name = 'same')),
    ];
    pick(random, change)();
  },
  'constant shapes'(model, random) {
    const tensor = initializer(model, random);
    const how = random.int(4);
    if (how === 0) tensor.dims = tensor.dims.map(() => pick(random, hugeSizes));
    else if (how === 1) tensor.dims = [];
    else if (how === 2) tensor.dims = [...tensor.dims, pick(random, hugeSizes)];
    else tensor.dims = tensor.dims.toReversed();
  },
  '4 TB constants'(model, random) {
    const tensor = initializer(model, random);
    tensor.dims = pick(random, [
      [2n ** 40n],
      [2n ** 20n, 2n ** 20n],
      [2n ** 32n, 2n ** 32n],
      [2n ** 21n, 2n ** 21n, 2n ** 21n],
    ]);
    if (random.int(2) === 0) tensor.rawData = new Uint8Array(0);
    if (random.int(3) > 0) return;
    tensor.dataLocation = 1;
    tensor.externalData = [
      { $typeName: 'onnx.StringStringEntryProto', key: 'location', value: weightsFile },
      { $typeName: 'onnx.StringStringEntryProto', key: 'length', value: String(2 ** 42) },
    ];
  },
  '4 TB values'(model, random) {
    const { node: nodes } = bodyOf(model);
    const at = random.int(nodes.length);
    const target = nodes[at] as NodeProto;
    const source = target.input[0] as string;
    const shape = pick(random, [[2n ** 20n, 2n ** 20n], [2n ** 40n], [2n ** 15n, 2n ** 15n], [2n ** 31n, 2n ** 31n]]);
    const wanted = create(NodeProtoSchema, {
      opType: 'Constant',
      output: ['huge shape'],
      attribute: [{ name: 'value_ints', type: 7, ints: shape }],
    });
    const grown =
      random.int(2) === 0
        ? create(NodeProtoSchema, { opType: 'ConstantOfShape', input: ['huge shape'], output: ['huge'] })
        : create(NodeProtoSchema, { opType: 'Expand', input: [source, 'huge shape'], output: ['huge'] });
    target.input[0] = 'huge';
    nodes.splice(at, 0, wanted, grown);
  },
  'input shapes'(model, random) {
    const type = pick(random, bodyOf(model).input).type?.value;
    if (type?.case !== 'tensorType') return;
    const { dim } = type.value.shape ?? { dim: [] };
    for (const each of dim) if (random.int(2) === 0) each.value = { case: 'dimValue', value: pick(random, hugeSizes) };
    if (random.int(4) === 0) dim.pop();
  },
  'element types'(model, random) {
    const code = pick(random, [0, 2, 6, 7, 8, 9, 10, 11, 14, 16, 21, 99]);
    const type = pick(random, [...bodyOf(model).input, ...bodyOf(model).output]).type?.value;
    if (random.int(2) === 0 || type?.case !== 'tensorType') initializer(model, random).dataType = code;
    else type.value.elemType = code;
  },
  'unknown operators'(model, random) {
    const target = node(model, random);
    const how = random.int(3);
    if (how !== 1)
      target.opType = pick(random, ['Frobnicate', '', 'conv', 'QLinearConv', 'MatMulNBits', 'Sequence\u0000']);
    if (how !== 0) target.domain = pick(random, ['com.microsoft', 'com.nobody', 'ai.onnx.ml', '../..']);
  },
  'absurd attributes'(model, random) {
    const all = bodyOf(model).node.flatMap(({ attribute }) => attribute);
    const target = all.length === 0 ? undefined : pick(random, all);
    if (target === undefined) return;
    if (target.ints.length > 0) target.ints = target.ints.map(() => pick(random, absurd));
    target.i = pick(random, absurd);
    target.f = pick(random, [Number.NaN, Number.POSITIVE_INFINITY, -1, 0, 1e38]);
  },
  'attributes of a wrong kind'(model, random) {
    const all = bodyOf(model).node.flatMap(({ attribute }) => attribute);
    const target = all.length === 0 ? undefined : pick(random, all);
    if (target !== undefined) target.type = 1 + random.int(15);
  },
  'wrong operator'(model, random) {
    const operators = [
      'Relu',
      'Conv',
      'MatMul',
      'Resize',
      'LSTM',
      'Einsum',
      'Gather',
      'Split',
      'Loop',
      'MaxPool',
      'Pad',
    ];
    node(model, random).opType = pick(random, operators);
  },
  'external data'(model, random) {
    const tensor = initializer(model, random);
    const location = pick(random, [
      '/etc/passwd',
      '../weights.bin',
      'a\u0000b',
      'nowhere.bin',
      '',
      weightsFile,
      'C:\\x',
      '.',
    ]);
    const offset = pick(random, ['0', '999999999', '-5', 'x', '9007199254740993', '18446744073709551616']);
    tensor.rawData = new Uint8Array(0);
    tensor.dataLocation = 1;
    tensor.externalData = Object.entries({ location, offset }).map(([key, value]) => ({
      $typeName: 'onnx.StringStringEntryProto' as const,
      key,
      value,
    }));
  },
  'nested branches'(model, random) {
    const body = bodyOf(model);
    const target = node(model, random);
    const source = target.input[0] as string;
    let inner = create(GraphProtoSchema, {
      name: 'leaf',
      node: [create(NodeProtoSchema, { opType: 'Identity', input: [source], output: ['leaf'] })],
      output: [{ name: 'leaf' }],
    });
    const condition = create(NodeProtoSchema, {
      opType: 'Constant',
      output: ['always'],
      attribute: [{ name: 'value', type: 4, t: { dims: [], dataType: 9, rawData: Uint8Array.of(1) } }],
    });
    let nested = condition;
    for (let depth = 1 + random.int(45), at = 0; at < depth; at++) {
      const branch = (name: string) => create(AttributeProtoSchema, { name, type: 5, g: inner });
      nested = create(NodeProtoSchema, {
        opType: 'If',
        input: ['always'],
        output: [`branch ${at}`],
        // Two at every depth would double the file forty times.
        attribute: at < 3 ? [branch('then_branch'), branch('else_branch')] : [branch('then_branch')],
      });
      inner = create(GraphProtoSchema, { name: 'branch', node: [nested], output: [{ name: `branch ${at}` }] });
    }
    target.input[0] = nested.output[0] as string;
    body.node.unshift(condition, nested);
  },
  'recursive functions'(model, random) {
    const target = node(model, random);
    const names = ['First', 'Second', 'Third'];
    const call = (op: string) => ({ op, domain: 'local' });
    const how = random.int(3);
    // Either a circle, or each calls the next eight times so that it grows, or a function calls one that is not there.
    if (how === 0)
      model.functions = names.map((name, at) => localFunction(name, [call(names[(at + 1) % 3] as string)]));
    if (how === 1) {
      const tower = Array.from({ length: 9 }, (_, at) => `Level${at}`);
      model.functions = tower.map((name, at) =>
        localFunction(
          name,
          Array.from({ length: at === 8 ? 0 : 8 }, () => call(tower[at + 1] as string)),
        ),
      );
    }
    if (how === 2) model.functions = [localFunction('First', [call('Missing')])];
    target.opType = how === 1 ? 'Level0' : 'First';
    target.domain = 'local';
    target.attribute = [];
    target.input = target.input.slice(0, 1);
    if (!model.opsetImport.some(({ domain }) => domain === 'local')) {
      model.opsetImport.push({ $typeName: 'onnx.OperatorSetIdProto', domain: 'local', version: 1n });
    }
  },
  'missing inputs'(model, random) {
    const target = node(model, random);
    const how = random.int(4);
    if (how === 0) target.input = [];
    if (how === 1) target.input[random.int(target.input.length)] = '';
    if (how === 2) target.input = target.input.map(() => 'nothing');
    if (how === 3) target.output = random.int(2) === 0 ? [] : [''];
  },
  'absurd opsets'(model, random) {
    const versions = [0n, -1n, 1n, 6n, 10n, 99n, 2n ** 31n, 2n ** 62n];
    for (const each of model.opsetImport) each.version = pick(random, versions);
    if (random.int(4) === 0) model.opsetImport = [];
    if (random.int(4) === 0) model.irVersion = pick(random, versions);
  },
} satisfies Record<string, Damage>;

export type DamageKind = keyof typeof byteDamage | keyof typeof modelDamage;
const kinds = [...Object.keys(byteDamage), ...Object.keys(modelDamage)] as DamageKind[];

/** Model number `index` of a seed: kinds take turns, everything else is drawn. */
export function malformedModel(seed: number, index: number): MalformedModel {
  const random = Random.fromSeed(seed, `malformed/${index}`);
  const kind = kinds[index % kinds.length] as DamageKind;
  const { name, bytes, files } = pick(random, seedModels);
  return { index, kind, seedModel: name, bytes: damaged(kind, bytes, random), files };
}

function damaged(kind: DamageKind, bytes: Uint8Array, random: Random): Uint8Array {
  if (kind in byteDamage) return byteDamage[kind as keyof typeof byteDamage](bytes, random);
  const model = decodeModel(bytes);
  modelDamage[kind as keyof typeof modelDamage](model, random);
  return toBinary(ModelProtoSchema, model);
}
