/**
 * Constants and geometry of the ventral hierarchy. Coordinates: degrees, x right, y up, origin at fixation; pixels of the
 * raster by column and row, row 0 on top. Across the bars runs u = −x·sin φ + y·cos φ and along them
 * v = x·cos φ + y·sin φ, φ counter-clockwise from horizontal.
 */
import { cos, degreesToRadians, sin } from '../../main/platform/exactMath.ts';

export const sizePx = 192;
export const fieldOfViewDeg = 8;
export const pxPerDeg = sizePx / fieldOfViewDeg;
export const background = 0.5;

export const areas = ['V1', 'V2', 'V4', 'IT'] as const;
export type Area = (typeof areas)[number];
export const unitsPerArea: Record<Area, number> = { V1: 512, V2: 256, V4: 384, IT: 256 };

export const orientationsDeg = [0, 45, 90, 135] as const;

/** Bar angle as sine and cosine. */
export function direction(orientationDeg: number): { sin: number; cos: number } {
  const angle = degreesToRadians(orientationDeg);
  return { sin: sin(angle), cos: cos(angle) };
}

export const degOfColumn = (columnPx: number): number => (columnPx + 0.5 - sizePx / 2) / pxPerDeg;
export const degOfRow = (rowPx: number): number => -degOfColumn(rowPx);
/** Column of a horizontal place in degrees; may lie between pixels. */
export const columnOfDeg = (xDeg: number): number => xDeg * pxPerDeg + sizePx / 2 - 0.5;

/** A filter size of HMAX with the Gabor that belongs to it. */
export interface Scale {
  /** Diameter of the circular support, odd. */
  supportPx: number;
  wavelengthPx: number;
  sigmaPx: number;
}

/** Gaussian width along the bars is σ/γ (Serre et al. 2007). */
export const aspectRatio = 0.3;

/** Filter size ÷ half a wavelength, at the finest and the coarsest scale; Gaussian width ÷ wavelength (Serre et al. 2007). */
export const wavelengthDivisors = [4, 3.25];
export const sigmaPerWavelength = 0.8;

/** 16 scales: 7 to 37 px in steps of 2, λ = 2·size/div with div from 4 to 3.25, σ = .8 λ; the first has λ 3.5 and σ 2.8. */
export const scales: readonly Scale[] = Array.from({ length: 16 }, (_, k) => {
  const supportPx = 7 + 2 * k;
  const [finest, coarsest] = wavelengthDivisors;
  const wavelengthPx = (2 * supportPx) / (finest + ((coarsest - finest) * k) / 15);
  return { supportPx, wavelengthPx, sigmaPx: sigmaPerWavelength * wavelengthPx };
});

/** Two neighbouring scales over which C1 takes one maximum. */
export interface Band {
  /** Indices into `scales`. */
  scales: readonly [number, number];
  /** S1 is evaluated at every `stridePx`-th pixel, from pixel 0 on. */
  stridePx: number;
  /** S1 cells along each side of the grid. */
  s1Cells: number;
  /** C1 takes the maximum over `poolCells` × `poolCells` S1 cells, every `poolStep` of them. */
  poolCells: number;
  poolStep: number;
  c1Cells: number;
  /** S2 takes patches of 4 × 4 C1 cells at every place. */
  s2Cells: number;
  /** Pixel of the first S2 centre along each axis, and between neighbours. */
  firstS2Px: number;
  s2StepPx: number;
  /** S2 cells along each side of the window over which C2 takes the maximum. */
  c2Cells: number;
}

/** Side of an S2 prototype in C1 cells. */
export const patchCells = 4;

/**
 * Published pools are 8, 10 … 22 px wide, half as far apart. Coarse bands are sampled every 2 or 3 px instead of every
 * pixel (at least 3.9 samples per cycle), which rounds their pools to 12, 14, 16, 18, 21 and 21 px and the steps to 6, 8,
 * 8, 9, 9 and 12 px.
 */
const bandTable: readonly [stridePx: number, poolCells: number, poolStep: number, c2Cells: number][] = [
  [1, 8, 4, 7],
  [1, 10, 5, 5],
  [2, 6, 3, 5],
  [2, 7, 4, 3],
  [2, 8, 4, 3],
  [3, 6, 3, 3],
  [3, 7, 3, 3],
  [3, 7, 4, 3],
];

export const bands: readonly Band[] = bandTable.map(([stridePx, poolCells, poolStep, c2Cells], b) => {
  const s1Cells = Math.floor((sizePx - 1) / stridePx) + 1;
  const c1Cells = Math.floor((s1Cells - poolCells) / poolStep) + 1;
  return {
    scales: [2 * b, 2 * b + 1],
    stridePx,
    s1Cells,
    poolCells,
    poolStep,
    c1Cells,
    s2Cells: c1Cells - patchCells + 1,
    firstS2Px: stridePx * ((poolStep * (patchCells - 1)) / 2 + (poolCells - 1) / 2),
    s2StepPx: stridePx * poolStep,
    c2Cells,
  };
});

/** Half the width of the square of pixels that one S2 cell of a band sees. */
export function s2ReachPx(band: Band): number {
  const coarser = scales[band.scales[1]];
  return (band.stridePx * (band.poolStep * (patchCells - 1) + band.poolCells - 1)) / 2 + (coarser.supportPx - 1) / 2;
}

/** Added to the local norm of S1: RMS contrast at which a patch counts half. */
export const contrastFloor = 0.05;

export const prototypeCount = 128;
/** C2 units stand on a grid of 7 × 7 places. */
export const c2PlacesDeg: readonly number[] = Array.from({ length: 7 }, (_, i) => 0.75 * (i - 3));
/** Four C2 maps, each the maximum over two bands. */
export const c2Groups: readonly (readonly [number, number])[] = [
  [0, 1],
  [2, 3],
  [4, 5],
  [6, 7],
];

/** First S2 cell, along one axis, of the window around each C2 place of a band: the nearest cells. */
export function c2WindowStarts(band: Band): number[] {
  return c2PlacesDeg.map((deg) => {
    const middle = (columnOfDeg(deg) - band.firstS2Px) / band.s2StepPx;
    const start = Math.round(middle - (band.c2Cells - 1) / 2);
    if (start < 0 || start + band.c2Cells > band.s2Cells) throw new RangeError('A C2 window leaves the field.');
    return start;
  });
}

/** Two IT inputs, each the maximum over two C2 maps: bands 1–4 and bands 5–8. */
export const itChannels: readonly (readonly [number, number])[] = [
  [0, 1],
  [2, 3],
];
export const viewCount = 32;
/** IT takes maxima over 5 × 5 C2 places, at 3 × 3 positions. */
export const itWindowPlaces = 5;
export const itPositions = c2PlacesDeg.length - itWindowPlaces + 1;

/** RBF widths: a prototype as far away as the median of all pairs gives exp(−this). Design. */
export const v4Selectivity = 3;
export const itSelectivity = 0.5;

/** V1 and V2 have quadrature pairs at three scales an octave apart, evaluated at every second pixel. */
export const v1Scales = [1, 5, 12] as const;
export const v1StridePx = 2;
export const v1Cells = sizePx / v1StridePx;
/** Places of V1 units per scale, each with four orientations; eccentricities uniform between 0 and `v1ReachDeg`. */
export const v1PlacesPerScale = [64, 40, 24] as const;
export const v1ReachDeg = 3;
/** Contrast of the preferred grating that gives half the largest response: Sclar et al. 1990, from memory. */
export const semiSaturationContrast = 0.33;
/** Gaussian width of the contrast that normalises V1. Design, as is `v2Exponent`: chosen on the development textures. */
export const normPoolDeg = 1;

/**
 * A V1 unit is the mean of the normalised energies around its place, under a Gaussian of this many wavelengths. Design,
 * chosen on the development textures: without it, few places decide about a unit's answer to a sparse texture. V2 reads
 * the energies themselves.
 */
export const v1PoolWavelengths = 0.5;

/** V2 units stand on a grid of 9 × 9 places and pool with a Gaussian. Design. */
export const v2PlacesDeg: readonly number[] = Array.from({ length: 9 }, (_, i) => 0.5 * (i - 4));
export const v2PoolDeg = 0.5;
/** Power of (1 + ρ)/2. */
export const v2Exponent = 4;
/** Added to energies before the square root and to variances before the division: their slopes stay finite. */
export const energyFloor = 1e-4;
export const varianceFloor = 1e-4;

/** Channel of V1 by scale (0 … 2) and orientation (0 … 3). */
export const v1Channels = v1Scales.length * orientationsDeg.length;
export const v1Channel = (scale: number, orientation: number): number => scale * orientationsDeg.length + orientation;

/** One product of two V1 amplitudes: channels, and how many cells (column, row) from the unit's place each is read. */
export interface ProductType {
  kind: 'orientation' | 'scale' | 'collinear' | 'flanking';
  a: { channel: number; column: number; row: number };
  b: { channel: number; column: number; row: number };
}

/** Displacement of the two ends of a product across position, in wavelengths: their filters hardly overlap. */
const displacementWavelengths = 2;

function displaced(kind: 'collinear' | 'flanking', scale: number, orientation: number): ProductType {
  const { sin: s, cos: c } = direction(orientationsDeg[orientation]);
  const cells = (displacementWavelengths * scales[v1Scales[scale]].wavelengthPx) / v1StridePx;
  const [right, up] = kind === 'collinear' ? [c, s] : [-s, c];
  const [columns, rows] = [Math.round(cells * right), Math.round(-cells * up)];
  const [column, row] = [Math.round(columns / 2), Math.round(rows / 2)];
  const channel = v1Channel(scale, orientation);
  return { kind, a: { channel, column, row }, b: { channel, column: column - columns, row: row - rows } };
}

/** All products of V2: across orientation (18), across neighbouring scales (8), and across position (16, two finer scales). */
export const productTypes: readonly ProductType[] = v1Scales.flatMap((_, scale): ProductType[] => {
  const at = (channel: number) => ({ channel, column: 0, row: 0 });
  const four = orientationsDeg.map((_, orientation) => orientation);
  const orientation = four.flatMap((o) =>
    four
      .filter((other) => other > o)
      .map((other) => ({
        kind: 'orientation' as const,
        a: at(v1Channel(scale, o)),
        b: at(v1Channel(scale, other)),
      })),
  );
  if (scale === v1Scales.length - 1) return orientation;
  return [
    ...orientation,
    ...four.map((o) => ({ kind: 'scale' as const, a: at(v1Channel(scale, o)), b: at(v1Channel(scale + 1, o)) })),
    ...four.map((o) => displaced('collinear', scale, o)),
    ...four.map((o) => displaced('flanking', scale, o)),
  ];
});
