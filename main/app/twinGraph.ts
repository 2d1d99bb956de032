/** A twin's graph for its page: described by compute once per package, with the areas its manifest puts at the nodes. */
import type { TwinGraph, TwinManifest } from '../contract/twins.ts';
import type { GraphDescription } from '../engine/describeGraph.ts';
import type { Services } from './services.ts';

/** Large descriptions take a few megabytes. */
const mostKept = 4;

export function createGraphs({ library, compute }: Services): (id: string) => Promise<TwinGraph> {
  const kept = new Map<string, Promise<GraphDescription>>();
  return async (id) => {
    const { sha256, modelFile, manifest } = await library.resolve(id);
    const found = kept.get(sha256) ?? compute.call('model.describe', { modelFile });
    // The order of insertion is the order of use.
    kept.delete(sha256);
    kept.set(sha256, found);
    found.catch(() => kept.delete(sha256));
    for (const oldest of kept.keys()) if (kept.size > mostKept) kept.delete(oldest);
    const description = await found;
    return { ...description, commitments: commitmentsOf(description, manifest) };
  };
}

/** A layer is named by its tensor or its node; one that the graph does not have stays on the twin's other tabs. */
export function commitmentsOf({ nodes }: GraphDescription, manifest: TwinManifest): TwinGraph['commitments'] {
  const at = (layer: string): number => {
    const byTensor = nodes.findIndex(({ outputs }) => outputs.includes(layer));
    return byTensor >= 0 ? byTensor : nodes.findIndex(({ name }) => name !== '' && name === layer);
  };
  const colour = (area: string) => {
    const { colourOf } = manifest.areas.find(({ name }) => name === area) ?? {};
    return colourOf === undefined ? {} : { colourOf };
  };
  const stated = manifest.commitments.map(({ layer, area, basis }) => ({
    node: at(layer),
    area,
    output: false,
    basis,
  }));
  const outputs = manifest.outputs.map(({ tensor, area }) => ({ node: at(tensor), area, output: true, basis: null }));
  return [...outputs, ...stated]
    .filter(({ node }) => node >= 0)
    .map((commitment) => ({ ...commitment, ...colour(commitment.area) }));
}
