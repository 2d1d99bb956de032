/** Running sums, triangles and reversed sequences: linear operators that are close to their own transpose. */
import { intAttribute } from '../../onnx/index.ts';
import type { GradientRule } from '../rule.ts';

/** An element is part of every sum from its place on, so the gradient is summed from the other end. */
const runningSum: GradientRule = ({ emit, gradient, input, node }) => [
  emit.node('CumSum', [gradient, input(1)], {
    exclusive: intAttribute(node, 'exclusive', 0),
    reverse: 1 - intAttribute(node, 'reverse', 0),
  }),
];

const triangle: GradientRule = ({ emit, gradient, node }) => [
  emit.node('Trilu', [gradient, ...node.inputs.slice(1)], { upper: intAttribute(node, 'upper', 1) }),
];

const reverseSequence: GradientRule = ({ emit, gradient, input, node }) => [
  emit.node('ReverseSequence', [gradient, input(1)], {
    batch_axis: intAttribute(node, 'batch_axis', 1),
    time_axis: intAttribute(node, 'time_axis', 0),
  }),
];

export const cumulativeRules: Record<string, GradientRule> = {
  CumSum: runningSum,
  Trilu: triangle,
  ReverseSequence: reverseSequence,
};
