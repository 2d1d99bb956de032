/** Wire message → constant tensor. */
import { dtypeOfCode } from './elementTypes.ts';
import type { TensorProto } from './generated/onnx_pb.ts';
import { makeTensor, type Tensor } from './tensor.ts';

const utf8 = new TextDecoder('utf-8');

/** Its bytes stay a view of the message's; whether they fit the shape is not looked at. */
export function readTensor(proto: TensorProto): Tensor {
  const dtype = dtypeOfCode(proto.dataType);
  const shape = proto.dims.map(Number);
  const tensor: Tensor = { dtype, shape, bytes: proto.rawData };
  if (proto.dataLocation === 1) {
    return { ...tensor, external: Object.fromEntries(proto.externalData.map(({ key, value }) => [key, value])) };
  }
  if (dtype === 'string') return { ...tensor, strings: proto.stringData.map((text) => utf8.decode(text)) };
  return proto.rawData.length > 0 ? tensor : { ...tensor, bytes: bytesOfLists(proto, tensor) };
}

/** Constants written as lists of numbers instead of raw bytes. Half floats and small integers share int32_data. */
function bytesOfLists(proto: TensorProto, { dtype }: Tensor): Uint8Array {
  const list = <T extends 'float32' | 'float64' | 'int32' | 'int64' | 'uint64' | 'uint8' | 'uint16' | 'uint32'>(
    type: T,
    values: number[] | bigint[],
  ): Uint8Array => makeTensor(type, [values.length], values).bytes;
  switch (dtype) {
    case 'float32':
    case 'complex64':
      return list('float32', proto.floatData);
    case 'float64':
    case 'complex128':
      return list('float64', proto.doubleData);
    case 'int64':
      return list('int64', proto.int64Data);
    case 'uint64':
      return list('uint64', proto.uint64Data);
    case 'uint32':
      return list('uint32', proto.uint64Data.map(Number));
    case 'int32':
      return list('int32', proto.int32Data);
    case 'float16':
    case 'bfloat16':
    case 'int16':
    case 'uint16':
      return list('uint16', proto.int32Data);
    default:
      return list('uint8', proto.int32Data);
  }
}
