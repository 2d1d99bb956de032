/** Builds a graph node by node. Used by the twins built here and by whatever rewrites graphs. */
import { toAttributes, type AttributeValues } from './attributes.ts';
import type { Dtype } from './elementTypes.ts';
import type { Dim, Graph, GraphNode, ValueInfo } from './graph.ts';
import { makeTensor, type ArrayDtype, type Tensor, type TypedArray } from './tensor.ts';

export interface BuilderOptions {
  /** Name of the graph. */
  name?: string;
  /** Version of the standard operator set. */
  opset?: number;
  irVersion?: number;
  producer?: string;
  documentation?: string;
}

/** Opset 18 is the newest whose operators all of ONNX Runtime's devices implement; IR 8 is the one it came with. */
export const defaultOpset = 18;
const defaultIrVersion = 8;

export class GraphBuilder {
  readonly #graph: Graph;
  readonly #taken = new Set<string>();
  readonly #counts = new Map<string, number>();

  constructor(options: BuilderOptions = {}) {
    this.#graph = {
      name: options.name ?? 'graph',
      irVersion: options.irVersion ?? defaultIrVersion,
      opsets: new Map([['', options.opset ?? defaultOpset]]),
      producer: options.producer ?? 'twinscope',
      producerVersion: '',
      documentation: options.documentation ?? '',
      metadata: new Map(),
      functions: [],
      inputs: [],
      outputs: [],
      values: [],
      initializers: new Map(),
      sparseInitializers: [],
      nodes: [],
    };
  }

  /** Declares an input; sizes fixed only at run time are names, e.g. ['batch', 1, 256, 256]. Returns its name. */
  input(name: string, dtype: Dtype, shape: readonly Dim[]): string {
    this.#take(name);
    this.#graph.inputs.push({ name, dtype, shape: [...shape] });
    return name;
  }

  /** Declares an output, which some node or input of that name must make. */
  output(name: string, dtype: Dtype, shape: readonly Dim[] | null): void {
    const info: ValueInfo = { name, dtype, shape: shape === null ? null : [...shape] };
    this.#graph.outputs.push(info);
  }

  /** Adds a constant; a typed array of the matching type is kept without a copy. Returns its name. */
  constant(
    name: string,
    dtype: ArrayDtype | 'bool',
    shape: readonly number[],
    data: TypedArray | readonly number[] | readonly bigint[],
  ): string {
    return this.tensor(name, makeTensor(dtype, shape, data));
  }

  tensor(name: string, tensor: Tensor): string {
    this.#take(name);
    this.#graph.initializers.set(name, tensor);
    return name;
  }

  /** A name nobody has taken, made from a hint: 'conv', 'conv_2', 'conv_3' … */
  freshName(hint: string): string {
    for (;;) {
      const count = (this.#counts.get(hint) ?? 0) + 1;
      this.#counts.set(hint, count);
      const name = count === 1 ? hint : `${hint}_${count}`;
      if (!this.#taken.has(name)) return name;
    }
  }

  /**
   * Adds a node with one output and returns the output's name, made up from the operator unless given. Attributes:
   * plain numbers are integers, `float(0.5)` makes a float.
   */
  node(op: string, inputs: readonly string[], attributes: AttributeValues = {}, output?: string): string {
    return this.nodes(op, inputs, attributes, [output ?? this.freshName(op.toLowerCase())])[0]!;
  }

  /** Adds a node with several outputs: their names, or how many. */
  nodes(
    op: string,
    inputs: readonly string[],
    attributes: AttributeValues,
    outputs: number | readonly string[],
    domain = '',
  ): string[] {
    for (const name of inputs) {
      if (name !== '' && !this.#taken.has(name)) throw new RangeError(`${op} reads "${name}", which nothing has made.`);
    }
    const names =
      typeof outputs === 'number'
        ? Array.from({ length: outputs }, () => {
            const name = this.freshName(op.toLowerCase());
            this.#taken.add(name);
            return name;
          })
        : outputs.map((name) => {
            if (name !== '') this.#take(name);
            return name;
          });
    const node: GraphNode = {
      op,
      domain,
      name: names[0] ?? '',
      inputs: [...inputs],
      outputs: names,
      attributes: toAttributes(attributes),
    };
    this.#graph.nodes.push(node);
    return names;
  }

  /** Sets an entry of the model's metadata_props. */
  metadata(key: string, value: string): void {
    this.#graph.metadata.set(key, value);
  }

  /** The finished graph. The builder is not used afterwards. */
  build(): Graph {
    if (this.#graph.outputs.length === 0) throw new RangeError('A graph without outputs computes nothing.');
    for (const { name } of this.#graph.outputs) {
      if (!this.#taken.has(name)) throw new RangeError(`The output "${name}" is made by nothing.`);
    }
    return this.#graph;
  }

  #take(name: string): void {
    if (name === '') throw new RangeError('A value needs a name.');
    if (this.#taken.has(name)) throw new RangeError(`The name "${name}" is taken.`);
    this.#taken.add(name);
  }
}
