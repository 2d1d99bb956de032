/** Responses to stimuli without factors, from the strongest down. */
import { line, max, min, scaleLinear } from 'd3';
import { unitsInShort } from '../components/format.ts';
import { AxisBottom, AxisLeft, defaultMargin as margin, round } from './axes.tsx';
import { ink, quietOpacity } from './colours.ts';
import { Svg } from './Svg.tsx';

export function RankedResponses({
  width,
  height = 220,
  responses,
  blank,
  responseUnits,
  colour,
  outside = [],
}: {
  width: number;
  height?: number;
  /** In descending order. */
  responses: readonly number[];
  blank: number | null;
  responseUnits: string;
  colour: string;
  /** Per response: its stimulus lies outside what the twin was tested with; drawn open. */
  outside?: readonly boolean[];
}) {
  const right = width - margin.right;
  const bottom = height - margin.bottom;
  const x = scaleLinear([1, Math.max(2, responses.length)], [margin.left + 6, right - 6]);
  const all = blank === null ? responses : [...responses, blank];
  const y = scaleLinear([Math.min(0, min(all) ?? 0), Math.max(max(all) ?? 1, 1e-9)], [bottom, margin.top]).nice(5);
  const path = line<number>(
    (_, index) => round(x(index + 1)),
    (value) => round(y(value)),
  );
  return (
    <Svg width={width} height={height} label="Responses in order of strength">
      <AxisLeft
        scale={y}
        ticks={y.ticks(5)}
        title={`response (${unitsInShort(responseUnits)})`}
        x={margin.left}
        gridPx={right - margin.left}
      />
      <AxisBottom
        scale={x}
        ticks={x.ticks(6).filter((t) => Number.isInteger(t) && t >= 1)}
        title="rank of the stimulus"
        y={bottom}
      />
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
          <text x={margin.left + 4} y={round(y(blank)) - 4} fontSize={10.5} fill={ink} fillOpacity={0.7}>
            blank
          </text>
        </g>
      )}
      <path d={path(responses) ?? ''} fill="none" stroke={colour} strokeWidth={1.5} />
      {responses.length <= 200 &&
        responses.map((value, index) => (
          <circle
            key={index}
            cx={round(x(index + 1))}
            cy={round(y(value))}
            r={2.2}
            {...(outside[index] === true ? { 'data-outside': true, fill: 'none', stroke: colour } : { fill: colour })}
          />
        ))}
    </Svg>
  );
}
