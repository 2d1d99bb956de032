/**
 * What the twin does when it is measured: the one source of the figures on its card and among its known failures.
 * `testing/measure.ts` measures them again and says which differ; a test does so too.
 */
import { figureTable, type PublishedFigure } from '../figures.ts';

export type Figure = PublishedFigure;

export const measured = {
  responsive: {
    what: 'Units that respond to the gratings',
    unit: ' %',
    published: '',
    digits: 0,
    n: 400,
    value: 94,
  },
  orientationSelectivity: {
    what: 'Orientation selectivity index',
    unit: '',
    published: 'above 0.5 in most excitatory cells (Niell & Stryker 2008, from memory)',
    digits: 2,
    n: 374,
    value: 0.84,
    quartiles: [0.66, 0.96],
  },
  directionSelectivity: {
    what: 'Direction selectivity index',
    unit: '',
    published: '',
    digits: 2,
    n: 374,
    value: 0.27,
    quartiles: [0.01, 0.46],
  },
  spatialFrequency: {
    what: 'Preferred spatial frequency at 2 Hz',
    unit: ' cpd',
    published: 'median about 0.036 cpd (Niell & Stryker 2008, from memory)',
    digits: 3,
    n: 389,
    value: 0.03,
    quartiles: [0.026, 0.043],
  },
  temporalFrequency: {
    what: 'Preferred temporal frequency of 1, 2, 4, 8 and 15 Hz, at 0.04 cpd',
    unit: ' Hz',
    published: 'about 2 Hz (Gao, DeAngelis & Burkhalter 2010, from memory)',
    digits: 0,
    n: 374,
    value: 2,
    quartiles: [2, 4],
  },
  simple: {
    what: 'Units with F1/F0 above 1',
    unit: ' %',
    published: '',
    digits: 0,
    n: 370,
    value: 55,
  },
  halfContrast: {
    what: 'Contrast at half the response to contrast 0.8',
    unit: '',
    published: '',
    digits: 2,
    n: 370,
    value: 0.35,
    quartiles: [0.34, 0.35],
  },
  runningGain: {
    what: 'Evoked response while running at 20 cm/s over that at rest',
    unit: '',
    published: 'more than doubled in most neurons (Niell & Stryker 2010, abstract)',
    digits: 2,
    n: 370,
    value: 2.29,
    quartiles: [2.01, 2.62],
  },
  pupilGain: {
    what: 'Evoked response with a pupil of 1.5 times the mean over that with the mean',
    unit: '',
    published: '',
    digits: 2,
    n: 370,
    value: 1.21,
    quartiles: [1.17, 1.25],
  },
} as const satisfies Record<string, Figure>;

export type FigureId = keyof typeof measured;

/** The card's table. */
export const measuredTable = (): string => figureTable(Object.values(measured));
