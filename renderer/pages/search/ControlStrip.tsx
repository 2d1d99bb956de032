/** Every control as a band of what its samples reached, and the candidate as a line across them. */
import { extent, quantileSorted, scaleLinear } from 'd3';
import { AxisBottom, round, tickFontPx } from '../../plots/axes.tsx';
import { ink } from '../../plots/colours.ts';
import { Svg } from '../../plots/Svg.tsx';

export interface ControlRow {
  readonly label: string;
  /** Objective of every sample; a single value for a best-of control. */
  readonly values: readonly number[];
}

const left = 92;
const right = 16;
const rowPx = 30;
const top = 22;

export function ControlStrip({
  width,
  rows,
  candidate,
  colour,
  title,
}: {
  width: number;
  rows: readonly ControlRow[];
  /** Objective of the candidate. */
  candidate: number;
  colour: string;
  /** Title of the axis: the objective and its unit. */
  title: string;
}) {
  const bottom = top + rows.length * rowPx;
  const [low = 0, high = 1] = extent([candidate, 0, ...rows.flatMap((row) => row.values)]);
  const x = scaleLinear([low, Math.max(high, low + 1e-9)], [left, width - right]).nice(4);
  const at = round(x(candidate));
  return (
    <Svg width={width} height={bottom + 42} label="Controls and candidate">
      {rows.map((row, index) => {
        const middle = top + (index + 0.5) * rowPx;
        const sorted = [...row.values].sort((a, b) => a - b);
        const first = sorted[0] ?? 0;
        const last = sorted.at(-1) ?? 0;
        const [q5, q50, q95] = [0.05, 0.5, 0.95].map((p) => quantileSorted(sorted, p) ?? 0) as [number, number, number];
        return (
          <g key={row.label} data-control>
            <text x={left - 6} y={middle} dy="0.32em" textAnchor="end" fontSize={tickFontPx} fill={ink}>
              {row.label}
            </text>
            <line x1={round(x(first))} x2={round(x(last))} y1={middle} y2={middle} stroke={ink} strokeOpacity={0.5} />
            {sorted.length > 1 && (
              <>
                <rect
                  x={round(x(q5))}
                  width={round(Math.max(1, x(q95) - x(q5)))}
                  y={middle - 6}
                  height={12}
                  fill={ink}
                  fillOpacity={0.18}
                />
                <line
                  x1={round(x(q50))}
                  x2={round(x(q50))}
                  y1={middle - 6}
                  y2={middle + 6}
                  stroke={ink}
                  strokeWidth={1.5}
                />
              </>
            )}
            <circle cx={round(x(last))} cy={middle} r={3.5} fill={ink} />
          </g>
        );
      })}
      <line x1={at} x2={at} y1={top - 4} y2={bottom} stroke={colour} strokeWidth={2} />
      <text x={at} y={top - 9} textAnchor={at > width - 60 ? 'end' : 'middle'} fontSize={tickFontPx} fill={ink}>
        candidate
      </text>
      <AxisBottom scale={x} ticks={x.ticks(4)} title={title} y={bottom + 2} />
    </Svg>
  );
}
