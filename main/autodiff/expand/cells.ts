/** One time step of each recurrent network, after the equations in ONNX's definition of the operators. */
import type { Emitter } from '../emitter.ts';

export type RecurrentOperator = 'LSTM' | 'GRU' | 'RNN';

/**
 * [batch, hidden size] each; undefined stands for zeros. Writing zeros out would hide from the runtime that all steps
 * have one batch size, and planning the memory of a few thousand values of unrelated sizes takes it minutes.
 */
export interface CellState {
  hidden: string | undefined;
  cell: string | undefined;
}

/** What a step leads to. */
export interface NextState extends CellState {
  hidden: string;
}

export interface CellWeights {
  /** Hidden size. */
  size: number;
  /** [input size, gates · hidden size] */
  input: string;
  /** For each product with the state, the matrix [hidden size, gates · hidden size] of the gates it serves. */
  recurrent: string[];
  /** One vector per gate. */
  inputBiases: string[] | undefined;
  recurrentBiases: string[] | undefined;
  /** Of the input, output and forget gates. */
  peepholes: string[] | undefined;
  activations: string[];
  linearBeforeReset: boolean;
}

interface Cell {
  gates: number;
  /** How many gates each product with the state serves. */
  products(linearBeforeReset: boolean): number[];
  activations: readonly string[];
  /** Adds to the input's share in the gates, [time, batch, gates · hidden size], what is the same at every step. */
  fromInput(emit: Emitter, product: string, weights: CellWeights): string;
  /** The next state from the input's share in the gates, [batch, gates · hidden size]. */
  step(emit: Emitter, given: string, state: CellState, weights: CellWeights): NextState;
}

function joined(emit: Emitter, parts: readonly string[]): string {
  return parts.length === 1 ? parts[0]! : emit.node('Concat', parts, { axis: 0 });
}

/** Adds both biases of the first `both` gates, and the input's alone of the others. */
function biased(emit: Emitter, product: string, weights: CellWeights, both: number): string {
  const { inputBiases, recurrentBiases } = weights;
  if (!inputBiases || !recurrentBiases) return product;
  const biases = inputBiases.map((bias, gate) =>
    gate < both ? emit.node('Add', [bias, recurrentBiases[gate]!]) : bias,
  );
  return emit.node('Add', [product, joined(emit, biases)]);
}

function perGate(emit: Emitter, gates: string, count: number, size: number): string[] {
  return emit.pieces(
    gates,
    Array.from({ length: count }, () => size),
    1,
  );
}

/** The sum of what is not zero. */
function total(emit: Emitter, first: string, ...others: (string | undefined)[]): string {
  return others.reduce<string>((sum, item) => (item === undefined ? sum : emit.node('Add', [sum, item])), first);
}

/** The product, undefined (zero) where a factor is. */
function product(emit: Emitter, op: 'Mul' | 'MatMul', left: string | undefined, right: string): string | undefined {
  return left === undefined ? undefined : emit.node(op, [left, right]);
}

const simple: Cell = {
  gates: 1,
  products: () => [1],
  activations: ['Tanh'],
  fromInput: (emit, given, weights) => biased(emit, given, weights, 1),
  step: (emit, given, state, { activations, recurrent }) => {
    const sum = total(emit, given, product(emit, 'MatMul', state.hidden, recurrent[0]!));
    return { hidden: emit.node(activations[0]!, [sum]), cell: undefined };
  },
};

const lstm: Cell = {
  gates: 4,
  products: () => [4],
  activations: ['Sigmoid', 'Tanh', 'Tanh'],
  fromInput: (emit, given, weights) => biased(emit, given, weights, 4),
  step: (emit, given, state, { activations, peepholes, recurrent, size }) => {
    const [gate, candidate, squash] = activations as [string, string, string];
    const sums = total(emit, given, product(emit, 'MatMul', state.hidden, recurrent[0]!));
    const [input, output, forget, fresh] = perGate(emit, sums, 4, size) as [string, string, string, string];
    const opened = (sum: string, peephole: number, cell: string | undefined): string =>
      emit.node(gate, [total(emit, sum, peepholes && product(emit, 'Mul', cell, peepholes[peephole]!))]);
    const added = emit.node('Mul', [opened(input, 0, state.cell), emit.node(candidate, [fresh])]);
    const cell = total(emit, added, product(emit, 'Mul', state.cell, opened(forget, 2, state.cell)));
    return { hidden: emit.node('Mul', [opened(output, 1, cell), emit.node(squash, [cell])]), cell };
  },
};

const gru: Cell = {
  gates: 3,
  // A state that is reset before its product needs one of its own.
  products: (linearBeforeReset) => (linearBeforeReset ? [3] : [2, 1]),
  activations: ['Sigmoid', 'Tanh'],
  // The recurrent bias of the candidate is reset with the state where the reset comes after the product.
  fromInput: (emit, given, weights) => biased(emit, given, weights, weights.linearBeforeReset ? 2 : 3),
  step: (emit, given, { hidden }, weights) => {
    const { activations, recurrent, recurrentBiases, size } = weights;
    const [gate, squash] = activations as [string, string];
    const [update, reset, fresh] = perGate(emit, given, 3, size) as [string, string, string];
    const shares = product(emit, 'MatMul', hidden, recurrent[0]!);
    const [toUpdate, toReset, toFresh] =
      shares === undefined ? [] : perGate(emit, shares, weights.linearBeforeReset ? 3 : 2, size);
    const mixing = emit.node(gate, [total(emit, update, toUpdate)]);
    const kept = emit.node(gate, [total(emit, reset, toReset)]);
    let remembered: string | undefined;
    if (weights.linearBeforeReset) {
      const bias = recurrentBiases?.[2];
      remembered = product(emit, 'Mul', toFresh && bias ? emit.node('Add', [toFresh, bias]) : (toFresh ?? bias), kept);
    } else {
      remembered = product(emit, 'MatMul', product(emit, 'Mul', hidden, kept), recurrent.at(-1)!);
    }
    const candidate = emit.node(squash, [total(emit, fresh, remembered)]);
    // (1 − z) · candidate + z · state
    const change = hidden === undefined ? emit.node('Neg', [candidate]) : emit.node('Sub', [hidden, candidate]);
    return { hidden: emit.node('Add', [candidate, emit.node('Mul', [mixing, change])]), cell: undefined };
  },
};

export const cells: Record<RecurrentOperator, Cell> = { LSTM: lstm, GRU: gru, RNN: simple };
