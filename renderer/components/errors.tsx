import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconAlertTriangle } from '@tabler/icons-react';
import { isTwinscopeError } from '../../main/platform/errors.ts';

/** The sentence for a person. Faults of ours carry no message worth reading, so they get one. */
export function errorSentence(error: unknown): string {
  if (isTwinscopeError(error)) return error.message;
  const reason = error instanceof Error && error.message !== '' ? ` (${error.message})` : '';
  return `Something inside Twinscope failed${reason}. Your project is as it was. Try again; if it happens again, quote the log, which Settings names.`;
}

/** Shows the sentence of a failed call for long enough to be read. */
export function announceError(error: unknown): void {
  if (isTwinscopeError(error) && error.code === 'cancelled') return;
  notifications.show({
    color: 'red',
    title: 'Not done',
    message: errorSentence(error),
    autoClose: 12_000,
    icon: <IconAlertTriangle size={16} />,
  });
}

/** An error standing where the data would have stood. */
export function ErrorNotice({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  return (
    <Alert color="red" icon={<IconAlertTriangle size={16} />} role="alert">
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Text size="sm">{errorSentence(error)}</Text>
        {onRetry && (
          <Button variant="default" onClick={onRetry}>
            Try again
          </Button>
        )}
      </Group>
    </Alert>
  );
}

/** Sentences that say the consequence of something, beside the thing itself. */
export function Warnings({ items }: { items: readonly string[] }) {
  if (items.length === 0) return null;
  return (
    <Alert color="yellow" icon={<IconAlertTriangle size={16} />} role="status" aria-label="Warnings">
      <Stack gap="xs">
        {items.map((text) => (
          // The name of a file has no place to break.
          <Text key={text} size="xs" style={{ overflowWrap: 'anywhere' }}>
            {text}
          </Text>
        ))}
      </Stack>
    </Alert>
  );
}
