/**
 * A table of any length: sortable columns, one selected row, arrow keys; only the visible rows exist, and only the
 * columns that there is room for.
 */
import { Group, Text, UnstyledButton } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { remPx } from './rem.ts';
import classes from './VirtualTable.module.css';

export interface Column<T> {
  readonly key: string;
  readonly title: string;
  /** CSS grid track, e.g. `4rem` or `1fr`. */
  readonly width: string;
  readonly align?: 'left' | 'right';
  /** Left out where the table is narrower than this many rem; always there without it. */
  readonly fromRem?: number;
  readonly render: (row: T) => ReactNode;
  /** Makes the column sortable; missing values (null, NaN) stand last in either direction. */
  readonly sortBy?: (row: T) => number | string | null;
}

type Sort = { key: string; descending: boolean };

function compareValues(a: number | string | null, b: number | string | null, descending: boolean): number {
  const missingA = a === null || (typeof a === 'number' && Number.isNaN(a));
  const missingB = b === null || (typeof b === 'number' && Number.isNaN(b));
  if (missingA || missingB) return Number(missingA) - Number(missingB);
  const order =
    typeof a === 'number' && typeof b === 'number'
      ? a - b
      : String(a).localeCompare(String(b), 'en', { numeric: true });
  return descending ? -order : order;
}

/** Rows in the order of a column; equal rows keep their order. */
export function sortRows<T>(rows: readonly T[], column: Column<T> | undefined, descending: boolean): readonly T[] {
  const by = column?.sortBy;
  if (by === undefined) return rows;
  return [...rows].sort((a, b) => compareValues(by(a), by(b), descending));
}

/** The columns that a table of this width has; all of them before it was measured. */
export const columnsFor = <T,>(columns: readonly Column<T>[], widthRem: number): readonly Column<T>[] =>
  widthRem === 0 ? columns : columns.filter(({ fromRem = 0 }) => widthRem >= fromRem);

export function VirtualTable<T>({
  label,
  rows,
  columns: all,
  rowKey,
  selected,
  onSelect,
  onSelectBeside,
  onActivate,
  initialSort,
  rowPx: rowPxAt100 = 26,
  minWidth,
}: {
  label: string;
  rows: readonly T[];
  columns: readonly Column<T>[];
  rowKey: (row: T) => string;
  selected?: string | null;
  onSelect?: (row: T) => void;
  /** A click with Ctrl or ⌘: the row beside the one that is selected. */
  onSelectBeside?: (row: T) => void;
  /** Enter or the space bar on the selected row, or a double click. */
  onActivate?: (row: T) => void;
  initialSort?: Sort;
  /** Height of a row at 100 % text. */
  rowPx?: number;
  /** Below this width the table scrolls sideways, e.g. `40rem`: for columns of which none may be left out. */
  minWidth?: string;
}) {
  const [sort, setSort] = useState<Sort | null>(initialSort ?? null);
  const sorted = useMemo(
    () =>
      sortRows(
        rows,
        all.find((column) => column.key === sort?.key),
        sort?.descending ?? false,
      ),
    [rows, all, sort],
  );
  const { ref: box, width } = useElementSize<HTMLDivElement>();
  const columns = columnsFor(all, width / remPx());
  const scroller = useRef<HTMLDivElement>(null);
  const rowPx = (rowPxAt100 * remPx()) / 16;
  // No compiler memoises here; the rule warns about one that would.
  // oxlint-disable-next-line react/incompatible-library
  const virtual = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPx,
    overscan: 12,
  });
  useEffect(() => virtual.measure(), [virtual, rowPx]);
  const selectedIndex =
    selected === null || selected === undefined ? -1 : sorted.findIndex((row) => rowKey(row) === selected);
  useEffect(() => {
    if (selectedIndex >= 0) virtual.scrollToIndex(selectedIndex, { align: 'auto' });
  }, [virtual, selectedIndex]);

  function move(event: KeyboardEvent) {
    if (onActivate !== undefined && selectedIndex >= 0 && (event.key === 'Enter' || event.key === ' ')) {
      event.preventDefault();
      onActivate(sorted[selectedIndex] as T);
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15, Home: -1e9, End: 1e9 }[event.key];
    if (step === undefined || onSelect === undefined || sorted.length === 0) return;
    event.preventDefault();
    onSelect(sorted[Math.min(sorted.length - 1, Math.max(0, selectedIndex + step))] as T);
  }

  const grid = { gridTemplateColumns: columns.map((column) => column.width).join(' ') };
  return (
    <div ref={box} className={classes.box}>
      <div
        className={classes.table}
        role="grid"
        aria-label={label}
        aria-rowcount={sorted.length + 1}
        style={minWidth === undefined ? undefined : { minWidth }}
      >
        <div className={classes.head} role="row" style={grid}>
          {columns.map((column) => (
            <div
              key={column.key}
              role="columnheader"
              className={classes.cell}
              data-align={column.align}
              aria-sort={sort?.key !== column.key ? 'none' : sort.descending ? 'descending' : 'ascending'}
            >
              {column.sortBy === undefined ? (
                column.title
              ) : (
                <UnstyledButton
                  className={classes.sort}
                  onClick={() =>
                    setSort((before) => ({
                      key: column.key,
                      descending: before?.key === column.key ? !before.descending : column.align === 'right',
                    }))
                  }
                >
                  <Group gap={2} wrap="nowrap" component="span">
                    {column.title}
                    {sort?.key === column.key &&
                      (sort.descending ? (
                        <IconArrowDown size={12} aria-hidden />
                      ) : (
                        <IconArrowUp size={12} aria-hidden />
                      ))}
                  </Group>
                </UnstyledButton>
              )}
            </div>
          ))}
        </div>
        <div ref={scroller} className={classes.body} tabIndex={0} onKeyDown={move} aria-label={`${label}, rows`}>
          <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
            {virtual.getVirtualItems().map((item) => {
              const row = sorted[item.index] as T;
              return (
                <div
                  key={rowKey(row)}
                  role="row"
                  aria-rowindex={item.index + 2}
                  aria-selected={item.index === selectedIndex}
                  className={classes.row}
                  data-selectable={onSelect !== undefined || undefined}
                  style={{ ...grid, height: rowPx, transform: `translateY(${item.start}px)` }}
                  onClick={(event) => {
                    const beside = onSelectBeside !== undefined && (event.ctrlKey || event.metaKey);
                    if (beside) onSelectBeside(row);
                    else onSelect?.(row);
                  }}
                  onDoubleClick={() => onActivate?.(row)}
                >
                  {columns.map((column) => (
                    <div key={column.key} role="gridcell" className={classes.cell} data-align={column.align}>
                      {column.render(row)}
                    </div>
                  ))}
                </div>
              );
            })}
          </div>
          {sorted.length === 0 && (
            <Text size="xs" c="dimmed" p="md">
              Nothing matches.
            </Text>
          )}
        </div>
      </div>
    </div>
  );
}
