/** The results of one run: units on the left, plots in the middle, the selected unit and provenance in the inspector. */
import { Badge, DataList, Stack, Text, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useMemo, useState, type ReactNode } from 'react';
import type { RunDetails } from '../../../main/contract/results.ts';
import { labelAt } from '../../../main/stimuli/design.ts';
import { useQueryCall } from '../../client/hooks.ts';
import { AreaLabel } from '../../components/AreaLabel.tsx';
import { ErrorNotice } from '../../components/errors.tsx';
import { formatCount, formatNumber, formatTime, plural } from '../../components/format.ts';
import { GoButton } from '../../components/GoButton.tsx';
import { Inspector, PageHeader, Pane, Panes, PaneTitle } from '../../components/Page.tsx';
import { ProvenancePanel } from '../../components/ProvenancePanel.tsx';
import { Empty, LoadingLines, QueryView } from '../../components/states.tsx';
import { VirtualTable, type Column } from '../../components/VirtualTable.tsx';
import { unitStatistics, type ResponseTable, type UnitStatistics } from './analysis.ts';
import { BestStimuli } from './BestStimuli.tsx';
import { HeatMapPlot, PopulationPlot } from './PopulationPlots.tsx';
import { UnitPlot, variedFactors, type PlotChoices } from './UnitPlot.tsx';
import { useResponses } from './useResponses.ts';

const rowKey = (unit: UnitStatistics): string => `${unit.area}/${unit.unit}`;
const index = (value: number | null): string => (value === null || Number.isNaN(value) ? 'missing' : value.toFixed(2));

function unitColumns(hasOrientation: boolean): Column<UnitStatistics>[] {
  const selectivity: Column<UnitStatistics> = hasOrientation
    ? {
        key: 'gosi',
        title: 'gOSI',
        width: '3.4rem',
        align: 'right',
        render: (row) => index(row.gOsi),
        sortBy: (row) => row.gOsi,
      }
    : {
        key: 'sparseness',
        title: 'sparse',
        width: '3.4rem',
        align: 'right',
        render: (row) => index(row.sparseness),
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

function UnitList({
  units,
  hasOrientation,
  selected,
  onSelect,
}: {
  units: readonly UnitStatistics[];
  hasOrientation: boolean;
  selected: UnitStatistics | null;
  onSelect: (unit: number) => void;
}) {
  const [text, setText] = useState('');
  const columns = useMemo(() => unitColumns(hasOrientation), [hasOrientation]);
  const shown = useMemo(() => {
    const words = text.toLowerCase().split(/\s+/);
    return units.filter((unit) => words.every((word) => rowKey(unit).toLowerCase().includes(word)));
  }, [units, text]);
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
      <VirtualTable
        label="Units"
        rows={shown}
        columns={columns}
        rowKey={rowKey}
        selected={selected === null ? null : rowKey(selected)}
        onSelect={(unit) => onSelect(unit.index)}
        initialSort={{ key: 'max', descending: true }}
      />
      <Text size="xs" c="dimmed" p="sm">
        {plural(units.length, 'unit')}
        {silent > 0 && `, ${formatCount(silent)} not responsive: their indices are missing`}
      </Text>
    </>
  );
}

function UnitInspector({ run, table, unit }: { run: RunDetails; table: ResponseTable; unit: UnitStatistics | null }) {
  const rows: [string, ReactNode][] =
    unit === null
      ? []
      : [
          ['Area', <AreaLabel key="area" area={unit.area} />],
          ['Largest response', `${formatNumber(unit.max)} ${unit.responseUnits}`],
          ['Best stimulus', labelAt(table.design, unit.best)],
          ['Blank', unit.blank === null ? 'not shown' : `${formatNumber(unit.blank)} ${unit.responseUnits}`],
          ['Responsive', unit.responsive ? 'yes' : 'no, indices are missing'],
          ['gOSI', index(unit.gOsi)],
          ['Lifetime sparseness', index(unit.sparseness)],
        ];
  return (
    <Inspector>
      <Stack gap="md" p="md">
        {unit === null ? (
          <Text size="xs" c="dimmed">
            Select a unit in the list or in the heat map.
          </Text>
        ) : (
          <>
            <PaneTitle>Unit {unit.unit}</PaneTitle>
            <DataList>
              {rows.map(([label, value]) => (
                <DataList.Item key={label}>
                  <DataList.ItemLabel>{label}</DataList.ItemLabel>
                  <DataList.ItemValue>{value}</DataList.ItemValue>
                </DataList.Item>
              ))}
            </DataList>
          </>
        )}
        <PaneTitle>Provenance</PaneTitle>
        <ProvenancePanel provenance={run.provenance} contentSha256={run.contentSha256} />
      </Stack>
    </Inspector>
  );
}

function Results({ run, table }: { run: RunDetails; table: ResponseTable }) {
  const units = useMemo(() => unitStatistics(table), [table]);
  const strongest = useMemo(
    () =>
      units.reduce<UnitStatistics | null>((best, unit) => (best === null || unit.max > best.max ? unit : best), null),
    [units],
  );
  const [chosen, setChosen] = useState<number | null>(null);
  const [choices, setChoices] = useState<PlotChoices>({ factorKey: null, others: 'best', splitKey: null });
  const selected = (chosen === null ? strongest : units[chosen]) ?? null;
  const factors = variedFactors(table);
  const factor = factors.find((each) => each.key === choices.factorKey) ?? factors[0] ?? null;
  const context = `${run.setName} on ${run.twinId} ${run.twinVersion}`;
  return (
    <Panes>
      <Pane label="Units" width="19rem" scroll={false} padding={false}>
        <UnitList
          units={units}
          hasOrientation={units.some((unit) => unit.gOsi !== null)}
          selected={selected}
          onSelect={setChosen}
        />
      </Pane>
      <Pane label="Plots">
        <Stack gap="xl">
          {selected !== null && (
            <Stack gap="sm">
              <UnitPlot
                table={table}
                unit={selected}
                choices={choices}
                onChange={(part) => setChoices((before) => ({ ...before, ...part }))}
                context={context}
              />
              <BestStimuli run={run} table={table} unit={selected} />
              <div>
                <GoButton
                  variant="default"
                  to={`/search/new?${new URLSearchParams({ twin: run.twinId, area: selected.area, unit: selected.unit })}`}
                >
                  Drive this unit
                </GoButton>
              </div>
            </Stack>
          )}
          <PopulationPlot table={table} factor={factor} context={context} />
          <HeatMapPlot table={table} units={units} selected={selected} onSelect={setChosen} context={context} />
        </Stack>
      </Pane>
      <UnitInspector run={run} table={table} unit={selected} />
    </Panes>
  );
}

function LoadedRun({ run }: { run: RunDetails }) {
  const { table, error, tooLarge } = useResponses(run);
  if (error !== null) return <ErrorNotice error={error} />;
  if (tooLarge) {
    return (
      <Empty title="Too many responses to draw">
        {`${formatCount(run.stimuli * run.units)} responses are saved in the project. Run fewer areas or a smaller set to look at them here.`}
      </Empty>
    );
  }
  if (table === null) return <LoadingLines lines={8} />;
  if (table.stimuli === 0) return <Empty title="No responses yet">This run has not saved any responses.</Empty>;
  return <Results run={run} table={table} />;
}

export function RunView({ id, chooser }: { id: string; chooser: ReactNode }) {
  const details = useQueryCall('runs.get', { id });
  return (
    <QueryView query={details}>
      {(run) => (
        <>
          <PageHeader
            title={run.name}
            detail={
              <>
                {run.state === 'partial' && (
                  <Badge color="yellow" mr="sm">
                    partial
                  </Badge>
                )}
                {plural(run.stimuli, 'stimulus', 'stimuli')} × {plural(run.units, 'unit')} · {formatTime(run.createdAt)}
              </>
            }
            actions={chooser}
          />
          <LoadedRun key={`${run.id} ${run.state}`} run={run} />
        </>
      )}
    </QueryView>
  );
}
