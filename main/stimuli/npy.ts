/** NumPy's array file, as far as stimuli need it: little-endian float32 in C order (NEP 1, versions 1 to 3). */
import { TwinscopeError } from '../platform/errors.ts';

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** Throws when the shape does not hold exactly the data. */
export function encodeNpy(data: Float32Array, shape: readonly number[]): Uint8Array<ArrayBuffer> {
  const count = shape.reduce((product, size) => product * size, 1);
  if (count !== data.length)
    throw new RangeError(`A shape of ${shape.join(' × ')} does not hold ${data.length} values.`);
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${sizes}), }`;
  // The format asks for a header that ends in a newline at a multiple of 64 bytes.
  const padded = `${text.padEnd(Math.ceil((10 + text.length + 1) / 64) * 64 - 11)}\n`;
  const bytes = new Uint8Array(10 + padded.length + 4 * data.length);
  bytes.set(magic);
  bytes[6] = 1;
  const view = new DataView(bytes.buffer);
  view.setUint16(8, padded.length, true);
  bytes.set(new TextEncoder().encode(padded), 10);
  for (let index = 0, at = 10 + padded.length; index < data.length; index++, at += 4) {
    view.setFloat32(at, data[index] as number, true);
  }
  return bytes;
}

const refuse = (why: string): TwinscopeError =>
  new TwinscopeError('bad-input', `This is not an array file that Twinscope reads: ${why}. Save it as float32 NPY.`);

/** Reads float32 and float64 arrays in C order; values become float32. Throws 'bad-input' for anything else. */
export function decodeNpy(bytes: Uint8Array): { data: Float32Array; shape: number[] } {
  if (bytes.length < 12 || magic.some((byte, index) => bytes[index] !== byte)) throw refuse('it has no NPY header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = (bytes[6] as number) >= 2;
  const start = wide ? 12 : 10;
  const end = start + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
  if (end > bytes.length) throw refuse('its header is cut off');
  const header = new TextDecoder('utf-8').decode(bytes.subarray(start, end));
  const descr = /'descr':\s*'([^']+)'/.exec(header)?.[1];
  const sizes = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1];
  if (descr === undefined || sizes === undefined) throw refuse('its header cannot be read');
  if (descr !== '<f4' && descr !== '<f8') throw refuse(`its values are ${descr}`);
  if (/'fortran_order':\s*True/.test(header)) throw refuse('its values are in column order');
  const shape = sizes
    .split(',')
    .map((size) => size.trim())
    .filter((size) => size !== '')
    .map(Number);
  const count = shape.reduce((product, size) => product * size, 1);
  const width = descr === '<f4' ? 4 : 8;
  if (bytes.length - end !== count * width) throw refuse(`${count} values were announced but not delivered`);
  const data = new Float32Array(count);
  for (let index = 0, at = end; index < count; index++, at += width) {
    data[index] = width === 4 ? view.getFloat32(at, true) : view.getFloat64(at, true);
  }
  return { data, shape };
}
