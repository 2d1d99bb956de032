/** Viewer, distance and screen drawn to one scale, from above, with the angles they make. */
import type { Display } from '../../../main/contract/plans.ts';
import { pxToEccentricity } from '../../../main/stimuli/geometry.ts';
import { formatNumber } from '../../components/format.ts';
import { round, tickFontPx } from '../../plots/axes.tsx';
import { ink } from '../../plots/colours.ts';
import { Svg } from '../../plots/Svg.tsx';

const padding = 26;

export function DisplayGeometry({
  width,
  display,
  largestDeg,
}: {
  width: number;
  display: Display;
  /** Largest stimulus, degrees; null when there is none. */
  largestDeg: number | null;
}) {
  const { distanceCm, widthCm } = display;
  const height = Math.min(240, Math.round(width * 0.72));
  const scale = Math.min((width - 2 * padding - 30) / distanceCm, (height - 2 * padding) / widthCm);
  const eye = { x: padding, y: height / 2 };
  const screenX = eye.x + distanceCm * scale;
  const half = (widthCm * scale) / 2;
  const screenDeg = 2 * pxToEccentricity(display, display.widthPx / 2);
  const stimulusHalf =
    largestDeg === null
      ? 0
      : Math.min(half, distanceCm * Math.tan((Math.min(largestDeg, 170) * Math.PI) / 360) * scale);
  const arc = Math.min(34, distanceCm * scale * 0.4);
  const angle = (screenDeg * Math.PI) / 360;
  return (
    <Svg width={width} height={height} label="Display geometry, seen from above">
      <path
        d={`M${eye.x},${eye.y}L${round(screenX)},${round(eye.y - half)}L${round(screenX)},${round(eye.y + half)}Z`}
        fill={ink}
        fillOpacity={0.06}
      />
      {largestDeg !== null && (
        <path
          data-stimulus
          d={`M${eye.x},${eye.y}L${round(screenX)},${round(eye.y - stimulusHalf)}L${round(screenX)},${round(eye.y + stimulusHalf)}Z`}
          fill="var(--mantine-primary-color-filled, #2b5dab)"
          fillOpacity={0.25}
        />
      )}
      <line
        x1={eye.x}
        x2={round(screenX)}
        y1={eye.y}
        y2={eye.y}
        stroke={ink}
        strokeOpacity={0.4}
        strokeDasharray="3 3"
      />
      <line
        data-screen
        x1={round(screenX)}
        x2={round(screenX)}
        y1={round(eye.y - half)}
        y2={round(eye.y + half)}
        stroke={ink}
        strokeWidth={3}
      />
      <path
        d={`M${round(eye.x + arc * Math.cos(angle))},${round(eye.y - arc * Math.sin(angle))}A${arc},${arc} 0 0 1 ${round(eye.x + arc * Math.cos(angle))},${round(eye.y + arc * Math.sin(angle))}`}
        fill="none"
        stroke={ink}
        strokeOpacity={0.6}
      />
      <circle cx={eye.x} cy={eye.y} r={5} fill={ink} />
      <g fontSize={tickFontPx} fill={ink}>
        <text x={eye.x + arc + 5} y={eye.y - 6}>
          {formatNumber(screenDeg)}°
        </text>
        <text x={round((eye.x + screenX) / 2)} y={eye.y + 14} textAnchor="middle">
          {formatNumber(distanceCm)} cm
        </text>
        <text x={round(screenX) + 6} y={round(eye.y - half) + 4}>
          {formatNumber(widthCm)} cm
        </text>
        {largestDeg !== null && (
          <text x={round(screenX) + 6} y={eye.y} dy="0.32em">
            {formatNumber(largestDeg)}°
          </text>
        )}
      </g>
    </Svg>
  );
}
