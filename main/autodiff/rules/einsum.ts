/**
 * Einstein sums. The gradient of one operand is an Einstein sum of the gradient and the other operands, repeated along
 * the letters that occur in that operand alone. A letter that occurs twice in one operand takes its diagonal: the
 * second place gets a letter of its own, and an identity matrix becomes one more operand that ties both together.
 */
import { stringAttribute, type Dim } from '../../onnx/index.ts';
import { broadcastDim } from '../../onnx/shapes/dims.ts';
import { unbroadcast } from '../broadcast.ts';
import type { GradientRule, RuleContext } from '../rule.ts';
import { sizeAlong } from './indexing.ts';

interface Equation {
  /** No letter occurs twice in one of them. */
  operands: string[];
  result: string;
  diagonals: Diagonal[];
}

/** Two letters that stood as one at two axes of one operand. */
interface Diagonal {
  letters: string;
  input: number;
  axis: number;
}

const einsum: GradientRule = (context) => {
  const equation = explicitEquation(context);
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
    ...untied(
      context,
      operands.map((letters, input) => spell(letters, ranks[input]!)),
      free.slice(most),
    ),
    result: spell(right ?? `...${once.toSorted().join('')}`, most),
  };
}

/** Gives every second place of a letter within one operand a free letter. */
function untied(context: RuleContext, operands: readonly string[], free: readonly string[]): Omit<Equation, 'result'> {
  const diagonals: Diagonal[] = [];
  const own = operands.map((letters, input) =>
    [...letters].map((letter, axis) => {
      if (letters.indexOf(letter) === axis) return letter;
      const fresh = free[diagonals.length] ?? context.refuse('it has more axes than there are letters');
      diagonals.push({ letters: letter + fresh, input, axis });
      return fresh;
    }),
  );
  return { operands: own.map((letters) => letters.join('')), diagonals };
}

function identityMatrix(context: RuleContext, { input, axis }: Diagonal): string {
  const { emit } = context;
  const { dtype, shape } = context.inputType(input);
  const size = sizeAlong(emit, context.input(input), axis, shape[axis]);
  const square = emit.node('Concat', [size, size], { axis: 0 });
  return emit.node('EyeLike', [emit.node('Expand', [emit.scalar(0, dtype), square])]);
}

const alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

function toOperand(context: RuleContext, { operands, result, diagonals }: Equation, input: number): string {
  const { emit, node, gradient } = context;
  const type = context.inputType(input);
  const letters = operands[input]!;
  const others = operands.flatMap((_, at) => (at === input ? [] : [at]));
  const factors = [result, ...others.map((at) => operands[at]!), ...diagonals.map((diagonal) => diagonal.letters)];
  const known = new Set(factors.join(''));
  const present = [...letters].filter((letter) => known.has(letter)).join('');
  const identities = diagonals.map((diagonal) => identityMatrix(context, diagonal));
  const summed = emit.node('Einsum', [gradient, ...others.map((at) => node.inputs[at]!), ...identities], {
    equation: `${factors.join(',')}->${present}`,
  });
  // Axes the result did not keep and nothing else has: every element along them counted once.
  const alone = [...letters].flatMap((letter, axis) => (known.has(letter) ? [] : [axis]));
  const full = alone.length === 0 ? summed : repeatedAlong(context, summed, alone, input);
  // An axis of size 1 may have been repeated to the size the other operands have.
  const sizes = sizesOf(context, operands);
  const shape = type.shape.map((dim, axis) => (known.has(letters[axis]!) ? sizes(letters[axis]!) : dim));
  return unbroadcast(context, full, context.input(input), { dtype: type.dtype, shape }, type);
}

/** A value with the axes it lacks of an input, repeated along them. */
function repeatedAlong(
  { emit, input, inputType }: RuleContext,
  x: string,
  axes: readonly number[],
  at: number,
): string {
  return emit.node('Expand', [emit.unsqueeze(x, axes), emit.shapeOf(input(at), inputType(at).shape)]);
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
