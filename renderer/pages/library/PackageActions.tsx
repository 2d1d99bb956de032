/** What can be done with a twin's package: written to a place outside the library, taken out of the library. */
import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState, type FormEvent } from 'react';
import type { TwinSummary } from '../../../main/contract/twins.ts';
import { useCall, useQueryCall } from '../../client/hooks.ts';
import { navigate } from '../../client/location.ts';
import { ErrorNotice } from '../../components/errors.tsx';
import { formatBytes, plural } from '../../components/format.ts';
import { nameOf } from './names.ts';

export function PackageActions({ twin }: { twin: TwinSummary }) {
  return (
    <Group gap="sm">
      <ExportTwin twin={twin} />
      {!twin.builtIn && <RemoveTwin twin={twin} />}
    </Group>
  );
}

/** The path is on the backend's machine: a browser may be on another one. */
function ExportTwin({ twin }: { twin: TwinSummary }) {
  const [asked, ask] = useDisclosure(false);
  const info = useQueryCall('app.info', {});
  const [typed, setTyped] = useState<string | null>(null);
  // Said in the dialog, beside the path.
  const write = useCall('library.export', { onError: () => undefined });
  const suggested =
    info.data === undefined
      ? ''
      : `${info.data.projectsFolder}/${twin.id}-${twin.version}.twin`.replace(/\/{2,}/g, '/');
  const out = (typed ?? suggested).trim();
  function open() {
    write.reset();
    ask.open();
  }
  function submit(event: FormEvent) {
    event.preventDefault();
    if (out !== '') write.mutate({ id: nameOf(twin), out });
  }
  return (
    <>
      <Button variant="default" onClick={open}>
        Export package
      </Button>
      <Modal opened={asked} onClose={ask.close} title="Export package">
        <form onSubmit={submit}>
          <Stack gap="md">
            <TextInput
              label="Write to"
              description="A path on the computer where Twinscope runs: one file where the name ends in .twin, a folder otherwise. Nothing is written over."
              value={typed ?? suggested}
              data-autofocus
              onChange={(event) => setTyped(event.currentTarget.value)}
            />
            {write.error !== null && <ErrorNotice error={write.error} />}
            {write.data !== undefined && (
              <Text size="sm" role="status">
                Wrote {plural(write.data.files, 'file')}, {formatBytes(write.data.sizeBytes)}, to {write.data.path}.
              </Text>
            )}
            <Group justify="flex-end">
              <Button variant="default" onClick={ask.close}>
                {write.data === undefined ? 'Cancel' : 'Close'}
              </Button>
              <Button type="submit" loading={write.isPending} disabled={out === ''}>
                Export
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}

/** Takes a twin that was imported out of the library again; built-in twins stay. */
function RemoveTwin({ twin }: { twin: TwinSummary }) {
  const [asked, ask] = useDisclosure(false);
  const remove = useCall('library.remove', { onSuccess: () => navigate('/library') });
  return (
    <>
      <Button variant="default" onClick={ask.open}>
        Remove from library
      </Button>
      <Modal opened={asked} onClose={ask.close} title="Remove from library">
        <Text size="sm">
          The package of {twin.title} is deleted from this computer. Results it gave stay in their projects. To use it
          again, import the package again.
        </Text>
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={ask.close}>
            Cancel
          </Button>
          <Button color="red" loading={remove.isPending} onClick={() => remove.mutate({ id: nameOf(twin) })}>
            Remove
          </Button>
        </Group>
      </Modal>
    </>
  );
}
