/** Units × conditions, viridis, with a colour bar that carries the unit. */
import { max, min, scaleLinear } from 'd3';
import { formatNumber } from '../components/format.ts';
import { AxisBottom, round, tickFontPx, titleFontPx } from './axes.tsx';
import { ink, quietOpacity, viridis } from './colours.ts';
import { binColumns, palettePng, pngDataUrl } from './palettePng.ts';
import { Svg } from './Svg.tsx';

export interface RowGroup {
  readonly label: string;
  readonly colour: string;
  readonly rows: number;
}

export const heatMargin = { top: 14, right: 84, bottom: 38, left: 84 } as const;
const mostColumns = 4096;
const clipAt = 0.995;

/** Stretches of true as [first, end). */
function runsOf(flags: readonly boolean[]): [number, number][] {
  const runs: [number, number][] = [];
  for (const [index, flag] of flags.entries()) {
    const last = runs.at(-1);
    if (!flag) continue;
    if (last !== undefined && last[1] === index) last[1] = index + 1;
    else runs.push([index, index + 1]);
  }
  return runs;
}

export function HeatMap({
  width,
  height = 320,
  values,
  rows,
  columns,
  groups,
  valueTitle,
  columnTitle,
  selectedRow,
  outside = [],
}: {
  width: number;
  height?: number;
  /** Row-major, rows × columns. */
  values: Float32Array;
  rows: number;
  columns: number;
  /** Consecutive rows that belong together, from the top. */
  groups: readonly RowGroup[];
  /** What the colour bar measures, with its unit. */
  valueTitle: string;
  columnTitle: string;
  selectedRow: number | null;
  /** Per column: outside what the twin was tested with; a bar stands above it. */
  outside?: readonly boolean[];
}) {
  const low = Math.min(0, min(values) ?? 0);
  const largest = max(values) ?? 1;
  // A few giants would leave everybody else in the dark: the scale ends where half a per cent lies beyond, and says so.
  const sorted = Float32Array.from(values)
    .filter((value) => !Number.isNaN(value))
    .sort();
  const high = sorted[Math.floor((sorted.length - 1) * clipAt)] ?? largest;
  const clipped = largest > high;
  const shown = binColumns(values, rows, columns, mostColumns);
  const left = heatMargin.left;
  const right = width - heatMargin.right;
  const bottom = height - heatMargin.bottom;
  const x = scaleLinear([0, columns], [left, right]);
  const y = scaleLinear([0, rows], [heatMargin.top, bottom]);
  const bar = scaleLinear([low, high], [bottom, heatMargin.top]);
  const barX = right + 14;
  const firstRows = groups.map((_, index) => groups.slice(0, index).reduce((sum, group) => sum + group.rows, 0));
  return (
    <Svg width={width} height={height} label={`Responses of ${rows} units to ${columns} conditions`}>
      <image
        href={pngDataUrl(palettePng(shown.values, rows, shown.columns, low, high))}
        x={left}
        y={heatMargin.top}
        width={right - left}
        height={bottom - heatMargin.top}
        preserveAspectRatio="none"
        style={{ imageRendering: 'pixelated' }}
      />
      <rect
        x={left}
        y={heatMargin.top}
        width={right - left}
        height={bottom - heatMargin.top}
        fill="none"
        stroke={ink}
        strokeOpacity={0.3}
      />
      {runsOf(outside).map(([first, end]) => (
        <rect
          key={first}
          data-outside
          x={round(x(first))}
          y={heatMargin.top - 6}
          width={Math.max(1, round(x(end) - x(first)))}
          height={3}
          fill={ink}
        />
      ))}
      {groups.map((group, index) => {
        const first = firstRows[index] as number;
        const y0 = y(first);
        const y1 = y(first + group.rows);
        return (
          <g key={group.label}>
            <line x1={left - 4} x2={left - 4} y1={y0 + 1} y2={y1 - 1} stroke={group.colour} strokeWidth={3} />
            <text x={left - 10} y={(y0 + y1) / 2} dy="-0.2em" textAnchor="end" fontSize={tickFontPx} fill={ink}>
              {group.label}
            </text>
            <text
              x={left - 10}
              y={(y0 + y1) / 2}
              dy="1em"
              textAnchor="end"
              fontSize={tickFontPx}
              fill={ink}
              fillOpacity={0.65}
            >
              {group.rows} units
            </text>
          </g>
        );
      })}
      {selectedRow !== null && (
        <g data-interaction>
          <rect
            x={left}
            width={right - left}
            y={round(y(selectedRow)) - 1}
            height={Math.max(3, round(y(1) - y(0)) + 2)}
            fill="none"
            stroke="#ffffff"
            strokeWidth={1}
          />
          <path d={`M${right + 1},${round(y(selectedRow + 0.5))} l7,-4 v8 z`} fill={ink} />
        </g>
      )}
      <AxisBottom
        scale={x}
        ticks={x.ticks(Math.min(columns, 8)).filter(Number.isInteger)}
        title={columnTitle}
        y={bottom}
        format={(tick) => tick.toLocaleString('en-US')}
      />
      <g data-axis="colour" transform={`translate(${barX},0)`} fontSize={tickFontPx} fill={ink}>
        {Array.from({ length: 64 }, (_, step) => (
          <rect
            key={step}
            x={0}
            width={10}
            y={round(bottom - ((step + 1) * (bottom - heatMargin.top)) / 64)}
            height={round((bottom - heatMargin.top) / 64 + 0.6)}
            fill={viridis(step / 63)}
          />
        ))}
        {bar.ticks(5).map((tick) => (
          <g key={tick} transform={`translate(10,${round(bar(tick))})`}>
            <line x2={4} stroke={ink} strokeOpacity={quietOpacity} />
            <text x={6} dy="0.32em">
              {formatNumber(tick)}
            </text>
          </g>
        ))}
        {clipped && (
          <text x={16} y={heatMargin.top - 1} dy="-0.1em" fillOpacity={0.7}>
            to {formatNumber(largest)}
          </text>
        )}
        <text
          transform={`translate(${heatMargin.right - 20},${(heatMargin.top + bottom) / 2}) rotate(-90)`}
          textAnchor="middle"
          fontSize={titleFontPx}
        >
          {valueTitle}
        </text>
      </g>
    </Svg>
  );
}
