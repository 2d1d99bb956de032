import { describe, expect, it } from 'vitest';
import { areaStyle } from './colours.ts';

type Vector = readonly [number, number, number];
type Matrix = readonly [Vector, Vector, Vector];

const times = (matrix: Matrix, v: Vector): Vector =>
  matrix.map((row) => row.reduce((sum, weight, index) => sum + weight * (v[index] as number), 0)) as unknown as Vector;

/** Severity 1 of Machado, Oliveira and Fernandes (2009), on linear light. */
const eyes: Record<string, Matrix> = {
  usual: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};
const toXyz: Matrix = [
  [0.4124, 0.3576, 0.1805],
  [0.2126, 0.7152, 0.0722],
  [0.0193, 0.1192, 0.9505],
];

function linear(hex: string): Vector {
  return [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as unknown as Vector;
}
/** CIE 1976 L*a*b*, D65. */
function lab(light: Vector): Vector {
  const inside = light.map((value) => Math.min(1, Math.max(0, value))) as unknown as Vector;
  const xyz = times(toXyz, inside);
  const [x, y, z] = xyz.map((value, index) => {
    const t = value / ([0.95047, 1, 1.08883][index] as number);
    return t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116;
  }) as unknown as Vector;
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}
const distance = (a: string, b: string, eye: Matrix): number => {
  const [p, q] = [lab(times(eye, linear(a))), lab(times(eye, linear(b)))];
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
};
const contrast = (a: string, b: string): number => {
  const [low, high] = [a, b].map((hex) => times(toXyz, linear(hex))[1]).sort((p, q) => p - q) as [number, number];
  return (high + 0.05) / (low + 0.05);
};

const populations: [string, string][][] = [
  ['midget-ON', 'midget-OFF', 'parasol-ON', 'parasol-OFF'].map((area) => [area, 'retina']),
  ['MT-component', 'MT-pattern'].map((area) => [area, 'MT']),
  ['V1-simple', 'V1-complex'].map((area) => [area, 'V1']),
];

describe('populations of one area', () => {
  it('have a tone of their own for every eye, and a mark and a dash beside it', () => {
    for (const family of populations) {
      const styles = family.map(([area, colourOf]) => areaStyle(area, colourOf));
      for (const key of ['colour', 'mark', 'dash'] as const) {
        expect(new Set(styles.map((style) => style[key])).size, `${family[0]?.[1]} ${key}`).toBe(family.length);
      }
      for (const [name, eye] of Object.entries(eyes)) {
        for (const [at, one] of styles.entries()) {
          for (const other of styles.slice(at + 1)) {
            // A just noticeable difference is about 2.3.
            const apart = distance(one.colour, other.colour, eye);
            expect(apart, `${name}: ${one.colour} ${other.colour}`).toBeGreaterThan(11);
          }
        }
      }
    }
  });

  it('stand out from the page in both themes', () => {
    for (const [area, colourOf] of populations.flat()) {
      const { colour } = areaStyle(area, colourOf);
      for (const page of ['#ffffff', '#1f1f1f']) {
        expect(contrast(colour, page), `${area} on ${page}`).toBeGreaterThan(1.75);
      }
    }
  });

  it('look the same with and without their twin, and whatever stands beside them', () => {
    expect(areaStyle('MT-pattern')).toEqual(areaStyle('MT-pattern', 'MT'));
    expect(areaStyle('V1-complex')).toEqual(areaStyle('V1_complex', 'V1'));
    expect(areaStyle('IT-anterior')).toEqual(areaStyle('IT anterior', 'IT'));
    const parts = ['anterior', 'central', 'posterior', 'medial', 'lateral'].map((part) => areaStyle(`IT-${part}`));
    expect(new Set(parts.map(({ colour, mark }) => `${colour} ${mark}`)).size).toBe(parts.length);
  });
});
