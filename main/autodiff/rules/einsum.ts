/**
 * Einstein sums. The gradient of one operand is an Einstein sum of the gradient and the other operands, repeated along
 * the letters that occur in that operand alone.
 */
import { stringAttribute, type Dim } from '../../onnx/index.ts';
import { broadcastDim } from '../../onnx/shapes/dims.ts';
import { unbroadcast } from '../broadcast.ts';
import type { GradientRule, RuleContext } from '../rule.ts';

interface Equation {
  operands: string[];
  result: string;
  /** The letters that stand for an ellipsis. */
  ellipsis: string[];
}

const einsum: GradientRule = (context) => {
  const equation = explicitEquation(context);
  const repeated = equation.operands.find((letters) => new Set(letters).size < letters.length);
  if (repeated !== undefined) context.refuse('a letter occurs twice in one operand, and there is no rule for that');
  return equation.operands.map((_, input) => (context.wanted(input) ? toOperand(context, equation, input) : undefined));
};

/** The equation with its result written out and letters of their own in place of every ellipsis. */
function explicitEquation(context: RuleContext): Equation {
  const { node } = context;
  const text = stringAttribute(node, 'equation', '').replaceAll(' ', '');
  const [left, right] = text.split('->') as [string, string | undefined];
  const operands = left.split(',');
  const ranks = operands.map((letters, input) => {
    const stated = letters.replace('...', '').length;
    return letters.includes('...') ? context.inputType(input).shape.length - stated : 0;
  });
  const free = [...alphabet].filter((letter) => !text.includes(letter));
  const most = Math.max(0, ...ranks);
  if (most > free.length) context.refuse('it has more axes than there are letters');
  // Axes of an ellipsis broadcast, so they are counted from the last.
  const ellipsis = free.slice(0, most);
  const spell = (letters: string, rank: number): string => letters.replace('...', ellipsis.slice(most - rank).join(''));
  const once = [...new Set(left.replace(/[.,]/g, ''))].filter((letter) => left.split(letter).length === 2);
  return {
    operands: operands.map((letters, input) => spell(letters, ranks[input]!)),
    result: spell(right ?? `...${once.toSorted().join('')}`, most),
    ellipsis,
  };
}

const alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

function toOperand(context: RuleContext, { operands, result, ellipsis }: Equation, input: number): string {
  const { emit, node, gradient } = context;
  const type = context.inputType(input);
  const letters = operands[input]!;
  const others = operands.flatMap((_, at) => (at === input ? [] : [at]));
  const known = new Set([result, ...others.map((at) => operands[at]!)].join(''));
  const present = [...letters].filter((letter) => known.has(letter)).join('');
  const equation = `${[result, ...others.map((at) => operands[at]!)].join(',')}->${present}`;
  const summed = emit.node('Einsum', [gradient, ...others.map((at) => node.inputs[at]!)], { equation });
  // Axes the result did not keep and nothing else has: every element along them counted once.
  const alone = [...letters].flatMap((letter, axis) => (known.has(letter) ? [] : [axis]));
  const full = alone.length === 0 ? summed : emit.unsqueeze(summed, alone);
  // Only axes of size 1 and those of an ellipsis may have been repeated to the size the other operands have.
  const sizes = sizesOf(context, operands);
  const repeated = (letter: string, dim: Dim): boolean => known.has(letter) && (dim === 1 || ellipsis.includes(letter));
  const shape = type.shape.map((dim, axis) => (repeated(letters[axis]!, dim) ? sizes(letters[axis]!) : dim));
  const shaped = unbroadcast(context, full, context.input(input), { dtype: type.dtype, shape }, type);
  return alone.length === 0 ? shaped : emit.node('Expand', [shaped, emit.shapeOf(context.input(input), type.shape)]);
}

/** The size a letter stands for: what its sizes in all operands broadcast to. */
function sizesOf(context: RuleContext, operands: readonly string[]): (letter: string) => Dim {
  return (letter) => {
    const found = operands.flatMap((letters, input) => {
      const axis = letters.indexOf(letter);
      return axis < 0 ? [] : [context.inputType(input).shape[axis]!];
    });
    return found.reduce(broadcastDim, 1);
  };
}

export const einsumRules: Record<string, GradientRule> = { Einsum: einsum };
