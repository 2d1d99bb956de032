import { describe, expect, it } from 'vitest';
import { decodeNpy, encodeNpy } from './npy.ts';

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** np.save of np.arange(6, dtype=dtype).reshape(shape), written out by hand after the format's description. */
function file(header: string, values: number[], width: 4 | 8): Uint8Array {
  const padded = `${header.padEnd(117)}\n`;
  const bytes = new Uint8Array(128 + values.length * width);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]);
  bytes.set(new TextEncoder().encode(padded), 10);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => {
    if (width === 4) view.setFloat32(128 + 4 * index, value, true);
    else view.setFloat64(128 + 8 * index, value, true);
  });
  return bytes;
}

describe('NPY', () => {
  it('writes what numpy.save writes', () => {
    const expected = file("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", [0, 1, 2, 3, 4, 5], 4);
    expect(hex(encodeNpy(Float32Array.of(0, 1, 2, 3, 4, 5), [2, 3]))).toBe(hex(expected));
  });

  it('reads float32 and float64', () => {
    const one = encodeNpy(Float32Array.of(0.25, -1), [2]);
    expect(new TextDecoder().decode(one.subarray(10, 70))).toContain("'shape': (2,)");
    expect(decodeNpy(one)).toEqual({ data: Float32Array.of(0.25, -1), shape: [2] });
    const wide = file("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }", [0.5, 3], 8);
    expect(decodeNpy(wide)).toEqual({ data: Float32Array.of(0.5, 3), shape: [1, 2] });
  });

  it('refuses everything else in a sentence', () => {
    expect(() => decodeNpy(new Uint8Array(3))).toThrow(/no NPY header/);
    expect(() => decodeNpy(file("{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }", [1], 8))).toThrow(
      /values are <i8/,
    );
    expect(() => decodeNpy(file("{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }", [1], 4))).toThrow(
      /column order/,
    );
    expect(() => decodeNpy(file("{'descr': '<f4', 'fortran_order': False, 'shape': (9,), }", [1], 4))).toThrow(
      /9 values/,
    );
    expect(() => decodeNpy(encodeNpy(Float32Array.of(1), [1]).subarray(0, 40))).toThrow(/cut off/);
    expect(() => encodeNpy(Float32Array.of(1, 2), [3])).toThrow(/does not hold 2 values/);
  });
});
