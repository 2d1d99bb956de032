import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { encodeNpy } from './npy.ts';
import { decodeNpyArray, encodeNpyArray } from './npyArray.ts';

type Entry = { descr: string; fortran: boolean; shape: number[]; values: number[]; file: string };
const entries = JSON.parse(readFileSync(new URL('./fixtures/npy.json', import.meta.url), 'utf8')) as Entry[];

describe('array files as NumPy writes them', () => {
  test.each(entries)('$descr, Fortran order $fortran, shape $shape', ({ shape, values, file }) => {
    const found = decodeNpyArray(Buffer.from(file, 'base64'));
    expect(found.shape).toEqual(shape);
    expect(Array.from(found.data as ArrayLike<number | bigint>, Number)).toEqual(values);
  });

  test.each(entries.filter(({ descr, fortran }) => !fortran && /^[<|]/.test(descr) && descr !== '<f2'))(
    '$descr of $shape is written as NumPy writes it',
    ({ file }) => {
      const bytes = Buffer.from(file, 'base64');
      const { dtype, data, shape } = decodeNpyArray(bytes);
      expect(Buffer.from(encodeNpyArray(dtype, data, shape))).toEqual(bytes);
    },
  );

  test('float64 is written as it is read', () => {
    const data = Float64Array.of(Math.PI, -1e-300);
    expect(decodeNpyArray(encodeNpy(data, [2, 1]))).toEqual({ dtype: 'float64', shape: [2, 1], data });
  });

  test.each([
    ["{'descr': '<U4', 'fortran_order': False, 'shape': (1,), }", /values are <U4/],
    ["{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", /values are <c8/],
    ["{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", /header cannot be read/],
    ["{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000000), }", /announced and 4 are there/],
  ])('%s is refused', (text, said) => {
    const file = encodeNpy(new Float32Array(4), [4]);
    file.set(new TextEncoder().encode(`${text.padEnd(117)}\n`), 10);
    expect(() => decodeNpyArray(file)).toThrow(said);
  });
});
