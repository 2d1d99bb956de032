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
import { areaColour } from '../../plots/colours.ts';

const degrees = (value: number | null): string => (value === null ? 'missing' : formatNumber(value));

/** `orientation_deg` as people write it: orientation (°). */
export function columnTitle(key: string): string {
  const unit = /_(deg|cpd)$/.exec(key);
  const words = key.replace(/_(deg|cpd)$/, '').replaceAll('_', ' ');
  return unit === null ? words : `${words} (${unit[1] === 'deg' ? '°' : 'cpd'})`;
}

/** Columns every twin has, then those its author added. */
function unitColumns(units: readonly TwinUnit[]): Column<TwinUnit>[] {
  const extras = Object.keys(units[0]?.extra ?? {});
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
    ...extras.map((key): Column<TwinUnit> => ({
      key: `extra ${key}`,
      title: columnTitle(key),
      width: `minmax(${Math.max(4, columnTitle(key).length * 0.48)}rem, 1fr)`,
      align: 'right',
      render: (row) => {
        const value = row.extra[key];
        return typeof value === 'number' ? formatNumber(value) : (value ?? 'missing');
      },
      sortBy: (row) => row.extra[key] ?? null,
    })),
  ];
}

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
                colour: areaColour(unit.area, colourOf.get(unit.area)),
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
          minWidth={`${22 + columns.length * 3.2}rem`}
        />
      </div>
    </Stack>
  );
}
