/** Networks by both PyTorch exporters: derived gradients against PyTorch's own (fixtures/zoo/make_zoo.py). */
import { describe, expect, test } from 'vitest';
import { compareWithPyTorch, zoo, zooFiles } from './testing/zoo.ts';

/** Of the largest output or gradient. */
const tolerance = 1e-4;

/** PyTorch's older exporter has no Fourier transforms, and stops at this VOLO. */
const dynamoOnly = ['nn_fourier_pyramid', 'timm_volo'];

test('the zoo holds at least fifty networks, each by both exporters where both take it', () => {
  expect(zoo.length).toBeGreaterThanOrEqual(50);
  for (const { name, files } of zoo) {
    const expected = dynamoOnly.includes(name) ? ['dynamo'] : ['torchscript', 'dynamo'];
    expect(files.map(({ exporter }) => exporter)).toEqual(expected);
  }
});

test('every stored file is one that the index names', () => {
  const named = zoo.flatMap(({ values, files }) => [values, ...files.map(({ file }) => file)]);
  expect(zooFiles().sort()).toEqual(named.sort());
});

describe.each(zoo.map((model) => [model.name, model] as const))('%s', (_, model) => {
  test.each(model.files.map((file) => [file.exporter, file.opset, file] as const))(
    '%s, opset %i',
    async (__, ___, file) => {
      const { batch, single } = await compareWithPyTorch(model, file);
      expect(batch.outputs).toBeLessThanOrEqual(tolerance);
      expect(batch.gradient).toBeLessThanOrEqual(tolerance);
      expect(single.outputs).toBeLessThanOrEqual(tolerance);
      expect(single.gradient).toBeLessThanOrEqual(tolerance);
    },
  );
});
