import { expect, it } from 'vitest';
import { clipAddressOf, thumbnailDegOf } from './thumbnails.ts';

it('reads the field from the address, and takes 8° where it says nothing sensible', () => {
  expect(thumbnailDegOf('/resource/thumbnail/ab.png?spec=%7B%7D')).toBe(8);
  expect(thumbnailDegOf('/resource/thumbnail/ab.png?spec=%7B%7D&deg=80')).toBe(80);
  expect(thumbnailDegOf('/resource/thumbnail/ab.png?spec=%22%26deg%3D4%22&deg=12.5')).toBe(12.5);
  for (const wrong of ['0', '-3', 'x', '1e9', '400']) expect(thumbnailDegOf(`/a.png?deg=${wrong}`)).toBe(8);
});

it('frames stand beside the picture, of the same stimulus and field', () => {
  const address = '/resource/thumbnail/ab.png?spec=%7B%7D&deg=12.5';
  expect(clipAddressOf(address)).toBe('/resource/clip/ab.png?spec=%7B%7D&deg=12.5');
  expect(thumbnailDegOf(clipAddressOf(address))).toBe(12.5);
});
