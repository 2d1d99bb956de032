/** Gratings and plaids over the whole field. Bars follow science.md §1: 0° are horizontal ones. */
import { carrierTables } from '../carriers.ts';
import type { StimulusRaster } from '../geometry.ts';
import { columnCentresDeg, rowCentresDeg } from '../geometry.ts';

const frequenciesCpd = [0.75, 1.5, 3, 6] as const;

export type GratingParameters = { orientationDeg: number; spatialFrequencyCpd: number; phaseDeg: number };

/**
 * 8 orientations × 4 frequencies × 4 phases. Each half has two opposite phases of every orientation and frequency, 0°
 * and 180° or 90° and 270° by turns.
 */
export function gratingParameters(k: number): GratingParameters {
  const half = k % 2;
  const pair = (k - half) / 2;
  const orientation = Math.floor(pair / 8);
  const frequency = Math.floor(pair / 2) % 4;
  const phase = 2 * (pair % 2) + ((half + orientation + frequency) % 2);
  return {
    orientationDeg: 22.5 * orientation,
    spatialFrequencyCpd: frequenciesCpd[frequency] as number,
    phaseDeg: 90 * phase,
  };
}

export type PlaidParameters = { orientationDeg: number; angleDeg: number; spatialFrequencyCpd: number };

/**
 * 4 frequencies × 4 base orientations × angles of 60° and 90° between the two gratings, which stand half the angle to
 * both sides of the base. A plaid of 90° is itself again after a quarter turn, so its base orientations are the half as
 * far apart. Each half has every base and frequency at one of the angles.
 */
export function plaidParameters(k: number): PlaidParameters {
  const half = k % 2;
  const pair = (k - half) / 2;
  const frequency = Math.floor(pair / 4);
  const base = pair % 4;
  const angleDeg = (half + frequency + base) % 2 === 0 ? 60 : 90;
  return {
    orientationDeg: (angleDeg === 60 ? 45 : 22.5) * base,
    angleDeg,
    spatialFrequencyCpd: frequenciesCpd[frequency] as number,
  };
}

/** Adds cos(2π·f·u + phase) to every pixel. */
export function addWave(field: Float32Array, wave: GratingParameters, raster: StimulusRaster): void {
  const tables = carrierTables({ ...wave, xDeg: 0, yDeg: 0 }, columnCentresDeg(raster), rowCentresDeg(raster));
  const { sizePx } = raster;
  for (let row = 0, at = 0; row < sizePx; row++) {
    const cosine = tables.cosY[row] as number;
    const sine = tables.sinY[row] as number;
    for (let column = 0; column < sizePx; column++, at++) {
      field[at] =
        (field[at] as number) + (tables.cosX[column] as number) * cosine - (tables.sinX[column] as number) * sine;
    }
  }
}

export function gratingField(k: number, raster: StimulusRaster): Float32Array {
  const field = new Float32Array(raster.sizePx * raster.sizePx);
  addWave(field, gratingParameters(k), raster);
  return field;
}

export function plaidField(k: number, raster: StimulusRaster): Float32Array {
  const { orientationDeg, angleDeg, spatialFrequencyCpd } = plaidParameters(k);
  const field = new Float32Array(raster.sizePx * raster.sizePx);
  for (const turn of [-angleDeg / 2, angleDeg / 2]) {
    addWave(field, { orientationDeg: orientationDeg + turn, spatialFrequencyCpd, phaseDeg: 0 }, raster);
  }
  return field;
}
