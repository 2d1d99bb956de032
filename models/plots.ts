/**
 * Figures of the acceptance table as SVG text. They are shown as pictures, which take no colours from the page around
 * them: backgrounds are clear, and all colours are of a middle lightness that stands out on white and on near-black.
 */
import { quantile } from './statistics.ts';

export const colours = {
  blue: '#4c8dd6',
  orange: '#cc7420',
  green: '#3a9d6e',
  purple: '#9b6fd0',
  grey: '#7f8790',
} as const;
export type Colour = keyof typeof colours;

export interface Axis {
  label: string;
  from: number;
  to: number;
  ticks: readonly number[];
  /** Words at the ticks, in their place, instead of numbers. */
  names?: readonly string[];
  /** Equal steps are equal ratios. */
  logarithmic?: boolean;
}

/** Places are in the units of the axes. */
export type Mark =
  | { type: 'points'; colour: Colour; label?: string; at: readonly (readonly [x: number, y: number])[] }
  | { type: 'line'; colour: Colour; label?: string; dashed?: boolean; at: readonly (readonly [x: number, y: number])[] }
  /** What the published value or tolerance covers. */
  | { type: 'band'; colour: Colour; label?: string; x: readonly [number, number]; y: readonly [number, number] }
  /** A histogram that stands on 0; one more edge than heights. */
  | { type: 'bars'; colour: Colour; label?: string; edges: readonly number[]; heights: readonly number[] }
  /** Between a lower and an upper curve. */
  | { type: 'ribbon'; colour: Colour; label?: string; at: readonly (readonly [x: number, low: number, high: number])[] }
  /** A value with its interval or quartiles. */
  | { type: 'interval'; colour: Colour; label?: string; x: number; value: number; y: readonly [number, number] };

/** The end points of a line across the whole figure at a place of the other axis. */
export const upright = (x: number, y: Axis): [x: number, y: number][] => [
  [x, y.from],
  [x, y.to],
];

/** Median over curves as a line, quartiles as a ribbon. @param curves each with one value per place of `x` */
export function medianMarks(
  x: readonly number[],
  curves: readonly (readonly number[])[],
  look: { colour: Colour; label: string },
): Mark[] {
  const at = (p: number) =>
    x.map((_, i) =>
      quantile(
        curves.map((curve) => curve[i] as number),
        p,
      ),
    );
  const [low, middle, high] = [at(0.25), at(0.5), at(0.75)] as [number[], number[], number[]];
  return [
    { type: 'ribbon', colour: look.colour, at: x.map((place, i) => [place, low[i] as number, high[i] as number]) },
    { type: 'line', ...look, at: x.map((place, i) => [place, middle[i] as number]) },
  ];
}

/** Every value at one place of the axis, spread sideways so that units do not hide one another; median and quartiles beside. */
export function spreadMarks(at: number, values: readonly number[], colour: Colour): Mark[] {
  const quartiles = [quantile(values, 0.25), quantile(values, 0.75)] as const;
  return [
    { type: 'points', colour, at: values.map((value, i) => [at + 0.6 * ((i * 0.618) % 1) - 0.3, value]) },
    { type: 'interval', colour: 'grey', x: at + 0.4, value: quantile(values, 0.5), y: quartiles },
  ];
}

const width = 560;
const height = 340;
const margin = { left: 62, right: 16, top: 34, bottom: 52 };
const font = 'font-family="system-ui, sans-serif"';

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
const px = (value: number): string => String(Number(value.toFixed(1)) + 0);

/** Pixel of a value along an axis whose pixels run from `start` to `end`. */
function scale({ from, to, logarithmic }: Axis, start: number, end: number): (value: number) => number {
  const place = (value: number) =>
    logarithmic === true ? Math.log(value / from) / Math.log(to / from) : (value - from) / (to - from);
  return (value) => start + (end - start) * Math.min(1.02, Math.max(-0.02, place(value)));
}

function drawMark(mark: Mark, x: (value: number) => number, y: (value: number) => number): string {
  const colour = colours[mark.colour];
  switch (mark.type) {
    case 'points':
      return `<g fill="${colour}" fill-opacity="0.55">${mark.at.map(([a, b]) => `<circle cx="${px(x(a))}" cy="${px(y(b))}" r="2"/>`).join('')}</g>`;
    case 'line': {
      const dashes = mark.dashed === true ? ' stroke-dasharray="6 4"' : '';
      const places = mark.at.map(([a, b]) => `${px(x(a))},${px(y(b))}`).join(' ');
      return `<polyline points="${places}" fill="none" stroke="${colour}" stroke-width="2"${dashes}/>`;
    }
    case 'band': {
      const [left, right] = mark.x.map(x) as [number, number];
      const [bottom, top] = mark.y.map(y) as [number, number];
      return `<rect x="${px(left)}" y="${px(top)}" width="${px(right - left)}" height="${px(bottom - top)}" fill="${colour}" fill-opacity="0.22"/>`;
    }
    case 'bars': {
      const foot = y(0);
      const rects = mark.heights.map((height, i) => {
        const [left, right] = [mark.edges[i], mark.edges[i + 1]].map((edge) => x(edge as number)) as [number, number];
        const top = y(height);
        return `<rect x="${px(left)}" y="${px(top)}" width="${px(right - left)}" height="${px(foot - top)}"/>`;
      });
      return `<g fill="${colour}" fill-opacity="0.45" stroke="${colour}">${rects.join('')}</g>`;
    }
    case 'ribbon': {
      const upper = mark.at.map(([a, , b]) => `${px(x(a))},${px(y(b))}`);
      const lower = mark.at.map(([a, b]) => `${px(x(a))},${px(y(b))}`).toReversed();
      return `<polygon points="${[...upper, ...lower].join(' ')}" fill="${colour}" fill-opacity="0.22"/>`;
    }
    case 'interval': {
      const [bottom, top] = mark.y.map(y) as [number, number];
      const at = px(x(mark.x));
      return (
        `<line x1="${at}" x2="${at}" y1="${px(bottom)}" y2="${px(top)}" stroke="${colour}" stroke-width="3"/>` +
        `<circle cx="${at}" cy="${px(y(mark.value))}" r="5" fill="${colour}"/>`
      );
    }
  }
}

const lineSwatch = (left: number, mark: Mark & { type: 'line' }): string =>
  (mark.dashed === true ? [0, 9] : [0])
    .map(
      (at, _, all) =>
        `<rect x="${left + at}" y="15" width="${all.length === 1 ? 14 : 6}" height="2.5" fill="${colours[mark.colour]}"/>`,
    )
    .join('');

/** Swatches above the frame, from left to right; a label that several marks share stands once. */
function legend(marks: readonly Mark[]): string {
  const named = [
    ...new Map(marks.filter(({ label }) => label !== undefined).map((mark) => [mark.label, mark])).values(),
  ];
  let left = margin.left;
  return named
    .map((mark) => {
      const { type, colour, label = '' } = mark;
      const area = type === 'band' || type === 'bars' || type === 'ribbon';
      const swatch =
        mark.type === 'line'
          ? lineSwatch(left, mark)
          : `<rect x="${left + 2}" y="11" width="10" height="10" rx="${area ? 0 : 5}" fill="${colours[colour]}"${area ? ' fill-opacity="0.35"' : ''}/>`;
      const text = `<text x="${left + 19}" y="20">${escaped(label)}</text>`;
      left += 36 + 6.4 * label.length;
      return swatch + text;
    })
    .join('');
}

/** A whole figure; `title` is what a screen reader says of it. */
export function figure(title: string, axes: { x: Axis; y: Axis }, marks: readonly Mark[]): string {
  const [left, right] = [margin.left, width - margin.right];
  const [top, bottom] = [margin.top, height - margin.bottom];
  const x = scale(axes.x, left, right);
  const y = scale(axes.y, bottom, top);
  const grey = colours.grey;
  const tickText = (axis: Axis, i: number) => escaped(axis.names?.[i] ?? String(axis.ticks[i]));
  const xTicks = axes.x.ticks.map(
    (value, i) =>
      `<line x1="${px(x(value))}" x2="${px(x(value))}" y1="${bottom}" y2="${bottom + 5}" stroke="${grey}"/>` +
      `<text x="${px(x(value))}" y="${bottom + 19}" text-anchor="middle">${tickText(axes.x, i)}</text>`,
  );
  const yTicks = axes.y.ticks.map(
    (value, i) =>
      `<line x1="${left}" x2="${right}" y1="${px(y(value))}" y2="${px(y(value))}" stroke="${grey}" stroke-opacity="0.25"/>` +
      `<text x="${left - 8}" y="${px(y(value) + 4)}" text-anchor="end">${tickText(axes.y, i)}</text>`,
  );
  const middle = px((top + bottom) / 2);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<g ${font} font-size="12" fill="${grey}">`,
    ...yTicks,
    ...xTicks,
    `<text x="${px((left + right) / 2)}" y="${height - 10}" text-anchor="middle">${escaped(axes.x.label)}</text>`,
    `<text x="14" y="${middle}" text-anchor="middle" transform="rotate(-90 14 ${middle})">${escaped(axes.y.label)}</text>`,
    legend(marks),
    '</g>',
    `<path d="M${left} ${top}V${bottom}H${right}" fill="none" stroke="${grey}"/>`,
    ...marks.map((mark) => drawMark(mark, x, y)),
    '</svg>',
    '',
  ].join('\n');
}
