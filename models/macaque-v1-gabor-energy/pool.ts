/**
 * The normalisation pool: P_i² = Σ_j w_ij C_j² over the energies of the complex cells. Each row is scaled so that the unit's
 * preferred full-contrast full-field grating, before the contrast gain, gives P_i² = 1.
 */
import { cos, sin } from '../../main/platform/exactMath.ts';
import { centrePx, pairTransfer, waveVector, type PreferredGrating, type UnitFilters } from './filters.ts';
import { poolShapes } from './poolShape.ts';

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

/** Row-major [cells, units] weights w_ij: column i is the pool of unit i. */
export function poolWeights(units: readonly UnitFilters[], cells: readonly UnitFilters[]): Float64Array {
  const weights = new Float64Array(cells.length * units.length);
  const shapes = poolShapes(
    units.map(({ unit }) => unit),
    cells.map(({ unit }) => unit),
  );
  for (const [i, unit] of units.entries()) {
    let drive = 0;
    const column = shapes[i] as Float64Array;
    for (const [j, cell] of cells.entries()) {
      if ((column[j] as number) > 0) drive += (column[j] as number) * gratingEnergy(cell, unit.preferred);
    }
    for (let j = 0; j < cells.length; j++) {
      weights[j * units.length + i] = (column[j] as number) / drive;
    }
  }
  return weights;
}
