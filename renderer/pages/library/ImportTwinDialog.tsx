import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { useLocation } from 'wouter';
import { desktop } from '../../client/host.ts';
import { useCheckingCall } from '../../client/checks.ts';
import { ErrorNotice } from '../../components/errors.tsx';

/** `initialPath` is where a dropped file came from; a browser does not tell. */
export function ImportTwinDialog({
  opened,
  initialPath,
  onClose,
}: {
  opened: boolean;
  initialPath: string;
  onClose: () => void;
}) {
  const [path, setPath] = useState(initialPath);
  const [, go] = useLocation();
  const importTwin = useCheckingCall('library.import', {
    onSuccess: (twin) => {
      onClose();
      go(`/library/${twin.id}`);
    },
    // Said in the dialog, beside the path.
    onError: () => undefined,
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    if (path.trim() !== '') importTwin.mutate({ path: path.trim() });
  }
  return (
    <Modal opened={opened} onClose={onClose} title="Import twin">
      <form onSubmit={submit}>
        <Stack gap="md">
          <TextInput
            label="Twin package"
            description="Path of a .twin file or folder on the computer where Twinscope runs. It is copied into the library."
            value={path}
            data-autofocus
            onChange={(event) => setPath(event.currentTarget.value)}
          />
          {importTwin.error !== null && <ErrorNotice error={importTwin.error} />}
          {importTwin.progress !== null && (
            <Text size="sm" role="status">
              {importTwin.progress}
            </Text>
          )}
          <Group justify="flex-end">
            {desktop && (
              <Button
                variant="default"
                onClick={() =>
                  void desktop?.chooseFile('Import twin').then((chosen) => chosen !== null && setPath(chosen))
                }
              >
                Choose file
              </Button>
            )}
            {importTwin.isPending ? (
              <Button variant="default" onClick={importTwin.stop}>
                Stop
              </Button>
            ) : (
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
            )}
            <Button type="submit" disabled={importTwin.isPending || path.trim() === ''}>
              Import
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
