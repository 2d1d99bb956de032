/**
 * Keeps a gradient in the layout of ONNX Runtime's CPU convolutions.
 *
 * The runtime computes convolutions on blocks of channels (NCHWc) and also takes additions and products of two values in
 * that layout, but whatever it cannot take there is put back to NCHW first, and one operand outside draws everything
 * behind it outside: every convolution of the gradient then reorders its input and its output. An identity convolution
 * (depthwise, 1 × 1, weights of one) in front of such an operand brings it in, at the price of one pass over it. The step
 * that makes a mask of a Relu's output is fused into that convolution. Measured in docs/decisions/gradient-lowering.md.
 */
import { intAttribute, intsAttribute, stringAttribute, type GraphNode, type TensorType } from '../onnx/index.ts';
import type { Emitter } from './emitter.ts';

/** Channels per block on processors with AVX-512; elsewhere it is a divisor of this. */
const block = 16;

/**
 * Inserts identity convolutions before emitted nodes that would leave the blocked layout.
 *
 * @param forward nodes of the forward graph, which stay as they are
 * @param emitted nodes of the gradient, in running order
 */
export function anchorBlockedLayout(
  emit: Emitter,
  forward: readonly GraphNode[],
  emitted: readonly GraphNode[],
  isConstant: (name: string) => boolean,
): GraphNode[] {
  const typeOf = (name: string): TensorType | undefined => emit.typeOrUndefined(name) ?? emit.statedType(name);
  const blocked = new Set<string>();
  const note = (node: GraphNode): void => {
    if (staysBlocked(node, blocked, typeOf, isConstant)) blocked.add(node.outputs[0]!);
  };
  forward.forEach(note);
  const result: GraphNode[] = [];
  const anchored = new Map<string, string>();
  const anchor = (name: string, type: Blockable): string => {
    let inside = anchored.get(name);
    if (inside === undefined) {
      const node = identityConvolution(emit, name, type.shape[1]);
      inside = node.outputs[0]!;
      emit.state(inside, type);
      result.push(node);
      blocked.add(inside);
      anchored.set(name, inside);
    }
    return inside;
  };
  for (const node of emitted) {
    const moved = { ...node, inputs: [...node.inputs] };
    const types = node.inputs.map(typeOf);
    if (node.op === 'HardSigmoid' && blocked.has(node.inputs[0]!) && blockable(types[0])) {
      // Fused into the convolution, the step costs nothing of its own and its result stays inside.
      moved.inputs[0] = anchor(node.inputs[0]!, types[0]);
      emit.state(node.outputs[0]!, types[0]);
      blocked.add(node.outputs[0]!);
    } else if (elementwise.has(node.op) && node.inputs.some((name) => blocked.has(name))) {
      if (types.every(blockable) && types.every((type) => sameShape(type, types[0]!))) {
        moved.inputs = node.inputs.map((name, index) => (blocked.has(name) ? name : anchor(name, types[index]!)));
      }
    }
    result.push(moved);
    note(moved);
  }
  return result;
}

const elementwise: ReadonlySet<string> = new Set(['Add', 'Sum', 'Mul']);

type Blockable = TensorType & { shape: [TensorType['shape'][number], number, ...TensorType['shape']] };

/** Pictures of float32 whose channels fill whole blocks. */
function blockable(type: TensorType | undefined): type is Blockable {
  if (type?.dtype !== 'float32' || type.shape.length !== 4 || type.shape.includes('?')) return false;
  const channels = type.shape[1];
  return typeof channels === 'number' && channels % block === 0;
}

function sameShape(a: TensorType, b: TensorType): boolean {
  return a.shape.every((dim, axis) => dim === b.shape[axis]);
}

/** The part of the runtime's rules that decides whether a node's result is in the blocked layout. */
function staysBlocked(
  node: GraphNode,
  blocked: ReadonlySet<string>,
  typeOf: (name: string) => TensorType | undefined,
  isConstant: (name: string) => boolean,
): boolean {
  const [x = ''] = node.inputs;
  switch (node.op) {
    case 'Conv': {
      const weights = typeOf(node.inputs[1]!)?.shape;
      if (weights?.length !== 4 || !node.inputs.slice(1).every(isConstant)) return false;
      const [outputs, perGroup] = weights;
      if (typeof outputs !== 'number' || typeof perGroup !== 'number' || outputs % block !== 0) return false;
      const group = intAttribute(node, 'group', 1);
      if (group === 1) return perGroup < block || perGroup % block === 0;
      return perGroup === 1 ? outputs === group : perGroup % block === 0 && (outputs / group) % block === 0;
    }
    case 'MaxPool':
    case 'AveragePool':
      return (
        node.outputs.length === 1 && blockable(typeOf(x)) && (intsAttribute(node, 'kernel_shape')?.length ?? 0) === 2
      );
    case 'GlobalAveragePool':
    case 'GlobalMaxPool':
      return blockable(typeOf(x));
    case 'Relu':
    case 'Sigmoid':
    case 'Tanh':
      return blocked.has(x);
    case 'Add':
    case 'Sum':
    case 'Mul': {
      const types = node.inputs.map(typeOf);
      const inside = node.inputs.every((name, index) => blocked.has(name) && blockable(types[index]));
      return inside && types.every((type) => sameShape(type!, types[0]!));
    }
    case 'Concat':
      return intAttribute(node, 'axis', 0) === 1 && node.inputs.every((name) => blocked.has(name));
    case 'Resize':
      return (
        blocked.has(x) &&
        stringAttribute(node, 'mode', 'nearest') === 'nearest' &&
        stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel') === 'asymmetric'
      );
    default:
      return false;
  }
}

function identityConvolution(emit: Emitter, x: string, channels: number): GraphNode {
  const ones = emit.floats(
    'float32',
    [channels, 1, 1, 1],
    Array.from({ length: channels }, () => 1),
  );
  return emit.detached('Conv', [x, ones], { group: channels, kernel_shape: [1, 1] });
}
