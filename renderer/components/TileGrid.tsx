/** A contact sheet: any number of tiles on the stage grey, of which only the visible rows exist. */
import { useElementSize, useMergedRef } from '@mantine/hooks';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, type KeyboardEvent, type ReactNode } from 'react';
import { remPx } from './rem.ts';
import classes from './StimulusTile.module.css';

/** Two lines of a caption and its margin. */
const captionRem = 1.875;

export function TileGrid({
  label,
  count,
  tilePx,
  caption = true,
  selected,
  onSelect,
  renderTile,
}: {
  label: string;
  count: number;
  tilePx: number;
  caption?: boolean;
  selected?: number | null;
  /** Called as the arrow keys move. */
  onSelect?: (index: number) => void;
  renderTile: (index: number) => ReactNode;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const { ref: sizeRef, width } = useElementSize<HTMLDivElement>();
  const ref = useMergedRef(scroller, sizeRef);
  const gapPx = Math.max(6, Math.round(tilePx / 12));
  const columns = Math.max(1, Math.floor((width - gapPx) / (tilePx + gapPx)));
  const rowPx = tilePx + gapPx + (caption ? remPx() * captionRem : 0);
  // No compiler memoises here; the rule warns about one that would.
  // oxlint-disable-next-line react/incompatible-library
  const rows = useVirtualizer({
    count: Math.ceil(count / columns),
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPx,
    overscan: 3,
    paddingStart: gapPx,
    paddingEnd: gapPx,
  });
  useEffect(() => rows.measure(), [rows, rowPx]);

  function move(event: KeyboardEvent) {
    if (onSelect === undefined || count === 0) return;
    const steps: Record<string, number> = {
      ArrowRight: 1,
      ArrowLeft: -1,
      ArrowDown: columns,
      ArrowUp: -columns,
      Home: -count,
      End: count,
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = Math.min(count - 1, Math.max(0, (selected ?? -1) + step));
    onSelect(next);
    rows.scrollToIndex(Math.floor(next / columns));
  }

  return (
    <div ref={ref} className={classes.stage} role="group" aria-label={label} tabIndex={0} onKeyDown={move}>
      <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
        {width > 0 &&
          rows.getVirtualItems().map((row) => (
            <div
              key={row.key}
              className={classes.row}
              style={{ transform: `translateY(${row.start}px)`, gap: gapPx, paddingInline: gapPx }}
            >
              {Array.from({ length: Math.min(columns, count - row.index * columns) }, (_, column) => (
                <div key={column}>{renderTile(row.index * columns + column)}</div>
              ))}
            </div>
          ))}
      </div>
    </div>
  );
}
