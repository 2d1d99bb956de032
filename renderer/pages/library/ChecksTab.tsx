/** Whether the twin gives its author's numbers on this computer, per device, and whether its gradient can be relied on. */
import { Button, Group, Select, Stack, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { deviceIds, type DeviceId } from '../../../main/contract/devices.ts';
import type { TwinDetails } from '../../../main/contract/twins.ts';
import { isTwinscopeError } from '../../../main/platform/errors.ts';
import { deviceText, errorText, reproducesText } from '../../../main/twins/facts.ts';
import { useCheckingCall } from '../../client/checks.ts';
import { useQueryCall } from '../../client/hooks.ts';
import { formatTime } from '../../components/format.ts';
import { PaneTitle } from '../../components/Page.tsx';
import { GradientBadge } from './GradientBadge.tsx';
import { nameOf } from './names.ts';

function Reproductions({ twin }: { twin: TwinDetails }) {
  const { reproductions } = twin.summary;
  if (reproductions.length === 0) return null;
  return (
    <Table aria-label="Reproduction by device">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Device</Table.Th>
          <Table.Th>Result</Table.Th>
          <Table.Th ta="right">Largest error</Table.Th>
          <Table.Th ta="right">Tolerance</Table.Th>
          <Table.Th ta="right">When</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {reproductions.map(({ device, passed, maxError, tolerance, at }) => (
          <Table.Tr key={device}>
            <Table.Td>{deviceText(device)}</Table.Td>
            <Table.Td fw={passed ? 400 : 600}>{passed ? 'reproduces' : 'does not reproduce'}</Table.Td>
            <Table.Td ta="right">{errorText(maxError)}</Table.Td>
            <Table.Td ta="right">{errorText(tolerance)}</Table.Td>
            <Table.Td ta="right">{formatTime(at)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Gradient({ twin, unchecked }: { twin: TwinDetails; unchecked: string | null }) {
  const { gradientCheck: gradient } = twin.summary;
  return (
    <div>
      <PaneTitle>Gradient</PaneTitle>
      {gradient === null ? (
        <Text size="sm" c="dimmed">
          Not checked on this computer yet.
        </Text>
      ) : (
        <Stack gap="xs">
          <Group gap="sm">
            <GradientBadge twin={twin.summary} />
            <Text size="xs" c="dimmed">
              {deviceText(gradient.device)} · ONNX Runtime {gradient.runtime} · {formatTime(gradient.at)}
            </Text>
          </Group>
          <Text size="sm">{gradient.sentence}</Text>
        </Stack>
      )}
      {unchecked !== null && (
        <Text size="sm" role="status" mt="xs">
          Not checked this time: {unchecked}
        </Text>
      )}
    </div>
  );
}

export function ChecksTab({ twin }: { twin: TwinDetails }) {
  const verify = useCheckingCall('library.verify');
  const [device, setDevice] = useState<DeviceId>('cpu');
  const devices = useQueryCall('devices.list', { twin: nameOf(twin.summary) });
  const available = (devices.data?.devices ?? []).filter((each) => each.available || each.id === 'cpu');
  // What was verified may be another twin by now.
  const unchecked = verify.data?.sha256 === twin.summary.sha256 ? verify.data.gradientUnchecked : null;
  return (
    <Stack gap="md" maw="40rem">
      <Text fw={600} size="sm">
        Reproduces here: {reproducesText(twin.summary)}
      </Text>
      <Reproductions twin={twin} />
      <Text size="xs" c="dimmed">
        The package carries inputs with the responses its author got. Verify computes them again on this computer and
        compares, checks the hash of every file, and compares the gradient with finite differences. Errors are parts of
        the largest response; the outcome of every device is kept for this computer.
      </Text>
      <Gradient twin={twin} unchecked={unchecked} />
      <Group gap="sm">
        {available.length > 1 && (
          <Select
            aria-label="Device to verify on"
            w="8rem"
            data={available.map(({ id }) => ({ value: id, label: deviceText(id) }))}
            value={device}
            onChange={(id) => setDevice(deviceIds.find((each) => each === id) ?? 'cpu')}
          />
        )}
        <Button onClick={() => verify.mutate({ id: nameOf(twin.summary), device })} disabled={verify.isPending}>
          Verify
        </Button>
        {verify.isPending && (
          <Button variant="default" onClick={verify.stop}>
            Stop
          </Button>
        )}
        {verify.progress !== null && (
          <Text size="sm" role="status">
            {verify.progress}
          </Text>
        )}
      </Group>
      {verify.error !== null && isTwinscopeError(verify.error) && verify.error.code === 'cancelled' && (
        <Text size="sm" role="status">
          {verify.error.message}
        </Text>
      )}
    </Stack>
  );
}
