/** Every author's graph in one form, so that whatever rewrites graphs has one set of operators to know. */
import { subgraphsOf, type Graph, type GraphBody } from './graph.ts';
import { adaptOpset } from './prepare/adaptOpset.ts';
import { foldConstants } from './prepare/foldConstants.ts';
import { inlineFunctions } from './prepare/inlineFunctions.ts';
import { removeDead } from './prepare/removeDead.ts';

/**
 * A graph that computes the same in opset 18: local functions expanded, operators of other sets adapted, what is fixed
 * computed, and nothing in it that no output needs. Inputs and outputs keep their names and order; constants listed as
 * inputs are constants. Intermediate values may be renamed or gone: ask for them with `withOutputs` first. Constants
 * remain views of the same bytes.
 *
 * Throws TwinscopeError 'unsupported' naming operator and node where an operator has no form in opset 18.
 */
export function prepareGraph(graph: Graph): Graph {
  const { graph: inlined, opsets } = inlineFunctions(graph);
  const prepared = foldConstants(adaptOpset(removeDead(inlined), opsets));
  const used = domainsOf(prepared).add('');
  return { ...prepared, opsets: new Map([...prepared.opsets].filter(([domain]) => used.has(domain))) };
}

function domainsOf(body: GraphBody): Set<string> {
  const domains = new Set<string>();
  for (const node of body.nodes) {
    domains.add(node.domain);
    for (const attribute of Object.values(node.attributes)) {
      for (const inner of subgraphsOf(attribute)) domainsOf(inner).forEach((domain) => domains.add(domain));
    }
  }
  return domains;
}
