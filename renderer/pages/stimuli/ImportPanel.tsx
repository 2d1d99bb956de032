/** Photographs become a stimulus set: dropped, chosen, or read from a folder by the desktop app. */
import { Button, FileButton, Group, Progress, Stack, Text, TextInput } from '@mantine/core';
import { IconFolder, IconPhotoPlus } from '@tabler/icons-react';
import { useEffect, useState, type FormEvent } from 'react';
import { useLocation } from 'wouter';
import { desktop } from '../../client/host.ts';
import { useCall, useJob, useWritable } from '../../client/hooks.ts';
import { uploadFiles } from '../../client/upload.ts';
import { announceError } from '../../components/errors.tsx';
import { formatBytes, plural } from '../../components/format.ts';
import { JobBar } from '../../components/JobBar.tsx';
import { jobPath } from '../../components/jobPath.ts';
import { PageHeader } from '../../components/Page.tsx';
import classes from './Stimuli.module.css';

const accepted = 'image/png,image/jpeg,image/webp,image/tiff';

export function ImportPanel({ files, onFiles }: { files: readonly File[]; onFiles: (files: readonly File[]) => void }) {
  const [name, setName] = useState('');
  const [uploaded, setUploaded] = useState<number | null>(null);
  const [jobId, setJobId] = useState<string | null>(null);
  const [, go] = useLocation();
  const writable = useWritable();
  const importImages = useCall('images.import', {
    onSuccess: (job) => {
      setJobId(job.id);
      onFiles([]);
    },
  });
  const job = useJob(jobId);
  const result = job?.state === 'finished' && job.notices.length === 0 ? jobPath(job) : null;
  useEffect(() => {
    if (result !== null) go(result);
  }, [result, go]);
  const named = name.trim() === '' ? {} : { name: name.trim() };

  async function submit(event: FormEvent) {
    event.preventDefault();
    setUploaded(0);
    try {
      const upload = await uploadFiles(files, setUploaded);
      await importImages.mutateAsync({ upload, ...named });
    } catch (error) {
      if (!importImages.isError) announceError(error);
    } finally {
      setUploaded(null);
    }
  }
  async function chooseFolder() {
    const folder = await desktop?.chooseFolder('Import photographs');
    if (folder !== null && folder !== undefined) importImages.mutate({ folder, ...named });
  }
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  return (
    <>
      <PageHeader
        title="Import photographs"
        detail="PNG, JPEG, WebP or TIFF of any size; shown as linear-light luminance"
      />
      <form onSubmit={(event) => void submit(event)} className={classes.importForm}>
        <Stack gap="md" maw="34rem" w="100%">
          <div className={classes.dropArea}>
            <IconPhotoPlus size={28} stroke={1.3} aria-hidden />
            <Text size="sm">
              {files.length === 0 ? 'Drop photographs here' : `${plural(files.length, 'file')}, ${formatBytes(bytes)}`}
            </Text>
            <Group gap="sm">
              <FileButton multiple accept={accepted} onChange={(chosen) => onFiles([...files, ...chosen])}>
                {(props) => (
                  <Button variant="default" {...props}>
                    Choose files
                  </Button>
                )}
              </FileButton>
              {desktop && (
                <Button variant="default" leftSection={<IconFolder size={14} />} onClick={() => void chooseFolder()}>
                  Choose folder
                </Button>
              )}
              {files.length > 0 && (
                <Button variant="subtle" onClick={() => onFiles([])}>
                  Clear
                </Button>
              )}
            </Group>
          </div>
          <TextInput
            label="Name of the set"
            placeholder="Photographs"
            value={name}
            maxLength={200}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          {uploaded !== null && (
            <Progress value={(100 * uploaded) / Math.max(1, files.length)} size={4} aria-label="Files handed over" />
          )}
          <Group>
            <Button type="submit" disabled={files.length === 0 || !writable} loading={uploaded !== null}>
              Import
            </Button>
          </Group>
          {job !== null && <JobBar job={job} />}
          {job !== null && job.state === 'finished' && job.notices.length > 0 && (
            <Group>
              <Button variant="default" onClick={() => go(jobPath(job) ?? '/stimuli')}>
                Show the set
              </Button>
            </Group>
          )}
        </Stack>
      </form>
    </>
  );
}
