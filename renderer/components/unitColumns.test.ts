import { expect, it } from 'vitest';
import type { TwinUnit } from '../../main/contract/twins.ts';
import { columnTitle, unitColumns } from './unitColumns.tsx';

const unit = (name: string, extra: TwinUnit['extra']): TwinUnit => ({
  unit: name,
  area: 'V1',
  index: 0,
  xDeg: 0,
  yDeg: 0,
  sizeDeg: 1,
  extra,
});

it('says units of measure as people write them', () => {
  expect(columnTitle('direction_deg')).toBe('direction (°)');
  expect(columnTitle('frequency_cpd')).toBe('frequency (cpd)');
  expect(columnTitle('temporal_frequency_hz')).toBe('temporal frequency (Hz)');
  expect(columnTitle('running_gain')).toBe('running gain');
});

it('has a column for whatever any unit has, as wide as its longest word', () => {
  const units = [unit('a', { class: 'centre-surround simple' }), unit('b', { class: 'oriented', direction_deg: 22.5 })];
  const columns = unitColumns(units);
  expect(columns.map(({ title }) => title)).toEqual([
    'Unit',
    'Area',
    'x (°)',
    'y (°)',
    'RF (°)',
    'class',
    'direction (°)',
  ]);
  const [words, direction] = columns.slice(-2);
  expect(Number(/minmax\(([\d.]+)rem/.exec(words?.width ?? '')?.[1])).toBeGreaterThan(10);
  expect(words?.align).toBe('left');
  expect(direction?.align).toBe('right');
  expect(units.map((row) => direction?.render(row))).toEqual(['missing', '22.5']);
});
