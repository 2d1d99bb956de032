import { Code, CopyButton, DataList, UnstyledButton } from '@mantine/core';
import { Fragment } from 'react';
import type { Provenance } from '../../main/contract/results.ts';
import { behaviourText } from './BehaviourFields.tsx';
import { formatTime, plural, shortHash } from './format.ts';
import { smallerBatches } from './smallerBatches.ts';

/** A hash, shortened; a click copies all of it. */
export function Hash({ sha256 }: { sha256: string }) {
  return (
    <CopyButton value={sha256}>
      {({ copied, copy }) => (
        <UnstyledButton onClick={copy} title={`${sha256}, click to copy`} aria-label={`Copy hash ${shortHash(sha256)}`}>
          <Code fz="xs">{copied ? 'copied' : shortHash(sha256)}</Code>
        </UnstyledButton>
      )}
    </CopyButton>
  );
}

/** What a stimulus set was for, as people say it. */
const setRoles: Record<string, string> = {
  stimuli: 'Stimuli',
  reference: 'Reference set',
  bestOf: 'Best image of',
  screening: 'Screened set',
  start: 'Started from',
};
const roleText = (role: string): string =>
  setRoles[role] ?? (role.startsWith('goal ') ? 'Stimulus to be matched, of' : role);

/** Whether a search has measured its reference set itself; nothing before that is known. */
function referenceOrigin({ reference }: Provenance): [string, string][] {
  if (reference === undefined) return [];
  const by = reference.from === 'search' ? 'by this search' : 'before it, on the same device';
  return [['Reference measured', `${formatTime(reference.measuredAt)}, ${by}`]];
}

/** Of a search over several twins or states of behaviour: those beside the first. */
function otherMembers({ others = [] }: Provenance): [string, React.ReactNode][] {
  return others.flatMap(({ as, twin, behaviour, device, threads }): [string, React.ReactNode][] => [
    [
      as,
      <Fragment key={as}>
        {twin.id} {twin.version} <Hash sha256={twin.sha256} />, {device}, {plural(threads, 'thread')}
        {behaviour === undefined ? '' : `, ${behaviourText(behaviour)}`}
      </Fragment>,
    ],
  ]);
}

/** Everything needed to make a result again. */
export function ProvenancePanel({
  provenance,
  contentSha256,
}: {
  provenance: Provenance;
  contentSha256: string | null;
}) {
  const behaviour = 'behaviour' in provenance.plan ? behaviourText(provenance.plan.behaviour) : undefined;
  const rows: [string, React.ReactNode][] = [
    ['Twin', `${provenance.twin.id} ${provenance.twin.version}`],
    ['Twin package', <Hash key="twin" sha256={provenance.twin.sha256} />],
    ...otherMembers(provenance),
    ['Plan', <Hash key="plan" sha256={provenance.planSha256} />],
    ...Object.entries(provenance.sets).map(([role, { name, sha256 }]): [string, React.ReactNode] => [
      roleText(role),
      <Fragment key={role}>
        {name} <Hash sha256={sha256} />
      </Fragment>,
    ]),
    ...referenceOrigin(provenance),
    ['Result', contentSha256 === null ? 'not complete' : <Hash key="result" sha256={contentSha256} />],
    ['Seeds', provenance.seeds.length === 0 ? 'none' : provenance.seeds.join(', ')],
    ...(behaviour === undefined ? [] : ([['Behaviour', behaviour]] as [string, string][])),
    ['Device', provenance.device],
    ['Batch', `${plural(provenance.batchSize, 'stimulus', 'stimuli')}, ${plural(provenance.threads, 'thread')}`],
    ...smallerBatches(provenance).map((sentence): [string, string] => ['Smaller batches', sentence]),
    ...Object.entries(provenance.versions).map(([name, version]): [string, string] => [name, version]),
  ];
  return (
    <DataList>
      {rows.map(([label, value]) => (
        <DataList.Item key={label}>
          <DataList.ItemLabel>{label}</DataList.ItemLabel>
          <DataList.ItemValue>{value}</DataList.ItemValue>
        </DataList.Item>
      ))}
    </DataList>
  );
}
