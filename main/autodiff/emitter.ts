/** Writes the nodes of a gradient behind a forward graph, in opset 18 as `prepareGraph` leaves it. */
import {
  inferGraph,
  makeTensor,
  namesRead,
  numbersOf,
  type AttributeValues,
  type Dim,
  type Dtype,
  type Graph,
  type GraphNode,
  type Inference,
  type Tensor,
  type TensorType,
  type ValueInfo,
} from '../onnx/index.ts';
import { toAttributes } from '../onnx/attributes.ts';
import {
  defaultLowering,
  stridedChoices,
  strideSignature,
  type Lowering,
  type StridedLayer,
  type StridedLowering,
} from './lowering.ts';

/** Stands for "to the end" in Slice. */
export const sliceEnd = 2 ** 63;

/** Outputs of one Split: with its input, no more than the eight buffers that every WebGPU device gives a shader. */
const mostPieces = 7;

export interface EmitterOptions {
  lowering?: Lowering;
  prefix?: string;
}

export class Emitter {
  readonly inference: Inference;
  readonly lowering: Lowering;
  readonly nodes: GraphNode[] = [];
  /** Whether gradients may become infinite on the way: 0 times such a gradient is then to be 0. */
  steepSlopes = false;
  /** The strided layers met, by their signature. */
  readonly stridedLayers = new Map<string, StridedLayer>();
  readonly initializers = new Map<string, Tensor>();
  /** The forward node whose gradient is being written, and for every node written so far whose it is. */
  origin: GraphNode | undefined;
  readonly origins = new Map<string, GraphNode>();
  readonly #stated = new Map<string, TensorType>();
  readonly #taken: Set<string>;
  readonly #constants = new Map<string, string>();
  readonly #written = new Map<string, string>();
  readonly #prefix: string;
  #count = 0;

  /** Names of new values begin with the prefix. */
  constructor(graph: Graph, { lowering = defaultLowering('cpu'), prefix = 'gradient' }: EmitterOptions = {}) {
    this.lowering = lowering;
    this.#prefix = prefix;
    this.inference = inferGraph(graph);
    this.#taken = new Set([...graph.initializers.keys(), ...graph.inputs.map(({ name }) => name)]);
    for (const node of graph.nodes) [...node.outputs, ...namesRead(node)].forEach((name) => this.#taken.add(name));
  }

  /** Takes a name close to the wanted one. */
  name(wanted: string): string {
    let name = wanted;
    for (let attempt = 2; this.#taken.has(name); attempt++) name = `${wanted}_${attempt}`;
    this.#taken.add(name);
    return name;
  }

  /** A node with one output. The same node is not written twice, which also keeps the runtime from folding it twice. */
  node(op: string, inputs: readonly string[], attributes: AttributeValues = {}): string {
    const key = JSON.stringify([op, inputs, attributes]);
    let output = this.#written.get(key);
    if (output === undefined) {
      output = this.split(op, inputs, attributes, 1)[0]!;
      this.#written.set(key, output);
    }
    return output;
  }

  /** A node with several outputs. */
  split(op: string, inputs: readonly string[], attributes: AttributeValues, outputs: number): string[] {
    const node = this.detached(op, inputs, attributes, outputs);
    this.nodes.push(node);
    return node.outputs;
  }

  /**
   * A value cut along an axis into pieces of these sizes, in steps where there are many: a shader of WebGPU is promised
   * eight buffers, and each piece takes one.
   */
  pieces(value: string, sizes: readonly number[], axis: number): string[] {
    if (sizes.length === 1) return [value];
    if (sizes.length <= mostPieces) return this.split('Split', [value, this.ints(sizes)], { axis }, sizes.length);
    const each = Math.ceil(sizes.length / mostPieces);
    const groups = Array.from({ length: Math.ceil(sizes.length / each) }, (_, group) =>
      sizes.slice(group * each, (group + 1) * each),
    );
    const totals = groups.map((group) => group.reduce((total, size) => total + size, 0));
    return this.pieces(value, totals, axis).flatMap((part, group) => this.pieces(part, groups[group]!, axis));
  }

  /** A node with names of its own that is not yet part of the gradient. */
  detached(op: string, inputs: readonly string[], attributes: AttributeValues, outputs = 1): GraphNode {
    this.#count += 1;
    const names = Array.from({ length: outputs }, (_, index) =>
      this.name(`${this.#prefix}/${op}_${this.#count}${outputs > 1 ? `_${index}` : ''}`),
    );
    if (this.origin !== undefined) this.origins.set(names[0]!, this.origin);
    return {
      op,
      domain: '',
      name: names[0]!,
      inputs: [...inputs],
      outputs: names,
      attributes: toAttributes(attributes),
    };
  }

  /** The form of a strided layer's gradient: the one measured, where it fits the layer, or the default. */
  stridedLowering(layer: StridedLayer): StridedLowering {
    const choices = stridedChoices(layer);
    const signature = strideSignature(layer);
    this.stridedLayers.set(signature, layer);
    const measured = this.lowering.strided[signature];
    return measured !== undefined && choices.includes(measured) ? measured : choices[0]!;
  }

  /** A node whose output has a name of the forward graph. */
  named(op: string, inputs: readonly string[], output: string): void {
    this.nodes.push({ op, domain: '', name: output, inputs: [...inputs], outputs: [output], attributes: {} });
  }

  /** A constant vector of int64; equal vectors are stored once. */
  ints(values: readonly number[]): string {
    const numbers = values.map((value) => (value >= sliceEnd ? 2n ** 63n - 1n : BigInt(value)));
    return this.#constant(`ints ${values.join(',')}`, () => makeTensor('int64', [values.length], numbers));
  }

  /** A constant table of int64. */
  table(shape: readonly number[], values: readonly number[]): string {
    return this.#constant(`table ${shape.join(',')}: ${values.join(',')}`, () =>
      makeTensor('int64', shape, [...values]),
    );
  }

  /** A constant of the floating type of a value. Half precision is made by a Cast, which the runtime folds. */
  floats(dtype: Dtype, shape: readonly number[], values: readonly number[]): string {
    const stored = dtype === 'float64' ? 'float64' : 'float32';
    const name = this.#constant(`${stored} ${shape.join(',')}: ${values.join(',')}`, () =>
      makeTensor(stored, shape, values),
    );
    return dtype === stored ? name : this.cast(name, dtype);
  }

  scalar(value: number, dtype: Dtype): string {
    return this.floats(dtype, [], [value]);
  }

  #constant(key: string, make: () => Tensor): string {
    let name = this.#constants.get(key);
    if (name === undefined) {
      name = this.name(`${this.#prefix}/constant_${this.#constants.size + 1}`);
      this.#constants.set(key, name);
      this.initializers.set(name, make());
    }
    return name;
  }

  /**
   * Says what an emitted value is. A gradient has the type and shape of what it belongs to, which the runtime cannot
   * work out behind a Reshape; without it, ONNX Runtime does not see that two operands are of one shape and takes every
   * convolution out of its blocked layout (docs/decisions/gradient-lowering.md).
   */
  state(name: string, type: TensorType | undefined): void {
    if (type !== undefined && !type.shape.includes('?')) this.#stated.set(name, type);
  }

  statedType(name: string): TensorType | undefined {
    return this.#stated.get(name);
  }

  /** What was stated of the values these nodes make. */
  statedValues(nodes: readonly GraphNode[]): ValueInfo[] {
    return nodes.flatMap(({ outputs }) =>
      outputs.flatMap((name) => {
        const type = this.#stated.get(name);
        return type === undefined ? [] : [{ name, ...type }];
      }),
    );
  }

  typeOrUndefined(name: string): TensorType | undefined {
    return this.inference.types.get(name);
  }

  isConstant(name: string): boolean {
    return this.inference.context.constant(name) !== undefined;
  }

  /** The numbers of a constant of the forward graph, undefined for what is computed or lies in another file. */
  constantNumbers(name: string | undefined): number[] | undefined {
    const tensor = this.inference.context.constant(name);
    return tensor && !tensor.external && readable.has(tensor.dtype) ? numbersOf(tensor) : undefined;
  }

  cast(x: string, dtype: Dtype): string {
    return this.node('Cast', [x], { to: castCodes[dtype as keyof typeof castCodes] });
  }

  /** A vector with the shape of a value, to give to Expand: constant where it can be. */
  shapeOf(name: string, shape: readonly Dim[]): string {
    return shape.every((dim) => typeof dim === 'number') ? this.ints(shape as number[]) : this.node('Shape', [name]);
  }

  /** Reshapes a gradient to the shape of a forward value. One open size is left to Reshape itself. */
  reshapeLike(x: string, name: string, shape: readonly Dim[]): string {
    const open = shape.filter((dim) => typeof dim !== 'number').length;
    if (open <= 1 && !shape.includes(0)) {
      return this.node('Reshape', [x, this.ints(shape.map((dim) => (typeof dim === 'number' ? dim : -1)))]);
    }
    return this.node('Reshape', [x, this.shapeOf(name, shape)]);
  }

  /** The sum over the axes listed; over none of them the value itself. */
  reduceSum(x: string, axes: readonly number[], keep: boolean): string {
    if (axes.length === 0) return x;
    return this.node('ReduceSum', [x, this.ints(axes)], { keepdims: keep ? 1 : 0 });
  }

  squeeze(x: string, axes: readonly number[]): string {
    return this.node('Squeeze', [x, this.ints(axes)]);
  }

  unsqueeze(x: string, axes: readonly number[]): string {
    return this.node('Unsqueeze', [x, this.ints(axes)]);
  }

  /** Elements start … end − 1 along one axis. */
  slice(x: string, axis: number, start: number, end: number): string {
    return this.node('Slice', [x, this.ints([start]), this.ints([end]), this.ints([axis])]);
  }

  /** One element of a vector as a vector of length 1. */
  element(vector: string, index: number): string {
    return this.node('Gather', [vector, this.ints([index])], { axis: 0 });
  }
}

const readable: ReadonlySet<Dtype> = new Set(['float32', 'float64', 'float16', 'int8', 'int16', 'int32', 'int64']);

const castCodes = { float32: 1, int32: 6, int64: 7, bool: 9, float16: 10, float64: 11, bfloat16: 16 } as const;
