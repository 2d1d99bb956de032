/** Choose a set and a twin, then Run; progress stands in the same place. */
import { Button, Group, Select, Stack, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useLocation, useSearchParams } from 'wouter';
import { outsideInDesign, outsideSummary } from '../../../main/twins/domain.ts';
import { whyNotShown } from '../../../main/twins/shown.ts';
import { jobBusy, useCall, useJob, useOpenJobs, useQueryCall, useWritable } from '../../client/hooks.ts';
import { AreaLabel } from '../../components/AreaLabel.tsx';
import { BehaviourFields } from '../../components/BehaviourFields.tsx';
import { DomainNotice } from '../../components/DomainMark.tsx';
import { ErrorNotice } from '../../components/errors.tsx';
import { formatCount, formatEstimate, plural } from '../../components/format.ts';
import { GoButton } from '../../components/GoButton.tsx';
import { JobBar } from '../../components/JobBar.tsx';
import { jobPath } from '../../components/jobPath.ts';
import { PageHeader } from '../../components/Page.tsx';
import { Empty, LoadingLines } from '../../components/states.tsx';
import { TrustChips } from '../../components/TrustChips.tsx';

export function NewRun() {
  const [, go] = useLocation();
  const [query] = useSearchParams();
  const twins = useQueryCall('library.list', {});
  const sets = useQueryCall('sets.list', {});
  const writable = useWritable();
  const [chosenTwin, setTwin] = useState<string | null>(query.get('twin'));
  const [chosenSet, setSet] = useState<string | null>(query.get('set'));
  const [behaviour, setBehaviour] = useState<{ twin: string; values: Record<string, number> | undefined } | null>(null);
  const [jobId, setJobId] = useState<string | null>(null);
  const set = sets.data?.find((each) => each.id === chosenSet) ?? (chosenSet === null ? sets.data?.[0] : undefined);
  const setDetails = useQueryCall('sets.get', { id: set?.id ?? '' }, { enabled: set !== undefined });
  const twin =
    twins.data?.find((each) => each.id === chosenTwin) ?? (chosenTwin === null ? twins.data?.[0] : undefined);
  const details = useQueryCall('library.get', { id: twin?.id ?? '' }, { enabled: twin !== undefined });
  const devices = useQueryCall('devices.list', chosenTwin === null ? {} : { twin: chosenTwin });
  const start = useCall('jobs.start', { onSuccess: (job) => setJobId(job.id) });
  const job = useJob(jobId);
  const others = useOpenJobs().filter((open) => open.kind === 'run' && open.id !== jobId);
  const finished = job?.state === 'finished' ? jobPath(job) : null;
  useEffect(() => {
    if (finished !== null) go(finished);
  }, [finished, go]);

  const error = twins.error ?? sets.error;
  if (error !== null) return <ErrorNotice error={error} />;
  if (twins.data === undefined || sets.data === undefined) return <LoadingLines />;
  if (twins.data.length === 0) {
    return (
      <Empty title="No twins in the library" action={<GoButton to="/library">Open the library</GoButton>}>
        A run presents a stimulus set to a twin; there is no twin yet.
      </Empty>
    );
  }
  if (sets.data.length === 0) {
    return (
      <Empty title="No stimulus sets yet" action={<GoButton to="/stimuli/new">Design a set</GoButton>}>
        A run presents a stimulus set to a twin; there is no set yet.
      </Empty>
    );
  }
  const values = behaviour?.twin === twin?.id ? behaviour?.values : undefined;
  const rate = devices.data?.devices.find(({ chosen }) => chosen)?.measurement?.stimuliPerSecond ?? null;
  const notShown =
    details.data === undefined || setDetails.data === undefined
      ? null
      : whyNotShown(details.data.manifest, setDetails.data.design);
  const ready = twin !== undefined && set !== undefined && notShown === null && writable;
  const run = () => {
    if (twin === undefined || set === undefined) return;
    start.mutate({
      plan: {
        format: 1,
        kind: 'run',
        name: `${set.name} on ${twin.title}`.slice(0, 200),
        twin: twin.id,
        stimuli: { set: set.id },
        ...(values === undefined ? {} : { behaviour: values }),
      },
    });
  };
  return (
    <>
      <PageHeader
        title="New run"
        detail="A stimulus set presented to a twin gives the responses of all its units"
        actions={
          <Button onClick={run} disabled={!ready || (job !== null && jobBusy(job))} loading={start.isPending}>
            Run
          </Button>
        }
      />
      <Stack gap="lg" p="lg" maw="36rem">
        <Select
          label="Stimulus set"
          searchable
          data={sets.data.map((each) => ({ value: each.id, label: each.name }))}
          value={set?.id ?? null}
          onChange={setSet}
          description={set?.description}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          errorProps={{ fz: 'xs' }}
          error={
            set === undefined
              ? 'This set is no longer in the project. Choose another.'
              : notShown !== null && `${notShown.why} ${notShown.remedy}`
          }
        />
        <Select
          label="Twin"
          searchable
          data={twins.data.map((each) => ({ value: each.id, label: each.title }))}
          value={twin?.id ?? null}
          onChange={setTwin}
          description={twin?.summary}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          error={twin === undefined ? 'This twin is not in the library. Import it, or choose another.' : undefined}
        />
        {twin !== undefined && <TrustChips twin={twin} />}
        {twin !== undefined && setDetails.data !== undefined && notShown === null && (
          <DomainNotice sentence={outsideSummary(outsideInDesign(twin.tested, setDetails.data.design))} />
        )}
        {twin !== undefined && details.data !== undefined && (
          <BehaviourFields
            inputs={details.data.manifest.inputs}
            values={values}
            onChange={(next) => setBehaviour({ twin: twin.id, values: next })}
          />
        )}
        {twin !== undefined && set !== undefined && (
          <Group gap="md">
            <Text size="sm">
              {plural(set.count, 'stimulus', 'stimuli')} × {plural(twin.units, 'unit')} ={' '}
              {formatCount(set.count * twin.units)} responses
              {rate !== null && notShown === null && `, ${formatEstimate(set.count / rate)}`}
            </Text>
            {twin.areas.map((area) => (
              <AreaLabel key={area.name} area={area.name} colourOf={area.colourOf} />
            ))}
          </Group>
        )}
        {job !== null && <JobBar job={job} />}
        {others.map((other) => (
          <JobBar key={other.id} job={other} />
        ))}
      </Stack>
    </>
  );
}
