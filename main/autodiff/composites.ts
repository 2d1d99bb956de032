/**
 * Groups of nodes whose gradient is written down as a whole, because rule by rule it would take more passes over the data.
 *
 * GELU, x·Φ(x) with Φ(x) = (1 + erf(x/√2))/2, comes from exporters as five nodes. Its derivative is Φ(x) + x·φ(x); with
 * t = x/√2 the second term is t·e^(−t²)/√π (Hendrycks & Gimpel 2016). Seven passes instead of eleven.
 */
import { float, type GraphNode } from '../onnx/index.ts';
import type { Emitter } from './emitter.ts';

export interface Composite {
  /** The value that the whole reads. */
  input: string;
  /** Its nodes but the last, which is the one it is found by. */
  inner: GraphNode[];
  /** The gradient with respect to the input. */
  gradient(emit: Emitter, cotangent: string): string;
}

/** By the node that makes the result. Values inside a composite are read by nobody else. */
export function findComposites(
  nodes: readonly GraphNode[],
  outputs: ReadonlySet<string>,
  emit: Emitter,
): Map<GraphNode, Composite> {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const readers = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    for (const name of node.inputs) {
      const list = readers.get(name);
      if (list === undefined) readers.set(name, [node]);
      else list.push(node);
    }
  }
  const found = new Map<GraphNode, Composite>();
  for (const node of nodes) {
    if (node.op !== 'Erf' || node.domain !== '') continue;
    const match = matchGelu(node, makers, readers, emit);
    if (match === undefined) continue;
    const [type, result] = [match.composite.input, match.last.outputs[0]!].map((name) => emit.typeOrUndefined(name));
    // Constants of more axes than the input has add axes.
    if (type?.dtype !== 'float32' || type.shape.length !== result?.shape.length) continue;
    const members = new Set([...match.composite.inner, match.last]);
    const hidden = match.composite.inner.flatMap((inner) => inner.outputs);
    const closed = hidden.every(
      (name) => !outputs.has(name) && (readers.get(name) ?? []).every((reader) => members.has(reader)),
    );
    if (closed) found.set(match.last, match.composite);
  }
  return found;
}

function matchGelu(
  erf: GraphNode,
  makers: ReadonlyMap<string, GraphNode>,
  readers: ReadonlyMap<string, GraphNode[]>,
  emit: Emitter,
): { last: GraphNode; composite: Composite } | undefined {
  const isConstant = (name: string, value: number): boolean => {
    const numbers = emit.constantNumbers(name);
    return numbers?.length === 1 && Math.abs(numbers[0]! - value) < 1e-6;
  };
  /** The other operand of a node one of whose operands is that constant. */
  const beside = (node: GraphNode | undefined, op: string, value: number): string | undefined => {
    if (node?.op !== op) return undefined;
    const [a, b] = node.inputs as [string, string];
    if (isConstant(b, value)) return a;
    return op !== 'Div' && isConstant(a, value) ? b : undefined;
  };
  const onlyReader = (name: string): GraphNode | undefined => {
    const list = readers.get(name) ?? [];
    return list.length === 1 ? list[0] : undefined;
  };

  const scaling = makers.get(erf.inputs[0]!);
  const x = beside(scaling, 'Div', Math.SQRT2) ?? beside(scaling, 'Mul', Math.SQRT1_2);
  const raised = onlyReader(erf.outputs[0]!);
  if (x === undefined || beside(raised, 'Add', 1) !== erf.outputs[0]) return undefined;
  // (x·a)·½, x·(a·½) and (x·½)·a, where a = 1 + erf.
  const next = onlyReader(raised!.outputs[0]!);
  if (next?.op !== 'Mul') return undefined;
  const inner = [scaling!, erf, raised!];
  const other = next.inputs[next.inputs[0] === raised!.outputs[0] ? 1 : 0]!;
  let last: GraphNode | undefined = next;
  if (other === x) {
    inner.push(next);
    last = onlyReader(next.outputs[0]!);
    if (beside(last, 'Mul', 0.5) === undefined) return undefined;
  } else if (isConstant(other, 0.5)) {
    inner.push(next);
    last = onlyReader(next.outputs[0]!);
    if (last?.op !== 'Mul' || !last.inputs.includes(x)) return undefined;
  } else {
    const halved = makers.get(other);
    if (beside(halved, 'Mul', 0.5) !== x) return undefined;
    inner.push(halved!);
  }
  return {
    last: last!,
    composite: { input: x, inner, gradient: (emitter, cotangent) => geluGradient(emitter, erf, cotangent) },
  };
}

function geluGradient(emit: Emitter, erf: GraphNode, cotangent: string): string {
  const [t, e] = [erf.inputs[0]!, erf.outputs[0]!];
  // (1 + e)/2 lies between 0 and 1, where HardSigmoid is just that.
  const cumulative = emit.node('HardSigmoid', [e], { alpha: float(0.5), beta: float(0.5) });
  const bell = emit.node('Div', [t, emit.node('Exp', [emit.node('Mul', [t, t])])]);
  const density = emit.node('Mul', [bell, emit.scalar(1 / Math.sqrt(Math.PI), 'float32')]);
  return emit.node('Mul', [cotangent, emit.node('Add', [cumulative, density])]);
}
