/** Fractions in equal bins, e.g. of pixels over luminance. */
import { max, scaleLinear } from 'd3';
import { AxisBottom, AxisLeft, round } from './axes.tsx';
import { ink } from './colours.ts';
import { Svg } from './Svg.tsx';

export function Histogram({
  width,
  height = 130,
  bins,
  domain,
  title,
  marker,
}: {
  width: number;
  height?: number;
  /** Fractions of everything, one per bin. */
  bins: readonly number[];
  domain: readonly [number, number];
  title: string;
  /** A labelled position, e.g. the background. */
  marker?: { readonly at: number; readonly label: string };
}) {
  const left = 44;
  const bottom = height - 36;
  const x = scaleLinear([...domain], [left, width - 8]);
  const y = scaleLinear([0, Math.max(max(bins) ?? 1, 1e-9)], [bottom, 12]);
  const step = (domain[1] - domain[0]) / bins.length;
  return (
    <Svg width={width} height={height} label={title}>
      {bins.map((fraction, index) => (
        <rect
          key={index}
          x={round(x(domain[0] + index * step))}
          width={round(Math.max(0.5, x(step) - x(0) - 0.5))}
          y={round(y(fraction))}
          height={round(bottom - y(fraction))}
          fill={ink}
          fillOpacity={0.6}
        />
      ))}
      {marker && (
        <g>
          <line
            x1={x(marker.at)}
            x2={x(marker.at)}
            y1={8}
            y2={bottom}
            stroke={ink}
            strokeOpacity={0.6}
            strokeDasharray="3 2"
          />
          <text x={x(marker.at) + 3} y={12} fontSize={10} fill={ink} fillOpacity={0.7}>
            {marker.label}
          </text>
        </g>
      )}
      <AxisBottom scale={x} ticks={x.ticks(4)} title={title} y={bottom} />
      <AxisLeft scale={y} ticks={y.ticks(2)} title="fraction" x={left} format={(value) => String(value)} />
    </Svg>
  );
}
