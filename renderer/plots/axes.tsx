/** Axes drawn as plain SVG from d3 scales: ticks where a scale puts them, a title with the unit, log axes marked. */
import { formatNumber } from '../components/format.ts';
import { gridOpacity, ink, quietOpacity } from './colours.ts';

/** What an axis needs of a d3 scale. */
export interface AxisScale {
  (value: number): number | undefined;
  range(): number[];
}

export interface Margin {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}
export const defaultMargin: Margin = { top: 10, right: 14, bottom: 38, left: 52 };

export const tickFontPx = 10.5;
export const titleFontPx = 11.5;

interface AxisProps {
  readonly scale: AxisScale;
  readonly ticks: readonly number[];
  /** What is measured, and its unit in brackets. */
  readonly title: string;
  /** Length of the plot across the axis, for grid lines; left out: none. */
  readonly gridPx?: number;
  readonly format?: (value: number) => string;
}

export function AxisBottom({
  scale,
  ticks,
  title,
  y,
  gridPx,
  format = formatNumber,
}: AxisProps & { readonly y: number }) {
  const range = scale.range();
  const from = range[0] ?? 0;
  const to = range[range.length - 1] ?? 0;
  return (
    <g data-axis="bottom" transform={`translate(0,${y})`} fill={ink} fontSize={tickFontPx}>
      <line x1={from} x2={to} stroke={ink} strokeOpacity={quietOpacity} />
      {ticks.map((tick) => {
        const x = scale(tick);
        if (x === undefined) return null;
        return (
          <g key={tick} transform={`translate(${round(x)},0)`}>
            {gridPx !== undefined && <line y2={-gridPx} stroke={ink} strokeOpacity={gridOpacity} />}
            <line y2={4} stroke={ink} strokeOpacity={quietOpacity} />
            <text y={15} textAnchor="middle">
              {format(tick)}
            </text>
          </g>
        );
      })}
      <text x={(from + to) / 2} y={31} textAnchor="middle" fontSize={titleFontPx}>
        {title}
      </text>
    </g>
  );
}

export function AxisLeft({
  scale,
  ticks,
  title,
  x,
  gridPx,
  format = formatNumber,
}: AxisProps & { readonly x: number }) {
  const range = scale.range();
  const from = range[0] ?? 0;
  const to = range[range.length - 1] ?? 0;
  return (
    <g data-axis="left" transform={`translate(${x},0)`} fill={ink} fontSize={tickFontPx}>
      <line y1={from} y2={to} stroke={ink} strokeOpacity={quietOpacity} />
      {ticks.map((tick) => {
        const y = scale(tick);
        if (y === undefined) return null;
        return (
          <g key={tick} transform={`translate(0,${round(y)})`}>
            {gridPx !== undefined && <line x2={gridPx} stroke={ink} strokeOpacity={gridOpacity} />}
            <line x2={-4} stroke={ink} strokeOpacity={quietOpacity} />
            <text x={-7} dy="0.32em" textAnchor="end">
              {format(tick)}
            </text>
          </g>
        );
      })}
      <text
        transform={`translate(${-x + 12},${(from + to) / 2}) rotate(-90)`}
        textAnchor="middle"
        fontSize={titleFontPx}
      >
        {title}
      </text>
    </g>
  );
}

/** Hundredths of a pixel: enough for the eye, and the same text on every machine. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Drops ticks so that labels of about `labelPx` do not touch; always keeps the first. */
export function thinTicks(ticks: readonly number[], lengthPx: number, labelPx = 34): readonly number[] {
  const step = Math.max(1, Math.ceil((ticks.length * labelPx) / Math.max(1, lengthPx)));
  return ticks.filter((_, index) => index % step === 0);
}
