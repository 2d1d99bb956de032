/** What the library shows of a graph. */
import type { TwinDetails } from '../contract/twins.ts';
import {
  isStandard,
  opsetOf,
  requiredInputs,
  subgraphsOf,
  type Graph,
  type GraphBody,
  type ValueInfo,
} from './graph.ts';
import { elementCount } from './tensor.ts';

/** Operators most used first, then by name; parameters are the elements of all constants. */
export function summariseGraph(graph: Graph): TwinDetails['graph'] {
  const counts = new Map<string, number>();
  let nodes = 0;
  let parameters = 0;
  const visit = (body: GraphBody): void => {
    for (const tensor of body.initializers.values()) parameters += elementCount(tensor.shape);
    for (const node of body.nodes) {
      const operator = isStandard(node) ? node.op : `${node.domain}.${node.op}`;
      counts.set(operator, (counts.get(operator) ?? 0) + 1);
      nodes += 1;
      for (const attribute of Object.values(node.attributes)) subgraphsOf(attribute).forEach(visit);
    }
  };
  visit(graph);
  return {
    opset: opsetOf(graph),
    nodes,
    parameters,
    inputs: requiredInputs(graph).map(describe),
    outputs: graph.outputs.map(describe),
    operators: [...counts]
      .map(([operator, count]) => ({ operator, count }))
      .toSorted((a, b) => b.count - a.count || (a.operator < b.operator ? -1 : 1)),
  };
}

function describe({ name, dtype, shape, other }: ValueInfo): { name: string; type: string; shape: string[] } {
  const type = other === undefined ? dtype : (other.value.case ?? 'undefined').replace(/Type$/, '');
  return { name, type, shape: (shape ?? []).map(String) };
}
