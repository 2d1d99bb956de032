/** Textures that are sums: Gaussian blobs and fields of Gabors on the periodic grid. */
import { cos, degreesToRadians, exp, sin } from '../../platform/exactMath.ts';
import type { Random } from '../../platform/random.ts';
import { cells, cellsPerDeg, lastCell } from './grid.ts';

/** Elements for every σ² of area. */
const density = 0.12;
/** Standard deviations at which an element ends; it has 1.1 % of its height there. */
const cutoff = 3;

type Element = {
  /** Centre, σ and length of a cycle's inverse in cells; rows down. */
  x: number;
  y: number;
  sigma: number;
  cyclesPerCell: number;
  orientationDeg: number;
  phaseDeg: number;
  height: number;
};

type Axis = { envelope: Float64Array; cosine: Float64Array; sine: Float64Array };

/** The factors of an element along one axis, from cell `first` on. */
function axisOf(first: number, count: number, centre: number, sigma: number, omega: number, phase: number): Axis {
  const axis = { envelope: new Float64Array(count), cosine: new Float64Array(count), sine: new Float64Array(count) };
  for (let at = 0; at < count; at++) {
    const distance = first + at + 0.5 - centre;
    axis.envelope[at] = exp((-distance * distance) / (2 * sigma * sigma));
    axis.cosine[at] = cos(omega * distance + phase);
    axis.sine[at] = sin(omega * distance + phase);
  }
  return axis;
}

/** Adds height·exp(−d²/2σ²)·cos(2π·f·u + phase), u = −x·sin φ + y·cos φ with y up. */
function addElement(field: Float64Array, element: Element): void {
  const { x, y, sigma, height } = element;
  const angle = degreesToRadians(element.orientationDeg % 360);
  const omega = 2 * Math.PI * element.cyclesPerCell;
  const reach = cutoff * sigma;
  const left = Math.ceil(x - reach - 0.5);
  const top = Math.ceil(y - reach - 0.5);
  const count = Math.floor(2 * reach) + 1;
  const columns = axisOf(left, count, x, sigma, -omega * sin(angle), 0);
  const rows = axisOf(top, count, y, sigma, -omega * cos(angle), degreesToRadians(element.phaseDeg));
  for (let row = 0; row < count; row++) {
    const start = ((top + row) & lastCell) * cells;
    const scale = height * (rows.envelope[row] as number);
    const cosine = scale * (rows.cosine[row] as number);
    const sine = scale * (rows.sine[row] as number);
    for (let column = 0; column < count; column++) {
      const at = start + ((left + column) & lastCell);
      const wave = (columns.cosine[column] as number) * cosine - (columns.sine[column] as number) * sine;
      field[at] = (field[at] as number) + (columns.envelope[column] as number) * wave;
    }
  }
}

const countFor = (sigma: number): number => Math.round((density * cells * cells) / (sigma * sigma));

/** Bright and dark Gaussian blobs in equal numbers on average. */
export function blobsPattern(random: Random, sigmaDeg: number): Float64Array {
  const field = new Float64Array(cells * cells);
  const sigma = sigmaDeg * cellsPerDeg;
  for (let blob = countFor(sigma); blob > 0; blob--) {
    const x = cells * random.uniform();
    const y = cells * random.uniform();
    const height = 2 * random.int(2) - 1;
    addElement(field, { x, y, sigma, cyclesPerCell: 0, orientationDeg: 0, phaseDeg: 0, height });
  }
  return field;
}

/** Gabors of one frequency and σ = .4 cycles, around a random orientation with standard deviation `spreadDeg`. */
export function gaborFieldPattern(random: Random, spatialFrequencyCpd: number, spreadDeg: number): Float64Array {
  const field = new Float64Array(cells * cells);
  const meanDeg = 180 * random.uniform();
  const cyclesPerCell = spatialFrequencyCpd / cellsPerDeg;
  const sigma = 0.4 / cyclesPerCell;
  for (let gabor = countFor(sigma); gabor > 0; gabor--) {
    const x = cells * random.uniform();
    const y = cells * random.uniform();
    const orientationDeg = meanDeg + spreadDeg * random.normal();
    const phaseDeg = 360 * random.uniform();
    addElement(field, { x, y, sigma, cyclesPerCell, orientationDeg, phaseDeg, height: 1 });
  }
  return field;
}
