/** The units of a run: sortable, searchable, narrowed by brushing. */
import { ActionIcon, Button, Group, Text, TextInput, Tooltip } from '@mantine/core';
import { IconDownload, IconSearch } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { AreaLabel } from '../../components/AreaLabel.tsx';
import { safeFileName, saveBlob, toCsv, type PlotData } from '../../components/exportPlot.ts';
import { formatCount, formatNumber, plural, unitsInShort } from '../../components/format.ts';
import { GoButton } from '../../components/GoButton.tsx';
import { driveUnitsLabel, driveUnitsPath, unitKey } from '../../components/units.ts';
import { VirtualTable, type Column } from '../../components/VirtualTable.tsx';
import type { UnitStatistics } from './analysis.ts';
import { hasNoZero } from './selectivity.ts';

/** An index in two decimals, or that it is missing. */
export const formatIndex = (value: number | null): string =>
  value === null || Number.isNaN(value) ? 'missing' : value.toFixed(2);

type IndexKey = 'dsi' | 'gDsi' | 'gOsi' | 'sparseness';

/** From this width of the list on a second index has room. */
const bothFromRem = 21;

const indexColumn = (key: IndexKey, title: string, fromRem?: number): Column<UnitStatistics> => ({
  key,
  title,
  width: '3.4rem',
  align: 'right',
  ...(fromRem === undefined ? {} : { fromRem }),
  render: (row) => formatIndex(row[key]),
  sortBy: (row) => row[key],
});

/** What the stimuli can tell of: direction where they drift, else orientation, else how few of them a unit answers. */
function indexColumns(units: readonly UnitStatistics[]): Column<UnitStatistics>[] {
  const has = (key: IndexKey): boolean => units.some((unit) => unit[key] !== null);
  if (has('dsi')) return [indexColumn('dsi', 'DSI'), indexColumn('gDsi', 'gDSI', bothFromRem)];
  if (has('gDsi')) return [indexColumn('gDsi', 'gDSI')];
  return [has('gOsi') ? indexColumn('gOsi', 'gOSI') : indexColumn('sparseness', 'sparse')];
}

/** Every unit with its indices; missing ones are empty. `label` names the stimulus at a position. */
export function unitTable(units: readonly UnitStatistics[], label: (stimulus: number) => string): PlotData {
  return {
    columns: [
      'area',
      'unit',
      'response_units',
      'max_response',
      'best_stimulus',
      'blank_response',
      'responsive',
      'dsi',
      'gdsi',
      'gosi',
      'lifetime_sparseness',
    ],
    rows: units.map((unit) => [
      unit.area,
      unit.unit,
      unit.responseUnits,
      unit.max,
      label(unit.best),
      unit.blank,
      unit.responsive ? 'yes' : 'no',
      unit.dsi,
      unit.gDsi,
      unit.gOsi,
      unit.sparseness,
    ]),
  };
}

function unitColumns(indices: Column<UnitStatistics>[]): Column<UnitStatistics>[] {
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
    ...indices,
  ];
}

export function UnitList({
  units,
  brushed,
  onClear,
  twinId,
  runName,
  label,
  selected,
  onSelect,
}: {
  units: readonly UnitStatistics[];
  /** Keys picked in the map of receptive fields; empty: all. */
  brushed: ReadonlySet<string>;
  onClear: () => void;
  twinId: string;
  runName: string;
  /** Names the stimulus at a position. */
  label: (stimulus: number) => string;
  selected: UnitStatistics | null;
  onSelect: (unit: number) => void;
}) {
  const [text, setText] = useState('');
  const columns = useMemo(() => unitColumns(indexColumns(units)), [units]);
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
      <Group gap="xs" p="sm" wrap="nowrap">
        <TextInput
          flex={1}
          aria-label="Find units"
          placeholder="Find units"
          leftSection={<IconSearch size={13} />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Tooltip label="Save all units with their indices (CSV)">
          <ActionIcon
            aria-label="Save the units"
            size="sm"
            onClick={() =>
              saveBlob(
                new Blob([toCsv(unitTable(units, label))], { type: 'text/csv' }),
                `${safeFileName(runName)}-units.csv`,
              )
            }
          >
            <IconDownload size={14} />
          </ActionIcon>
        </Tooltip>
      </Group>
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
        {units[0] !== undefined &&
          hasNoZero(units[0].responseUnits) &&
          '; no selectivity, since these responses have no zero to take a ratio to'}
      </Text>
    </>
  );
}
