/** Responses of the first units of an area to one picture as bars from zero, with the response to the background marked. */
import { max, min, scaleBand, scaleLinear } from 'd3';
import { unitsInShort } from '../components/format.ts';
import { AxisBottom, AxisLeft, round } from './axes.tsx';
import { ink } from './colours.ts';
import { Svg } from './Svg.tsx';

const margin = { top: 6, right: 6, bottom: 36, left: 52 };

export function FirstResponses({
  width,
  height = 118,
  responses,
  blank,
  responseUnits,
  colour,
}: {
  width: number;
  height?: number;
  responses: readonly number[];
  /** To the background alone, of the same units. */
  blank: readonly number[];
  responseUnits: string;
  colour: string;
}) {
  const right = width - margin.right;
  const bottom = height - margin.bottom;
  const all = [...responses, ...blank];
  const low = Math.min(0, min(all) ?? 0);
  const high = Math.max(0, max(all) ?? 0);
  const y = scaleLinear([low, low === high ? low + 1 : high], [bottom, margin.top]).nice(3);
  const x = scaleBand(
    responses.map((_, unit) => unit),
    [margin.left, right],
  ).padding(0.25);
  const centre = (unit: number): number | undefined => {
    const at = x(unit);
    return at === undefined ? undefined : at + x.bandwidth() / 2;
  };
  return (
    <Svg width={width} height={height} label="Responses of the first units">
      {responses.map((value, unit) => {
        const left = x(unit) ?? 0;
        const mark = round(y(blank[unit] ?? 0));
        return (
          <g key={unit}>
            <rect
              x={round(left)}
              width={round(x.bandwidth())}
              y={round(Math.min(y(0), y(value)))}
              height={round(Math.abs(y(0) - y(value)))}
              fill={colour}
            />
            {blank[unit] !== undefined && (
              <line
                data-blank
                x1={round(left - 2)}
                x2={round(left + x.bandwidth() + 2)}
                y1={mark}
                y2={mark}
                stroke={ink}
                strokeWidth={1.5}
              />
            )}
          </g>
        );
      })}
      <line x1={margin.left} x2={right} y1={round(y(0))} y2={round(y(0))} stroke={ink} strokeOpacity={0.6} />
      <AxisLeft
        scale={y}
        ticks={y.ticks(3)}
        title={responseUnits === '' ? 'response' : unitsInShort(responseUnits)}
        x={margin.left}
        gridPx={right - margin.left}
      />
      <AxisBottom
        scale={Object.assign(centre, { range: () => [margin.left, right] as number[] })}
        ticks={responses.map((_, unit) => unit)}
        title="unit"
        y={bottom}
        format={String}
      />
    </Svg>
  );
}
