import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useLocation } from 'wouter';
import { useCall } from '../../client/hooks.ts';

/** Puts a protocol away and offers to bring it back. */
export function useRemoveProtocol(): (protocol: { id: string; name: string }) => void {
  const [, go] = useLocation();
  const restore = useCall('protocols.restore', { onSuccess: (protocol) => go(`/protocol/${protocol.id}`) });
  const remove = useCall('protocols.remove');
  return (protocol) =>
    remove.mutate(
      { id: protocol.id },
      {
        onSuccess: () => {
          go('/protocol');
          const id = notifications.show({
            title: 'Protocol removed',
            autoClose: 10_000,
            message: (
              <Group justify="space-between">
                <Text size="xs">{protocol.name}. Its exports stay where they are.</Text>
                <Button
                  variant="default"
                  onClick={() => {
                    notifications.hide(id);
                    restore.mutate({ id: protocol.id });
                  }}
                >
                  Undo
                </Button>
              </Group>
            ),
          });
        },
      },
    );
}
