/** Update rules of first-order optimisers, as torch.optim defines them, in float64; they raise the objective. */
import type { FirstOrderOptimiser } from '../../contract/plans.ts';
import { cos, exp, log, pow } from '../../platform/exactMath.ts';

/** What a rule remembers of one start: the momentum or mean gradient, and the mean squared gradient of adam. */
export type RuleState = { updates: number; first: Float64Array | null; second: Float64Array | null };

export const freshState = (): RuleState => ({ updates: 0, first: null, second: null });

type RuleOptions = Pick<FirstOrderOptimiser, 'rule' | 'momentum' | 'beta1' | 'beta2' | 'epsilon' | 'weightDecay'>;

/** The value of a schedule at `step` of 0 … steps − 1: step/steps of the way, so that the last value is never reached. */
export function scheduled(
  value: number | readonly [number, number],
  kind: FirstOrderOptimiser['schedule'],
  step: number,
  steps: number,
): number {
  if (typeof value === 'number') return value;
  const [first, last] = value;
  const along = step / steps;
  switch (kind) {
    case 'linear':
      return first + (last - first) * along;
    case 'geometric':
      return first * exp(along * log(last / first));
    case 'cosine':
      return last + ((first - last) * (1 + cos(Math.PI * along))) / 2;
  }
}

/**
 * θ after one step along `gradient` (of the objective), and what the rule then remembers; neither argument is changed.
 * `counted`: of how many values the mean absolute gradient is taken, all of them when left out; the others are 0.
 */
export function applyRule(
  options: RuleOptions,
  rate: number,
  state: RuleState,
  theta: Float64Array,
  gradient: Float64Array,
  counted = gradient.length,
): { theta: Float64Array; state: RuleState } {
  const { rule } = options;
  return rule === 'adam' || rule === 'adamw'
    ? adam(options, rate, state, theta, gradient)
    : sgd(
        options,
        rate,
        state,
        theta,
        rule === 'sgd' ? gradient : overMeanAbsolute(gradient, counted, options.epsilon),
      );
}

function sgd(
  { momentum, weightDecay }: RuleOptions,
  rate: number,
  { updates, first }: RuleState,
  theta: Float64Array,
  gradient: Float64Array,
): { theta: Float64Array; state: RuleState } {
  const next = new Float64Array(theta.length);
  const buffer = momentum > 0 ? new Float64Array(theta.length) : null;
  for (let i = 0; i < theta.length; i++) {
    const x = theta[i] as number;
    let d = weightDecay * x - (gradient[i] as number);
    if (buffer !== null) {
      if (first !== null) d = momentum * (first[i] as number) + d;
      buffer[i] = d;
    }
    next[i] = x - rate * d;
  }
  return { theta: next, state: { updates: updates + 1, first: buffer, second: null } };
}

/** Kingma & Ba 2015; decoupled weight decay by Loshchilov & Hutter 2019. */
function adam(
  { rule, beta1, beta2, epsilon, weightDecay }: RuleOptions,
  rate: number,
  { updates, first, second }: RuleState,
  theta: Float64Array,
  gradient: Float64Array,
): { theta: Float64Array; state: RuleState } {
  const t = updates + 1;
  const m = new Float64Array(theta.length);
  const v = new Float64Array(theta.length);
  const next = new Float64Array(theta.length);
  const step = rate / (1 - pow(beta1, t));
  const correction = Math.sqrt(1 - pow(beta2, t));
  for (let i = 0; i < theta.length; i++) {
    let x = theta[i] as number;
    let d = -(gradient[i] as number);
    if (rule === 'adam') d += weightDecay * x;
    else x *= 1 - rate * weightDecay;
    const mean = beta1 * (first?.[i] ?? 0) + (1 - beta1) * d;
    const square = beta2 * (second?.[i] ?? 0) + (1 - beta2) * d * d;
    m[i] = mean;
    v[i] = square;
    const below = Math.sqrt(square) / correction + epsilon;
    // Without an epsilon a parameter that never had a gradient stays where it is.
    next[i] = below === 0 ? x : x - (step * mean) / below;
  }
  return { theta: next, state: { updates: t, first: m, second: v } };
}

function overMeanAbsolute(gradient: Float64Array, counted: number, epsilon: number): Float64Array {
  let sum = 0;
  for (const g of gradient) sum += Math.abs(g);
  const mean = sum / counted + epsilon;
  return mean === 0 ? gradient : gradient.map((g) => g / mean);
}
