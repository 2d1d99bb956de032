/**
 * The normalisation pool: P_i² = Σ_j w_ij C_j² over the energies of the complex cells, with weights that fall off with
 * distance, broad in spatial frequency and equal for all orientations. Each row is scaled so that the unit's preferred
 * full-contrast full-field grating gives P_i² = 1; the contrast response to that grating is then
 * b + R_max cⁿ/(c50ⁿ + cⁿ) exactly.
 */
import { cos, exp, log2, sin } from '../../main/platform/exactMath.ts';
import { centrePx, pairTransfer, waveVector, type PreferredGrating, type UnitFilters } from './filters.ts';
import { poolDistanceDeg, poolFrequencyOctaves } from './parameters.ts';

/** Energy of a complex cell for a full-field grating of contrast 1. */
function gratingEnergy(cell: UnitFilters, grating: PreferredGrating): number {
  const centre = centrePx(cell.unit);
  const k = waveVector(grating.spatialFrequencyCpd, grating.orientationDeg);
  const { even, odd } = pairTransfer(cell.pair, centre, k);
  const phase = k.x * centre.x + k.y * centre.y + (grating.phaseDeg * Math.PI) / 180;
  const q0 = cos(phase) * even;
  const q90 = sin(phase) * odd;
  return q0 * q0 + q90 * q90;
}

function kernel(unit: UnitFilters, cell: UnitFilters): number {
  const dx = (unit.unit.xDeg - cell.unit.xDeg) / poolDistanceDeg;
  const dy = (unit.unit.yDeg - cell.unit.yDeg) / poolDistanceDeg;
  const octaves = log2(unit.preferred.spatialFrequencyCpd / cell.preferred.spatialFrequencyCpd) / poolFrequencyOctaves;
  return exp(-(dx * dx + dy * dy + octaves * octaves) / 2);
}

/** Row-major [cells, units] weights: column i is the pool of unit i. */
export function poolWeights(units: readonly UnitFilters[], cells: readonly UnitFilters[]): Float64Array {
  const weights = new Float64Array(cells.length * units.length);
  for (const [i, unit] of units.entries()) {
    let drive = 0;
    const column = cells.map((cell) => kernel(unit, cell));
    for (const [j, cell] of cells.entries()) {
      // A weight this small adds nothing to the scale; its cell need not be evaluated.
      if ((column[j] as number) > 1e-9) drive += (column[j] as number) * gratingEnergy(cell, unit.preferred);
    }
    for (let j = 0; j < cells.length; j++) weights[j * units.length + i] = (column[j] as number) / drive;
  }
  return weights;
}
