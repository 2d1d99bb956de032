/** One time step of each recurrent network, after the equations in ONNX's definition of the operators. */
import type { Emitter } from '../emitter.ts';

export type RecurrentOperator = 'LSTM' | 'GRU' | 'RNN';

export interface CellState {
  /** [batch, hidden size] */
  hidden: string;
  /** Of the same shape; '' where the network has none. */
  cell: string;
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
  hasCell: boolean;
  /** Adds to the input's share in the gates, [time, batch, gates · hidden size], what is the same at every step. */
  fromInput(emit: Emitter, product: string, weights: CellWeights): string;
  /** The next state from the input's share in the gates, [batch, gates · hidden size]. */
  step(emit: Emitter, given: string, state: CellState, weights: CellWeights): CellState;
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
  return emit.split('Split', [gates, emit.ints(Array.from({ length: count }, () => size))], { axis: 1 }, count);
}

const simple: Cell = {
  gates: 1,
  products: () => [1],
  activations: ['Tanh'],
  hasCell: false,
  fromInput: (emit, product, weights) => biased(emit, product, weights, 1),
  step: (emit, given, state, { activations, recurrent }) => {
    const total = emit.node('Add', [given, emit.node('MatMul', [state.hidden, recurrent[0]!])]);
    return { hidden: emit.node(activations[0]!, [total]), cell: '' };
  },
};

const lstm: Cell = {
  gates: 4,
  products: () => [4],
  activations: ['Sigmoid', 'Tanh', 'Tanh'],
  hasCell: true,
  fromInput: (emit, product, weights) => biased(emit, product, weights, 4),
  step: (emit, given, state, { activations, peepholes, recurrent, size }) => {
    const [gate, candidate, squash] = activations as [string, string, string];
    const totals = emit.node('Add', [given, emit.node('MatMul', [state.hidden, recurrent[0]!])]);
    const [input, output, forget, fresh] = perGate(emit, totals, 4, size) as [string, string, string, string];
    const opened = (total: string, peephole: number, cell: string): string => {
      if (!peepholes) return emit.node(gate, [total]);
      return emit.node(gate, [emit.node('Add', [total, emit.node('Mul', [peepholes[peephole]!, cell])])]);
    };
    const kept = emit.node('Mul', [opened(forget, 2, state.cell), state.cell]);
    const added = emit.node('Mul', [opened(input, 0, state.cell), emit.node(candidate, [fresh])]);
    const cell = emit.node('Add', [kept, added]);
    return { hidden: emit.node('Mul', [opened(output, 1, cell), emit.node(squash, [cell])]), cell };
  },
};

const gru: Cell = {
  gates: 3,
  // A state that is reset before its product needs one of its own.
  products: (linearBeforeReset) => (linearBeforeReset ? [3] : [2, 1]),
  activations: ['Sigmoid', 'Tanh'],
  hasCell: false,
  // The recurrent bias of the candidate is reset with the state where the reset comes after the product.
  fromInput: (emit, product, weights) => biased(emit, product, weights, weights.linearBeforeReset ? 2 : 3),
  step: (emit, given, state, weights) => {
    const { activations, recurrent, recurrentBiases, size } = weights;
    const [gate, squash] = activations as [string, string];
    const { hidden } = state;
    const [update, reset, fresh] = perGate(emit, given, 3, size) as [string, string, string];
    const open = (total: string, share: string): string => emit.node(gate, [emit.node('Add', [total, share])]);
    let mixing: string;
    let remembered: string;
    if (weights.linearBeforeReset) {
      const [toUpdate, toReset, toFresh] = perGate(emit, emit.node('MatMul', [hidden, recurrent[0]!]), 3, size) as [
        string,
        string,
        string,
      ];
      const biasedFresh = recurrentBiases ? emit.node('Add', [toFresh, recurrentBiases[2]!]) : toFresh;
      mixing = open(update, toUpdate);
      remembered = emit.node('Mul', [open(reset, toReset), biasedFresh]);
    } else {
      const [toUpdate, toReset] = perGate(emit, emit.node('MatMul', [hidden, recurrent[0]!]), 2, size) as [
        string,
        string,
      ];
      mixing = open(update, toUpdate);
      remembered = emit.node('MatMul', [emit.node('Mul', [open(reset, toReset), hidden]), recurrent[1]!]);
    }
    const candidate = emit.node(squash, [emit.node('Add', [fresh, remembered])]);
    // (1 − z) · candidate + z · state
    const change = emit.node('Mul', [mixing, emit.node('Sub', [hidden, candidate])]);
    return { hidden: emit.node('Add', [candidate, change]), cell: '' };
  },
};

export const cells: Record<RecurrentOperator, Cell> = { LSTM: lstm, GRU: gru, RNN: simple };
