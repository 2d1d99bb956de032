/** The units of the twin in the order of its outputs, with what each was built to prefer. */
import {
  areaTraits,
  envelopeCycles,
  mtAreas,
  mtReachDeg,
  type Area,
  type DriftingGrating,
  type MtUnit,
  type Population,
} from './parameters.ts';
import { v1Preferences } from './weights.ts';

/** A unit of the twin with what it was built to prefer. */
export interface PlantedUnit extends DriftingGrating {
  unit: string;
  area: Area;
  index: number;
  xDeg: number;
  yDeg: number;
  /** Standard deviation of the receptive field's Gaussian. */
  fieldSdDeg: number;
}

/** An MT cell sums V1 cells of its spatial frequency over a Gaussian of places. */
function mtFieldSdDeg({ spatialFrequencyCpd }: MtUnit): number {
  const envelopeDeg = envelopeCycles / spatialFrequencyCpd;
  return Math.sqrt(mtReachDeg * mtReachDeg + (envelopeDeg * envelopeDeg) / 2);
}

export function plantedUnits(population: Population): Record<Area, PlantedUnit[]> {
  const number = (index: number) => String(index).padStart(3, '0');
  const v1 = v1Preferences(population).map(({ sensor, ...preference }, index) => ({
    unit: `${areaTraits.V1.prefix}${number(index)}`,
    area: 'V1' as const,
    index,
    xDeg: sensor.xDeg,
    yDeg: sensor.yDeg,
    ...preference,
    fieldSdDeg: sensor.envelopeDeg / Math.SQRT2,
  }));
  return {
    V1: v1,
    ...(Object.fromEntries(
      mtAreas.map((area) => [area, population.mt[area].map((unit) => ({ ...unit, fieldSdDeg: mtFieldSdDeg(unit) }))]),
    ) as Record<(typeof mtAreas)[number], PlantedUnit[]>),
  };
}
