/** A square picture with its sides in degrees of visual angle from the middle. */
import { scaleLinear } from 'd3';
import { AxisBottom, AxisLeft, round } from './axes.tsx';
import { Svg } from './Svg.tsx';

const margin = { top: 6, right: 6, bottom: 38, left: 44 };

export function PictureInDegrees({
  width,
  src,
  label,
  fieldOfViewDeg,
}: {
  width: number;
  src: string;
  label: string;
  fieldOfViewDeg: number;
}) {
  const side = Math.max(0, width - margin.left - margin.right);
  const half = fieldOfViewDeg / 2;
  const x = scaleLinear([-half, half], [margin.left, margin.left + side]);
  const y = scaleLinear([-half, half], [margin.top + side, margin.top]);
  const ticks = x.ticks(5);
  return (
    <Svg width={width} height={margin.top + side + margin.bottom} label={label}>
      <image
        href={src}
        x={margin.left}
        y={margin.top}
        width={round(side)}
        height={round(side)}
        preserveAspectRatio="none"
        style={{ imageRendering: 'pixelated' }}
      />
      <AxisLeft scale={y} ticks={ticks} title="y (°)" x={margin.left} />
      <AxisBottom scale={x} ticks={ticks} title="x (°)" y={margin.top + side} />
    </Svg>
  );
}
