/** One horizontal bar per area, from zero, with the middle half of its units where it is known. */
import { max, min, scaleBand, scaleLinear } from 'd3';
import { AxisBottom, round, tickFontPx } from './axes.tsx';
import { ink } from './colours.ts';
import { Svg } from './Svg.tsx';

export interface AreaBar {
  readonly area: string;
  readonly colour: string;
  readonly value: number;
  readonly q1?: number;
  readonly q3?: number;
}

const left = 92;
const right = 20;
const rowPx = 24;

export function AreaBars({
  width,
  bars,
  title,
  range,
}: {
  width: number;
  bars: readonly AreaBar[];
  title: string;
  /** Values that the axis holds at least, so that two plots can share one. */
  range?: readonly [number, number];
}) {
  const height = bars.length * rowPx + 44;
  const ends = bars.flatMap((bar) => [bar.value, bar.q1 ?? bar.value, bar.q3 ?? bar.value]).concat(range ?? []);
  const x = scaleLinear([Math.min(0, min(ends) ?? 0), Math.max(0, max(ends) ?? 1, 1e-9)], [left, width - right]).nice(
    4,
  );
  const y = scaleBand(
    bars.map((bar) => bar.area),
    [4, 4 + bars.length * rowPx],
  ).padding(0.25);
  return (
    <Svg width={width} height={height} label={title}>
      {bars.map((bar) => {
        const top = y(bar.area) ?? 0;
        const middle = top + y.bandwidth() / 2;
        return (
          <g key={bar.area}>
            <text x={left - 6} y={middle} dy="0.32em" textAnchor="end" fontSize={tickFontPx} fill={ink}>
              {bar.area}
            </text>
            <rect
              x={round(Math.min(x(0), x(bar.value)))}
              width={round(Math.abs(x(bar.value) - x(0)))}
              y={round(top)}
              height={round(y.bandwidth())}
              fill={bar.colour}
            />
            {bar.q1 !== undefined && bar.q3 !== undefined && (
              <line
                x1={round(x(bar.q1))}
                x2={round(x(bar.q3))}
                y1={middle}
                y2={middle}
                stroke={ink}
                strokeWidth={1.5}
              />
            )}
          </g>
        );
      })}
      <line x1={round(x(0))} x2={round(x(0))} y1={4} y2={4 + bars.length * rowPx} stroke={ink} strokeOpacity={0.6} />
      <AxisBottom scale={x} ticks={x.ticks(4)} title={title} y={6 + bars.length * rowPx} />
    </Svg>
  );
}
