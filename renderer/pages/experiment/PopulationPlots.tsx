/** All units at once: the areas over a factor, and every unit over every condition. */
import { SegmentedControl } from '@mantine/core';
import { useMemo, useState } from 'react';
import { labelAt, type Factor } from '../../../main/stimuli/design.ts';
import { useAreaColour } from '../../components/areaColours.tsx';
import { plural, unitsInShort } from '../../components/format.ts';
import { PlotFrame } from '../../components/PlotFrame.tsx';
import { AreaBars } from '../../plots/AreaBars.tsx';
import { HeatMap, heatMargin } from '../../plots/HeatMap.tsx';
import { PopulationStrip } from '../../plots/PopulationStrip.tsx';
import { domainCell, markText } from './UnitPlot.tsx';
import {
  levelsOutside,
  populationMeans,
  populationOver,
  preferredOrder,
  relativeToMax,
  responseAt,
  unitsByStimuli,
  type ResponseTable,
  type UnitStatistics,
} from './analysis.ts';

export function PopulationPlot({
  table,
  factor,
  context,
  outside,
}: {
  table: ResponseTable;
  factor: Factor | null;
  context: string;
  /** Per stimulus why it lies outside what the twin was tested with; empty where that is not known. */
  outside: readonly (string | null)[];
}) {
  const areaColour = useAreaColour();
  const areas = useMemo(() => (factor === null ? [] : populationOver(table, factor.key)), [table, factor]);
  const means = useMemo(() => (factor === null ? populationMeans(table) : []), [table, factor]);
  const responseUnits = table.units[0]?.responseUnits ?? 'arbitrary';
  const statistics = ['mean', 'q1', 'q3'].map((name) => `${name} (${responseUnits})`);
  if (factor === null) {
    return (
      <PlotFrame
        title="Areas"
        caption={`Mean over ${plural(table.stimuli, 'stimulus', 'stimuli')}; line: middle half of the units · ${context}`}
        data={() => ({ columns: ['area', ...statistics], rows: means.map((m) => [m.area, m.mean, m.q1, m.q3]) })}
      >
        {(width) => (
          <AreaBars
            width={width}
            title={`mean response (${unitsInShort(responseUnits)})`}
            bars={means.map((m) => ({ area: m.area, colour: areaColour(m.area), value: m.mean, q1: m.q1, q3: m.q3 }))}
          />
        )}
      </PlotFrame>
    );
  }
  const open = levelsOutside(table, factor.key, outside);
  return (
    <PlotFrame
      title="Areas"
      caption={`Mean over units, band: their middle half, dashed: blank; other factors averaged${markText('open', open, outside)} · ${context}`}
      data={() => ({
        columns: ['area', factor.key, ...statistics],
        rows: areas.flatMap((one) =>
          one.points.map((point, index) => [one.area, factor.levels[index] ?? null, point.mean, point.q1, point.q3]),
        ),
      })}
    >
      {(width) => (
        <PopulationStrip
          width={width}
          factor={factor}
          areas={areas.map((one) => ({ ...one, colour: areaColour(one.area) }))}
          responseUnits={responseUnits}
          outside={open}
        />
      )}
    </PlotFrame>
  );
}

export function HeatMapPlot({
  table,
  units,
  selected,
  onSelect,
  context,
  outside,
}: {
  table: ResponseTable;
  units: readonly UnitStatistics[];
  selected: UnitStatistics | null;
  onSelect: (unit: number) => void;
  context: string;
  /** Per condition why it lies outside what the twin was tested with; empty where that is not known. */
  outside: readonly (string | null)[];
}) {
  const areaColour = useAreaColour();
  const [relative, setRelative] = useState(false);
  const open = useMemo(() => outside.map((reason) => reason !== null), [outside]);
  const order = useMemo(() => preferredOrder(units), [units]);
  const values = useMemo(() => {
    const rows = unitsByStimuli(table, order);
    return relative ? relativeToMax(rows, table.stimuli) : rows;
  }, [table, order, relative]);
  const groups = useMemo(() => {
    const areas = [...new Set(table.units.map((unit) => unit.area))];
    return areas.map((area) => ({
      label: area,
      colour: areaColour(area),
      rows: table.units.filter((unit) => unit.area === area).length,
    }));
  }, [table, areaColour]);
  const height = 320;
  const variedNames = table.factors.filter((factor) => factor.levels.length > 1).map((factor) => factor.name);
  const ordering = variedNames.length > 1 ? `, ${variedNames[0]} slowest, ${variedNames.at(-1)} fastest` : '';
  return (
    <PlotFrame
      title="Units × conditions"
      controls={
        <SegmentedControl
          aria-label="Values"
          value={relative ? 'relative' : 'absolute'}
          onChange={(value) => setRelative(value === 'relative')}
          data={[
            { value: 'absolute', label: 'responses' },
            { value: 'relative', label: 'of each maximum' },
          ]}
        />
      }
      caption={`${plural(table.units.length, 'unit')} × ${plural(table.stimuli, 'condition')}${ordering}${table.blank === null ? '' : ', blank last'}; rows of an area in the order of their best condition${markText('bars above', open, outside)}. Click a row to select its unit · ${context}`}
      data={() => ({
        columns: ['condition', 'label', 'tested_domain', ...table.units.map((unit) => `${unit.area}/${unit.unit}`)],
        rows: Array.from({ length: table.stimuli }, (_, stimulus) => [
          stimulus,
          labelAt(table.design, stimulus),
          domainCell(outside, stimulus),
          ...table.units.map((_unit, index) => responseAt(table, stimulus, index)),
        ]),
      })}
    >
      {(width) => (
        <div
          onClick={(event) => {
            const box = event.currentTarget.getBoundingClientRect();
            const at = (event.clientY - box.top - heatMargin.top) / (height - heatMargin.top - heatMargin.bottom);
            const row = Math.floor(at * table.units.length);
            const unit = order[row];
            if (unit !== undefined) onSelect(unit);
          }}
        >
          <HeatMap
            width={width}
            height={height}
            values={values}
            rows={table.units.length}
            columns={table.stimuli}
            groups={groups}
            valueTitle={
              relative
                ? 'fraction of the unit’s maximum'
                : `response (${unitsInShort(table.units[0]?.responseUnits ?? 'arbitrary')})`
            }
            columnTitle="condition"
            outside={open}
            selectedRow={selected === null ? null : order.indexOf(selected.index)}
          />
        </div>
      )}
    </PlotFrame>
  );
}
