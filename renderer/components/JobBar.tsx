/** A job as a line of progress with its controls; the same on the tray, the jobs page and in place. */
import { ActionIcon, Group, Progress, Stack, Text, Tooltip } from '@mantine/core';
import { IconPlayerPause, IconPlayerPlay, IconX } from '@tabler/icons-react';
import type { JobSnapshot, JobState } from '../../main/contract/jobs.ts';
import { jobEnded, useCall } from '../client/hooks.ts';
import { formatCount, formatRate, formatSeconds } from './format.ts';

const words: Record<JobState, string> = {
  queued: 'waiting',
  running: 'running',
  pausing: 'pausing',
  paused: 'paused',
  cancelling: 'cancelling',
  cancelled: 'cancelled',
  interrupted: 'interrupted',
  failed: 'failed',
  finished: 'finished',
};
const colours: Partial<Record<JobState, string>> = {
  paused: 'yellow',
  interrupted: 'yellow',
  failed: 'red',
  cancelled: 'gray',
  finished: 'green',
};

/** `412 of 1,000 steps · 21 steps/s · 28 s left`. */
export function progressSentence(job: JobSnapshot): string {
  const { done, total, noun, ratePerSecond, secondsLeft } = job.progress;
  const parts: string[] = [];
  if (total > 0) parts.push(`${formatCount(done)} of ${formatCount(total)} ${noun}`);
  if (job.state === 'running') {
    if (ratePerSecond !== null) parts.push(formatRate(ratePerSecond, noun));
    if (secondsLeft !== null) parts.push(`${formatSeconds(secondsLeft)} left`);
  } else {
    parts.push(words[job.state]);
  }
  return parts.join(' · ');
}

export function JobControls({ job }: { job: JobSnapshot }) {
  const pause = useCall('jobs.pause');
  const resume = useCall('jobs.resume');
  const cancel = useCall('jobs.cancel');
  const resumable = job.state === 'paused' || job.state === 'interrupted' || job.state === 'failed';
  return (
    <Group gap={2} wrap="nowrap">
      {job.state === 'running' && (
        <Tooltip label="Pause">
          <ActionIcon aria-label="Pause" loading={pause.isPending} onClick={() => pause.mutate({ id: job.id })}>
            <IconPlayerPause size={15} />
          </ActionIcon>
        </Tooltip>
      )}
      {resumable && (
        <Tooltip label="Resume">
          <ActionIcon aria-label="Resume" loading={resume.isPending} onClick={() => resume.mutate({ id: job.id })}>
            <IconPlayerPlay size={15} />
          </ActionIcon>
        </Tooltip>
      )}
      {!jobEnded(job) && (
        <Tooltip label="Cancel">
          <ActionIcon
            aria-label="Cancel"
            loading={cancel.isPending || job.state === 'cancelling'}
            onClick={() => cancel.mutate({ id: job.id })}
          >
            <IconX size={15} />
          </ActionIcon>
        </Tooltip>
      )}
    </Group>
  );
}

export function JobBar({ job, showTitle = true }: { job: JobSnapshot; showTitle?: boolean }) {
  const { done, total, phase } = job.progress;
  const percent = total > 0 ? Math.min(100, (100 * done) / total) : job.state === 'finished' ? 100 : 0;
  return (
    <Stack gap={2} role="group" aria-label={job.title}>
      <Group justify="space-between" wrap="nowrap" gap="sm">
        <Text size="xs" fw={500} truncate="end">
          {showTitle ? job.title : phase}
        </Text>
        <JobControls job={job} />
      </Group>
      <Progress
        value={percent}
        size={4}
        aria-label={`Progress of ${job.title}`}
        animated={job.state === 'running'}
        {...(colours[job.state] === undefined ? {} : { color: colours[job.state] })}
      />
      <Text size="xs" c="dimmed" truncate="end">
        {[showTitle && job.state === 'running' ? phase : '', progressSentence(job)]
          .filter((part) => part !== '')
          .join(' · ')}
      </Text>
      {job.error !== null && (
        <Text size="xs" c="red">
          {job.error.message}
        </Text>
      )}
      {job.notices.map((notice) => (
        <Text key={notice} size="xs" c="dimmed">
          {notice}
        </Text>
      ))}
    </Stack>
  );
}
