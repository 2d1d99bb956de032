/** Receptive fields in degrees of visual angle, coloured by area. */
import { scaleLinear, ticks } from 'd3';
import { AxisBottom, AxisLeft, round, type Margin } from './axes.tsx';
import { ink } from './colours.ts';
import { Svg } from './Svg.tsx';

export interface RfUnit {
  readonly key: string;
  readonly xDeg: number;
  readonly yDeg: number;
  /** Diameter; null where the twin does not state one: then only the centre is marked. */
  readonly sizeDeg: number | null;
  readonly colour: string;
  /** Of the outline, by which populations of one area are told apart; undefined for a whole line. */
  readonly dash?: string | undefined;
}
/** A rectangle in degrees. */
export interface DegRect {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

const margin: Margin = { top: 8, right: 8, bottom: 38, left: 48 };

/** Scales of a square map of `widthPx`; y goes up as in the visual field. */
export function rfScales(widthPx: number, fieldOfViewDeg: number) {
  const half = fieldOfViewDeg / 2;
  const side = widthPx - margin.left - margin.right;
  const x = scaleLinear([-half, half], [margin.left, margin.left + side]);
  const y = scaleLinear([-half, half], [margin.top + side, margin.top]);
  return { x, y, height: margin.top + side + margin.bottom, pxPerDeg: side / fieldOfViewDeg };
}

/** A smaller circle has no room for dashes. */
const dashedFromPx = 6;

const roundTo4 = (value: number): number => Math.round(value * 1e4) / 1e4;

/**
 * Opacities of the circles of units that are not selected, lower where many large fields lie on one another: a thousand
 * circles of a third of the field would make one blot, in which no field can be told from another.
 */
export function circleOpacity(units: readonly RfUnit[], fieldOfViewDeg: number, pxPerDeg: number) {
  const fieldDeg2 = fieldOfViewDeg ** 2;
  // How many discs, and how many lines of one pixel, lie on a point of the field on average.
  const discs = units.reduce((sum, { sizeDeg }) => sum + (Math.PI * ((sizeDeg ?? 0) / 2) ** 2) / fieldDeg2, 0);
  const lines = units.reduce((sum, { sizeDeg }) => sum + (Math.PI * (sizeDeg ?? 0)) / (fieldDeg2 * pxPerDeg), 0);
  const fill = roundTo4(Math.min(0.03, 0.3 / Math.max(discs, 1e-9)));
  return {
    // Below this, eight bits of colour round every layer to another hue.
    fill: fill < 0.015 ? 0 : fill,
    stroke: roundTo4(Math.min(0.45, Math.max(0.08, 0.25 / Math.max(lines, 1e-9)))),
  };
}

export function RfMap({
  width,
  fieldOfViewDeg,
  units,
  selected,
  brush,
  ownFieldDeg,
}: {
  width: number;
  fieldOfViewDeg: number;
  units: readonly RfUnit[];
  selected: ReadonlySet<string>;
  brush?: DegRect | null;
  /** The twin's own field where the map shows more than that: outlined. */
  ownFieldDeg?: number;
}) {
  const { x, y, height, pxPerDeg } = rfScales(width, fieldOfViewDeg);
  const tickList = ticks(-fieldOfViewDeg / 2, fieldOfViewDeg / 2, 6);
  const anySelected = selected.size > 0;
  // Many filled circles would make one blot.
  const many = selected.size > 8;
  const faint = circleOpacity(units, fieldOfViewDeg, pxPerDeg);
  const [left, top] = [x.range()[0] ?? 0, y.range()[1] ?? 0];
  const side = fieldOfViewDeg * pxPerDeg;
  const drawn = [...units].sort((a, b) => Number(selected.has(a.key)) - Number(selected.has(b.key)));
  return (
    <Svg width={width} height={height} label={`Receptive fields of ${units.length} units`}>
      <line x1={x(0)} x2={x(0)} y1={y.range()[0]} y2={y.range()[1]} stroke={ink} strokeOpacity={0.18} />
      <line y1={y(0)} y2={y(0)} x1={x.range()[0]} x2={x.range()[1]} stroke={ink} strokeOpacity={0.18} />
      {ownFieldDeg !== undefined && ownFieldDeg < fieldOfViewDeg && (
        <rect
          data-field
          x={round(x(-ownFieldDeg / 2))}
          y={round(y(ownFieldDeg / 2))}
          width={round(ownFieldDeg * pxPerDeg)}
          height={round(ownFieldDeg * pxPerDeg)}
          fill="none"
          stroke={ink}
          strokeOpacity={0.35}
          strokeDasharray="4 3"
        />
      )}
      {/* An svg of its own cuts off what reaches beyond the field, here and in what is exported. */}
      <svg x={left} y={top} width={side} height={side} viewBox={`${left} ${top} ${side} ${side}`} overflow="hidden">
        {drawn.map((unit) => {
          const isSelected = selected.has(unit.key);
          const r = round(unit.sizeDeg === null ? 2 : Math.max(1, (unit.sizeDeg / 2) * pxPerDeg));
          return (
            <circle
              key={unit.key}
              data-unit={unit.key}
              cx={round(x(unit.xDeg))}
              cy={round(y(unit.yDeg))}
              r={r}
              strokeDasharray={r < dashedFromPx ? undefined : unit.dash}
              fill={unit.colour}
              fillOpacity={isSelected ? (many ? 0.05 : 0.35) : faint.fill}
              stroke={unit.colour}
              strokeOpacity={isSelected ? 1 : anySelected ? Math.min(0.15, faint.stroke) : faint.stroke}
              strokeWidth={isSelected && !many ? 2 : 1}
            />
          );
        })}
      </svg>
      {brush && (
        <rect
          data-interaction
          x={Math.min(x(brush.x0), x(brush.x1))}
          y={Math.min(y(brush.y0), y(brush.y1))}
          width={Math.abs(x(brush.x1) - x(brush.x0))}
          height={Math.abs(y(brush.y1) - y(brush.y0))}
          fill={ink}
          fillOpacity={0.08}
          stroke={ink}
          strokeDasharray="3 2"
        />
      )}
      <AxisBottom scale={x} ticks={tickList} title="x (°, right of fixation)" y={y.range()[0] ?? 0} />
      <AxisLeft scale={y} ticks={tickList} title="y (°, above fixation)" x={margin.left} />
    </Svg>
  );
}

/** Units whose centre lies in the rectangle. */
export function unitsIn(rect: DegRect, units: readonly RfUnit[]): string[] {
  const [left, right] = [Math.min(rect.x0, rect.x1), Math.max(rect.x0, rect.x1)];
  const [low, high] = [Math.min(rect.y0, rect.y1), Math.max(rect.y0, rect.y1)];
  return units
    .filter((unit) => unit.xDeg >= left && unit.xDeg <= right && unit.yDeg >= low && unit.yDeg <= high)
    .map((unit) => unit.key);
}
