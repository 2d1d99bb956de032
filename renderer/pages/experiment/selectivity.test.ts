import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { StimulusDesign } from '../../../main/contract/stimuli.ts';
import { toCsv } from '../../components/exportPlot.ts';
import { labelAt } from '../../../main/stimuli/design.ts';
import { responseTable, unitStatistics, type ResponseTable } from './analysis.ts';
import {
  directionSelectivity,
  evenlySpacedDirections,
  evenlySpacedOrientations,
  globalDirectionSelectivity,
  globalOrientationSelectivity,
  hasNoZero,
} from './selectivity.ts';
import { unitTable } from './UnitList.tsx';

/** Made by fixtures/make_direction.py. */
const fixture = JSON.parse(readFileSync(new URL('./fixtures/direction.json', import.meta.url), 'utf8')) as {
  factors: Partial<Drift['factors']>;
  responses: number[][];
  expected: { dsi: number; gDsi: number; gOsi: number }[];
};

type Drift = Extract<StimulusDesign, { type: 'drifting-gratings' }>;

const drift = (factors: Partial<Drift['factors']>, blank = true): Drift => ({
  type: 'drifting-gratings',
  factors: {
    directionDeg: [0, 90, 180, 270],
    spatialFrequencyCpd: [1],
    temporalFrequencyHz: [4],
    phaseDeg: [0],
    contrast: [1],
    diameterDeg: [4],
    ...factors,
  },
  edgeDeg: 0.25,
  xDeg: 0,
  yDeg: 0,
  blank,
});
/** One column per unit of area A, rows in the order of the design, the blank last. */
const tableOf = (design: StimulusDesign, rows: readonly (readonly number[])[], responseUnits = 'arbitrary') =>
  responseTable(
    design,
    [{ area: 'A', units: (rows[0] as readonly number[]).map((_, unit) => `u${unit}`), responseUnits }],
    Float32Array.from(rows.flat()),
  );
const first = (table: ResponseTable) => unitStatistics(table)[0];

describe('indices by hand', () => {
  it('gOSI is 1 for one orientation and missing without a response', () => {
    expect(globalOrientationSelectivity([0, 45, 90, 135], [0, 5, 0, 0])).toBeCloseTo(1, 12);
    expect(globalOrientationSelectivity([0, 90], [0, 0])).toBeNaN();
  });
  it('gDSI is 1 for one direction, 0 for opposite ones, and leaves out what is negative', () => {
    expect(globalDirectionSelectivity([0, 90, 180, 270], [0, 5, 0, 0])).toBeCloseTo(1, 12);
    expect(globalDirectionSelectivity([0, 90, 180, 270], [0, 5, 0, 5])).toBeCloseTo(0, 12);
    // (8 − 2, 4 − 2)/16: √40/16.
    expect(globalDirectionSelectivity([0, 90, 180, 270], [8, 4, 2, 2])).toBeCloseTo(Math.sqrt(40) / 16, 12);
    expect(globalDirectionSelectivity([0, 90, 180, 270], [8, -4, 0, 0])).toBeCloseTo(1, 12);
    expect(globalDirectionSelectivity([0, 90, 180, 270], [0, 0, 0, 0])).toBeNaN();
  });
  it('DSI compares the opposite direction, less the blank, whatever the order of the directions', () => {
    // (9 − 3)/(9 + 3) with the blank of 1 taken off; raw it would be (10 − 4)/(10 + 4).
    expect(directionSelectivity([0, 90, 180, 270], [10, 2, 4, 2], 1)).toBeCloseTo(0.5, 12);
    expect(directionSelectivity([270, 0, 180, 90], [4, 2, 2, 10], 1)).toBeCloseTo(0.5, 12);
    expect(directionSelectivity([350, 170], [1, 3], 0)).toBeCloseTo(0.5, 12);
    expect(directionSelectivity([0, 180], [5, 5], 2)).toBe(0);
  });
  it('DSI exceeds 1 where the null direction is held below the blank', () => {
    // Evoked 8 and −1: 9/7.
    expect(directionSelectivity([0, 180], [10, 1], 2)).toBeCloseTo(9 / 7, 12);
  });
  it('DSI is missing where the null direction was not shown or nothing was evoked', () => {
    expect(directionSelectivity([0, 120, 240], [10, 2, 2], 0)).toBeNaN();
    expect(directionSelectivity([0, 180], [10, Number.NaN], 0)).toBeNaN();
    expect(directionSelectivity([0, 180], [2, 1], 2)).toBeNaN();
    expect(directionSelectivity([0, 180], [3, 0], 2)).toBeNaN();
    expect(directionSelectivity([], [], 0)).toBeNaN();
  });
  it('knows evenly spaced orientations and directions', () => {
    expect(evenlySpacedOrientations([0, 45, 90, 135])).toBe(true);
    expect(evenlySpacedOrientations([0, 90, 180, 270])).toBe(true);
    expect(evenlySpacedOrientations([0, 30, 90])).toBe(false);
    expect(evenlySpacedOrientations([0, 30, 60])).toBe(false);
    expect(evenlySpacedDirections([0, 90, 180, 270])).toBe(true);
    expect(evenlySpacedDirections([240, 0, 120])).toBe(true);
    expect(evenlySpacedDirections([0, 45, 90, 135])).toBe(false);
    expect(evenlySpacedDirections([0, 180])).toBe(false);
    expect(evenlySpacedDirections([0, 0, 0])).toBe(false);
  });
  it('knows responses without a zero', () => {
    for (const units of ['ΔF/F', 'dF/F', '%ΔF/F', 'z', 'z-score', 'z-scored spikes', '% BOLD', 'BOLD signal change'])
      expect(hasNoZero(units), units).toBe(true);
    for (const units of ['spikes/s', 'arbitrary', 'Hz', 'spikes per bin', 'deconvolved events', 'normalized'])
      expect(hasNoZero(units), units).toBe(false);
  });
});

describe('of drifting gratings in a run', () => {
  it('agree with NumPy over frequencies and phases, and take no static grating for a moving one', () => {
    const { responses, expected, factors } = fixture;
    const rows = unitStatistics(tableOf(drift(factors), responses));
    expect(rows).toHaveLength(expected.length);
    for (const [unit, want] of expected.entries()) {
      expect(rows[unit]?.responsive, `unit ${unit}`).toBe(true);
      expect(rows[unit]?.dsi, `unit ${unit}`).toBeCloseTo(want.dsi, 9);
      expect(rows[unit]?.gDsi, `unit ${unit}`).toBeCloseTo(want.gDsi, 9);
      expect(rows[unit]?.gOsi, `unit ${unit}`).toBeCloseTo(want.gOsi, 9);
    }
  });

  it('are missing for a unit that does not respond, not zero', () => {
    // 2 % of the largest evoked response, 9, is .18: the second unit evokes .1.
    const rows = unitStatistics(
      tableOf(drift({}), [
        [10, 1.1],
        [1, 1],
        [1, 1],
        [1, 1],
        [1, 1],
      ]),
    );
    expect(rows[0]).toMatchObject({ responsive: true, dsi: 1 });
    expect(rows[1]).toMatchObject({ responsive: false, dsi: null, gDsi: null, gOsi: null });
  });

  it('are missing where nothing moves', () => {
    const rows = [[10], [1], [4], [1], [1]];
    expect(first(tableOf(drift({ temporalFrequencyHz: [0] }), rows))).toMatchObject({ dsi: null, gDsi: null });
    const still: StimulusDesign = {
      type: 'gratings',
      factors: {
        orientationDeg: [0, 90, 180, 270],
        spatialFrequencyCpd: [1],
        phaseDeg: [0],
        contrast: [1],
        diameterDeg: [4],
      },
      edgeDeg: 0.25,
      xDeg: 0,
      yDeg: 0,
      blank: true,
    };
    const stillUnit = first(tableOf(still, rows));
    expect(stillUnit).toMatchObject({ responsive: true, dsi: null, gDsi: null });
    // Σ r e^{2iθ} over 10, 1, 4, 1: (14 − 2)/16.
    expect(stillUnit?.gOsi).toBeCloseTo(0.75, 6);
  });

  it('without a blank there is no DSI; uneven or unfinished directions have no mean vector', () => {
    const unblanked = first(tableOf(drift({}, false), [[10], [1], [4], [1]]));
    expect(unblanked).toMatchObject({ responsive: true, dsi: null });
    expect(unblanked?.gDsi).toBeCloseTo(6 / 16, 6);
    const uneven = first(tableOf(drift({ directionDeg: [0, 45, 180] }), [[10], [1], [4], [1]]));
    expect(uneven).toMatchObject({ gDsi: null, gOsi: null });
    expect(uneven?.dsi).toBeCloseTo(6 / 12, 6);
    const unfinished = first(tableOf(drift({}), [[10], [1]]));
    expect(unfinished).toMatchObject({ dsi: null, gDsi: null, gOsi: null });
  });

  it('a plaid has a direction and no orientation', () => {
    const plaid: StimulusDesign = {
      type: 'drifting-plaids',
      factors: {
        directionDeg: [0, 90, 180, 270],
        plaidAngleDeg: [120],
        spatialFrequencyCpd: [1],
        temporalFrequencyHz: [4],
        phaseDeg: [0],
        componentContrast: [0.5],
        diameterDeg: [4],
      },
      edgeDeg: 0.25,
      xDeg: 0,
      yDeg: 0,
      blank: true,
    };
    const row = first(tableOf(plaid, [[10], [1], [4], [1], [1]]));
    expect(row?.dsi).toBeCloseTo(0.5, 6);
    expect(row?.gDsi).toBeCloseTo(6 / 16, 6);
    expect(row?.gOsi).toBeNull();
  });

  it('responses without a zero have no ratio', () => {
    const row = first(tableOf(drift({}), [[10], [1], [4], [1], [1]], 'ΔF/F'));
    expect(row).toMatchObject({ responsive: true, dsi: null, gDsi: null, gOsi: null });
  });
});

it('the table of units leaves missing indices empty', () => {
  const table = tableOf(drift({}), [[10], [1], [4], [1], [1]], 'spikes/s');
  const csv = toCsv(unitTable(unitStatistics(table), (stimulus) => labelAt(table.design, stimulus)));
  expect(csv.split('\r\n').slice(0, 2)).toEqual([
    'area,unit,response_units,max_response,best_stimulus,blank_response,responsive,dsi,gdsi,gosi,lifetime_sparseness',
    // Sparseness (1 − 16²/4/118)/(1 − 1/4).
    `A,u0,spikes/s,10,0° · 1 cpd · 4 Hz,1,yes,0.5,0.375,0.75,${(1 - 64 / 118) / 0.75}`,
  ]);
  const silent = tableOf(drift({}), [[3], [1], [1], [1], [1]], 'spikes/s');
  expect(toCsv(unitTable(unitStatistics(silent), String)).split('\r\n')[1]).toBe('A,u0,spikes/s,3,0,1,no,,,,');
});
