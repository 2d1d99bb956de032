/** Everything of a model that is stored beside its file. */
import { externalTensorsOf, type ExternalTensor } from './externalData.ts';
import type { Graph } from './graph.ts';
import { readFunction } from './read.ts';

/** The constants stored in other files: those of the graph, of the graphs inside its nodes, and of its functions. */
export function* externalTensors(graph: Graph): Generator<ExternalTensor> {
  yield* externalTensorsOf(graph);
  for (const proto of graph.functions) {
    const { nodes } = readFunction(proto, {});
    yield* externalTensorsOf({ ...emptyBody, nodes });
  }
}

const emptyBody = {
  name: '',
  inputs: [],
  outputs: [],
  values: [],
  initializers: new Map(),
  sparseInitializers: [],
};
