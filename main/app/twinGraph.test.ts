import { expect, test } from 'vitest';
import { describeGraph } from '../engine/describeGraph.ts';
import { readGraph } from '../onnx/index.ts';
import { smallManifest, smallModel } from '../twins/testing/smallTwin.ts';
import { commitmentsOf } from './twinGraph.ts';

test('outputs and committed layers stand at their nodes, in the colour of their area', () => {
  const graph = describeGraph(readGraph(smallModel()));
  const flat = graph.nodes[0]?.outputs[0] as string;
  const manifest = {
    ...smallManifest(),
    files: {},
    areas: [
      { name: 'V1-simple', label: 'V1', units: 2, colourOf: 'V1' },
      { name: 'LGN', label: 'LGN', units: 2 },
    ],
    outputs: smallManifest().outputs.map((output) => ({ ...output, area: 'V1-simple' })),
    commitments: [
      { layer: flat, area: 'LGN', basis: 'a data set' },
      { layer: 'somewhere else', area: 'LGN', basis: 'another' },
    ],
  };
  expect(commitmentsOf(graph, manifest)).toEqual([
    { node: 1, area: 'V1-simple', colourOf: 'V1', output: true, basis: null },
    { node: 0, area: 'LGN', output: false, basis: 'a data set' },
  ]);
});
