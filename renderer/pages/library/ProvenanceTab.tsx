/** Who made a twin, from what, under which licences, and the files it consists of. */
import { Anchor, DataList, Stack, Table, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { TwinDetails } from '../../../main/contract/twins.ts';
import { notStated, twinFacts } from '../../../main/twins/facts.ts';
import { licenceText } from '../../../main/twins/trust.ts';
import { formatBytes } from '../../components/format.ts';
import { PaneTitle } from '../../components/Page.tsx';
import { Hash } from '../../components/ProvenancePanel.tsx';
import { TrustChips } from '../../components/TrustChips.tsx';
import { FactList, factsOf } from './FactTable.tsx';
import { PackageActions } from './PackageActions.tsx';

/** A web address leaves the window; anything else is text. */
function Address({ url }: { url: string | undefined }) {
  if (url === undefined || url === '') return notStated;
  if (!/^https?:\/\//.test(url)) return url;
  return (
    <Anchor href={url} target="_blank" rel="noreferrer noopener" size="xs" style={{ overflowWrap: 'anywhere' }}>
      {url}
    </Anchor>
  );
}

export function ProvenanceTab({ twin }: { twin: TwinDetails }) {
  const { manifest, summary } = twin;
  const { licences } = manifest;
  const rows: [string, ReactNode][] = [
    ['Authors', manifest.authors.join(', ') || notStated],
    ['Source', <Address key="source" url={manifest.source?.url} />],
    ['Revision', manifest.source?.revision ?? notStated],
    ['Package', <Hash key="hash" sha256={summary.sha256} />],
    ['Size on disk', formatBytes(summary.sizeBytes)],
    ['Licence', <TrustChips key="licence" twin={manifest} />],
    [
      'Licences',
      (['weights', 'code', 'data'] as const).map((of) => `${of}: ${licenceText(licences[of], of)}`).join(' · '),
    ],
  ];
  return (
    <Stack gap="lg" maw="44rem">
      <DataList labelWidth="9rem">
        {rows.map(([label, value]) => (
          <DataList.Item key={label}>
            <DataList.ItemLabel>{label}</DataList.ItemLabel>
            <DataList.ItemValue>{value}</DataList.ItemValue>
          </DataList.Item>
        ))}
      </DataList>
      <FactList
        facts={factsOf(twinFacts(twin), 'Twin', [
          'Licence of the weights',
          'Licence of the code',
          'Licence of the data',
        ])}
      />
      <div>
        <PaneTitle>References</PaneTitle>
        {manifest.references.length === 0 && (
          <Text size="sm" c="dimmed">
            Not stated.
          </Text>
        )}
        {manifest.references.map(({ text, doi }) => (
          <Text key={text} size="xs" mb={4} style={{ overflowWrap: 'anywhere' }}>
            {text}{' '}
            {doi !== undefined && (
              <Anchor href={`https://doi.org/${doi}`} target="_blank" rel="noreferrer noopener" size="xs">
                doi:{doi}
              </Anchor>
            )}
          </Text>
        ))}
      </div>
      <div>
        <PaneTitle>Files</PaneTitle>
        <Table aria-label="Files">
          <Table.Tbody>
            {Object.entries(manifest.files).map(([path, sha256]) => (
              <Table.Tr key={path}>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>{path}</Table.Td>
                <Table.Td>
                  <Hash sha256={sha256} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      <PackageActions twin={summary} />
    </Stack>
  );
}
