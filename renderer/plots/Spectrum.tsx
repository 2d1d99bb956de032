/** Radially averaged amplitude against spatial frequency; both axes are logarithmic and say so. */
import { line, max, min, scaleLog } from 'd3';
import { AxisBottom, AxisLeft, round } from './axes.tsx';
import { ink } from './colours.ts';
import { Svg } from './Svg.tsx';

/** Amplitudes below this fraction of the largest are numerical noise. */
const floor = 1e-4;
/** Room for `0.125` and a gap. */
const leastTickPx = 32;

export function Spectrum({
  width,
  height = 150,
  points,
}: {
  width: number;
  height?: number;
  /** Cycles per degree and amplitude relative to the largest. */
  points: readonly { readonly cpd: number; readonly amplitude: number }[];
}) {
  const left = 44;
  const bottom = height - 36;
  const shown = points.filter((point) => point.cpd > 0);
  const x = scaleLog(
    [min(shown, (p) => p.cpd) ?? 0.1, Math.max(max(shown, (p) => p.cpd) ?? 10, 0.2)],
    [left, width - 8],
  );
  const y = scaleLog([floor, 1], [bottom, 8]).clamp(true);
  const path = line<{ cpd: number; amplitude: number }>(
    (point) => round(x(point.cpd)),
    (point) => round(y(Math.max(floor, point.amplitude))),
  );
  // Octaves, or every second one where their numbers would touch.
  const octavePx = x(2) - x(1);
  const every = octavePx >= leastTickPx ? 1 : 2;
  const xTicks = [0.125, 0.25, 0.5, 1, 2, 4, 8, 16, 32].filter(
    (tick, i) => tick >= (x.domain()[0] ?? 0) && tick <= (x.domain()[1] ?? 0) && (i + 1) % every === 0,
  );
  return (
    <Svg width={width} height={height} label="Amplitude spectrum">
      <path d={path(shown) ?? ''} fill="none" stroke={ink} strokeWidth={1.5} />
      <AxisBottom scale={x} ticks={xTicks} title="spatial frequency (cpd, log axis)" y={bottom} />
      <AxisLeft
        scale={y}
        ticks={[1e-4, 1e-2, 1]}
        title="amplitude (log)"
        x={left}
        format={(value) => ({ 0.0001: '10⁻⁴', 0.01: '10⁻²' })[value] ?? String(value)}
      />
    </Svg>
  );
}
