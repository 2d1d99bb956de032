/** Where a twin's predictions hold, where they are known to fail, and what it was shown to reproduce. */
import { Stack, Table, Text } from '@mantine/core';
import { IconCheck, IconX } from '@tabler/icons-react';
import type { TwinDetails } from '../../../main/contract/twins.ts';
import { acceptanceText, ceilingText, notStated, twinFacts } from '../../../main/twins/facts.ts';
import { Warnings } from '../../components/errors.tsx';
import { formatCount, formatNumber } from '../../components/format.ts';
import { PaneTitle } from '../../components/Page.tsx';
import { FactList, factsOf } from './FactTable.tsx';

const Nothing = () => (
  <Text size="sm" c="dimmed">
    Not stated.
  </Text>
);

function Acceptance({ twin }: { twin: TwinDetails }) {
  const rows = twin.manifest.validity.acceptance ?? [];
  if (rows.length === 0) return <Nothing />;
  return (
    <Table.ScrollContainer minWidth="25rem" type="native">
      <Table aria-label="Acceptance checks">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Check</Table.Th>
            <Table.Th>Published, source</Table.Th>
            <Table.Th>Measured</Table.Th>
            <Table.Th>Tolerance</Table.Th>
            <Table.Th>Passed</Table.Th>
            <Table.Th ta="right">n</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(({ check, published, measured, tolerance, passed, n, source }) => (
            <Table.Tr key={check} style={{ verticalAlign: 'top' }}>
              <Table.Td>{check}</Table.Td>
              <Table.Td>
                {published}
                <Text size="xs" c="dimmed">
                  {source}
                </Text>
              </Table.Td>
              <Table.Td>{measured}</Table.Td>
              <Table.Td>{tolerance}</Table.Td>
              <Table.Td fw={passed ? 400 : 600} style={{ whiteSpace: 'nowrap' }}>
                {passed ? <IconCheck size={12} aria-hidden /> : <IconX size={12} aria-hidden />} {passed ? 'yes' : 'no'}
              </Table.Td>
              <Table.Td ta="right">{formatCount(n)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

export function ValidityTab({ twin }: { twin: TwinDetails }) {
  const { validity } = twin.manifest;
  return (
    <Stack gap="lg" maw="52rem">
      <FactList facts={factsOf(twinFacts(twin), 'Validity', ['Known failures', 'Acceptance checks'])} />
      {validity.tested === undefined && (
        <Text size="xs" c="dimmed">
          Its author states no tested domain, so every prediction of it carries a mark.
        </Text>
      )}
      <div>
        <PaneTitle>Known failures</PaneTitle>
        {validity.knownFailures.length === 0 ? <Nothing /> : <Warnings items={validity.knownFailures} />}
      </div>
      <div>
        <PaneTitle
          right={(validity.acceptance ?? []).length > 0 && <Text size="xs">{acceptanceText(twin.manifest)}</Text>}
        >
          Acceptance checks
        </PaneTitle>
        <Acceptance twin={twin} />
      </div>
    </Stack>
  );
}

/** How well it predicts recordings, by its author's figures. */
export function PerformanceTab({ twin }: { twin: TwinDetails }) {
  const rows = twin.manifest.performance ?? [];
  if (rows.length === 0) {
    return (
      <Stack gap="xs" maw="40rem">
        <Text size="sm">Performance: {notStated}.</Text>
        <Text size="xs" c="dimmed">
          Its author gives no score on recordings. What it was shown to reproduce stands under Validity.
        </Text>
      </Stack>
    );
  }
  return (
    <Stack gap="xs" maw="52rem">
      <Table aria-label="Performance">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Metric</Table.Th>
            <Table.Th ta="right">Raw</Table.Th>
            <Table.Th>Ceiling</Table.Th>
            <Table.Th ta="right">n</Table.Th>
            <Table.Th>Data set</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={`${row.metric} ${row.dataSet}`}>
              <Table.Td>{row.metric}</Table.Td>
              <Table.Td ta="right">{formatNumber(row.raw)}</Table.Td>
              <Table.Td>{ceilingText(row)}</Table.Td>
              <Table.Td ta="right">{row.n === undefined ? notStated : formatCount(row.n)}</Table.Td>
              <Table.Td>{row.dataSet}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Text size="xs" c="dimmed">
        As its author states them; nothing of this was measured on this computer.
      </Text>
    </Stack>
  );
}
