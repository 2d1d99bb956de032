/** The order in which nodes can run. */
import { TwinscopeError } from '../platform/errors.ts';
import { describeNode, namesRead, type GraphNode } from './graph.ts';

/**
 * The nodes in an order in which each finds its inputs made, as given where that is one already. Names that no node
 * here makes come from elsewhere. Refuses nodes that wait for each other.
 */
export function sortNodes(nodes: GraphNode[]): GraphNode[] {
  const makers = new Map<string, number>();
  nodes.forEach((node, index) => node.outputs.forEach((name) => name !== '' && makers.set(name, index)));
  const needs = nodes.map((node) =>
    [...new Set(namesRead(node))].flatMap((name) => {
      const maker = makers.get(name);
      return maker === undefined ? [] : [maker];
    }),
  );
  if (needs.every((list, index) => list.every((maker) => maker < index))) return nodes;
  return depthFirst(nodes, needs).map((index) => nodes[index]!);
}

/** Without recursion: a chain of nodes can be longer than the stack is deep. */
function depthFirst(nodes: readonly GraphNode[], needs: readonly (readonly number[])[]): number[] {
  const order: number[] = [];
  const state = nodes.map((): 'new' | 'open' | 'done' => 'new');
  for (let first = 0; first < nodes.length; first++) {
    const stack = [first];
    while (stack.length > 0) {
      const index = stack.at(-1)!;
      if (state[index] === 'new') {
        state[index] = 'open';
        for (const need of needs[index]!) {
          if (state[need] === 'open') throw cyclic(nodes[need]!);
          if (state[need] === 'new') stack.push(need);
        }
        continue;
      }
      stack.pop();
      if (state[index] === 'open') order.push(index);
      state[index] = 'done';
    }
  }
  return order;
}

function cyclic(node: GraphNode): TwinscopeError {
  return new TwinscopeError(
    'corrupt',
    `${describeNode(node)} of this model needs its own output: the graph runs in a circle. ` +
      'Nothing was changed. Export the model again.',
    { operator: node.op, node: node.name },
  );
}
