import { expect, test } from 'vitest';
import { copyOut, fromBytes, layOver, tilesTouched, toBytes } from './tiles.ts';

test('a chunk touches every block of units and only the blocks of stimuli it reaches', () => {
  expect(tilesTouched(250, 10, 70)).toEqual([
    { unitBlock: 0, stimulusBlock: 0, width: 64 },
    { unitBlock: 0, stimulusBlock: 1, width: 64 },
    { unitBlock: 1, stimulusBlock: 0, width: 6 },
    { unitBlock: 1, stimulusBlock: 1, width: 6 },
  ]);
  expect(tilesTouched(256, 256, 64)).toEqual([{ unitBlock: 0, stimulusBlock: 1, width: 64 }]);
  expect(tilesTouched(5, 0, 64)).toEqual([]);
});

test('a chunk extends a tile, overlaps it, and may not leave a gap', () => {
  const position = { unitBlock: 0, stimulusBlock: 0, width: 2 };
  const two = layOver(null, position, { first: 0, count: 2, units: 2, data: Float32Array.of(1, 2, 3, 4) });
  expect([...two]).toEqual([1, 2, 3, 4]);
  const three = layOver(two, position, { first: 1, count: 2, units: 2, data: Float32Array.of(30, 40, 5, 6) });
  expect([...three]).toEqual([1, 2, 30, 40, 5, 6]);
  expect([...layOver(three, position, { first: 0, count: 1, units: 2, data: Float32Array.of(9, 9) })]).toEqual([
    9, 9, 30, 40, 5, 6,
  ]);
  expect(() => layOver(two, position, { first: 3, count: 1, units: 2, data: new Float32Array(2) })).toThrow('gap');
});

test('the second block of units starts at column 64 of the area', () => {
  const units = 66;
  const data = Float32Array.from({ length: 2 * units }, (_, n) => n);
  const tile = layOver(null, { unitBlock: 1, stimulusBlock: 0, width: 2 }, { first: 0, count: 2, units, data });
  expect([...tile]).toEqual([64, 65, 130, 131]);
  const matrix = new Float32Array(2 * units);
  copyOut(tile, { unitBlock: 1, width: 2 }, 2, matrix, 0, units);
  expect([matrix[63], matrix[64], matrix[65], matrix[66], matrix[130], matrix[131]]).toEqual([0, 64, 65, 0, 130, 131]);
});

test('values are little-endian float32 on the disk, NaN included', () => {
  const bytes = toBytes(Float32Array.of(1, -2.5, NaN));
  expect([...bytes]).toEqual([0, 0, 128, 63, 0, 0, 32, 192, 0, 0, 192, 127]);
  // Bytes that do not start at a multiple of four.
  const shifted = new Uint8Array(13);
  shifted.set(bytes, 1);
  expect([...fromBytes(shifted.subarray(1))]).toEqual([1, -2.5, NaN]);
});
