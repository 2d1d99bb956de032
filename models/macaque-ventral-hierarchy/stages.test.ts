/** The stages against evaluations of single units from the pixels, and the constants against the published table. */
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../main/platform/random.ts';
import { deadLeaves } from './images.ts';
import { bands, productTypes, scales } from './parameters.ts';
import { drawPopulation } from './population.ts';
import { itInputs } from './prototypes.ts';
import { v2Products } from './reference.ts';
import {
  c1OfBand,
  c1Patch,
  c2Maps,
  paddedContrast,
  prepareStages,
  v1Energies,
  v1Response,
  type Stages,
} from './stages.ts';
import { pixelwise, type Pixelwise } from './testing/pixelwise.ts';

const picture = deadLeaves(Random.fromSeed(5, 'picture of a test'));
const contrast = paddedContrast(picture);
let stages: Stages;
let pixels: Pixelwise;

beforeAll(() => {
  stages = prepareStages(drawPopulation(1, 0).changes);
  pixels = pixelwise(picture);
});

const expectClose = (actual: number, expected: number) =>
  expect(Math.abs(actual - expected)).toBeLessThan(1e-9 * Math.max(1, Math.abs(expected)));

describe('the scales', () => {
  it('are those of the published table', () => {
    // Serre et al. 2007: σ and λ of the 16 filter sizes, to one decimal; λ of 23 px, 12.78, is printed as 12.7.
    const sigmas = [2.8, 3.6, 4.5, 5.4, 6.3, 7.3, 8.2, 9.2, 10.2, 11.3, 12.3, 13.4, 14.6, 15.8, 17.0, 18.2];
    const lambdas = [3.5, 4.6, 5.6, 6.8, 7.9, 9.1, 10.3, 11.5, 12.7, 14.1, 15.4, 16.8, 18.2, 19.7, 21.2, 22.8];
    for (const [k, { supportPx, sigmaPx, wavelengthPx }] of scales.entries()) {
      expect(supportPx).toBe(7 + 2 * k);
      expect(Math.abs(sigmaPx - sigmas[k])).toBeLessThan(0.0501);
      expect(Math.abs(wavelengthPx - lambdas[k])).toBeLessThan(0.08);
    }
    expect(scales[0].wavelengthPx).toBe(3.5);
    expect(scales[0].sigmaPx).toBeCloseTo(2.8, 12);
  });

  it('pool over 8 to 22 pixels, rounded to the grid by at most 1 px, about half a pool apart', () => {
    for (const [b, { stridePx, poolCells, poolStep }] of bands.entries()) {
      expect(Math.abs(stridePx * poolCells - (8 + 2 * b))).toBeLessThanOrEqual(1);
      expect(Math.abs(stridePx * poolStep - (4 + b))).toBeLessThanOrEqual(1);
    }
  });
});

describe('single cells from the pixels', () => {
  it('V1 energies of every scale and orientation, also at the edge', () => {
    const energies = v1Energies(stages, contrast);
    for (const scale of [0, 1, 2]) {
      for (const orientation of [0, 1, 2, 3]) {
        for (const [row, column] of [
          [48, 50],
          [3, 90],
          [95, 0],
        ]) {
          const at = ((scale * 4 + orientation) * 96 + row) * 96 + column;
          expectClose(energies[at], pixels.v1(scale, orientation, row, column));
        }
      }
    }
  });

  it('V1 units as Gaussian means of the energies around them', () => {
    const energies = v1Energies(stages, contrast);
    // .5 wavelengths of 18/3.95 px, in cells of 2 px, out to three standard deviations.
    const sigma = (0.5 * (18 / 3.95)) / 2;
    for (const [orientation, row, column] of [
      [0, 40, 52],
      [1, 60, 33],
    ]) {
      let [sum, total] = [0, 0];
      for (let dy = -4; dy <= 4; dy++) {
        for (let dx = -4; dx <= 4; dx++) {
          const weight = Math.exp(-(dx * dx + dy * dy) / (2 * sigma * sigma));
          sum += weight * pixels.v1(0, orientation, row + dy, column + dx);
          total += weight;
        }
      }
      expectClose(v1Response(energies, 0, orientation, row, column), sum / total);
    }
  });

  it('C1 of every band, in the middle and at the corners', () => {
    for (const [b, band] of bands.entries()) {
      const c1 = c1OfBand(stages, contrast, band);
      const last = band.c1Cells - 1;
      for (const [orientation, row, column] of [
        [0, 0, 0],
        [1, last >> 1, last >> 1],
        [2, last, last],
        [3, 0, last],
      ]) {
        const at = (orientation * band.c1Cells + row) * band.c1Cells + column;
        expectClose(c1[at], pixels.c1(b, orientation, row, column));
      }
    }
  });

  it('one product of V2 of each kind', () => {
    const products = v2Products(v1Energies(stages, contrast));
    for (const kind of ['orientation', 'scale', 'collinear', 'flanking'] as const) {
      const k = productTypes.findLastIndex((type) => type.kind === kind);
      expectClose(products[k][2 * 9 + 5], pixels.v2Product(productTypes[k], { row: 2, column: 5 }));
    }
  });

  it('C2 of each group of bands, and what IT reads of it', () => {
    const c1 = c1OfBand(stages, paddedContrast(deadLeaves(Random.fromSeed(6, 'prototypes of a test'))), bands[2]);
    const centres = [c1Patch(c1, bands[2], 4, 9), c1Patch(c1, bands[2], 20, 13)];
    const basis = { centres, sharpness: [0.7, 1.3] };
    const maps = c2Maps(stages, contrast, basis);
    for (const [group, prototype, row, column] of [
      [0, 0, 0, 6],
      [1, 1, 3, 3],
      [2, 0, 6, 1],
      [3, 1, 5, 0],
    ]) {
      const expected = pixels.v4({ group, row, column }, centres[prototype], basis.sharpness[prototype]);
      expectClose(maps[group][(prototype * 7 + row) * 7 + column], expected);
    }
    const inputs = itInputs(maps, 1);
    // The position at the right of the bottom row reads places 2 … 6 of both axes.
    let largest = 0;
    for (let row = 2; row <= 6; row++) {
      for (let column = 2; column <= 6; column++) {
        const at = (7 + row) * 7 + column;
        largest = Math.max(largest, maps[2][at], maps[3][at]);
      }
    }
    expect(inputs[8][1]).toBe(largest);
  });
});

describe('the products of V2', () => {
  it('are 42 of four kinds, read from both sides of the place', () => {
    const count = (kind: string) => productTypes.filter((type) => type.kind === kind).length;
    expect([count('orientation'), count('scale'), count('collinear'), count('flanking')]).toEqual([18, 8, 8, 8]);
    const acrossPosition = productTypes.filter(({ kind }) => kind === 'collinear' || kind === 'flanking');
    for (const { a, b } of productTypes.filter((type) => !acrossPosition.includes(type))) {
      expect([a.column, a.row, b.column, b.row]).toEqual([0, 0, 0, 0]);
      expect(a.channel).not.toBe(b.channel);
    }
    for (const { kind, a, b } of acrossPosition) {
      const [columns, rows] = [a.column - b.column, a.row - b.row];
      expect(a.channel).toBe(b.channel);
      // Two wavelengths of 4.56 or 9.07 px, in cells of 2 px; bars of 45° rise to the right, where rows fall.
      const length = (2 * [4.557, 9.067][Math.floor(a.channel / 4)]) / 2;
      expect(Math.abs(Math.hypot(columns, rows) - length)).toBeLessThan(0.75);
      const bars = (((a.channel % 4) * 45 + (kind === 'flanking' ? 90 : 0)) * Math.PI) / 180;
      expect((columns * Math.cos(bars) - rows * Math.sin(bars)) / Math.hypot(columns, rows)).toBeGreaterThan(0.99);
    }
  });
});
