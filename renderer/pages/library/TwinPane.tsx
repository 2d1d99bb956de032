/** One twin: what it is, what it holds, whether it gives its own numbers here, where it came from. */
import { Button, DataList, Group, Stack, Table, Tabs, Text, Title, Typography } from '@mantine/core';
import { useState } from 'react';
import Markdown from 'react-markdown';
import remarkGfm from 'remark-gfm';
import type { TwinDetails } from '../../../main/contract/twins.ts';
import { isTwinscopeError } from '../../../main/platform/errors.ts';
import { useCheckingCall } from '../../client/checks.ts';
import { useQueryCall } from '../../client/hooks.ts';
import { Warnings } from '../../components/errors.tsx';
import { formatBytes, formatNumber, formatTime } from '../../components/format.ts';
import { GoButton } from '../../components/GoButton.tsx';
import { Pane, PaneTitle } from '../../components/Page.tsx';
import { Hash } from '../../components/ProvenancePanel.tsx';
import { QueryView } from '../../components/states.tsx';
import { CardFigure } from './CardFigure.tsx';
import { GradientBadge } from './GradientBadge.tsx';
import { GraphTab } from './GraphTab.tsx';
import { PackageActions } from './PackageActions.tsx';
import { UnitsTab } from './UnitsTab.tsx';

/** Front matter is for machines; the same facts stand on the other tabs. */
const withoutFrontMatter = (card: string): string => card.replace(/^---\r?\n[\s\S]*?\r?\n---\r?\n/, '');

function CardTab({ twin }: { twin: TwinDetails }) {
  return (
    <Typography fz="sm" maw="44rem">
      <Markdown
        remarkPlugins={[remarkGfm]}
        components={{
          // A card comes with a package somebody else made: it may show the package's own figures and load nothing else,
          // and links leave the window.
          img: ({ src, alt }) => <CardFigure twin={twin} src={src} alt={alt ?? ''} />,
          // The card stands under the page's and the twin's own headings.
          h1: 'h3',
          h2: 'h4',
          h3: 'h5',
          a: ({ href, children }) => (
            <a href={href} target="_blank" rel="noreferrer noopener">
              {children}
            </a>
          ),
        }}
      >
        {withoutFrontMatter(twin.card)}
      </Markdown>
    </Typography>
  );
}

function ChecksTab({ twin }: { twin: TwinDetails }) {
  const verify = useCheckingCall('library.verify');
  const { reproduces: check, reproductions, gradientCheck: gradient } = twin.summary;
  // What was verified may be another twin by now.
  const unchecked = verify.data?.sha256 === twin.summary.sha256 ? verify.data.gradientUnchecked : null;
  return (
    <Stack gap="md" align="flex-start" maw="40rem">
      <Text size="sm">
        The package carries inputs with the responses its author got. Verify computes them again on this computer and
        compares, checks the hash of every file, and compares the gradient with finite differences.
      </Text>
      {check === null ? (
        <Text size="sm" c="dimmed">
          Not verified on this computer yet.
        </Text>
      ) : (
        <DataList>
          {[
            ['Result', check.passed ? 'reproduces here' : 'does not reproduce here'],
            ['Largest error', `${formatNumber(check.maxError)} of the largest response`],
            ['Tolerance', `${formatNumber(check.tolerance)} of the largest response`],
            ['Device', check.device],
            ['When', formatTime(check.at)],
            ...reproductions
              .filter(({ device }) => device !== check.device)
              .map(({ device, passed, maxError }) => [
                `Earlier, ${device}`,
                `${passed ? 'reproduces' : 'does not reproduce'}, largest error ${formatNumber(maxError)}`,
              ]),
          ].map(([label, value]) => (
            <DataList.Item key={label}>
              <DataList.ItemLabel>{label}</DataList.ItemLabel>
              <DataList.ItemValue>{value}</DataList.ItemValue>
            </DataList.Item>
          ))}
        </DataList>
      )}
      <div>
        <PaneTitle>Gradient</PaneTitle>
        {gradient === null ? (
          <Text size="sm" c="dimmed">
            Not checked on this computer yet.
          </Text>
        ) : (
          <Stack gap="xs">
            <Group gap="sm">
              <GradientBadge twin={twin.summary} />
              <Text size="xs" c="dimmed">
                {gradient.device} · ONNX Runtime {gradient.runtime} · {formatTime(gradient.at)}
              </Text>
            </Group>
            <Text size="sm">{gradient.sentence}</Text>
          </Stack>
        )}
        {unchecked !== null && (
          <Text size="sm" role="status" mt="xs">
            Not checked this time: {unchecked}
          </Text>
        )}
      </div>
      <Group>
        <Button onClick={() => verify.mutate({ id: twin.summary.id })} disabled={verify.isPending}>
          Verify
        </Button>
        {verify.isPending && (
          <Button variant="default" onClick={verify.stop}>
            Stop
          </Button>
        )}
        {verify.progress !== null && (
          <Text size="sm" role="status">
            {verify.progress}
          </Text>
        )}
      </Group>
      {verify.error !== null && isTwinscopeError(verify.error) && verify.error.code === 'cancelled' && (
        <Text size="sm" role="status">
          {verify.error.message}
        </Text>
      )}
    </Stack>
  );
}

function ProvenanceTab({ twin }: { twin: TwinDetails }) {
  const { manifest, summary } = twin;
  const rows: [string, React.ReactNode][] = [
    ['Package', <Hash key="hash" sha256={summary.sha256} />],
    ['Version', manifest.version],
    ['Size', formatBytes(summary.sizeBytes)],
    ['Authors', manifest.authors.join(', ') || 'not stated'],
    ['Source', manifest.source?.url ?? 'not stated'],
    [
      'Licences',
      `code ${manifest.licences.code} · weights ${manifest.licences.weights} · data ${manifest.licences.data}`,
    ],
    ['Commercial use', manifest.commercialUse ? 'allowed by the licences' : 'not allowed by the licences'],
    ['Species', manifest.species],
    ['Subjects', manifest.subjects.join(', ') || 'none'],
    ['Recording', manifest.recording],
    ['Response units', manifest.responseUnits],
    ['Field of view', `${formatNumber(summary.fieldOfViewDeg)}° · ${summary.rasterPx} px`],
    ['Tested on', manifest.validity.domains.join(', ') || 'not stated'],
  ];
  return (
    <Stack gap="lg" maw="44rem">
      <DataList>
        {rows.map(([label, value]) => (
          <DataList.Item key={label}>
            <DataList.ItemLabel>{label}</DataList.ItemLabel>
            <DataList.ItemValue>{value}</DataList.ItemValue>
          </DataList.Item>
        ))}
      </DataList>
      {manifest.validity.knownFailures.length > 0 && (
        <div>
          <PaneTitle>Known failures</PaneTitle>
          <Warnings items={manifest.validity.knownFailures} />
        </div>
      )}
      {manifest.references.length > 0 && (
        <div>
          <PaneTitle>References</PaneTitle>
          {manifest.references.map((reference) => (
            <Text key={reference.text} size="xs" mb={4}>
              {reference.text}
              {reference.doi !== undefined && ` doi:${reference.doi}`}
            </Text>
          ))}
        </div>
      )}
      <div>
        <PaneTitle>Files</PaneTitle>
        <Table>
          <Table.Tbody>
            {Object.entries(manifest.files).map(([path, sha256]) => (
              <Table.Tr key={path}>
                <Table.Td>{path}</Table.Td>
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

/** A table of nodes wants room; what is left of the list of twins scrolls. */
const graphWidth = 'max(min(70%, 64rem), min(82%, 48rem))';

export function TwinPane({ id }: { id: string }) {
  const details = useQueryCall('library.get', { id });
  const [tab, setTab] = useState<string | null>('card');
  return (
    <Pane label="Twin" width={tab === 'graph' ? graphWidth : 'min(50%, 40rem)'}>
      <QueryView query={details} lines={8}>
        {(twin) => (
          <>
            <Group justify="space-between" align="flex-start" wrap="nowrap">
              <div>
                <Title order={2} size="h2">
                  {twin.summary.title}
                </Title>
                <Text size="xs" c="dimmed">
                  {twin.summary.summary}
                </Text>
              </div>
              <GoButton to={`/experiment/new?twin=${encodeURIComponent(id)}`} style={{ flex: 'none' }}>
                Use in experiment
              </GoButton>
            </Group>
            <Tabs value={tab} onChange={setTab} keepMounted={false}>
              <Tabs.List mb="md">
                <Tabs.Tab value="card">Card</Tabs.Tab>
                <Tabs.Tab value="units">Areas and units</Tabs.Tab>
                <Tabs.Tab value="graph">Graph</Tabs.Tab>
                <Tabs.Tab value="checks">Checks</Tabs.Tab>
                <Tabs.Tab value="provenance">Provenance</Tabs.Tab>
              </Tabs.List>
              <Tabs.Panel value="card">
                <CardTab twin={twin} />
              </Tabs.Panel>
              <Tabs.Panel value="units">
                <UnitsTab twin={twin} />
              </Tabs.Panel>
              <Tabs.Panel value="graph">
                <GraphTab id={id} memoryMiB={twin.manifest.capabilities.memoryMiB} />
              </Tabs.Panel>
              <Tabs.Panel value="checks">
                <ChecksTab twin={twin} />
              </Tabs.Panel>
              <Tabs.Panel value="provenance">
                <ProvenanceTab twin={twin} />
              </Tabs.Panel>
            </Tabs>
          </>
        )}
      </QueryView>
    </Pane>
  );
}
