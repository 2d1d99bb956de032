/** Where a twin's gradient was refused, in the scientist's terms: the areas behind the operator at fault. */
import type { TwinManifest } from '../contract/twins.ts';
import { namesRead, type Graph } from '../onnx/index.ts';
import { isTwinscopeError, TwinscopeError } from '../platform/errors.ts';

/** Areas whose output tensors depend on any of the named values, in the manifest's order. */
export function areasBehind(graph: Graph, values: readonly string[], manifest: TwinManifest): string[] {
  const reached = new Set(values);
  for (const node of graph.nodes) {
    if (namesRead(node).some((name) => reached.has(name))) node.outputs.forEach((name) => reached.add(name));
  }
  return manifest.outputs.filter(({ tensor }) => reached.has(tensor)).map(({ area }) => area);
}

/**
 * The same refusal with the areas it concerns, where the refused node (its operator and name stand in the error's
 * details) can be found in the graph; any other error unchanged.
 */
export function withAreas(error: unknown, graph: Graph, manifest: TwinManifest): unknown {
  if (!isTwinscopeError(error) || error.code !== 'unsupported') return error;
  const { operator, node } = error.details;
  const refused = graph.nodes.filter((each) => each.op === operator && each.name === node);
  const areas = areasBehind(
    graph,
    refused.flatMap(({ outputs }) => outputs),
    manifest,
  );
  if (areas.length === 0) return error;
  const listed = areas.length === 1 ? areas[0] : `${areas.slice(0, -1).join(', ')} and ${areas.at(-1)}`;
  // What still works stays the last thing that is said.
  const [fault, rest = ''] = error.message.split(/(?= Gradient-free search)/);
  const message = `${fault} It stands on the way to ${listed}.${rest}`;
  return new TwinscopeError('unsupported', message, { ...error.details, areas });
}
