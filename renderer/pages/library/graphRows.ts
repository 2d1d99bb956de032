/** The nodes of a graph as rows of a table. */
import type { TwinGraph } from '../../../main/contract/twins.ts';

export interface GraphRow {
  readonly index: number;
  readonly operator: string;
  readonly name: string;
  /** The first value the node makes, which taps and commitments go by. */
  readonly tensor: string;
  readonly shape: string;
  readonly dtype: string;
  readonly parameters: number;
  readonly areas: readonly TwinGraph['commitments'][number][];
  /** What a search looks through, in lower case. */
  readonly said: string;
}

/** `batch × 64 × 56 × 56`, `one number`, or that it cannot be worked out. */
export function shapeText(graph: TwinGraph, name: string): string {
  const shape = graph.values[name]?.shape;
  if (shape === undefined) return 'unknown';
  return shape.length === 0 ? 'one number' : shape.join(' × ');
}

/** Type and shape of a value. */
export function valueText(graph: TwinGraph, name: string): string {
  const value = graph.values[name];
  return value === undefined ? 'type unknown' : `${value.dtype} ${shapeText(graph, name)}`;
}

export function graphRows(graph: TwinGraph): GraphRow[] {
  const areas = Map.groupBy(graph.commitments, ({ node }) => node);
  return graph.nodes.map((node, index) => {
    const tensor = node.outputs.find((name) => name !== '') ?? '';
    const here = areas.get(index) ?? [];
    return {
      index,
      operator: node.operator,
      name: node.name,
      tensor,
      shape: shapeText(graph, tensor),
      dtype: graph.values[tensor]?.dtype ?? '',
      parameters: node.parameters,
      areas: here,
      said: [node.operator, node.name, ...node.outputs, ...here.map(({ area }) => area)].join(' ').toLowerCase(),
    };
  });
}

/** Rows in which every word of the text stands somewhere. */
export function filterNodes(rows: readonly GraphRow[], text: string, onlyAreas: boolean): readonly GraphRow[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0 && !onlyAreas) return rows;
  return rows.filter(
    ({ said, areas }) => (!onlyAreas || areas.length > 0) && words.every((word) => said.includes(word)),
  );
}
