/** What is true of the whole window: no backend, read-only, something noticed at opening. */
import { Button, CloseButton, Text } from '@mantine/core';
import { IconInfoCircle, IconLock, IconPlugConnectedX } from '@tabler/icons-react';
import { useState } from 'react';
import { useConnectionState, useQueryCall } from '../client/hooks.ts';
import { useSession } from '../client/provider.tsx';
import classes from './Frame.module.css';

export function Banners() {
  const session = useSession();
  const connection = useConnectionState();
  const project = useQueryCall('project.current', {});
  const [dismissed, setDismissed] = useState<string | null>(null);
  const notice = project.data?.notice ?? null;
  return (
    <>
      {connection === 'lost' && (
        <div className={classes.banner} role="alert" style={{ background: 'var(--mantine-color-red-light)' }}>
          <IconPlugConnectedX size={15} aria-hidden />
          <Text size="xs" flex={1}>
            The backend does not answer. What it acknowledged is saved, and jobs resume from their last checkpoint.
            Trying to reconnect; if this stays, start Twinscope again.
          </Text>
          <Button size="compact-xs" variant="default" onClick={session.retry}>
            Reconnect
          </Button>
        </div>
      )}
      {project.data?.readOnly && (
        <div className={classes.banner} role="status" style={{ background: 'var(--mantine-color-yellow-light)' }}>
          <IconLock size={15} aria-hidden />
          <Text size="xs">{project.data.readOnly}</Text>
        </div>
      )}
      {notice !== null && notice !== dismissed && (
        <div className={classes.banner} role="status">
          <IconInfoCircle size={15} aria-hidden />
          <Text size="xs" flex={1}>
            {notice}
          </Text>
          <CloseButton size="xs" aria-label="Dismiss this notice" onClick={() => setDismissed(notice)} />
        </div>
      )}
    </>
  );
}
