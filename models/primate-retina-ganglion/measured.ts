/**
 * What the twin does when it is measured: the one source of the figures on its card and among its known failures.
 * `testing/measure.ts` measures them again and says which differ; a test does so too.
 */
import { figureTable, type PublishedFigure } from '../figures.ts';

export type Figure = PublishedFigure;

const table = 'Croner & Kaplan 1995, Table 1, quoted second-hand';
const text = 'Croner & Kaplan 1995, quoted second-hand';
const abstract = 'Croner & Kaplan 1995, abstract';

export const measured = {
  midgetCentreNear: {
    what: 'Centre radius, midget, below 5°',
    unit: '°',
    published: `median 0.03° (${table})`,
    digits: 3,
    n: 376,
    value: 0.033,
    quartiles: [0.027, 0.04],
  },
  midgetCentreFar: {
    what: 'Centre radius, midget, 5° and beyond',
    unit: '°',
    published: `median 0.05° at 5–10° (${table})`,
    digits: 3,
    n: 136,
    value: 0.043,
    quartiles: [0.037, 0.052],
  },
  parasolCentre: {
    what: 'Centre radius, parasol',
    unit: '°',
    published: `median 0.10° at 0–10° (${table})`,
    digits: 3,
    n: 128,
    value: 0.09,
    quartiles: [0.071, 0.112],
  },
  centreRatio: {
    what: 'Centre radius of parasol over that of midget cells, medians at 4–6°',
    unit: '',
    published: `about 2 (${abstract})`,
    digits: 2,
    n: 261,
    value: 2.46,
  },
  onOffRatio: {
    what: 'Centre radius of ON over that of OFF parasol cells, medians',
    unit: '',
    published: '1.2 (Chichilnisky & Kalmar 2002, abstract)',
    digits: 2,
    n: 128,
    value: 1.22,
  },
  midgetRadiusRatio: {
    what: 'Surround radius over centre radius, midget, mean',
    unit: '',
    published: `mean 6.7 (${text})`,
    digits: 1,
    n: 445,
    value: 6.7,
  },
  parasolRadiusRatio: {
    what: 'Surround radius over centre radius, parasol, mean',
    unit: '',
    published: `mean 4.8 (${text}); medians give 7.2`,
    digits: 1,
    n: 104,
    value: 5.7,
  },
  midgetSurroundNear: {
    what: 'Surround radius, midget, below 5°',
    unit: '°',
    published: `median 0.18° (${table})`,
    digits: 2,
    n: 376,
    value: 0.21,
    quartiles: [0.16, 0.27],
  },
  midgetSurroundFar: {
    what: 'Surround radius, midget, 5° and beyond',
    unit: '°',
    published: `median 0.43° at 5–10° (${table})`,
    digits: 2,
    n: 69,
    value: 0.33,
    quartiles: [0.29, 0.44],
  },
  parasolSurround: {
    what: 'Surround radius, parasol',
    unit: '°',
    published: `median 0.72° at 0–10° (${table})`,
    digits: 2,
    n: 104,
    value: 0.45,
    quartiles: [0.37, 0.6],
  },
  surroundGain: {
    what: 'Integrated gain of the surround over that of the centre, mean',
    unit: '',
    published: `0.55 (${abstract})`,
    digits: 2,
    n: 549,
    value: 0.55,
  },
  gainRatio: {
    what: 'Integrated centre gain of parasol over that of midget cells, means',
    unit: '',
    published: `6 (${abstract})`,
    digits: 1,
    n: 640,
    value: 5.9,
  },
  parasolC50: {
    what: 'Semi-saturation contrast of parasol cells, full-field grating',
    unit: '',
    published: '0.13 (Kaplan & Shapley 1986, from memory)',
    digits: 2,
    n: 69,
    value: 0.13,
    quartiles: [0.13, 0.13],
  },
  midgetExponent: {
    what: 'Exponent of the contrast response of midget cells',
    unit: '',
    published: 'uniform scaling with contrast (Benardete et al. 1992, abstract)',
    digits: 2,
    n: 253,
    value: 1,
    quartiles: [1, 1],
  },
  parasolSuppression: {
    what: 'Cut by a surrounding grating, parasol',
    unit: ' %',
    published: 'about 50 % (Solomon et al. 2006, abstract)',
    digits: 0,
    n: 12,
    value: 48,
    quartiles: [45, 52],
  },
  midgetSuppression: {
    what: 'Cut by a surrounding grating, midget',
    unit: ' %',
    published: 'none (Solomon et al. 2006, abstract)',
    digits: 0,
    n: 12,
    value: 1,
    quartiles: [-2, 1],
  },
  midgetSpacing: {
    what: 'Distance to the nearest neighbour over the standard deviation of the centre, midget',
    unit: '',
    published: '',
    digits: 0,
    n: 512,
    value: 23,
    quartiles: [19, 27],
  },
  parasolSpacing: {
    what: 'The same, parasol',
    unit: '',
    published: '',
    digits: 0,
    n: 128,
    value: 18,
    quartiles: [14, 22],
  },
} as const satisfies Record<string, Figure>;

export type FigureId = keyof typeof measured;

/** The card's table. */
export const measuredTable = (): string => figureTable(Object.values(measured));
