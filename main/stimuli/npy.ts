/** NumPy's array file, as far as stimuli need it: little-endian float32 in C order. `npyArray.ts` reads every type. */
import { readNpyHeader, refuseNpy, writeNpyHeader } from './npyHeader.ts';

/** Throws when the shape does not hold exactly the data. */
export function encodeNpy(data: Float32Array | Float64Array, shape: readonly number[]): Uint8Array<ArrayBuffer> {
  const count = shape.reduce((product, size) => product * size, 1);
  if (count !== data.length)
    throw new RangeError(`A shape of ${shape.join(' × ')} does not hold ${data.length} values.`);
  const width = data.BYTES_PER_ELEMENT;
  const head = writeNpyHeader(`<f${width}`, shape);
  const bytes = new Uint8Array(head.length + width * data.length);
  bytes.set(head);
  const view = new DataView(bytes.buffer);
  for (let index = 0, at = head.length; index < data.length; index++, at += width) {
    if (width === 4) view.setFloat32(at, data[index] as number, true);
    else view.setFloat64(at, data[index] as number, true);
  }
  return bytes;
}

/** Reads float32 and float64 arrays in C order; values become float32. Throws 'bad-input' for anything else. */
export function decodeNpy(bytes: Uint8Array): { data: Float32Array; shape: number[] } {
  const { descr, columnOrder, shape, offset } = readNpyHeader(bytes);
  if (descr !== '<f4' && descr !== '<f8') throw refuseNpy(`its values are ${descr}`);
  if (columnOrder) throw refuseNpy('its values are in column order');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = shape.reduce((product, size) => product * size, 1);
  const width = descr === '<f4' ? 4 : 8;
  if (bytes.length - offset !== count * width) throw refuseNpy(`${count} values were announced but not delivered`);
  const data = new Float32Array(count);
  for (let index = 0, at = offset; index < count; index++, at += width) {
    data[index] = width === 4 ? view.getFloat32(at, true) : view.getFloat64(at, true);
  }
  return { data, shape };
}
