/**
 * The seeded choices: which units there are and what they are tuned to, and how a sibling differs. A seed fixes places,
 * orientations, scales, weights of products and the images of prototypes; a perturbation leaves all of those and
 * changes, independently of each other, the filters, the normalisation weights and the strengths of connections.
 */
import { cos, exp, sin } from '../../main/platform/exactMath.ts';
import { Random } from '../../main/platform/random.ts';
import type { FilterChange } from './filters.ts';
import {
  c2Groups,
  c2PlacesDeg,
  itChannels,
  itPositions,
  orientationsDeg,
  productTypes,
  prototypeCount,
  pxPerDeg,
  scales,
  unitsPerArea,
  v1Cells,
  v1Channels,
  v1PlacesPerScale,
  v1ReachDeg,
  v1Scales,
  v1StridePx,
  v2PlacesDeg,
  viewCount,
} from './parameters.ts';

export const shippedSeed = 1;

export interface V1Unit {
  scale: number;
  orientation: number;
  /** Cell of the V1 grid. */
  column: number;
  row: number;
}

export interface V2Unit {
  /** Every product of the unit involves this scale and orientation. */
  scale: number;
  orientation: number;
  /** Place in the grid of V2, row 0 on top. */
  column: number;
  row: number;
  /** One weight per product type; they sum to 1 before the perturbation. */
  weights: Float64Array;
}

export interface V4Unit {
  prototype: number;
  group: number;
  /** Place in the grid of C2, row 0 on top. */
  column: number;
  row: number;
}

export interface ItUnit {
  view: number;
  channel: number;
  /** One of 3 × 3 positions, row 0 on top. */
  column: number;
  row: number;
}

/** What a perturbation changes; no change at all where it is 0. */
export interface Changes {
  /** Per scale and orientation of S1, and per channel of V1. */
  s1Filters: FilterChange[];
  v1Filters: FilterChange[];
  /** Factors of the local norm per S1 scale, of the normalising contrast per V1 channel, of the RBF widths. */
  s1Norms: number[];
  v1Norms: number[];
  v4Widths: number[];
  itWidths: number[];
}

export interface Population {
  seed: number;
  perturbation: number;
  changes: Changes;
  v1: V1Unit[];
  v2: V2Unit[];
  v4: V4Unit[];
  it: ItUnit[];
}

/** n factors with a log-normal spread. */
export function factors(seed: number, what: string, n: number, spread: number): number[] {
  if (spread === 0) return Array.from({ length: n }, () => 1);
  const random = Random.fromSeed(seed, `perturbed ${what}`);
  return Array.from({ length: n }, () => exp(spread * random.normal()));
}

function filterChanges(seed: number, what: string, n: number, spread: number): FilterChange[] {
  const random = Random.fromSeed(seed, `perturbed ${what}`);
  return Array.from({ length: n }, () => {
    const draws = [random.normal(), random.normal(), random.normal()];
    return { rotationDeg: 45 * spread * draws[0], wavelengthLog: spread * draws[1], sigmaLog: spread * draws[2] };
  });
}

function drawChanges(seed: number, spread: number): Changes {
  return {
    s1Filters: filterChanges(seed, 'S1 filters', scales.length * orientationsDeg.length, spread),
    v1Filters: filterChanges(seed, 'V1 filters', v1Channels, spread),
    s1Norms: factors(seed, 'S1 norms', scales.length, spread),
    v1Norms: factors(seed, 'V1 norms', v1Channels, spread),
    v4Widths: factors(seed, 'V4 widths', prototypeCount, spread),
    itWidths: factors(seed, 'IT widths', itChannels.length * viewCount, spread),
  };
}

function drawV1(seed: number): V1Unit[] {
  const random = Random.fromSeed(seed, 'V1 places');
  return v1Scales.flatMap((_, scale) => {
    const places = new Set<number>();
    while (places.size < v1PlacesPerScale[scale]) {
      const radius = (v1ReachDeg * random.uniform() * pxPerDeg) / v1StridePx;
      const angle = 2 * Math.PI * random.uniform();
      const column = v1Cells / 2 + Math.round(radius * cos(angle));
      const row = v1Cells / 2 + Math.round(radius * sin(angle));
      places.add(row * v1Cells + column);
    }
    return [...places].flatMap((place) =>
      orientationsDeg.map((__, orientation) => ({
        scale,
        orientation,
        column: place % v1Cells,
        row: Math.floor(place / v1Cells),
      })),
    );
  });
}

/** n places of a square grid, each taken equally often as far as n allows. */
function balanced(random: Random, n: number, cells: number): number[] {
  const places: number[] = [];
  while (places.length < n) places.push(...random.shuffle(Array.from({ length: cells }, (_, place) => place)));
  return places.slice(0, n);
}

function drawV2(seed: number, spread: number): V2Unit[] {
  const random = Random.fromSeed(seed, 'V2 units');
  const n = unitsPerArea.V2;
  const side = v2PlacesDeg.length;
  const places = balanced(random, n, side * side);
  const channels = balanced(random, n, v1Channels);
  return channels.map((channel, i) => {
    const involved = productTypes.map(({ a, b }) => a.channel === channel || b.channel === channel);
    const raw = involved.map((yes) => (yes ? exp(0.5 * random.normal()) : 0));
    const total = raw.reduce((sum, weight) => sum + weight, 0);
    const changed = factors(seed, `V2 weights of unit ${i}`, raw.length, spread);
    return {
      scale: Math.floor(channel / orientationsDeg.length),
      orientation: channel % orientationsDeg.length,
      column: places[i] % side,
      row: Math.floor(places[i] / side),
      weights: Float64Array.from(raw, (weight, k) => (weight / total) * changed[k]),
    };
  });
}

function drawV4(seed: number): V4Unit[] {
  const random = Random.fromSeed(seed, 'V4 units');
  const side = c2PlacesDeg.length;
  const each = unitsPerArea.V4 / prototypeCount;
  return Array.from({ length: prototypeCount }, (_, prototype) => prototype).flatMap((prototype) =>
    balanced(random, each, c2Groups.length * side * side).map((choice) => ({
      prototype,
      group: Math.floor(choice / (side * side)),
      column: choice % side,
      row: Math.floor(choice / side) % side,
    })),
  );
}

function drawIt(seed: number): ItUnit[] {
  const random = Random.fromSeed(seed, 'IT units');
  const each = unitsPerArea.IT / (itChannels.length * viewCount);
  return itChannels.flatMap((_, channel) =>
    Array.from({ length: viewCount }, (__, view) => view).flatMap((view) =>
      balanced(random, each, itPositions * itPositions).map((place) => ({
        view,
        channel,
        column: place % itPositions,
        row: Math.floor(place / itPositions),
      })),
    ),
  );
}

/** @param perturbation relative spread of everything a sibling may differ in (0: none). */
export function drawPopulation(seed: number, perturbation: number): Population {
  return {
    seed,
    perturbation,
    changes: drawChanges(seed, perturbation),
    v1: drawV1(seed),
    v2: drawV2(seed, perturbation),
    v4: drawV4(seed),
    it: drawIt(seed),
  };
}

/** Pixel at which a V1 unit's filters stand. */
export const v1CentrePx = ({ column, row }: V1Unit): { column: number; row: number } => ({
  column: column * v1StridePx,
  row: row * v1StridePx,
});
