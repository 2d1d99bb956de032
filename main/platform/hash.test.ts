import { expect, test } from 'vitest';
import { canonicalJson, createSha256, hashJson, sha256Hex } from './hash.ts';

test('SHA-256 of the published test vector', () => {
  expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  const parts = createSha256();
  parts.update(new TextEncoder().encode('a'));
  parts.update(new TextEncoder().encode('bc'));
  expect(parts.hex()).toBe(sha256Hex('abc'));
});

test('equal documents have equal text whatever the order of their keys', () => {
  expect(canonicalJson({ b: [1, { d: 2, c: undefined }], a: 'é' })).toBe('{"a":"é","b":[1,{"d":2}]}');
  expect(hashJson({ a: 1, b: 2 })).toBe(hashJson({ b: 2, a: 1 }));
});

test('numbers that JSON cannot hold are refused', () => {
  expect(() => canonicalJson({ a: Number.NaN })).toThrow(RangeError);
  expect(() => canonicalJson({ a: () => 0 })).toThrow(TypeError);
});
