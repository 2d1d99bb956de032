/** Bytes of an .onnx file ↔ the messages of its wire format. */
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { TwinscopeError } from '../platform/errors.ts';
import { formatCount } from '../platform/words.ts';
import { ModelProtoSchema, type ModelProto } from './generated/onnx_pb.ts';

/** Protocol buffers, and with them .onnx files, end at 2 GiB; larger models keep their weights in a second file. */
const largestFileBytes = 2 ** 31 - 1;

/**
 * Decodes a model. Raw tensor data are views into `bytes`, not copies, so `bytes` must not be changed afterwards.
 * Fields this version does not know are kept and written again by `encodeModel`. Refuses what is not an ONNX model.
 */
export function decodeModel(bytes: Uint8Array): ModelProto {
  if (bytes.byteLength === 0) {
    throw new TwinscopeError('corrupt', 'This model file is empty (0 bytes). Get the file again.');
  }
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, bytes);
  } catch (error) {
    throw new TwinscopeError('corrupt', notReadable(bytes), { reason: String(error) });
  }
  if (model.graph === undefined || (model.graph.node.length === 0 && model.graph.output.length === 0)) {
    throw new TwinscopeError('corrupt', notReadable(bytes), { reason: 'The model holds no graph.' });
  }
  if (model.opsetImport.length === 0) {
    throw new TwinscopeError('corrupt', notReadable(bytes), { reason: 'The model imports no operator set.' });
  }
  return model;
}

function notReadable(bytes: Uint8Array): string {
  return (
    `This file (${formatCount(bytes.byteLength)} bytes) cannot be read as an ONNX model: it is cut off, ` +
    'damaged or of another kind. Nothing was changed. Get the file again, or export the model to ONNX.'
  );
}

/** Encodes a model. Equal messages give equal bytes: fields go out in the order of their numbers. */
export function encodeModel(model: ModelProto): Uint8Array<ArrayBuffer> {
  const bytes = toBinary(ModelProtoSchema, model);
  if (bytes.byteLength > largestFileBytes) {
    throw new TwinscopeError(
      'unsupported',
      'This model is larger than 2 GiB, the most one .onnx file can hold. Export it with its weights in a second file.',
    );
  }
  return bytes;
}
