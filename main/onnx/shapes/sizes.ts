/** Follows the small integer tensors in which graphs compute shapes (Shape → Gather → Concat → Reshape …). */
import { dtypeCode } from '../elementTypes.ts';
import { intAttribute, type Dim, type GraphNode } from '../graph.ts';
import { numbersOf, type Tensor } from '../tensor.ts';
import { knownIntegers, type ShapeContext } from './context.ts';
import { reducedAxes } from './elementwise.ts';
import { clampSlice, listed } from './layout.ts';
import { derived, difference, isCount, isKnown, product, quotient, sameDim, sum } from './dims.ts';

/** Longer vectors are data, not shapes. */
const longest = 64;

const integer = new Set(['int64', 'int32', 'bool']);

/** The elements of an integer constant that may be part of a shape computation. */
export function sizesOfConstant(tensor: Tensor): Dim[] | undefined {
  if (!integer.has(tensor.dtype) || tensor.shape.length > 1 || tensor.external) return undefined;
  if ((tensor.shape[0] ?? 1) > longest) return undefined;
  return numbersOf(tensor);
}

type SizesRule = (node: GraphNode, context: ShapeContext) => Dim[] | undefined;

const copy: SizesRule = (node, context) => context.sizes(node.inputs[0]);

function arithmetic(combine: (a: Dim, b: Dim) => Dim): SizesRule {
  return (node, context) => {
    const a = context.sizes(node.inputs[0]);
    const b = context.sizes(node.inputs[1]);
    if (!a || !b || (a.length !== b.length && a.length !== 1 && b.length !== 1)) return undefined;
    return Array.from({ length: Math.max(a.length, b.length) }, (_, index) =>
      combine(a[a.length === 1 ? 0 : index]!, b[b.length === 1 ? 0 : index]!),
    );
  };
}

/** A vector made one number, unless the node reduces over no axes. */
function reduction(combine: (sizes: Dim[]) => Dim): SizesRule {
  return (node, context) => {
    const sizes = context.sizes(node.inputs[0]);
    const rank = context.type(node.inputs[0])?.shape.length ?? 1;
    const axes = reducedAxes(node, context, rank);
    if (!sizes || !axes) return undefined;
    return axes.length === 0 ? sizes : [combine(sizes)];
  };
}

function extreme(name: 'max' | 'min', sizes: readonly Dim[]): Dim {
  const different = [...new Set(sizes)];
  if (different.length === 0) return '?';
  return different.length === 1 ? different[0]! : derived(name, different.toSorted());
}

function extremeOf(name: 'max' | 'min'): SizesRule {
  return (node, context) => {
    const lists = node.inputs.map((input) => context.sizes(input));
    const length = Math.max(...lists.map((list) => list?.length ?? 0));
    if (lists.some((list) => list === undefined || (list.length !== length && list.length !== 1))) return undefined;
    return Array.from({ length }, (_, index) => {
      return extreme(
        name,
        lists.map((list) => list![list!.length === 1 ? 0 : index]!),
      );
    });
  };
}

/** Integer division rounds towards zero. */
function divide(a: Dim, b: Dim): Dim {
  if (b === 0) return '?';
  const exact = quotient(a, b);
  return exact === '?' ? derived('div', [a, b]) : exact;
}

/** A size is never negative, so it differs from the −1 that stands for an open size. */
function equal(a: Dim, b: Dim): Dim {
  if (isKnown(a) && isKnown(b)) return Number(a === b);
  if (sameDim(a, b)) return 1;
  return (isKnown(a) && a < 0 && isCount(b)) || (isKnown(b) && b < 0 && isCount(a)) ? 0 : '?';
}

const rules: Record<string, SizesRule> = {
  Identity: copy,
  Squeeze: copy,
  Unsqueeze: copy,
  Reshape: copy,
  Cast: (node, context) => {
    const to = intAttribute(node, 'to', 0);
    return to === dtypeCode('int64') || to === dtypeCode('int32') ? copy(node, context) : undefined;
  },
  Shape: (node, context) => {
    const shape = context.type(node.inputs[0])?.shape;
    if (!shape) return undefined;
    const [from, to] = clampSlice(
      shape.length,
      intAttribute(node, 'start', 0),
      intAttribute(node, 'end', shape.length),
      1,
    );
    return shape.slice(from, to);
  },
  Size: (node, context) => {
    const shape = context.type(node.inputs[0])?.shape;
    return shape && [product(shape)];
  },
  Gather: (node, context) => {
    const from = context.sizes(node.inputs[0]);
    const indices = knownIntegers(context, node.inputs[1]);
    return from && indices?.map((index) => from.at(index) ?? '?');
  },
  Slice: (node, context) => {
    const from = context.sizes(node.inputs[0]);
    const start = listed(node, context, 1, 'starts')?.[0];
    const end = listed(node, context, 2, 'ends')?.[0];
    const step = node.inputs[4] ? knownIntegers(context, node.inputs[4])?.[0] : 1;
    if (!from || start === undefined || end === undefined || step !== 1) return undefined;
    return from.slice(...clampSlice(from.length, start, end, 1));
  },
  Concat: (node, context) => {
    const parts = node.inputs.map((name) => context.sizes(name));
    return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
  },
  ConstantOfShape: (node, context) => {
    const count = context.sizes(node.inputs[0]);
    const value = node.attributes['value'];
    const element = value?.kind === 'tensor' && integer.has(value.value.dtype) ? numbersOf(value.value)[0] : undefined;
    if (element === undefined || count?.length !== 1 || !isKnown(count[0]!) || count[0]! > longest) return undefined;
    return Array.from({ length: count[0]! }, () => element);
  },
  ReduceProd: reduction(product),
  ReduceSum: reduction(sum),
  ReduceMax: reduction((sizes) => extreme('max', sizes)),
  ReduceMin: reduction((sizes) => extreme('min', sizes)),
  Range: (node, context) => {
    const [start, limit, step] = node.inputs.map((name) => knownIntegers(context, name)?.[0]);
    if (start === undefined || limit === undefined || !step) return undefined;
    const count = Math.max(0, Math.ceil((limit - start) / step));
    return count > longest ? undefined : Array.from({ length: count }, (_, index) => start + index * step);
  },
  Expand: (node, context) => {
    const sizes = context.sizes(node.inputs[0]);
    const wanted = knownIntegers(context, node.inputs[1]);
    if (sizes?.length !== 1 || wanted?.length !== 1 || wanted[0]! > longest) return undefined;
    return Array.from({ length: Math.max(1, wanted[0]!) }, () => sizes[0]!);
  },
  Add: arithmetic((a, b) => sum([a, b])),
  Sub: arithmetic(difference),
  Mul: arithmetic((a, b) => product([a, b])),
  Div: arithmetic(divide),
  Mod: arithmetic((a, b) => (b === 0 ? '?' : quotient(a, b) === '?' ? derived('mod', [a, b]) : 0)),
  Neg: (node, context) => context.sizes(node.inputs[0])?.map((size) => product([-1, size])),
  Min: extremeOf('min'),
  Max: extremeOf('max'),
  Equal: arithmetic(equal),
  Not: (node, context) => context.sizes(node.inputs[0])?.map((truth) => (isKnown(truth) ? 1 - truth : '?')),
  And: arithmetic((a, b) => (a === 0 || b === 0 ? 0 : isKnown(a) && isKnown(b) ? 1 : '?')),
  Or: arithmetic((a, b) => (a === 1 || b === 1 ? 1 : isKnown(a) && isKnown(b) ? 0 : '?')),
  Greater: arithmetic((a, b) => (isKnown(a) && isKnown(b) ? Number(a > b) : '?')),
  Less: arithmetic((a, b) => (isKnown(a) && isKnown(b) ? Number(a < b) : '?')),
  Where: (node, context) => {
    const condition = context.sizes(node.inputs[0]);
    const [a, b] = [context.sizes(node.inputs[1]), context.sizes(node.inputs[2])];
    if (!condition || !a || !b) return undefined;
    const pick = (list: Dim[], index: number): Dim => list[list.length === 1 ? 0 : index] ?? '?';
    return Array.from({ length: Math.max(condition.length, a.length, b.length) }, (_, index): Dim => {
      const truth = pick(condition, index);
      if (truth === '?') return sameDim(pick(a, index), pick(b, index)) ? pick(a, index) : '?';
      return truth === 0 ? pick(b, index) : pick(a, index);
    });
  },
};

/** The elements of a node's first output, when it is part of a shape computation. */
export function sizesOfNode(node: GraphNode, context: ShapeContext): Dim[] | undefined {
  const sizes = Object.hasOwn(rules, node.op) ? rules[node.op]!(node, context) : undefined;
  return sizes && sizes.length <= longest ? sizes : undefined;
}
