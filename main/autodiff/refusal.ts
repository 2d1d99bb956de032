/** How a gradient is refused: operator, node, why, and what still works. */
import { describeNode, type GraphNode } from '../onnx/index.ts';
import { TwinscopeError } from '../platform/errors.ts';

/** Said of a twin, whatever refuses its gradient. */
export const stillWorks = 'Gradient-free search (screening and CMA-ES) works with this twin.';

/** `reason` goes on from "Twinscope cannot derive a gradient through …: ". */
export function refuseNode(node: GraphNode, reason: string): never {
  throw new TwinscopeError(
    'unsupported',
    `Twinscope cannot derive a gradient through ${describeNode(node)}: ${reason}. ${stillWorks}`,
    { operator: node.op, node: node.name },
  );
}
