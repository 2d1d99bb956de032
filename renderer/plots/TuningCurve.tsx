/** A unit's response over one factor: points where stimuli were shown, the blank as a labelled line. */
import { line, max, min, scaleLinear } from 'd3';
import { unitsInShort } from '../components/format.ts';
import { AxisBottom, AxisLeft, defaultMargin as margin, round } from './axes.tsx';
import { ink, quietOpacity, subdivisionDash } from './colours.ts';
import { factorScale, formatLevel, type FactorAxis } from './factorScale.ts';
import { Svg } from './Svg.tsx';

export interface TuningSeries {
  /** Direct label at the end of the line; empty for a single series. */
  readonly label: string;
  /** One value per level of the factor; null where nothing was measured. */
  readonly values: readonly (number | null)[];
}

export function TuningCurve({
  width,
  height = 260,
  factor,
  series,
  blank,
  responseUnits,
  colour,
  outside = [],
}: {
  width: number;
  height?: number;
  factor: FactorAxis;
  series: readonly TuningSeries[];
  /** Response to the background alone; null when the set has no blank. */
  blank: number | null;
  responseUnits: string;
  colour: string;
  /** Per level: all its stimuli lie outside what the twin was tested with; drawn open. */
  outside?: readonly boolean[];
}) {
  const labelled = series.length > 1;
  const right = width - (labelled ? 74 : margin.right);
  const bottom = height - margin.bottom;
  const x = factorScale(factor, [margin.left + 8, right - 8]);
  const all = [...series.flatMap((one) => one.values), blank].filter((value) => value !== null);
  // A response scale starts at zero unless responses go below it.
  const y = scaleLinear([Math.min(0, min(all) ?? 0), Math.max(max(all) ?? 1, 1e-9)], [bottom, margin.top]).nice(5);
  // The line of the blank is named where the curves are farther from it.
  const distance = (level: number): number => {
    const at = factor.levels.indexOf(level);
    return Math.min(...series.map((one) => Math.abs((one.values[at] ?? Infinity) - (blank ?? 0))));
  };
  const labelAtStart = distance(Math.min(...factor.levels)) > distance(Math.max(...factor.levels));
  const path = line<{ level: number; value: number | null }>(
    (point) => round(x.scale(point.level) ?? 0),
    (point) => round(y(point.value ?? 0)),
  ).defined((point) => point.value !== null);
  return (
    <Svg width={width} height={height} label={`Response over ${factor.name}`}>
      <AxisLeft
        scale={y}
        ticks={y.ticks(5)}
        title={`response (${unitsInShort(responseUnits)})`}
        x={margin.left}
        gridPx={right - margin.left}
      />
      <AxisBottom scale={x.scale} ticks={x.ticks} title={x.title} y={bottom} format={formatLevel} />
      {blank !== null && (
        <g data-blank>
          <line
            x1={margin.left}
            x2={right}
            y1={round(y(blank))}
            y2={round(y(blank))}
            stroke={ink}
            strokeOpacity={quietOpacity}
            strokeDasharray="4 3"
          />
          <text
            x={labelAtStart ? margin.left + 4 : right - 2}
            y={round(y(blank)) - 4}
            textAnchor={labelAtStart ? 'start' : 'end'}
            fontSize={10.5}
            fill={ink}
            fillOpacity={0.7}
          >
            blank
          </text>
        </g>
      )}
      {series.map((one, index) => {
        const points = factor.levels
          .map((level, at) => ({ level, value: one.values[at] ?? null, open: outside[at] === true }))
          .sort((a, b) => a.level - b.level);
        const last = points.findLast((point) => point.value !== null);
        return (
          <g key={one.label} stroke={colour} fill={colour}>
            <path d={path(points) ?? ''} fill="none" strokeWidth={1.75} strokeDasharray={subdivisionDash(index)} />
            {points.map(
              (point) =>
                point.value !== null && (
                  <circle
                    key={point.level}
                    cx={round(x.scale(point.level) ?? 0)}
                    cy={round(y(point.value))}
                    r={3}
                    {...(point.open ? { 'data-outside': true, fill: 'none', strokeWidth: 1.25 } : { stroke: 'none' })}
                  />
                ),
            )}
            {labelled && last !== undefined && (
              <text x={right + 2} y={round(y(last.value ?? 0))} dy="0.32em" fontSize={10.5} stroke="none" fill={ink}>
                {one.label}
              </text>
            )}
          </g>
        );
      })}
    </Svg>
  );
}
