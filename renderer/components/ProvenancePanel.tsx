import { Code, CopyButton, DataList, UnstyledButton } from '@mantine/core';
import { Fragment } from 'react';
import type { TwinRef } from '../../main/contract/plans.ts';
import type { Provenance } from '../../main/contract/results.ts';
import {
  behaviourText,
  ownBehaviourText,
  referenceOriginText,
  setRoleText,
  smallerBatches,
} from '../../main/stimuli/provenanceWords.ts';
import { formatTime, plural, shortHash } from './format.ts';

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

const referenceOf = (reference: Provenance['reference']): string | null => referenceOriginText(reference, formatTime);

/** Of a search over several twins or states of behaviour: those beside the first. */
function otherMembers({ others = [] }: Provenance): [string, React.ReactNode][] {
  return others.map(({ as, twin, behaviour, device, threads, reference }): [string, React.ReactNode] => {
    const told = behaviourText(behaviour) ?? '';
    const measured = referenceOf(reference);
    return [
      as,
      <Fragment key={as}>
        {twin.id} {twin.version} <Hash sha256={twin.sha256} />, {device}, {plural(threads, 'thread')}
        {told === '' ? '' : `, ${told}`}
        {measured === null ? '' : `; reference measured ${measured}`}
      </Fragment>,
    ];
  });
}

/** Twins that had no part in a search, as its plan has pinned them. */
function heldOutTwins({ plan }: Provenance): [string, React.ReactNode][] {
  const twins: TwinRef[] = plan.kind === 'search' ? plan.heldOut : [];
  return twins.map(({ id, version, sha256 }, i): [string, React.ReactNode] => [
    twins.length === 1 ? 'Held-out twin' : `Held-out twin ${i + 1}`,
    <Fragment key={i}>
      {id} {version} {sha256 !== undefined && <Hash sha256={sha256} />}
    </Fragment>,
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
  const { plan } = provenance;
  const behaviour =
    plan.kind === 'search' ? ownBehaviourText(plan) : 'behaviour' in plan ? behaviourText(plan.behaviour) : undefined;
  const reference = referenceOf(provenance.reference);
  const rows: [string, React.ReactNode][] = [
    ['Twin', `${provenance.twin.id} ${provenance.twin.version}`],
    ['Twin package', <Hash key="twin" sha256={provenance.twin.sha256} />],
    ...otherMembers(provenance),
    ...heldOutTwins(provenance),
    ['Plan', <Hash key="plan" sha256={provenance.planSha256} />],
    ...Object.entries(provenance.sets).map(([role, { name, sha256 }]): [string, React.ReactNode] => [
      setRoleText(role),
      <Fragment key={role}>
        {name} <Hash sha256={sha256} />
      </Fragment>,
    ]),
    ...(reference === null ? [] : ([['Reference measured', reference]] as [string, string][])),
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
