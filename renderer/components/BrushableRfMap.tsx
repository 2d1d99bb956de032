/** The map of receptive fields under the pointer: a click picks a unit, a drag picks all centres in a rectangle. */
import { useRef, useState, type PointerEvent } from 'react';
import { RfMap, rfScales, unitsIn, type DegRect, type RfUnit } from '../plots/RfMap.tsx';

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

export function BrushableRfMap({
  width,
  fieldOfViewDeg,
  units,
  selected,
  onSelect,
}: {
  width: number;
  fieldOfViewDeg: number;
  units: readonly RfUnit[];
  selected: ReadonlySet<string>;
  onSelect: (keys: readonly string[]) => void;
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
    if (dragged) onSelect(unitsIn(brush, units));
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
        if (brush === null) return;
        const { xDeg, yDeg } = degreesAt(event);
        setBrush({ ...brush, x1: xDeg, y1: yDeg });
      }}
      onPointerUp={finish}
      onPointerCancel={() => setBrush(null)}
    >
      <RfMap width={width} fieldOfViewDeg={fieldOfViewDeg} units={units} selected={selected} brush={brush} />
    </div>
  );
}
