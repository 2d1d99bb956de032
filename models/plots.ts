/**
 * Figures of the acceptance table as SVG text. They are shown as pictures, which take no colours from the page around
 * them: backgrounds are clear, and all colours are of a middle lightness that stands out on white and on near-black.
 */

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
  /** A value with its interval or quartiles. */
  | { type: 'interval'; colour: Colour; label?: string; x: number; value: number; y: readonly [number, number] };

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

/** Swatches above the frame, from left to right; a label that several marks share stands once. */
function legend(marks: readonly Mark[]): string {
  const named = [
    ...new Map(marks.filter(({ label }) => label !== undefined).map((mark) => [mark.label, mark])).values(),
  ];
  let left = margin.left;
  return named
    .map(({ type, colour, label = '' }) => {
      const swatch =
        type === 'line'
          ? `<rect x="${left}" y="15" width="14" height="2.5" fill="${colours[colour]}"/>`
          : `<rect x="${left + 2}" y="11" width="10" height="10" rx="${type === 'band' ? 0 : 5}" fill="${colours[colour]}"${type === 'band' ? ' fill-opacity="0.35"' : ''}/>`;
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
