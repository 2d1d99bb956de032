/** Columns of a twin's table of units: those that every twin has, then those its author added. */
import type { TwinUnit } from '../../main/contract/twins.ts';
import { formatNumber } from './format.ts';
import type { Column } from './VirtualTable.tsx';

const degrees = (value: number | null): string => (value === null ? 'missing' : formatNumber(value));

const unitNames: Record<string, string> = { deg: '°', cpd: 'cpd', hz: 'Hz' };

/** `orientation_deg` as people write it: orientation (°). */
export function columnTitle(key: string): string {
  const unit = /_(deg|cpd|hz)$/.exec(key)?.[1];
  const words = (unit === undefined ? key : key.slice(0, -unit.length - 1)).replaceAll('_', ' ');
  return unit === undefined ? words : `${words} (${unitNames[unit]})`;
}

/** Width that a column of these texts wants, in rem, at the size of the table's text. */
const remFor = (texts: readonly string[]): number => Math.max(4, ...texts.map(({ length }) => 0.6 + length * 0.48));

/** A column that the author added: of numbers, or of words. What a unit does not have is missing. */
function extraColumn(key: string, units: readonly TwinUnit[]): Column<TwinUnit> {
  const title = columnTitle(key);
  const words = new Set(units.flatMap(({ extra }) => (typeof extra[key] === 'string' ? [extra[key]] : [])));
  return {
    key: `extra ${key}`,
    title,
    width: `minmax(${remFor([title, ...words])}rem, 1fr)`,
    align: words.size > 0 ? 'left' : 'right',
    render: ({ extra: { [key]: value } }) => (typeof value === 'number' ? formatNumber(value) : (value ?? 'missing')),
    sortBy: ({ extra }) => extra[key] ?? null,
  };
}

/** Columns every twin has, then those its author added. */
export function unitColumns(units: readonly TwinUnit[]): Column<TwinUnit>[] {
  // Not every unit has every value: the first one may have none for a direction, say.
  const extras = [...new Set(units.flatMap(({ extra }) => Object.keys(extra)))];
  return [
    { key: 'unit', title: 'Unit', width: 'minmax(4rem, 1fr)', render: (row) => row.unit, sortBy: (row) => row.unit },
    { key: 'area', title: 'Area', width: 'minmax(5rem, 1fr)', render: (row) => row.area, sortBy: (row) => row.area },
    {
      key: 'x',
      title: 'x (°)',
      width: '3.5rem',
      align: 'right',
      render: (row) => degrees(row.xDeg),
      sortBy: (row) => row.xDeg,
    },
    {
      key: 'y',
      title: 'y (°)',
      width: '3.5rem',
      align: 'right',
      render: (row) => degrees(row.yDeg),
      sortBy: (row) => row.yDeg,
    },
    {
      key: 'size',
      title: 'RF (°)',
      width: '3.5rem',
      align: 'right',
      render: (row) => degrees(row.sizeDeg),
      sortBy: (row) => row.sizeDeg,
    },
    ...extras.map((key) => extraColumn(key, units)),
  ];
}

/** Where every column has at least its width, with the gaps between them. */
export const leastRem = (columns: readonly Column<TwinUnit>[]): number =>
  columns.reduce((sum, { width }) => sum + Number.parseFloat(width.replace('minmax(', '')) + 0.5, 1);
