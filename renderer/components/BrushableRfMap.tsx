/**
 * The map of receptive fields under the pointer: a click picks a unit, a drag picks all centres in a rectangle or, where
 * circles are asked for, draws one from its centre outwards.
 */
import { useRef, useState, type PointerEvent } from 'react';
import { RfMap, rfScales, unitsIn, type DegCircle, type DegRect, type RfUnit } from '../plots/RfMap.tsx';

/** A drag shorter than this is a click, in pixels. */
const clickPx = 4;

/** The unit whose receptive field a point is in and whose centre is nearest; null outside all of them. */
function unitAt(xDeg: number, yDeg: number, units: readonly RfUnit[], reachDeg: number): string | null {
  let nearest: { key: string; distance: number } | null = null;
  for (const unit of units) {
    const distance = Math.hypot(unit.xDeg - xDeg, unit.yDeg - yDeg);
    if (distance > Math.max(reachDeg, (unit.sizeDeg ?? 0) / 2)) continue;
    if (nearest === null || distance < nearest.distance) nearest = { key: unit.key, distance };
  }
  return nearest?.key ?? null;
}

/** To a hundredth of a degree, as it is written in a plan. */
const hundredth = (valueDeg: number): number => Math.round(valueDeg * 100) / 100;

/** The circle around where a drag began through where it is. */
export const circleOf = ({ x0, y0, x1, y1 }: DegRect): DegCircle => ({
  xDeg: hundredth(x0),
  yDeg: hundredth(y0),
  radiusDeg: Math.max(0.01, hundredth(Math.hypot(x1 - x0, y1 - y0))),
});

export function BrushableRfMap({
  width,
  fieldOfViewDeg,
  units,
  selected,
  onSelect,
  circle = null,
  onCircle,
  pointed = null,
  onPoint,
}: {
  width: number;
  fieldOfViewDeg: number;
  units: readonly RfUnit[];
  selected: ReadonlySet<string>;
  /** The picked units; none where the click hit no field. */
  onSelect: (keys: readonly string[]) => void;
  /** What is drawn while nothing is dragged. */
  circle?: DegCircle | null;
  /** A drag draws a circle instead of a rectangle. */
  onCircle?: (circle: DegCircle) => void;
  pointed?: string | null;
  /** The unit under the pointer changed. */
  onPoint?: (key: string | null) => void;
}) {
  const [brush, setBrush] = useState<DegRect | null>(null);
  const frame = useRef<HTMLDivElement>(null);
  const { x, y, pxPerDeg } = rfScales(width, fieldOfViewDeg);

  function degreesAt(event: PointerEvent): { xDeg: number; yDeg: number } {
    const box = frame.current?.getBoundingClientRect();
    return { xDeg: x.invert(event.clientX - (box?.left ?? 0)), yDeg: y.invert(event.clientY - (box?.top ?? 0)) };
  }
  function finish() {
    if (brush === null) return;
    const dragged = Math.hypot(brush.x1 - brush.x0, brush.y1 - brush.y0) * pxPerDeg > clickPx;
    if (dragged && onCircle !== undefined) onCircle(circleOf(brush));
    else if (dragged) onSelect(unitsIn(brush, units));
    else {
      const key = unitAt(brush.x0, brush.y0, units, clickPx / pxPerDeg);
      onSelect(key === null ? [] : [key]);
    }
    setBrush(null);
  }
  return (
    <div
      ref={frame}
      style={{ cursor: 'crosshair', touchAction: 'none', userSelect: 'none' }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        const { xDeg, yDeg } = degreesAt(event);
        setBrush({ x0: xDeg, y0: yDeg, x1: xDeg, y1: yDeg });
      }}
      onPointerMove={(event) => {
        const { xDeg, yDeg } = degreesAt(event);
        if (onPoint !== undefined) {
          const under = unitAt(xDeg, yDeg, units, clickPx / pxPerDeg);
          if (under !== pointed) onPoint(under);
        }
        if (brush === null) return;
        setBrush({ ...brush, x1: xDeg, y1: yDeg });
      }}
      onPointerUp={finish}
      onPointerCancel={() => setBrush(null)}
      onPointerLeave={() => onPoint?.(null)}
    >
      <RfMap
        width={width}
        fieldOfViewDeg={fieldOfViewDeg}
        units={units}
        selected={selected}
        brush={onCircle === undefined ? brush : null}
        circle={onCircle !== undefined && brush !== null ? circleOf(brush) : circle}
        pointed={pointed}
      />
    </div>
  );
}
