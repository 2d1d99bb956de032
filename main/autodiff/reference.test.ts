/** Every operator's gradient against float64 references by independent implementations (fixtures/make_reference*.py). */
import { readFileSync } from 'node:fs';
import { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import type { Attribute } from '../onnx/index.ts';
import { GraphBuilder, writeGraph, type Dim, type Graph } from '../onnx/index.ts';
import { deriveVjp } from './index.ts';

interface Values {
  shape: number[];
  data: number[];
}

type Input = Values & { dtype: 'float32' | 'int64' | 'bool' };

interface ReferenceCase {
  name: string;
  op: string;
  opset: number;
  /** Outputs the operator must have after those compared. */
  unused?: number;
  variants: ('fixed' | 'batch' | 'batch on axis 1' | 'open' | 'open image')[];
  attributes: Record<string, Attribute>;
  inputs: (Input | null)[];
  /** Inputs given when the graph runs although nothing is derived by them; the others are constants. */
  fed?: number[];
  outputs: Values[];
  /** The node's outputs by position, '' for those left out; `outputs` in their order unless given. */
  outputNames?: string[];
  cotangents: Values[];
  gradients: (Values & { input: number })[];
}

const files = ['reference.json', 'reference-layers.json', 'reference-indexing.json', 'reference-forms.json'];

const cases = files.flatMap(
  (name) => JSON.parse(readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8')) as ReferenceCase[],
);

function openSizes(shape: number[], input: number, variant: string): Dim[] {
  if (variant === 'batch' && shape.length > 1) return ['batch', ...shape.slice(1)];
  if (variant === 'batch on axis 1') return shape.map((size, axis) => (axis === 1 ? 'batch' : size));
  if (variant === 'open') return shape.map((_, axis) => `size_${input}_${axis}`);
  if (variant === 'open image') return shape.map((size, axis) => (axis === 1 ? size : `size_${axis}`));
  return shape;
}

function outputNames(item: ReferenceCase): string[] {
  return item.outputNames ?? item.outputs.map((_, index) => `y${index}`);
}

/** One operator as a graph; inputs to differentiate by and those fed are inputs of the graph, the others constants. */
function graphOf(item: ReferenceCase, variant: string): Graph {
  const builder = new GraphBuilder({ opset: item.opset });
  const names = item.inputs.map((input, index) => {
    if (input === null) return '';
    const active = item.gradients.some((gradient) => gradient.input === index);
    if (active) return builder.input(`x${index}`, 'float32', openSizes(input.shape, index, variant));
    if (item.fed?.includes(index)) return builder.input(`x${index}`, input.dtype, input.shape);
    return builder.constant(`c${index}`, input.dtype, input.shape, input.data);
  });
  const outputs = outputNames(item);
  const unused = Array.from({ length: item.unused ?? 0 }, (_, index) => `unused${index}`);
  builder.nodes(item.op, names, item.attributes, [...outputs, ...unused]);
  outputs.filter((name) => name !== '').forEach((name) => builder.output(name, 'float32', null));
  return builder.build();
}

/** Largest difference relative to the largest reference value. */
function relativeError(found: ArrayLike<number>, reference: readonly number[]): number {
  expect(found.length).toBe(reference.length);
  const scale = Math.max(1e-6, ...reference.map(Math.abs));
  return Math.max(0, ...reference.map((value, index) => Math.abs(found[index]! - value))) / scale;
}

function feed(values: Values & { dtype?: Input['dtype'] }): RuntimeTensor {
  const { data, shape, dtype } = values;
  if (dtype === 'int64') return new RuntimeTensor('int64', BigInt64Array.from(data, BigInt), shape);
  if (dtype === 'bool') return new RuntimeTensor('bool', Uint8Array.from(data), shape);
  return new RuntimeTensor('float32', Float32Array.from(data), shape);
}

describe.each(cases.map((item) => [item.name, item] as const))('%s', (_, item) => {
  test.each(item.variants)('%s sizes', async (variant) => {
    const forward = graphOf(item, variant);
    const outputs = outputNames(item).filter((name) => name !== '');
    for (const { input, ...reference } of item.gradients) {
      const vjp = deriveVjp(forward, { wrt: `x${input}`, outputs });
      const session = await InferenceSession.create(writeGraph(vjp.graph), { logSeverityLevel: 3 });
      const feeds: Record<string, RuntimeTensor> = {};
      item.inputs.forEach((values, index) => {
        if (values && session.inputNames.includes(`x${index}`)) feeds[`x${index}`] = feed(values);
      });
      item.cotangents.forEach((cotangent, index) => (feeds[vjp.cotangents[outputs[index]!]!] = feed(cotangent)));
      const results = await session.run(feeds);
      item.outputs.forEach((output, index) => {
        const found = results[outputs[index]!]!;
        expect(found.dims).toEqual(output.shape);
        expect(relativeError(found.data as Float32Array, output.data)).toBeLessThan(1e-5);
      });
      const gradient = results[vjp.gradient]!;
      expect(gradient.dims).toEqual(reference.shape);
      expect(relativeError(gradient.data as Float32Array, reference.data)).toBeLessThan(1e-5);
      await session.release();
    }
  });
});
