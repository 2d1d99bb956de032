/** One small panel per area: mean over units with the middle half, over one factor. */
import { area as d3area, line, max, min, scaleLinear } from 'd3';
import { plural, unitsInShort } from '../components/format.ts';
import { AxisBottom, AxisLeft, round, titleFontPx } from './axes.tsx';
import { ink, quietOpacity } from './colours.ts';
import { factorScale, formatLevel, type FactorAxis } from './factorScale.ts';
import { Svg } from './Svg.tsx';

export interface PopulationPoint {
  readonly mean: number;
  /** First and third quartile over units. */
  readonly q1: number;
  readonly q3: number;
}
export interface PopulationArea {
  readonly area: string;
  readonly colour: string;
  readonly units: number;
  /** One point per level of the factor. */
  readonly points: readonly PopulationPoint[];
  readonly blank: number | null;
}

export function PopulationStrip({
  width,
  height = 190,
  factor,
  areas,
  responseUnits,
  outside = [],
}: {
  width: number;
  height?: number;
  factor: FactorAxis;
  areas: readonly PopulationArea[];
  responseUnits: string;
  /** Per level: all its stimuli lie outside what the twin was tested with; drawn open. */
  outside?: readonly boolean[];
}) {
  const left = 52;
  const gap = 18;
  const bottom = height - 38;
  const top = 22;
  const panel = (width - left - gap * areas.length) / Math.max(1, areas.length);
  const every = areas.flatMap((one) => [...one.points.flatMap((p) => [p.q1, p.q3, p.mean]), one.blank ?? 0]);
  const y = scaleLinear([Math.min(0, min(every) ?? 0), Math.max(max(every) ?? 1, 1e-9)], [bottom, top]).nice(4);
  return (
    <Svg width={width} height={height} label={`Mean response of ${areas.length} areas over ${factor.name}`}>
      <AxisLeft scale={y} ticks={y.ticks(4)} title={`response (${unitsInShort(responseUnits)})`} x={left} />
      {areas.map((one, index) => {
        const x0 = left + index * (panel + gap) + (index === 0 ? 0 : 6);
        const x = factorScale(factor, [x0 + 8, x0 + panel - 6]);
        const points = factor.levels
          .map((level, at) => ({ level, open: outside[at] === true, ...(one.points[at] as PopulationPoint) }))
          .sort((a, b) => a.level - b.level);
        const at = (point: { level: number }) => round(x.scale(point.level) ?? 0);
        const band = d3area<(typeof points)[number]>(
          at,
          (point) => round(y(point.q1)),
          (point) => round(y(point.q3)),
        );
        const mean = line<(typeof points)[number]>(at, (point) => round(y(point.mean)));
        return (
          <g key={one.area}>
            <text x={x0 + 8} y={13} fontSize={titleFontPx} fill={ink}>
              {one.area}{' '}
              <tspan fillOpacity={0.65}>{panel < 160 ? `n = ${one.units}` : `n = ${plural(one.units, 'unit')}`}</tspan>
            </text>
            <path d={band(points) ?? ''} fill={one.colour} fillOpacity={0.22} />
            <path d={mean(points) ?? ''} fill="none" stroke={one.colour} strokeWidth={1.75} />
            {points.map((point) => (
              <circle
                key={point.level}
                cx={at(point)}
                cy={round(y(point.mean))}
                r={2.5}
                {...(point.open ? { 'data-outside': true, fill: 'none', stroke: one.colour } : { fill: one.colour })}
              />
            ))}
            {one.blank !== null && (
              <line
                x1={x0}
                x2={x0 + panel}
                y1={round(y(one.blank))}
                y2={round(y(one.blank))}
                stroke={ink}
                strokeOpacity={quietOpacity}
                strokeDasharray="4 3"
              />
            )}
            <AxisBottom scale={x.scale} ticks={x.ticks} title={x.title} y={bottom} format={formatLevel} />
          </g>
        );
      })}
    </Svg>
  );
}
