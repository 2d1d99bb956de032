/** The head of NumPy's array file (NEP 1, versions 1 to 3): what follows it, in which type, order and shape. */
import { TwinscopeError } from '../platform/errors.ts';

export const npyMagic: readonly number[] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

export interface NpyHeader {
  /** As written: '<f4' is little-endian float32, '|b1' bool. */
  descr: string;
  /** True where the first index varies fastest. */
  columnOrder: boolean;
  shape: number[];
  /** Where the values begin in the file. */
  offset: number;
}

export const refuseNpy = (why: string, instead = 'Save it as float32 NPY.'): TwinscopeError =>
  new TwinscopeError('bad-input', `This is not an array file that Twinscope reads: ${why}. ${instead}`, { why });

/** Throws 'bad-input' where the bytes do not begin with the head of an array of numbers. */
export function readNpyHeader(bytes: Uint8Array): NpyHeader {
  if (bytes.length < 12 || npyMagic.some((byte, index) => bytes[index] !== byte))
    throw refuseNpy('it has no NPY header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = (bytes[6] as number) >= 2;
  const start = wide ? 12 : 10;
  const offset = start + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
  if (offset > bytes.length) throw refuseNpy('its header is cut off');
  const header = new TextDecoder('utf-8').decode(bytes.subarray(start, offset));
  const descr = /'descr':\s*'([^']+)'/.exec(header)?.[1];
  const sizes = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1];
  if (descr === undefined || sizes === undefined) throw refuseNpy('its header cannot be read');
  const shape = sizes
    .split(',')
    .map((size) => size.trim())
    .filter((size) => size !== '')
    .map(Number);
  return { descr, columnOrder: /'fortran_order':\s*True/.test(header), shape, offset };
}

/** The head of a file in C order, padded as the format asks: it ends in a newline at a multiple of 64 bytes. */
export function writeNpyHeader(descr: string, shape: readonly number[]): Uint8Array<ArrayBuffer> {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const padded = `${text.padEnd(Math.ceil((10 + text.length + 1) / 64) * 64 - 11)}\n`;
  const bytes = new Uint8Array(10 + padded.length);
  bytes.set(npyMagic);
  bytes[6] = 1;
  new DataView(bytes.buffer).setUint16(8, padded.length, true);
  bytes.set(new TextEncoder().encode(padded), 10);
  return bytes;
}
