import { expect, test } from 'vitest';
import type { TwinGraph } from '../../../main/contract/twins.ts';
import { filterNodes, graphRows, valueText } from './graphRows.ts';

const node = (operator: string, name: string, outputs: string[]) => ({
  operator,
  name,
  inputs: ['x'],
  outputs,
  parameters: 0,
  attributes: [],
});
const graph: TwinGraph = {
  opset: 18,
  producer: '',
  parameters: 0,
  inputs: ['x'],
  outputs: ['y'],
  nodes: [node('Conv', 'stem', ['stem_0']), node('Relu', '', ['layer1']), node('Gemm', 'readout', ['y'])],
  values: {
    stem_0: { dtype: 'float32', shape: ['batch', '4'], constant: false },
    y: { dtype: 'float32', shape: [], constant: false },
  },
  commitments: [
    { node: 2, area: 'IT', output: true, basis: null },
    { node: 1, area: 'V4', output: false, basis: 'MajajHong2015' },
  ],
};

test('every word has to be said by a node, its values or its area', () => {
  const rows = graphRows(graph);
  const found = (text: string, only = false) => filterNodes(rows, text, only).map(({ index }) => index);
  expect(found('')).toEqual([0, 1, 2]);
  expect(found('STEM conv')).toEqual([0]);
  expect(found('v4')).toEqual([1]);
  expect(found('stem relu')).toEqual([]);
  expect(found('', true)).toEqual([1, 2]);
  expect(found('gemm', true)).toEqual([2]);
});

test('what is not known is said', () => {
  expect(graphRows(graph).map(({ shape }) => shape)).toEqual(['batch × 4', 'unknown', 'one number']);
  expect(valueText(graph, 'layer1')).toBe('type unknown');
});
