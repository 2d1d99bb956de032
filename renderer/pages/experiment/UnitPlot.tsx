/** The main plot of the selected unit: its tuning over a factor, or its responses in order where nothing was varied. */
import { Group, SegmentedControl, Select } from '@mantine/core';
import { useAreaColour } from '../../components/areaColours.tsx';
import { formatLevel } from '../../plots/factorScale.ts';
import { labelAt, type Factor } from '../../../main/stimuli/design.ts';
import { noTestedDomain } from '../../../main/twins/domain.ts';
import { plural } from '../../components/format.ts';
import { PlotFrame } from '../../components/PlotFrame.tsx';
import { RankedResponses } from '../../plots/RankedResponses.tsx';
import { TuningCurve } from '../../plots/TuningCurve.tsx';
import {
  levelsOutside,
  responseAt,
  tuning,
  type OtherFactors,
  type ResponseTable,
  type UnitStatistics,
} from './analysis.ts';

/** How the plots are looked at; shared by the page so that it stays when another unit is selected. */
export interface PlotChoices {
  readonly factorKey: string | null;
  readonly others: OtherFactors;
  readonly splitKey: string | null;
}

/** More lines than this cannot be told apart. */
const mostSeries = 6;

/** Factors that took more than one level. */
export const variedFactors = (table: ResponseTable): readonly Factor[] =>
  table.factors.filter((factor) => factor.levels.length > 1);

function othersSentence(table: ResponseTable, factor: Factor, others: OtherFactors): string {
  const rest = variedFactors(table).filter((each) => each.key !== factor.key);
  if (rest.length === 0) return 'nothing else varied';
  const names = rest.map((each) => each.name);
  if (others === 'averaged') return `mean over ${names.join(', ')}`;
  const held = names.filter((name) => name !== 'phase');
  const phase = rest.some((each) => each.key === 'phaseDeg') && factor.key !== 'phaseDeg' ? ', mean over phase' : '';
  return held.length === 0 ? phase.slice(2) : `${held.join(', ')} at the unit’s best${phase}`;
}

function tuningSeries(table: ResponseTable, unit: number, factor: Factor, split: Factor | null, others: OtherFactors) {
  if (split === null) return [{ label: '', values: tuning(table, unit, factor.key, others) }];
  return split.levels.map((level, index) => ({
    label: `${formatLevel(level)}${split.unit === '°' ? '°' : ` ${split.unit}`}`.trim(),
    values: tuning(table, unit, factor.key, others, { factorKey: split.key, level: index }),
  }));
}

/** Every stimulus but the blank with its response, strongest first. */
function rankedResponses(table: ResponseTable, unit: number): { stimulus: number; response: number }[] {
  return Array.from({ length: table.stimuli }, (_, stimulus) => ({
    stimulus,
    response: responseAt(table, stimulus, unit),
  }))
    .filter((entry) => entry.stimulus !== table.blank && !Number.isNaN(entry.response))
    .sort((a, b) => b.response - a.response);
}

/** What marks mean, `how` they are drawn; nothing where there are none. */
export function markText(how: string, open: readonly boolean[], outside: readonly (string | null)[]): string {
  if (!open.some(Boolean)) return '';
  const what = outside.includes(noTestedDomain)
    ? 'no tested domain is stated'
    : 'outside what the twin was tested with';
  return `, ${how}: ${what}`;
}

/** Why a stimulus lies outside, for tables of responses. */
export const domainCell = (outside: readonly (string | null)[], stimulus: number): string =>
  outside.length === 0 ? 'not known' : (outside[stimulus] ?? 'inside');

export function UnitPlot({
  table,
  unit,
  choices,
  onChange,
  context,
  outside,
}: {
  table: ResponseTable;
  unit: UnitStatistics;
  choices: PlotChoices;
  onChange: (part: Partial<PlotChoices>) => void;
  /** The set and twin, for the caption. */
  context: string;
  /** Per stimulus why it lies outside what the twin was tested with; empty where that is not known. */
  outside: readonly (string | null)[];
}) {
  const areaColour = useAreaColour();
  const varied = variedFactors(table);
  const factor = varied.find((each) => each.key === choices.factorKey) ?? varied[0];
  const splitters = varied.filter((each) => each.key !== factor?.key && each.levels.length <= mostSeries);
  const split = splitters.find((each) => each.key === choices.splitKey) ?? null;
  const colour = areaColour(unit.area);
  const title = `${unit.area} ${unit.unit}`;
  const response = `response (${unit.responseUnits})`;

  if (factor === undefined) {
    const ranked = rankedResponses(table, unit.index);
    const open = ranked.map(({ stimulus }) => (outside[stimulus] ?? null) !== null);
    return (
      <PlotFrame
        title={title}
        caption={`${plural(ranked.length, 'stimulus', 'stimuli')}, strongest first${markText('open', open, outside)} · ${context}`}
        data={() => ({
          columns: ['rank', 'stimulus', 'label', response, 'tested_domain'],
          rows: ranked.map((entry, rank) => [
            rank + 1,
            entry.stimulus,
            labelAt(table.design, entry.stimulus),
            entry.response,
            domainCell(outside, entry.stimulus),
          ]),
        })}
      >
        {(width) => (
          <RankedResponses
            width={width}
            responses={ranked.map((entry) => entry.response)}
            blank={unit.blank}
            responseUnits={unit.responseUnits}
            colour={colour}
            outside={open}
          />
        )}
      </PlotFrame>
    );
  }
  const open = levelsOutside(table, factor.key, outside);
  const series = tuningSeries(table, unit.index, factor, split, choices.others);
  const splitText = split === null ? '' : `, lines: ${split.name}`;
  return (
    <PlotFrame
      title={title}
      caption={`${plural(table.stimuli, 'stimulus', 'stimuli')}, ${othersSentence(table, factor, choices.others)}${splitText}${markText('open', open, outside)} · ${context}`}
      data={() => ({
        columns: [
          factor.key,
          ...series.map((one) => (one.label === '' ? response : `${response} ${split?.key} ${one.label}`)),
          'tested_domain',
        ],
        rows: factor.levels.map((level, index) => [
          level,
          ...series.map((one) => one.values[index] ?? null),
          outside.length === 0 ? 'not known' : open[index] ? 'outside' : 'inside',
        ]),
      })}
      controls={
        <Group gap="xs">
          <Select
            aria-label="Factor"
            w={140}
            data={varied.map((each) => ({ value: each.key, label: each.name }))}
            value={factor.key}
            onChange={(factorKey) => onChange({ factorKey })}
          />
          <Select
            aria-label="One line per level of"
            w={150}
            data={[
              { value: '', label: 'one line' },
              ...splitters.map((each) => ({ value: each.key, label: `by ${each.name}` })),
            ]}
            value={split?.key ?? ''}
            onChange={(key) => onChange({ splitKey: key === '' ? null : key })}
          />
          <SegmentedControl
            aria-label="Other factors"
            value={choices.others}
            onChange={(others) => onChange({ others: others as OtherFactors })}
            data={[
              { value: 'best', label: 'at best' },
              { value: 'averaged', label: 'averaged' },
            ]}
          />
        </Group>
      }
    >
      {(width) => (
        <TuningCurve
          width={width}
          factor={factor}
          series={series}
          blank={unit.blank}
          responseUnits={unit.responseUnits}
          colour={colour}
          outside={open}
        />
      )}
    </PlotFrame>
  );
}
