/** One card per export format: what it writes, where it is used, and what its validator found. */
import { Anchor, Button, Card, Code, Group, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconCheck, IconX } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { ExportRecord } from '../../../main/contract/results.ts';
import { jobEnded, useCall, useJob, useQueryCall } from '../../client/hooks.ts';
import { formatBytes, formatTime, plural } from '../../components/format.ts';
import { JobBar } from '../../components/JobBar.tsx';

type Format = ExportRecord['format'];

const formats: { format: Format; title: string; button: string; writes: string; used: string }[] = [
  {
    format: 'bundle',
    title: 'Bundle',
    button: 'Export bundle',
    writes:
      'Pictures encoded for the display (PNG), linear arrays (NPY), trial and stimulus tables (CSV), manifest, checksums, README.',
    used: 'Any presentation software, and for keeping.',
  },
  {
    format: 'psychopy',
    title: 'PsychoPy',
    button: 'Export PsychoPy',
    writes:
      'Script for the Coder, experiment for the Builder, conditions (CSV), pictures, manifest, checksums, README.',
    used: 'PsychoPy on Python 3.8 or later, without a network.',
  },
];

function Record({ record }: { record: ExportRecord }) {
  const bytes = record.files.reduce((sum, file) => sum + file.bytes, 0);
  return (
    <Stack gap={4}>
      <Stack gap={2} role="list" aria-label="Checks">
        {record.checks.map((check) => (
          <Group key={check.text} gap={6} wrap="nowrap" align="flex-start" role="listitem">
            {check.passed ? (
              <IconCheck size={13} aria-label="passed" style={{ flex: 'none', marginTop: 2 }} />
            ) : (
              <IconX size={13} aria-label="failed" style={{ flex: 'none', marginTop: 2 }} />
            )}
            <Text size="xs">{check.text}</Text>
          </Group>
        ))}
      </Stack>
      <Code fz="xs" style={{ overflowWrap: 'anywhere' }}>
        {record.folder}
      </Code>
      <Text size="xs" c="dimmed">
        {plural(record.files.length, 'file')}, {formatBytes(bytes)}, {formatTime(record.createdAt)} ·{' '}
        <Anchor href={record.download} download size="xs">
          Download zip
        </Anchor>
      </Text>
    </Stack>
  );
}

function ExportCard({
  title,
  button,
  writes,
  used,
  format,
  record,
  disabled,
  onSave,
  onDone,
}: (typeof formats)[number] & {
  record: ExportRecord | undefined;
  disabled: boolean;
  /** Saves what is unsaved and gives the protocol's id; null when that failed. */
  onSave: () => Promise<string | null>;
  onDone: () => void;
}) {
  const [jobId, setJobId] = useState<string | null>(null);
  const begin = useCall('protocols.export', { onSuccess: (job) => setJobId(job.id) });
  const job = useJob(jobId);
  const ended = job !== null && jobEnded(job);
  useEffect(() => {
    if (ended) onDone();
    // Only the end of the job matters here.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [ended]);
  return (
    <Card withBorder padding="sm" component="section" aria-label={title}>
      <Stack gap={6}>
        <Group justify="space-between" wrap="nowrap">
          <Text size="sm" fw={600}>
            {title}
          </Text>
          <Button
            variant="default"
            disabled={disabled}
            loading={begin.isPending || (job !== null && !ended)}
            onClick={() => {
              void onSave().then((id) => {
                if (id !== null) begin.mutate({ id, format });
              });
            }}
          >
            {button}
          </Button>
        </Group>
        <Text size="xs">{writes}</Text>
        <Text size="xs" c="dimmed">
          For: {used}
        </Text>
        {job !== null && job.state !== 'finished' && <JobBar job={job} showTitle={false} />}
        {record !== undefined && <Record record={record} />}
      </Stack>
    </Card>
  );
}

export function ExportCards({
  protocolId,
  disabled,
  onSave,
}: {
  protocolId: string | null;
  disabled: boolean;
  onSave: () => Promise<string | null>;
}) {
  const records = useQueryCall('protocols.exports', { id: protocolId ?? '' }, { enabled: protocolId !== null });
  const newest = (format: Format) =>
    (records.data ?? [])
      .filter((record) => record.format === format)
      .toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1))[0];
  return (
    <SimpleGrid type="container" cols={{ base: 1, '34rem': 2 }} spacing="sm">
      {formats.map((each) => (
        <ExportCard
          key={each.format}
          {...each}
          record={newest(each.format)}
          disabled={disabled}
          onSave={onSave}
          onDone={() => void records.refetch()}
        />
      ))}
    </SimpleGrid>
  );
}
