/** Which operators may have an infinite slope where a flat part of the operator before leads them. */
import { floatAttribute, type GraphNode } from '../onnx/index.ts';
import type { Emitter } from './emitter.ts';

/** What is known of the values a node reads. */
export interface Sources {
  /** Whether a value moves with the input that is differentiated by. */
  varies(name: string): boolean;
  maker(name: string): GraphNode | undefined;
}

const steepOperators: ReadonlySet<string> = new Set(
  'Sqrt Log Reciprocal Asin Acos Acosh Atanh ReduceLogSum'.split(' '),
);

/**
 * Whether the slope may be infinite at one value of an operand, which a whole region of the input may lead to: 0 behind
 * a rectifier, or −1 where 1 is taken from it. Norms are not among them: where they are 0 their slope is, and zeros of a
 * product are counted.
 */
export function hasInfiniteSlope(node: GraphNode, emit: Emitter, sources: Sources): boolean {
  if (node.op === 'Pow') return emit.constantNumbers(node.inputs[1])?.every((exponent) => exponent >= 1) !== true;
  if (node.op === 'Div') return mayDivideByZero(node.inputs[1]!, emit, sources);
  if (node.op === 'LRN') return floatAttribute(node, 'bias', 1) <= 0;
  return steepOperators.has(node.op);
}

function mayDivideByZero(divisor: string, emit: Emitter, sources: Sources): boolean {
  if (sources.varies(divisor)) return !keptFromZero(divisor, emit, sources);
  return emit.constantNumbers(divisor)?.includes(0) === true;
}

const reshaping: ReadonlySet<string> = new Set(['Expand', 'Reshape', 'Unsqueeze', 'Squeeze', 'Cast']);

/** True behind a positive constant that is added or a lower bound, as in divisive normalisation. */
function keptFromZero(name: string, emit: Emitter, sources: Sources): boolean {
  const maker = sources.maker(name);
  if (maker === undefined) return false;
  if (reshaping.has(maker.op)) return keptFromZero(maker.inputs[0]!, emit, sources);
  const positive = (input: string | undefined): boolean =>
    emit.constantNumbers(input)?.every((value) => value > 0) === true;
  if (maker.op === 'Add' || maker.op === 'Max') return maker.inputs.some(positive);
  return maker.op === 'Clip' && positive(maker.inputs[1]);
}
