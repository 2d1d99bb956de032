/**
 * What the twin does when it is measured: the one source of the figures on its card and among its known failures.
 * `testing/measure.ts` measures them again and says which differ; a test does so too.
 */

export interface Measurement {
  /** Units measured. */
  n: number;
  /** Median over units, or what `what` says. */
  value: number;
  quartiles?: readonly [number, number];
}

export interface Figure extends Measurement {
  what: string;
  /** Unit of value and quartiles, with the space before it; empty for pure numbers. */
  unit: string;
  /** The value in macaque and its source; empty when none was looked up. */
  published: string;
  digits: number;
}

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
    published: `mean 4.8 (${text})`,
    digits: 1,
    n: 104,
    value: 4.8,
  },
  midgetSurroundNear: {
    what: 'Surround radius, midget, below 5°',
    unit: '°',
    published: `median 0.18° (${table})`,
    digits: 2,
    n: 376,
    value: 0.22,
    quartiles: [0.17, 0.26],
  },
  midgetSurroundFar: {
    what: 'Surround radius, midget, 5° and beyond',
    unit: '°',
    published: `median 0.43° at 5–10° (${table})`,
    digits: 2,
    n: 69,
    value: 0.28,
    quartiles: [0.25, 0.37],
  },
  parasolSurround: {
    what: 'Surround radius, parasol',
    unit: '°',
    published: `median 0.72° at 0–10° (${table})`,
    digits: 2,
    n: 104,
    value: 0.38,
    quartiles: [0.31, 0.5],
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
    value: 44,
    quartiles: [41, 51],
  },
  midgetSuppression: {
    what: 'Cut by a surrounding grating, midget',
    unit: ' %',
    published: 'none (Solomon et al. 2006, abstract)',
    digits: 0,
    n: 12,
    value: 1,
    quartiles: [0, 1],
  },
  midgetSpacing: {
    what: 'Distance to the nearest neighbour over the standard deviation of the centre, midget',
    unit: '',
    published: '',
    digits: 0,
    n: 512,
    value: 23,
    quartiles: [19, 28],
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

/** Without a minus before zero. */
const rounded = (figure: Figure, value: number): string =>
  value.toFixed(figure.digits).replace(/^-(0(?:\.0*)?)$/, '$1');

/** The figure as the card states it: `0.33 (0.21–0.42)`: value, and quartiles where they were taken. */
export function stated(figure: Figure): string {
  const { unit, value, quartiles } = figure;
  const range = quartiles?.map((quartile) => rounded(figure, quartile)).join('–');
  return `${rounded(figure, value)}${unit}${range === undefined ? '' : ` (${range})`}`;
}

/** The card's table of measured figures, in Markdown. */
export function measuredTable(): string {
  const rows = Object.values<Figure>(measured).map(
    (figure) => `| ${figure.what} | ${stated(figure)} | ${figure.n} | ${figure.published || '–'} |`,
  );
  return ['| property | measured: median (quartiles) | n | published |', '| --- | --- | --- | --- |', ...rows].join(
    '\n',
  );
}
