/** The results of one run: units on the left, plots in the middle, the selected unit and provenance in the inspector. */
import { Badge, DataList, Stack, Text } from '@mantine/core';
import { useMemo, useState, type ReactNode } from 'react';
import type { RunDetails } from '../../../main/contract/results.ts';
import { labelAt } from '../../../main/stimuli/design.ts';
import { domainSentence, outsideInDesign, outsideSummary } from '../../../main/twins/domain.ts';
import { useQueryCall } from '../../client/hooks.ts';
import { AreaColoursOf } from '../../components/areaColours.tsx';
import { AreaLabel } from '../../components/AreaLabel.tsx';
import { DomainMark, DomainNotice, useTested } from '../../components/DomainMark.tsx';
import { ErrorNotice } from '../../components/errors.tsx';
import { formatCount, formatNumber, formatTime, plural, unitsInShort } from '../../components/format.ts';
import { GoButton } from '../../components/GoButton.tsx';
import { Inspector, PageHeader, Pane, Panes, PaneTitle } from '../../components/Page.tsx';
import { ProvenancePanel } from '../../components/ProvenancePanel.tsx';
import { Empty, LoadingLines, QueryView } from '../../components/states.tsx';
import { driveUnitsLabel, driveUnitsPath, unitKey } from '../../components/units.ts';
import { unitStatistics, type ResponseTable, type UnitStatistics } from './analysis.ts';
import { BestStimuli } from './BestStimuli.tsx';
import { FieldsPanel, TwinState } from './FieldsPanel.tsx';
import { HeatMapPlot, PopulationPlot } from './PopulationPlots.tsx';
import { formatIndex, UnitList } from './UnitList.tsx';
import { UnitPlot, variedFactors, type PlotChoices } from './UnitPlot.tsx';
import { useResponses } from './useResponses.ts';

/** Whether the twin was tested with what a unit answered most. */
function domainText(outside: readonly (string | null)[], stimulus: number): ReactNode {
  if (outside.length === 0) return 'not known, its twin is not in the library';
  const reason = outside[stimulus] ?? null;
  if (reason === null) return 'the best stimulus lies inside';
  return (
    <>
      <DomainMark reason={reason} /> {domainSentence(reason)}
    </>
  );
}

function UnitInspector({
  run,
  table,
  unit,
  brushed,
  onBrush,
  outside,
}: {
  run: RunDetails;
  table: ResponseTable;
  unit: UnitStatistics | null;
  brushed: ReadonlySet<string>;
  onBrush: (keys: readonly string[]) => void;
  outside: readonly (string | null)[];
}) {
  const rows: [string, ReactNode][] =
    unit === null
      ? []
      : [
          ['Area', <AreaLabel key="area" area={unit.area} />],
          ['Largest response', `${formatNumber(unit.max)} ${unitsInShort(unit.responseUnits)}`],
          ['Best stimulus', labelAt(table.design, unit.best)],
          ['Tested domain', domainText(outside, unit.best)],
          [
            'Blank',
            unit.blank === null ? 'not shown' : `${formatNumber(unit.blank)} ${unitsInShort(unit.responseUnits)}`,
          ],
          ...(unitsInShort(unit.responseUnits) === unit.responseUnits
            ? []
            : [['Response units', unit.responseUnits] as [string, ReactNode]]),
          ['Responsive', unit.responsive ? 'yes' : 'no, indices are missing'],
          ...(table.factors.some(({ key }) => key === 'directionDeg')
            ? ([
                ['DSI', formatIndex(unit.dsi)],
                ['gDSI', formatIndex(unit.gDsi)],
              ] as [string, ReactNode][])
            : []),
          ['gOSI', formatIndex(unit.gOsi)],
          ['Lifetime sparseness', formatIndex(unit.sparseness)],
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
        <FieldsPanel
          run={run}
          selected={brushed.size > 0 || unit === null ? brushed : new Set([unitKey(unit)])}
          onSelect={onBrush}
        />
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
  const [brushed, setBrushed] = useState<ReadonlySet<string>>(new Set());
  function brush(keys: readonly string[]) {
    // One unit is a selection; several narrow the list.
    const only = keys.length === 1 ? units.find((unit) => unitKey(unit) === keys[0]) : undefined;
    if (only !== undefined) setChosen(only.index);
    setBrushed(new Set(keys.length === 1 ? [] : keys));
  }
  const [choices, setChoices] = useState<PlotChoices>({ factorKey: null, others: 'best', splitKey: null });
  const selected = (chosen === null ? strongest : units[chosen]) ?? null;
  const factors = variedFactors(table);
  const factor = factors.find((each) => each.key === choices.factorKey) ?? factors[0] ?? null;
  const tested = useTested(run.provenance.twin.sha256);
  const outside = useMemo(
    () => (tested === undefined ? [] : outsideInDesign(tested, run.design)),
    [tested, run.design],
  );
  const label = (stimulus: number) => labelAt(table.design, stimulus);
  const context = `${run.setName} on ${run.twinId} ${run.twinVersion}`;
  return (
    <Panes>
      <Pane label="Units" width="clamp(19rem, 26vw, 22.5rem)" scroll={false} padding={false}>
        <UnitList
          units={units}
          brushed={brushed}
          onClear={() => setBrushed(new Set())}
          twinId={run.twinId}
          runName={run.name}
          label={label}
          selected={selected}
          onSelect={setChosen}
        />
      </Pane>
      <Pane label="Plots">
        <Stack gap="xl">
          <TwinState run={run} />
          <DomainNotice sentence={outsideSummary(outside)} />
          {selected !== null && (
            <Stack gap="sm">
              <UnitPlot
                table={table}
                unit={selected}
                choices={choices}
                onChange={(part) => setChoices((before) => ({ ...before, ...part }))}
                context={context}
                outside={outside}
              />
              <BestStimuli run={run} table={table} unit={selected} outside={outside} />
              <div>
                <GoButton variant="default" to={driveUnitsPath(run.twinId, selected.area, [selected.unit])}>
                  {driveUnitsLabel(1)}
                </GoButton>
              </div>
            </Stack>
          )}
          <PopulationPlot table={table} factor={factor} context={context} outside={outside} />
          <HeatMapPlot
            table={table}
            units={units}
            selected={selected}
            onSelect={setChosen}
            context={context}
            outside={outside}
          />
        </Stack>
      </Pane>
      <UnitInspector run={run} table={table} unit={selected} brushed={brushed} onBrush={brush} outside={outside} />
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
          <AreaColoursOf sha256={run.provenance.twin.sha256}>
            <LoadedRun key={`${run.id} ${run.state}`} run={run} />
          </AreaColoursOf>
        </>
      )}
    </QueryView>
  );
}
