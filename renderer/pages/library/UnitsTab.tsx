/** Receptive fields in the visual field and the table of units; selecting in one selects in the other. */
import { Button, Chip, Group, Stack, Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { TwinDetails, TwinUnit } from '../../../main/contract/twins.ts';
import { AreaLabel } from '../../components/AreaLabel.tsx';
import { BrushableRfMap } from '../../components/BrushableRfMap.tsx';
import { formatCount, formatNumber, plural } from '../../components/format.ts';
import { GoButton } from '../../components/GoButton.tsx';
import { PlotFrame } from '../../components/PlotFrame.tsx';
import { driveUnitsLabel, driveUnitsPath, unitKey } from '../../components/units.ts';
import { VirtualTable, type Column } from '../../components/VirtualTable.tsx';
import { areaStyle, outlineOf } from '../../plots/colours.ts';

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
const leastRem = (columns: readonly Column<TwinUnit>[]): number =>
  columns.reduce((sum, { width }) => sum + Number.parseFloat(width.replace('minmax(', '')) + 0.5, 1);

export function UnitsTab({ twin }: { twin: TwinDetails }) {
  const { manifest, summary } = twin;
  const [areas, setAreas] = useState<string[]>(() => manifest.areas.map((area) => area.name));
  const [selected, setSelected] = useState<readonly string[]>([]);
  const colourOf = useMemo(() => new Map(manifest.areas.map((area) => [area.name, area.colourOf])), [manifest]);
  const units = useMemo(() => twin.units.filter((unit) => areas.includes(unit.area)), [twin, areas]);
  const columns = useMemo(() => unitColumns(twin.units), [twin]);
  const mapped = useMemo(
    () =>
      units.flatMap((unit) =>
        unit.xDeg === null || unit.yDeg === null
          ? []
          : [
              {
                key: unitKey(unit),
                xDeg: unit.xDeg,
                yDeg: unit.yDeg,
                sizeDeg: unit.sizeDeg,
                ...outlineOf(areaStyle(unit.area, colourOf.get(unit.area))),
              },
            ],
      ),
    [units, colourOf],
  );
  const chosen = useMemo(() => new Set(selected), [selected]);
  const rows = selected.length > 1 ? units.filter((unit) => chosen.has(unitKey(unit))) : units;
  const chosenUnits = units.filter((unit) => chosen.has(unitKey(unit)));
  // A search's target term is one area: a selection across areas is narrowed with the chips first.
  const chosenAreas = new Set(chosenUnits.map((unit) => unit.area));
  const oneArea = chosenAreas.size === 1 ? (chosenUnits[0]?.area ?? null) : null;
  return (
    <Stack gap="md">
      <Chip.Group multiple value={areas} onChange={setAreas}>
        <Group gap="sm">
          {manifest.areas.map((area) => (
            <Chip key={area.name} value={area.name} size="xs" variant="outline">
              <AreaLabel
                area={area.name}
                colourOf={area.colourOf}
                label={`${area.label}, ${formatCount(area.units)}`}
              />
            </Chip>
          ))}
        </Group>
      </Chip.Group>
      {mapped.length > 0 ? (
        <PlotFrame
          title="Receptive fields"
          caption={`${plural(mapped.length, 'unit')}, circles at the stated diameter. Click a unit, or drag to select several.`}
          data={() => ({
            columns: ['unit', 'area', 'x_deg', 'y_deg', 'size_deg'],
            rows: units.map((unit) => [unit.unit, unit.area, unit.xDeg, unit.yDeg, unit.sizeDeg]),
          })}
        >
          {(width) => (
            <BrushableRfMap
              width={Math.min(width, 440)}
              fieldOfViewDeg={summary.fieldOfViewDeg}
              units={mapped}
              selected={chosen}
              onSelect={setSelected}
            />
          )}
        </PlotFrame>
      ) : (
        <Text size="xs" c="dimmed">
          The package states no receptive-field positions.
        </Text>
      )}
      <Group justify="space-between">
        <Text size="xs" c="dimmed">
          {selected.length > 1 ? `${plural(selected.length, 'unit')} selected` : plural(units.length, 'unit')}
        </Text>
        {selected.length > 0 && (
          <Group gap="sm">
            <Button variant="default" onClick={() => setSelected([])}>
              Clear selection
            </Button>
            {oneArea !== null && (
              <GoButton
                to={driveUnitsPath(
                  summary.id,
                  oneArea,
                  chosenUnits.map((unit) => unit.unit),
                )}
              >
                {driveUnitsLabel(chosenUnits.length)}
              </GoButton>
            )}
          </Group>
        )}
      </Group>
      <div style={{ height: '22rem', display: 'flex' }}>
        <VirtualTable
          label="Units"
          rows={rows}
          columns={columns}
          rowKey={unitKey}
          selected={selected.length === 1 ? (selected[0] ?? null) : null}
          onSelect={(unit) => setSelected([unitKey(unit)])}
          minWidth={`${leastRem(columns)}rem`}
        />
      </div>
    </Stack>
  );
}
