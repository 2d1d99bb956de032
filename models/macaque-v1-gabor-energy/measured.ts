/**
 * What the twin does when it is measured: the one source of the figures on its card and among its known failures.
 * `testing/measure.ts` measures them again and says which differ; a test does so for a part of the units.
 */
import { figureTable, type PublishedFigure } from '../figures.ts';

export interface Figure extends PublishedFigure {
  /** How far the value of 40 other units may lie from it (their quartiles: twice as far); about 2.5 standard errors. */
  tolerance: number;
}

const cavanaugh = 'Cavanaugh et al. 2002';

export const measured = {
  surroundSuppression: {
    what: 'Surround suppression index',
    unit: '',
    published: `median 0.33, quartiles 0.14–0.57 (${cavanaugh})`,
    digits: 2,
    n: 256,
    value: 0.27,
    quartiles: [0.14, 0.35],
    tolerance: 0.06,
  },
  surroundSuppressed: {
    what: 'Units with a suppression index ≥ 0.1',
    unit: ' %',
    published: `78 % (${cavanaugh})`,
    digits: 0,
    n: 256,
    value: 82,
    tolerance: 15,
  },
  summationField: {
    what: 'Summation field, diameter at 95 % of the peak',
    unit: '°',
    published: `median 0.78° (${cavanaugh})`,
    digits: 2,
    n: 256,
    value: 0.59,
    quartiles: [0.4, 1.08],
    tolerance: 0.25,
  },
  mask12: {
    what: 'Cut by an orthogonal mask, both at 12 % contrast',
    unit: ' %',
    published: 'design band 20–60 %',
    digits: 0,
    n: 64,
    value: 24,
    quartiles: [20, 32],
    tolerance: 6,
  },
  mask25: {
    what: 'The same at 25 % contrast',
    unit: ' %',
    published: '',
    digits: 0,
    n: 64,
    value: 52,
    quartiles: [44, 59],
    tolerance: 8,
  },
  mask50: {
    what: 'The same at 50 % contrast',
    unit: ' %',
    published: '',
    digits: 0,
    n: 64,
    value: 66,
    quartiles: [57, 71],
    tolerance: 8,
  },
  maskAlone: {
    what: 'Rate evoked by the mask alone at 50 % contrast, in parts of the preferred grating’s, 95th percentile',
    unit: ' %',
    published: 'about 0 %',
    digits: 1,
    n: 64,
    value: 0,
    tolerance: 0.5,
  },
  preferenceKept: {
    what: 'Units that prefer what their filter prefers, within 7.5° and 1/8 octave, whole model',
    unit: ' %',
    published: '',
    digits: 0,
    n: 512,
    value: 99,
    // The test measures all units again, on a grid twice as coarse in orientation.
    tolerance: 2,
  },
  filterPreferenceKept: {
    what: 'The same without normalisation',
    unit: ' %',
    published: '',
    digits: 1,
    n: 512,
    value: 100,
    tolerance: 1,
  },
  circularVarianceSimple: {
    what: 'Circular variance of orientation, simple cells',
    unit: '',
    published: 'about 0.6 (from memory, not checked)',
    digits: 2,
    n: 256,
    value: 0.49,
    quartiles: [0.46, 0.54],
    tolerance: 0.02,
  },
  circularVarianceComplex: {
    what: 'Circular variance of orientation, complex cells',
    unit: '',
    published: 'about 0.6 (from memory, not checked)',
    digits: 2,
    n: 256,
    value: 0.23,
    quartiles: [0.21, 0.27],
    tolerance: 0.02,
  },
  f1F0Agreement: {
    what: 'Units classed simple (F1/F0 > 1) or complex as built',
    unit: ' %',
    published: '',
    digits: 1,
    n: 256,
    value: 100,
    tolerance: 2,
  },
  f1F0Simple: {
    what: 'F1/F0 of simple cells',
    unit: '',
    published: '',
    digits: 2,
    n: 117,
    value: 1.77,
    quartiles: [1.77, 1.77],
    tolerance: 0.03,
  },
  f1F0Complex: {
    what: 'F1/F0 of complex cells',
    unit: '',
    published: '',
    digits: 2,
    n: 139,
    value: 0,
    quartiles: [0, 0],
    tolerance: 0.01,
  },
  phaseVariation: {
    what: 'Variation of complex cells’ rate over grating phase, (max − min)/max',
    unit: ' %',
    published: '',
    digits: 1,
    n: 139,
    value: 0,
    quartiles: [0, 0],
    tolerance: 0.1,
  },
  energyPhaseVariation: {
    what: 'Variation of complex cells’ energy over grating phase, n_x ≥ 0.25, largest',
    unit: ' %',
    published: '',
    digits: 2,
    n: 110,
    value: 0,
    tolerance: 0.1,
  },
  contrastExponent: {
    what: 'Exponent of the contrast response, fitted',
    unit: '',
    published: '2.4 (Sclar et al. 1990, from memory)',
    digits: 2,
    n: 64,
    value: 2.47,
    quartiles: [2.47, 2.47],
    tolerance: 0.03,
  },
  semiSaturation: {
    what: 'Semi-saturation contrast, fitted',
    unit: '',
    published: '0.33 (Sclar et al. 1990, from memory)',
    digits: 2,
    n: 64,
    value: 0.31,
    quartiles: [0.3, 0.31],
    tolerance: 0.01,
  },
} as const satisfies Record<string, Figure>;

export type FigureId = keyof typeof measured;

/** The card's table. */
export const measuredTable = (): string => figureTable(Object.values(measured));
