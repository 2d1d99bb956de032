/** Where twins can run on this machine, what was measured there, and which device is chosen. */
import { Badge, Button, Group, ScrollArea, Select, Stack, Table, Text } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useState } from 'react';
import type { DeviceInfo } from '../../../main/contract/devices.ts';
import { useCall, useQueryCall } from '../../client/hooks.ts';
import { ErrorNotice } from '../../components/errors.tsx';
import { formatNumber, formatRate, formatTime, plural } from '../../components/format.ts';
import { Page, PageHeader } from '../../components/Page.tsx';
import { LoadingLines } from '../../components/states.tsx';

const nothing = '–';

function availability({ available }: DeviceInfo, measuring: boolean): string {
  if (available === null) return measuring ? 'trying …' : 'not tried';
  return available ? 'available' : 'not available';
}

function DeviceRow({ device, measuring }: { device: DeviceInfo; measuring: boolean }) {
  const { measurement } = device;
  const gradients = measurement?.gradientsPerSecond ?? null;
  const parity = measurement?.parity ?? null;
  const placement = measurement?.placement ?? null;
  const dimmed = device.available === false ? { c: 'dimmed' } : {};
  return (
    <Table.Tr aria-label={device.label} aria-current={device.chosen || undefined}>
      <Table.Td>
        <Group gap="xs" wrap="nowrap">
          <Text size="sm" {...dimmed}>
            {device.label}
          </Text>
          {device.chosen && (
            <Badge size="sm" variant="light" style={{ flex: 'none' }}>
              chosen
            </Badge>
          )}
        </Group>
      </Table.Td>
      <Table.Td>
        <Text size="sm" {...dimmed} style={{ whiteSpace: 'nowrap' }}>
          {availability(device, measuring)}
        </Text>
      </Table.Td>
      <Table.Td ta="right" style={{ whiteSpace: 'nowrap' }}>
        {measurement === null ? nothing : formatRate(measurement.stimuliPerSecond, 'stimuli')}
      </Table.Td>
      <Table.Td ta="right" style={{ whiteSpace: 'nowrap' }}>
        {gradients === null ? nothing : formatRate(gradients, 'gradients')}
      </Table.Td>
      <Table.Td ta="right">
        {device.id === 'cpu' ? 'reference' : parity === null ? nothing : formatNumber(parity, 1)}
      </Table.Td>
      <Table.Td ta="right">
        {device.id === 'cpu' ? 'all' : placement === null ? nothing : `${placement.onCpu} of ${placement.total}`}
      </Table.Td>
      <Table.Td>
        <Text size="sm" {...dimmed}>
          {device.explanation}
        </Text>
        {measurement !== null && (
          <Text size="xs" c="dimmed">
            {plural(measurement.threads, 'thread')}, batch {measurement.batchSize}, measured{' '}
            {formatTime(measurement.measuredAt)}
          </Text>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

export function DevicesPage() {
  const twins = useQueryCall('library.list', {});
  const [chosen, choose] = useState<string | null>(null);
  const twin = chosen === null ? {} : { twin: chosen };
  // What is known stands there at once, while what is missing is measured.
  const known = useQueryCall('devices.list', twin);
  const missing = useQueryCall('devices.list', { ...twin, measure: 'missing' });
  const again = useCall('devices.list');
  const measuring = again.isPending || missing.isFetching;
  const report = (measuring ? undefined : missing.data) ?? known.data ?? missing.data;
  const error = missing.error ?? known.error;
  const notice = again.data?.notice ?? report?.notice ?? null;
  return (
    <Page item="Devices">
      <PageHeader
        title="Devices"
        detail="Measured on the twin itself; a device counts only if it agrees with the CPU"
        actions={
          <Button
            variant="default"
            leftSection={<IconRefresh size={14} aria-hidden />}
            loading={measuring}
            disabled={report?.twin === null}
            onClick={() => again.mutate({ ...twin, measure: 'again' })}
          >
            Measure again
          </Button>
        }
      />
      <ScrollArea flex={1}>
        <Stack gap="md" p="md">
          {twins.data !== undefined && twins.data.length > 0 && (
            <Select
              label="Twin"
              maw={420}
              searchable
              data={twins.data.map(({ id, title }) => ({ value: id, label: title }))}
              value={chosen ?? report?.twin?.id ?? null}
              onChange={choose}
            />
          )}
          {error !== null && <ErrorNotice error={error} onRetry={() => void missing.refetch()} />}
          {report === undefined && error === null && <LoadingLines lines={6} />}
          {report !== undefined && (
            <>
              <Text size="sm" role="status">
                {measuring ? 'Measuring …' : report.choice}
              </Text>
              {notice !== null && (
                <Text size="sm" c="dimmed">
                  {notice}
                </Text>
              )}
              <Table aria-label="Devices of this machine" verticalSpacing="xs">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Device</Table.Th>
                    <Table.Th>State</Table.Th>
                    <Table.Th ta="right">Responses</Table.Th>
                    <Table.Th ta="right">Gradients</Table.Th>
                    <Table.Th ta="right">Differs from CPU by</Table.Th>
                    <Table.Th ta="right">Nodes on CPU</Table.Th>
                    <Table.Th>In one sentence</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {report.devices.map((device) => (
                    <DeviceRow key={device.id} device={device} measuring={measuring} />
                  ))}
                </Table.Tbody>
              </Table>
              <Text size="xs" c="dimmed" maw="60rem">
                Runs and searches use the chosen device unless their plan names another. The difference is the largest
                one over responses and gradients of noise pictures, relative to the largest value on the CPU; at most
                1e−4 is accepted. Threads and batch size are the fastest of a few that were tried.
              </Text>
            </>
          )}
        </Stack>
      </ScrollArea>
    </Page>
  );
}
