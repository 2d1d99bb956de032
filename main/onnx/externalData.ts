/** Constants whose bytes lie in files beside the model, wherever in the graph they stand. */
import { formatCount, plural } from '../platform/words.ts';
import type { Attribute } from './attributes.ts';
import { damaged } from './damaged.ts';
import { byteLength } from './elementTypes.ts';
import type { SparseTensorProto } from './generated/onnx_pb.ts';
import { subgraphsOf, type GraphBody } from './graph.ts';
import { readTensor } from './readTensor.ts';
import { elementCount, type Tensor } from './tensor.ts';

/** A constant stored in another file, under the name by which messages call it. */
export interface ExternalTensor {
  name: string;
  tensor: Tensor & { external: Record<string, string> };
}

/**
 * The constants of a body that are stored in other files: initializers, dense and sparse, tensors in attributes, and all
 * of these in the graphs inside its nodes. Bodies of local functions are not part of it: `externalTensors`.
 */
export function* externalTensorsOf(body: GraphBody): Generator<ExternalTensor> {
  for (const [name, tensor] of tensorsOf(body)) {
    const { external } = tensor;
    if (external !== undefined) yield { name, tensor: { ...tensor, external } };
  }
}

/**
 * Refuses locations outside the model's folder, offsets that are no numbers, and lengths that do not fit the constant's
 * shape. The bodies of local functions are looked through when the graph is read.
 */
export function checkExternalData(body: GraphBody): void {
  for (const { name, tensor } of externalTensorsOf(body)) checkPlace(name, tensor, tensor.external);
}

function checkPlace(name: string, tensor: Tensor, external: Record<string, string>): void {
  const location = external['location'] ?? '';
  const outside =
    location === '' ||
    /^([/\\]|[A-Za-z]:)/.test(location) ||
    location.split(/[/\\]/).includes('..') ||
    [...location].some((character) => character < ' ');
  if (outside) {
    throw damaged(
      `The constant "${name}" of this model is stored in ${JSON.stringify(location)}, which is not a file beside the model.`,
      { tensor: name },
    );
  }
  for (const key of ['offset', 'length']) {
    const text = external[key];
    if (text !== undefined && !(/^\d+$/.test(text) && Number.isSafeInteger(Number(text)))) {
      throw damaged(`The ${key} of the constant "${name}" of this model is ${JSON.stringify(text)}.`, {
        tensor: name,
      });
    }
  }
  const wanted = byteLength(tensor.dtype, elementCount(tensor.shape));
  if (external['length'] !== undefined && tensor.dtype !== 'string' && Number(external['length']) !== wanted) {
    throw damaged(
      `The constant "${name}" of this model should hold ${wanted} bytes for its shape [${tensor.shape.join(', ')}] and ` +
        `lists ${external['length']}.`,
      { tensor: name },
    );
  }
}

/**
 * Why a file of this size cannot hold the constant's bytes, by its offset and shape; null where it can. Lengths that do not
 * fit the shape were refused when the graph was read.
 */
export function whyCutOff({ dtype, shape, external }: ExternalTensor['tensor'], sizeBytes: number): string | null {
  const offset = Number(external['offset'] ?? 0);
  const needed = byteLength(dtype, elementCount(shape));
  if (offset + needed <= sizeBytes) return null;
  const from = offset === 0 ? '' : ` from byte ${formatCount(offset)} on, ${formatCount(offset + needed)} in all`;
  return `${external['location']} ends before its data do (needed: ${plural(needed, 'byte')}${from}; there: ${formatCount(sizeBytes)})`;
}

function* tensorsOf(body: GraphBody): Generator<[string, Tensor]> {
  yield* body.initializers;
  for (const sparse of body.sparseInitializers) yield* partsOf(sparse.values?.name ?? '', sparse);
  for (const node of body.nodes) {
    for (const [name, attribute] of Object.entries(node.attributes)) {
      yield* ownTensors(node.outputs[0] || name, attribute);
      for (const inner of subgraphsOf(attribute)) yield* tensorsOf(inner);
    }
  }
}

function* ownTensors(name: string, attribute: Attribute): Generator<[string, Tensor]> {
  if (attribute.kind === 'tensor') yield [name, attribute.value];
  if (attribute.kind === 'tensors') for (const tensor of attribute.value) yield [name, tensor];
  if (attribute.kind === 'sparseTensor') yield* partsOf(name, attribute.value);
  if (attribute.kind === 'sparseTensors') for (const sparse of attribute.value) yield* partsOf(name, sparse);
}

function* partsOf(name: string, { values, indices }: SparseTensorProto): Generator<[string, Tensor]> {
  for (const part of [values, indices]) if (part !== undefined) yield [name, readTensor(part)];
}
