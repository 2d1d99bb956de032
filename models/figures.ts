/** Figures of a twin that were measured, and how its card and its manifest state them. */

export interface Measurement {
  /** Units measured. */
  n: number;
  /** Median over units, or what `what` says. */
  value: number;
  quartiles?: readonly [number, number];
}

export interface PublishedFigure extends Measurement {
  what: string;
  /** Unit of value and quartiles, with the space before it; empty for pure numbers. */
  unit: string;
  /** The value in cortex or retina and its source; empty when none was looked up. */
  published: string;
  digits: number;
}

/** Without a minus before zero. */
const rounded = (value: number, digits: number): string => value.toFixed(digits).replace(/^-(0(?:\.0*)?)$/, '$1');

/** The figure as the card states it: `0.33 (0.21–0.42)`: value, and quartiles where they were taken. */
export function stated({ unit, value, quartiles, digits }: PublishedFigure): string {
  const range = quartiles?.map((quartile) => rounded(quartile, digits)).join('–');
  return `${rounded(value, digits)}${unit}${range === undefined ? '' : ` (${range})`}`;
}

/** The card's table of measured figures, in Markdown. */
export function figureTable(figures: readonly PublishedFigure[]): string {
  const rows = figures.map(
    (figure) => `| ${figure.what} | ${stated(figure)} | ${figure.n} | ${figure.published || '–'} |`,
  );
  return ['| property | measured: median (quartiles) | n | published |', '| --- | --- | --- | --- |', ...rows].join(
    '\n',
  );
}
