/** The units of a run: sortable, searchable, narrowed by brushing. */
import { Button, Group, Text, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { AreaLabel } from '../../components/AreaLabel.tsx';
import { formatCount, formatNumber, plural, unitsInShort } from '../../components/format.ts';
import { GoButton } from '../../components/GoButton.tsx';
import { driveUnitsLabel, driveUnitsPath, unitKey } from '../../components/units.ts';
import { VirtualTable, type Column } from '../../components/VirtualTable.tsx';
import type { UnitStatistics } from './analysis.ts';

/** An index in two decimals, or that it is missing. */
export const formatIndex = (value: number | null): string =>
  value === null || Number.isNaN(value) ? 'missing' : value.toFixed(2);

function unitColumns(hasOrientation: boolean): Column<UnitStatistics>[] {
  const selectivity: Column<UnitStatistics> = hasOrientation
    ? {
        key: 'gosi',
        title: 'gOSI',
        width: '3.4rem',
        align: 'right',
        render: (row) => formatIndex(row.gOsi),
        sortBy: (row) => row.gOsi,
      }
    : {
        key: 'sparseness',
        title: 'sparse',
        width: '3.4rem',
        align: 'right',
        render: (row) => formatIndex(row.sparseness),
        sortBy: (row) => row.sparseness,
      };
  return [
    { key: 'unit', title: 'Unit', width: 'minmax(2.75rem, 1fr)', render: (row) => row.unit, sortBy: (row) => row.unit },
    {
      key: 'area',
      title: 'Area',
      width: 'minmax(5.5rem, 1.4fr)',
      render: (row) => <AreaLabel area={row.area} />,
      sortBy: (row) => row.area,
    },
    {
      key: 'max',
      title: 'Max',
      width: '3.6rem',
      align: 'right',
      render: (row) => formatNumber(row.max),
      sortBy: (row) => row.max,
    },
    selectivity,
  ];
}

export function UnitList({
  units,
  brushed,
  onClear,
  twinId,
  hasOrientation,
  selected,
  onSelect,
}: {
  units: readonly UnitStatistics[];
  /** Keys picked in the map of receptive fields; empty: all. */
  brushed: ReadonlySet<string>;
  onClear: () => void;
  twinId: string;
  hasOrientation: boolean;
  selected: UnitStatistics | null;
  onSelect: (unit: number) => void;
}) {
  const [text, setText] = useState('');
  const columns = useMemo(() => unitColumns(hasOrientation), [hasOrientation]);
  const shown = useMemo(() => {
    const words = text.toLowerCase().split(/\s+/);
    return units.filter(
      (unit) =>
        (brushed.size === 0 || brushed.has(unitKey(unit))) &&
        words.every((word) => unitKey(unit).toLowerCase().includes(word)),
    );
  }, [units, brushed, text]);
  const areas = new Set(shown.map((unit) => unit.area));
  const silent = units.filter((unit) => !unit.responsive).length;
  return (
    <>
      <div style={{ padding: '0.5rem' }}>
        <TextInput
          aria-label="Find units"
          placeholder="Find units"
          leftSection={<IconSearch size={13} />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      </div>
      {brushed.size > 0 && (
        <Group gap="xs" px="sm" pb="sm">
          <Button variant="default" size="compact-xs" onClick={onClear}>
            Show all units
          </Button>
          {areas.size === 1 && shown[0] !== undefined && (
            <GoButton
              size="compact-xs"
              to={driveUnitsPath(
                twinId,
                shown[0].area,
                shown.map((unit) => unit.unit),
              )}
            >
              {driveUnitsLabel(shown.length)}
            </GoButton>
          )}
        </Group>
      )}
      <VirtualTable
        label="Units"
        rows={shown}
        columns={columns}
        rowKey={unitKey}
        selected={selected === null ? null : unitKey(selected)}
        onSelect={(unit) => onSelect(unit.index)}
        initialSort={{ key: 'max', descending: true }}
      />
      <Text size="xs" c="dimmed" p="sm">
        {shown.length === units.length ? '' : `${formatCount(shown.length)} of `}
        {plural(units.length, 'unit')}
        {units[0] !== undefined && `; max: largest response (${unitsInShort(units[0].responseUnits)})`}
        {silent > 0 && `; ${formatCount(silent)} not responsive: no indices`}
      </Text>
    </>
  );
}
