/** The mark of predictions for stimuli outside what their twin was tested with, with the reason in words. */
import { Group, Text, Tooltip } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { TestedDomain } from '../../main/contract/twins.ts';
import { domainSentence } from '../../main/twins/domain.ts';
import { useQueryCall } from '../client/hooks.ts';

/** What a twin was tested with; null where its author states nothing, undefined while or where the library lacks it. */
export function useTested(sha256: string | undefined): TestedDomain | null | undefined {
  const twins = useQueryCall('library.list', {});
  return twins.data?.find((twin) => twin.sha256 === sha256)?.tested;
}

/** A sign with its sentence on hover and for screen readers; nothing for a stimulus inside the tested domain. */
export function DomainMark({ reason, sizePx = 12 }: { reason: string | null; sizePx?: number }) {
  if (reason === null) return null;
  const sentence = domainSentence(reason);
  return (
    <Tooltip label={sentence} multiline maw={300}>
      <IconAlertTriangle
        size={sizePx}
        role="img"
        aria-label={sentence}
        style={{ verticalAlign: '-0.1em', flex: 'none' }}
      />
    </Tooltip>
  );
}

/** The same for several stimuli at once: a sentence beside its mark. */
export function DomainNotice({ sentence }: { sentence: string | null }) {
  if (sentence === null) return null;
  return (
    <Group gap={6} wrap="nowrap" align="flex-start" role="note" aria-label="Tested domain">
      <IconAlertTriangle size={13} aria-hidden style={{ flex: 'none', marginTop: 2 }} />
      <Text size="xs">{sentence}</Text>
    </Group>
  );
}
