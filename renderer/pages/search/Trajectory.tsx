/** The objective over the steps of a search, with the controls as bands behind it. */
import { line, max, min, scaleLinear } from 'd3';
import { AxisBottom, AxisLeft, defaultMargin as margin, round } from '../../plots/axes.tsx';
import { ink } from '../../plots/colours.ts';
import { Svg } from '../../plots/Svg.tsx';

export interface TrajectoryPoint {
  readonly step: number;
  readonly best: number;
  readonly median: number;
}
/** What a control reached: from `low` to `high`, e.g. the median and the best of its samples. */
export interface ControlBand {
  readonly label: string;
  readonly low: number;
  readonly high: number;
}

const labelPx = 84;

export function Trajectory({
  width,
  height = 230,
  points,
  steps,
  bands,
  colour,
  title,
}: {
  width: number;
  height?: number;
  points: readonly TrajectoryPoint[];
  /** Length of the axis; the search may not have come that far. */
  steps: number;
  bands: readonly ControlBand[];
  colour: string;
  /** Title of the upright axis: the objective and its unit. */
  title: string;
}) {
  const right = width - (bands.length > 0 ? labelPx : margin.right);
  const bottom = height - margin.bottom;
  const values = [
    ...points.flatMap((point) => [point.best, point.median]),
    ...bands.flatMap((band) => [band.low, band.high]),
  ];
  const x = scaleLinear([0, Math.max(steps, max(points, (point) => point.step) ?? 0, 1)], [margin.left, right]);
  const y = scaleLinear([Math.min(0, min(values) ?? 0), Math.max(max(values) ?? 1, 1e-9)], [bottom, margin.top]).nice(
    5,
  );
  const path = (key: 'best' | 'median') =>
    line<TrajectoryPoint>(
      (point) => round(x(point.step)),
      (point) => round(y(point[key])),
    )(points) ?? '';
  // Labels stand at the top of their band and are pushed apart where bands overlap.
  const labels: { label: string; y: number }[] = [];
  for (const band of [...bands].sort((a, b) => b.high - a.high)) {
    const above = labels.at(-1)?.y ?? -Infinity;
    labels.push({ label: band.label, y: Math.max(y(band.high), above + 12) });
  }
  return (
    <Svg width={width} height={height} label={`Objective over steps: ${title}`}>
      {bands.map((band) => (
        <g key={band.label} data-band>
          <rect
            x={margin.left}
            width={round(right - margin.left)}
            y={round(y(band.high))}
            height={round(Math.max(1, y(band.low) - y(band.high)))}
            fill={ink}
            fillOpacity={0.08}
          />
          <line
            x1={margin.left}
            x2={right}
            y1={round(y(band.high))}
            y2={round(y(band.high))}
            stroke={ink}
            strokeOpacity={0.45}
            strokeDasharray="3 3"
          />
        </g>
      ))}
      {labels.map((label) => (
        <text key={label.label} x={right + 4} y={round(label.y)} dy="0.32em" fontSize={10.5} fill={ink}>
          {label.label}
        </text>
      ))}
      <AxisLeft scale={y} ticks={y.ticks(5)} title={title} x={margin.left} gridPx={right - margin.left} />
      <AxisBottom scale={x} ticks={x.ticks(5).filter(Number.isInteger)} title="step" y={bottom} />
      <path
        d={path('median')}
        fill="none"
        stroke={colour}
        strokeWidth={1.25}
        strokeDasharray="4 3"
        strokeOpacity={0.8}
        data-line="median"
      />
      <path d={path('best')} fill="none" stroke={colour} strokeWidth={2} data-line="best" />
    </Svg>
  );
}
