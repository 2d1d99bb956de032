/** What compute does with the graph itself: gradients and their check, intermediate values, descriptions. */
import type { ComputeMethods, ComputeTwin } from '../engine/computeContract.ts';
import { checkTwinGradient } from '../engine/node/gradientCheck.ts';
import { gradientOfModel } from '../engine/node/modelGradient.ts';
import type { TwinSession } from '../engine/node/twinSession.ts';

type ModelMethod = 'twin.checkGradient' | 'model.gradient';

export type ModelHost = {
  [M in ModelMethod]: (input: ComputeMethods[M]['input']) => Promise<ComputeMethods[M]['output']>;
};

export function createModelHost(open: (twin: ComputeTwin) => Promise<{ session: TwinSession }>): ModelHost {
  return {
    async 'twin.checkGradient'({ twin }) {
      const { session } = await open(twin);
      return checkTwinGradient(session);
    },
    'model.gradient': gradientOfModel,
  };
}
