/**
 * The stages in float64, each from its definition: prototypes are made with them, and the graph is checked against them.
 * Beyond the field lies background, so that every map covers the whole field.
 */
import { exp } from '../../main/platform/exactMath.ts';
import { evenFilter, quadratureFilters } from './filters.ts';
import {
  background,
  bands,
  c2Groups,
  c2PlacesDeg,
  c2WindowStarts,
  contrastFloor,
  energyFloor,
  orientationsDeg,
  patchCells,
  scales,
  sizePx,
  v1Cells,
  v1Channel,
  v1Scales,
  v1StridePx,
  semiSaturationContrast,
  normPoolDeg,
  v1PoolWavelengths,
  pxPerDeg,
  type Band,
} from './parameters.ts';
import type { Changes } from './population.ts';

const marginPx = 18;
const paddedPx = sizePx + 2 * marginPx;

/** s = (L − L_bg)/L_bg with background around it: 228 × 228. */
export function paddedContrast(luminance: ArrayLike<number>, offset = 0): Float64Array {
  const padded = new Float64Array(paddedPx * paddedPx);
  for (let row = 0; row < sizePx; row++) {
    for (let column = 0; column < sizePx; column++) {
      const value = luminance[offset + row * sizePx + column];
      padded[(row + marginPx) * paddedPx + column + marginPx] = (value - background) / background;
    }
  }
  return padded;
}

/** Four filters of one size, without the half that point symmetry repeats: offsets into the padded raster and weights. */
interface Symmetric {
  offsets: Int32Array;
  /** Four weights for each offset, one per filter. */
  weights: Float64Array;
  /** Weights of the pixel in the middle. */
  middle: Float64Array;
  /** 1 for filters that are even under point reflection, −1 for odd ones. */
  parity: 1 | -1;
}

function symmetric(filters: readonly Float64Array[], supportPx: number, parity: 1 | -1): Symmetric {
  const half = (supportPx - 1) / 2;
  const middleAt = half * supportPx + half;
  const offsets: number[] = [];
  const weights: number[] = [];
  for (let at = middleAt + 1; at < supportPx * supportPx; at++) {
    if (filters.every((filter) => filter[at] === 0)) continue;
    offsets.push((Math.floor(at / supportPx) - half) * paddedPx + (at % supportPx) - half);
    for (const filter of filters) weights.push(filter[at]);
  }
  return {
    offsets: Int32Array.from(offsets),
    weights: Float64Array.from(weights),
    middle: Float64Array.from(filters, (filter) => filter[middleAt]),
    parity,
  };
}

/** Filter responses at every `stridePx`-th pixel: four maps of cells × cells, one after the other. */
function filtered(contrast: Float64Array, filters: Symmetric, stridePx: number, cells: number): Float64Array {
  const { offsets, weights, middle, parity } = filters;
  const size = cells * cells;
  const maps = new Float64Array(4 * size);
  for (let cell = 0; cell < size; cell++) {
    const row = Math.floor(cell / cells) * stridePx + marginPx;
    const at = row * paddedPx + (cell % cells) * stridePx + marginPx;
    // Written out for four filters: this loop is nearly all of the time that a build takes.
    let a = contrast[at] * middle[0];
    let b = contrast[at] * middle[1];
    let c = contrast[at] * middle[2];
    let d = contrast[at] * middle[3];
    for (let i = 0, w = 0; i < offsets.length; i++, w += 4) {
      const pair = contrast[at + offsets[i]] + parity * contrast[at - offsets[i]];
      a += pair * weights[w];
      b += pair * weights[w + 1];
      c += pair * weights[w + 2];
      d += pair * weights[w + 3];
    }
    maps[cell] = a;
    maps[size + cell] = b;
    maps[2 * size + cell] = c;
    maps[3 * size + cell] = d;
  }
  return maps;
}

/** Sums of s² over squares of `supportPx`, at the cells of `filtered`. */
function squareSums(contrast: Float64Array, supportPx: number, stridePx: number, cells: number): Float64Array {
  const half = (supportPx - 1) / 2;
  // Running sums over all pixels above and to the left.
  const wide = paddedPx + 1;
  const integral = new Float64Array(wide * wide);
  for (let row = 0; row < paddedPx; row++) {
    let rowSum = 0;
    for (let column = 0; column < paddedPx; column++) {
      const value = contrast[row * paddedPx + column];
      rowSum += value * value;
      integral[(row + 1) * wide + column + 1] = integral[row * wide + column + 1] + rowSum;
    }
  }
  return Float64Array.from({ length: cells * cells }, (_, cell) => {
    const top = Math.floor(cell / cells) * stridePx + marginPx - half;
    const left = (cell % cells) * stridePx + marginPx - half;
    const [bottom, right] = [top + supportPx, left + supportPx];
    return (
      integral[bottom * wide + right] -
      integral[top * wide + right] -
      integral[bottom * wide + left] +
      integral[top * wide + left]
    );
  });
}

/** Filters and constants of one twin, made once. */
export interface Stages {
  changes: Changes;
  s1: Symmetric[];
  v1: { even: Symmetric; odd: Symmetric }[];
}

export function prepareStages(changes: Changes): Stages {
  const orientations = orientationsDeg.map((_, orientation) => orientation);
  return {
    changes,
    s1: scales.map((scale, k) =>
      symmetric(
        orientations.map((o) => evenFilter(scale, o, changes.s1Filters[k * orientations.length + o])),
        scale.supportPx,
        1,
      ),
    ),
    v1: v1Scales.map((scale, s) => {
      const pairs = orientations.map((o) => quadratureFilters(scales[scale], o, changes.v1Filters[v1Channel(s, o)]));
      const { supportPx } = scales[scale];
      return {
        even: symmetric(
          pairs.map(({ even }) => even),
          supportPx,
          1,
        ),
        odd: symmetric(
          pairs.map(({ odd }) => odd),
          supportPx,
          -1,
        ),
      };
    }),
  };
}

/** S1 = |G·s| / √(Σ s² + n·floor²) over the filter's square of n pixels, and its maximum over both scales of the band. */
function s1OfBand(stages: Stages, contrast: Float64Array, band: Band): Float64Array {
  const cells = band.s1Cells * band.s1Cells;
  const largest = new Float64Array(orientationsDeg.length * cells);
  for (const k of band.scales) {
    const { supportPx } = scales[k];
    const linear = filtered(contrast, stages.s1[k], band.stridePx, band.s1Cells);
    const energy = squareSums(contrast, supportPx, band.stridePx, band.s1Cells);
    const floor = supportPx * supportPx * contrastFloor * contrastFloor;
    for (let at = 0; at < largest.length; at++) {
      const norm = Math.sqrt(stages.changes.s1Norms[k] * energy[at % cells] + floor);
      largest[at] = Math.max(largest[at], Math.abs(linear[at]) / norm);
    }
  }
  return largest;
}

/** C1 of a band: four maps of c1Cells × c1Cells, the largest S1 of both scales in each window. */
export function c1OfBand(stages: Stages, contrast: Float64Array, band: Band): Float64Array {
  const { s1Cells, c1Cells, poolCells, poolStep } = band;
  const s1 = s1OfBand(stages, contrast, band);
  const pooled = new Float64Array(orientationsDeg.length * c1Cells * c1Cells);
  for (let at = 0; at < pooled.length; at++) {
    const map = Math.floor(at / (c1Cells * c1Cells));
    const top = poolStep * (Math.floor(at / c1Cells) % c1Cells);
    const left = poolStep * (at % c1Cells);
    let largest = 0;
    for (let row = top; row < top + poolCells; row++) {
      for (let column = left; column < left + poolCells; column++) {
        largest = Math.max(largest, s1[(map * s1Cells + row) * s1Cells + column]);
      }
    }
    pooled[at] = largest;
  }
  return pooled;
}

/** The 4 × 4 × 4 values of C1 at one S2 place, orientation slowest. */
export function c1Patch(c1: Float64Array, band: Band, row: number, column: number): Float64Array {
  const { c1Cells } = band;
  return Float64Array.from({ length: orientationsDeg.length * patchCells * patchCells }, (_, i) => {
    const map = Math.floor(i / (patchCells * patchCells));
    const patchRow = Math.floor(i / patchCells) % patchCells;
    return c1[(map * c1Cells + row + patchRow) * c1Cells + column + (i % patchCells)];
  });
}

/** Prototypes with what an RBF needs: exp(−sharpness · ‖x − p‖²). */
export interface RadialBasis {
  centres: Float64Array[];
  sharpness: number[];
}

/** Squared distances of every prototype from every S2 place of a band: prototypes × s2Cells². */
function s2Distances(c1: Float64Array, band: Band, { centres }: RadialBasis): Float64Array {
  const cells = band.s2Cells;
  const distances = new Float64Array(centres.length * cells * cells);
  for (let cell = 0; cell < cells * cells; cell++) {
    const patch = c1Patch(c1, band, Math.floor(cell / cells), cell % cells);
    for (const [p, centre] of centres.entries()) {
      let sum = 0;
      for (let i = 0; i < patch.length; i++) sum += (patch[i] - centre[i]) * (patch[i] - centre[i]);
      distances[p * cells * cells + cell] = sum;
    }
  }
  return distances;
}

/** Smallest distances in the window around each C2 place: prototypes × 7 × 7, row 0 on top. */
function c2Distances(distances: Float64Array, band: Band, prototypes: number): Float64Array {
  const starts = c2WindowStarts(band);
  const side = c2PlacesDeg.length;
  return Float64Array.from({ length: prototypes * side * side }, (_, at) => {
    const p = Math.floor(at / (side * side));
    const top = starts[Math.floor(at / side) % side];
    const left = starts[at % side];
    let nearest = Infinity;
    for (let row = top; row < top + band.c2Cells; row++) {
      for (let column = left; column < left + band.c2Cells; column++) {
        nearest = Math.min(nearest, distances[(p * band.s2Cells + row) * band.s2Cells + column]);
      }
    }
    return nearest;
  });
}

/** C2 in four groups of bands, each prototypes × 7 × 7: the best match within the window and both bands. */
export function c2Maps(stages: Stages, contrast: Float64Array, basis: RadialBasis): Float64Array[] {
  const perBand = bands.map((band) => {
    const distances = s2Distances(c1OfBand(stages, contrast, band), band, basis);
    return c2Distances(distances, band, basis.centres.length);
  });
  const places = c2PlacesDeg.length * c2PlacesDeg.length;
  return c2Groups.map(([fine, coarse]) =>
    perBand[fine].map((value, at) =>
      exp(-basis.sharpness[Math.floor(at / places)] * Math.min(value, perBand[coarse][at])),
    ),
  );
}

/** Gaussian weights of pixels for the normalising contrast at a V1 cell: offsets −72 … 72, sum 1. */
export function normPoolWeights(): Float64Array {
  const sigma = normPoolDeg * pxPerDeg;
  const reach = 3 * sigma;
  const raw = Float64Array.from({ length: 2 * reach + 1 }, (_, i) => {
    const z = (i - reach) / sigma;
    return exp((-z * z) / 2);
  });
  const total = raw.reduce((sum, w) => sum + w, 0);
  return raw.map((w) => w / total);
}

/** Mean of s² under the Gaussian, at the V1 cells. */
function pooledContrast(contrast: Float64Array): Float64Array {
  const weights = normPoolWeights();
  const reach = (weights.length - 1) / 2;
  const inside = (i: number) => i >= 0 && i < sizePx;
  const columns = new Float64Array(sizePx * v1Cells);
  for (let row = 0; row < sizePx; row++) {
    for (let cell = 0; cell < v1Cells; cell++) {
      let sum = 0;
      for (const [i, w] of weights.entries()) {
        const column = cell * v1StridePx + i - reach;
        if (!inside(column)) continue;
        const value = contrast[(row + marginPx) * paddedPx + column + marginPx];
        sum += w * value * value;
      }
      columns[row * v1Cells + cell] = sum;
    }
  }
  return Float64Array.from({ length: v1Cells * v1Cells }, (_, at) => {
    let sum = 0;
    for (const [i, w] of weights.entries()) {
      const row = Math.floor(at / v1Cells) * v1StridePx + i - reach;
      if (inside(row)) sum += w * columns[row * v1Cells + (at % v1Cells)];
    }
    return sum;
  });
}

/** V1 energies E = (e² + o²)/(c50² + 2P²), P² the mean of s² around the cell: 12 channels × 96 × 96. */
export function v1Energies(stages: Stages, contrast: Float64Array): Float64Array {
  const cells = v1Cells * v1Cells;
  const pool = pooledContrast(contrast);
  const energies = new Float64Array(v1Scales.length * orientationsDeg.length * cells);
  for (const [s, { even, odd }] of stages.v1.entries()) {
    const e = filtered(contrast, even, v1StridePx, v1Cells);
    const o = filtered(contrast, odd, v1StridePx, v1Cells);
    for (let at = 0; at < e.length; at++) {
      const channel = s * orientationsDeg.length + Math.floor(at / cells);
      const norm = stages.changes.v1Norms[channel] * 2 * pool[at % cells];
      energies[s * orientationsDeg.length * cells + at] =
        (e[at] * e[at] + o[at] * o[at]) / (semiSaturationContrast * semiSaturationContrast + norm);
    }
  }
  return energies;
}

/** Gaussian weights of energies around a V1 unit of a scale, along one axis: odd count, sum 1. */
export function v1PoolWeights(scale: number): Float64Array {
  const sigmaCells = (v1PoolWavelengths * scales[v1Scales[scale]].wavelengthPx) / v1StridePx;
  const reach = Math.ceil(3 * sigmaCells);
  const raw = Float64Array.from({ length: 2 * reach + 1 }, (_, i) => {
    const z = (i - reach) / sigmaCells;
    return exp((-z * z) / 2);
  });
  const total = raw.reduce((sum, w) => sum + w, 0);
  return raw.map((w) => w / total);
}

/** What a V1 unit answers: the mean of a channel's energies around its cell. Beyond the field there is no energy. */
export function v1Response(energies: Float64Array, scale: number, orientation: number, row: number, column: number) {
  const weights = v1PoolWeights(scale);
  const reach = (weights.length - 1) / 2;
  const first = v1Channel(scale, orientation) * v1Cells * v1Cells;
  let sum = 0;
  for (const [i, down] of weights.entries()) {
    for (const [j, across] of weights.entries()) {
      const [r, c] = [row + i - reach, column + j - reach];
      if (r >= 0 && c >= 0 && r < v1Cells && c < v1Cells) sum += down * across * energies[first + r * v1Cells + c];
    }
  }
  return sum;
}

export const amplitude = (energy: number): number => Math.sqrt(energy + energyFloor);
