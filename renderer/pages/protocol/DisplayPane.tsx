/** The display drawn to scale, what the protocol adds up to, and what to know before recording. */
import { SimpleGrid, Stack, Table, Text } from '@mantine/core';
import type { Display, ProtocolPlan } from '../../../main/contract/plans.ts';
import { neededDeg, type ExpandedProtocol } from '../../../main/contract/results.ts';
import { Warnings } from '../../components/errors.tsx';
import { formatCount, formatNumber } from '../../components/format.ts';
import { PaneTitle } from '../../components/Page.tsx';
import { PlotFrame } from '../../components/PlotFrame.tsx';
import { NumberField } from '../search/NumberField.tsx';
import { DisplayGeometry } from './DisplayGeometry.tsx';
import { conditionTotals } from './items.ts';
import type { ChangePlan } from './ItemsPane.tsx';

const fields: { key: keyof Display; label: string; suffix: string; min: number; max: number; whole?: boolean }[] = [
  { key: 'widthPx', label: 'Pixels across', suffix: ' px', min: 100, max: 16384, whole: true },
  { key: 'heightPx', label: 'Pixels down', suffix: ' px', min: 100, max: 16384, whole: true },
  { key: 'widthCm', label: 'Screen width', suffix: ' cm', min: 0.1, max: 10_000 },
  { key: 'distanceCm', label: 'Distance', suffix: ' cm', min: 0.1, max: 10_000 },
  { key: 'refreshHz', label: 'Refresh rate', suffix: ' Hz', min: 1, max: 1000 },
  { key: 'gamma', label: 'Gamma', suffix: '', min: 1, max: 4 },
  { key: 'minLuminanceCdM2', label: 'Black', suffix: ' cd/m²', min: 0, max: 1e5 },
  { key: 'maxLuminanceCdM2', label: 'White', suffix: ' cd/m²', min: 0.01, max: 1e5 },
];

/** `20 min 15 s` as the experimenter's watch shows it. */
export function formatMinutes(minutes: number): string {
  const seconds = Math.round(minutes * 60);
  if (seconds < 60) return `${seconds} s`;
  const whole = Math.floor(seconds / 60);
  return whole < 60
    ? `${whole} min ${String(seconds % 60).padStart(2, '0')} s`
    : `${Math.floor(whole / 60)} h ${String(whole % 60).padStart(2, '0')} min`;
}

export function Totals({ protocol }: { protocol: ExpandedProtocol }) {
  return (
    <Table aria-label="Totals">
      <Table.Tbody>
        <Table.Tr>
          <Table.Td fw={600}>Trials</Table.Td>
          <Table.Td ta="right" fw={600}>
            {formatCount(protocol.trials.length)}
          </Table.Td>
        </Table.Tr>
        {conditionTotals(protocol).map(({ condition, trials }) => (
          <Table.Tr key={condition}>
            <Table.Td pl="md">{condition}</Table.Td>
            <Table.Td ta="right">{formatCount(trials)}</Table.Td>
          </Table.Tr>
        ))}
        <Table.Tr>
          <Table.Td fw={600}>Duration</Table.Td>
          <Table.Td ta="right" fw={600} style={{ whiteSpace: 'nowrap' }}>
            {formatMinutes(protocol.minutes)}
          </Table.Td>
        </Table.Tr>
        <Table.Tr>
          <Table.Td>Frames</Table.Td>
          <Table.Td ta="right">{formatCount(protocol.totalFrames)}</Table.Td>
        </Table.Tr>
        <Table.Tr>
          <Table.Td>Stimuli</Table.Td>
          <Table.Td ta="right">{formatCount(protocol.stimuli.length)}</Table.Td>
        </Table.Tr>
      </Table.Tbody>
    </Table>
  );
}

export function DisplayPane({
  plan,
  protocol,
  onChange,
}: {
  plan: ProtocolPlan;
  protocol: ExpandedProtocol | undefined;
  onChange: ChangePlan;
}) {
  const { display } = plan;
  const largest = protocol?.stimuli.reduce((size, stimulus) => Math.max(size, neededDeg(stimulus)), 0) ?? null;
  return (
    <Stack gap="md">
      {protocol && <Warnings items={protocol.warnings} />}
      <PlotFrame
        title="Display"
        caption={
          protocol === undefined
            ? 'Seen from above, to scale.'
            : `Seen from above, to scale; shaded: the largest stimulus. ${formatNumber(protocol.pixelsPerDegCentre, 4)} px per degree at the centre.`
        }
        data={() => ({
          columns: ['property', 'value'],
          rows: Object.entries(display).map(([key, value]) => [key, value]),
        })}
      >
        {(width) => <DisplayGeometry width={width} display={display} largestDeg={largest} />}
      </PlotFrame>
      <SimpleGrid cols={2} spacing={4}>
        {fields.map(({ key, label, suffix, min, max, whole = false }) => (
          <NumberField
            key={key}
            label={label}
            suffix={suffix}
            min={min}
            max={max}
            whole={whole}
            value={display[key]}
            onChange={(value) =>
              value >= min &&
              value <= max &&
              onChange({ ...plan, display: { ...display, [key]: value } }, `display ${key}`)
            }
          />
        ))}
      </SimpleGrid>
      <PaneTitle>Totals</PaneTitle>
      {protocol === undefined ? (
        <Text size="xs" c="dimmed">
          Counted when there is something to show.
        </Text>
      ) : (
        <Totals protocol={protocol} />
      )}
    </Stack>
  );
}
