/** Which operators have a gradient rule, and which have a gradient that is zero. */
import { intAttribute, type GraphNode } from '../onnx/index.ts';
import type { GradientRule } from './rule.ts';
import { activationRules } from './rules/activations.ts';
import { arithmeticRules } from './rules/arithmetic.ts';
import { convolutionRules } from './rules/convolution.ts';
import { cumulativeRules } from './rules/cumulative.ts';
import { depthSpaceRules } from './rules/depthSpace.ts';
import { einsumRules } from './rules/einsum.ts';
import { elementwiseRules } from './rules/elementwise.ts';
import { fourierRules } from './rules/fourier.ts';
import { gatheringRules } from './rules/gathering.ts';
import { gridSampleRules } from './rules/gridSample.ts';
import { layoutRules } from './rules/layout.ts';
import { linearRules } from './rules/linear.ts';
import { normalisationRules } from './rules/normalisation.ts';
import { poolingRules } from './rules/pooling.ts';
import { reductionRules } from './rules/reductions.ts';
import { resizeRules } from './rules/resize.ts';

export const gradientRules: Record<string, GradientRule> = {
  ...elementwiseRules,
  ...activationRules,
  ...arithmeticRules,
  ...linearRules,
  ...convolutionRules,
  ...poolingRules,
  ...normalisationRules,
  ...reductionRules,
  ...layoutRules,
  ...gatheringRules,
  ...fourierRules,
  ...depthSpaceRules,
  ...resizeRules,
  ...gridSampleRules,
  ...einsumRules,
  ...cumulativeRules,
};

/**
 * Operators whose output stays the same under small changes of their inputs (steps, counts, comparisons, shapes), or is
 * drawn or rounded to levels: the scale that DynamicQuantizeLinear gives moves with its input, and it is refused for that.
 */
export const constantOperators: ReadonlySet<string> = new Set(
  (
    'Round Floor Ceil Sign ArgMax ArgMin NonZero Hardmax IsNaN IsInf Equal Greater GreaterOrEqual Less ' +
    'LessOrEqual And Or Xor Not QuantizeLinear DynamicQuantizeLinear Shape Size EyeLike Bernoulli RandomNormalLike ' +
    'RandomUniformLike NonMaxSuppression Multinomial'
  ).split(' '),
);

export const quantisingOperators: ReadonlySet<string> = new Set(
  'QuantizeLinear DynamicQuantizeLinear QLinearConv QLinearMatMul ConvInteger MatMulInteger'.split(' '),
);

/** Among the constant operators: what depends on sizes alone. */
export const shapeOperators: ReadonlySet<string> = new Set(['Shape', 'Size', 'EyeLike']);

/** Norms of order 1 have the kink of the absolute value. */
export function isNormOfOrderOne(node: GraphNode): boolean {
  return ['LpPool', 'GlobalLpPool', 'LpNormalization'].includes(node.op) && intAttribute(node, 'p', 2) === 1;
}

/** Operators whose derivative jumps: a search through them sees kinks, and finite differences see both sides. */
export const kinkedOperators: ReadonlySet<string> = new Set(
  (
    'Relu LeakyRelu PRelu ThresholdedRelu HardSigmoid HardSwish Elu Selu Celu Shrink Abs Clip Min Max Where MaxPool ' +
    'GlobalMaxPool MaxRoiPool ReduceMax ReduceMin ReduceL1 TopK Mod GridSample'
  ).split(' '),
);
