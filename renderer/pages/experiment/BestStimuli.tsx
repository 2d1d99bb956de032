/** The stimuli a unit answered most, with what it answered. */
import { Group, Text } from '@mantine/core';
import { useMemo } from 'react';
import type { RunDetails } from '../../../main/contract/results.ts';
import { useQueryCall } from '../../client/hooks.ts';
import { formatNumber, unitsInShort } from '../../components/format.ts';
import { StimulusTile } from '../../components/StimulusTile.tsx';
import { responseAt, type ResponseTable, type UnitStatistics } from './analysis.ts';

const shown = 6;

/** Positions of the largest responses, largest first, without sorting them all. */
export function largest(table: ResponseTable, unit: number, n: number): number[] {
  const best: number[] = [];
  for (let stimulus = 0; stimulus < table.stimuli; stimulus++) {
    const value = responseAt(table, stimulus, unit);
    if (stimulus === table.blank || Number.isNaN(value)) continue;
    const at = best.findIndex((other) => responseAt(table, other, unit) < value);
    if (at >= 0) best.splice(at, 0, stimulus);
    else best.push(stimulus);
    best.length = Math.min(best.length, n);
  }
  return best;
}

function BestTile({
  setId,
  index,
  text,
  outside,
}: {
  setId: string;
  index: number;
  text: string;
  outside: string | null;
}) {
  const items = useQueryCall('sets.items', { id: setId, offset: index, limit: 1 }, { gcTime: 60_000 });
  const item = items.data?.[0];
  return (
    <StimulusTile
      src={item?.thumbnail ?? null}
      clip={item?.clip ?? null}
      label={`${text} · ${item?.label ?? ''}`}
      sizePx={88}
      outside={outside}
    />
  );
}

export function BestStimuli({
  run,
  table,
  unit,
  outside,
}: {
  run: RunDetails;
  table: ResponseTable;
  unit: UnitStatistics;
  /** Per stimulus why it lies outside what the twin was tested with; empty where that is not known. */
  outside: readonly (string | null)[];
}) {
  const sets = useQueryCall('sets.list', {});
  const best = useMemo(() => largest(table, unit.index, shown), [table, unit.index]);
  const ref = run.plan.stimuli;
  const set = 'set' in ref ? sets.data?.find((each) => each.id === ref.set || each.name === ref.set) : undefined;
  // A removed set is not listed any more; its run stays whole without pictures.
  if (set === undefined) return null;
  return (
    <div role="group" aria-label="Strongest stimuli">
      <Text size="xs" c="dimmed" mb={4}>
        Strongest stimuli, with their responses ({unitsInShort(unit.responseUnits)})
      </Text>
      <Group gap={10} p={8} style={{ background: 'var(--stage)' }}>
        {best.map((index) => (
          <BestTile
            key={index}
            setId={set.id}
            index={index}
            outside={outside[index] ?? null}
            text={formatNumber(responseAt(table, index, unit.index))}
          />
        ))}
      </Group>
    </div>
  );
}
