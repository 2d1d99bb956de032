import { Button, FileButton, Group, Modal, Progress, Stack, Text, TextInput } from '@mantine/core';
import { useRef, useState, type FormEvent } from 'react';
import { useLocation } from 'wouter';
import type { ModelPlace } from '../../../main/contract/bareModels.ts';
import { useCheckingCall } from '../../client/checks.ts';
import { areModel, filesChosen, isModelFile, type GivenFile } from '../../client/droppedFiles.ts';
import { useCall } from '../../client/hooks.ts';
import { desktop } from '../../client/host.ts';
import { uploadPackage } from '../../client/upload.ts';
import { ErrorNotice } from '../../components/errors.tsx';
import { formatBytes, plural } from '../../components/format.ts';

/** What was dropped: a path where the shell tells one, the files themselves in a browser. */
export interface Given {
  path: string;
  files: readonly GivenFile[];
}
export const nothingGiven: Given = { path: '', files: [] };

/** Most names that are told. */
const mostNames = 4;

export function ImportTwinDialog({
  opened,
  given,
  onModel,
  onClose,
}: {
  opened: boolean;
  given: Given;
  /** A bare model, which has to be asked about. */
  onModel: (place: ModelPlace) => void;
  onClose: () => void;
}) {
  const [path, setPath] = useState(given.path);
  const [files, setFiles] = useState<readonly GivenFile[]>(given.files);
  const [handedOver, setHandedOver] = useState<number | null>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const uploading = useRef(new AbortController());
  const [, go] = useLocation();
  const importTwin = useCheckingCall('library.import', {
    onSuccess: (twin) => {
      onClose();
      go(`/library/${twin.id}`);
    },
    // Said in the dialog, beside the path.
    onError: () => undefined,
  });
  const discard = useCall('library.discardModel', { onError: () => undefined });
  const bytes = files.reduce((sum, { file }) => sum + file.size, 0);
  const isModel = files.length > 0 ? areModel(files) : isModelFile(path.trim());
  const busy = handedOver !== null || importTwin.isPending;

  function takeOn(place: ModelPlace) {
    if (isModel) {
      onModel(place);
      onClose();
    } else importTwin.mutate(place);
  }
  async function handOver() {
    const upload = crypto.randomUUID();
    uploading.current = new AbortController();
    setHandedOver(0);
    try {
      await uploadPackage(upload, files, setHandedOver, uploading.current.signal);
      takeOn({ upload });
    } catch (error) {
      setFailure(error);
      discard.mutate({ model: { upload } });
    } finally {
      setHandedOver(null);
    }
  }
  function submit(event: FormEvent) {
    event.preventDefault();
    setFailure(null);
    importTwin.reset();
    if (files.length > 0) void handOver();
    else if (path.trim() !== '') takeOn({ path: path.trim() });
  }
  function stop() {
    uploading.current.abort();
    importTwin.stop();
  }
  const names = files.slice(0, mostNames).map((each) => each.path);
  return (
    <Modal opened={opened} onClose={onClose} title="Import twin">
      <form onSubmit={submit}>
        <Stack gap="md">
          {files.length > 0 ? (
            <Group justify="space-between" wrap="nowrap" align="flex-start">
              <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
                {names.join(', ')}
                {files.length > mostNames && ` and ${plural(files.length - mostNames, 'more file')}`} (
                {formatBytes(bytes)})
              </Text>
              <Button variant="subtle" disabled={busy} onClick={() => setFiles([])}>
                Clear
              </Button>
            </Group>
          ) : (
            <TextInput
              label="Twin package or model"
              description="Path of a .twin file or folder, or of a bare .onnx file, on the computer where Twinscope runs. It is copied into the library."
              value={path}
              data-autofocus
              onChange={(event) => setPath(event.currentTarget.value)}
            />
          )}
          {isModel && (
            <Text size="xs" c="dimmed">
              A bare model: what its file does not say is asked next. Weights in a second file have to be beside it.
            </Text>
          )}
          {(failure ?? importTwin.error) !== null && <ErrorNotice error={failure ?? importTwin.error} />}
          {handedOver !== null && (
            <Progress value={(100 * handedOver) / Math.max(1, bytes)} size={4} aria-label="Files handed over" />
          )}
          {importTwin.progress !== null && (
            <Text size="sm" role="status">
              {importTwin.progress}
            </Text>
          )}
          <Group justify="flex-end">
            {desktop ? (
              <Button
                variant="default"
                disabled={busy}
                onClick={() =>
                  void desktop?.chooseFile('Import twin').then((chosen) => chosen !== null && setPath(chosen))
                }
              >
                Choose file
              </Button>
            ) : (
              <FileButton multiple onChange={(chosen) => setFiles([...files, ...filesChosen(chosen)])}>
                {(props) => (
                  <Button variant="default" disabled={busy} {...props}>
                    Choose files
                  </Button>
                )}
              </FileButton>
            )}
            {busy ? (
              <Button variant="default" onClick={stop}>
                Stop
              </Button>
            ) : (
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
            )}
            <Button type="submit" disabled={busy || (files.length === 0 && path.trim() === '')}>
              {isModel ? 'Continue' : 'Import'}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
