/** One twin: what it is, what it holds, whether it gives its own numbers here, where it came from. */
import { Button, Group, Menu, Stack, Tabs, Text, Title, Typography } from '@mantine/core';
import { useState } from 'react';
import Markdown from 'react-markdown';
import remarkGfm from 'remark-gfm';
import type { TwinDetails, TwinSummary } from '../../../main/contract/twins.ts';
import { useQueryCall } from '../../client/hooks.ts';
import { navigate } from '../../client/location.ts';
import { GoButton } from '../../components/GoButton.tsx';
import { Pane } from '../../components/Page.tsx';
import { QueryView } from '../../components/states.tsx';
import { TrustChips } from '../../components/TrustChips.tsx';
import { CardFigure } from './CardFigure.tsx';
import { ChecksTab } from './ChecksTab.tsx';
import { GraphTab } from './GraphTab.tsx';
import classes from './Library.module.css';
import { addressOf, comparePath, nameOf } from './names.ts';
import { ProvenanceTab } from './ProvenanceTab.tsx';
import { UnitsTab } from './UnitsTab.tsx';
import { PerformanceTab, ValidityTab } from './ValidityTab.tsx';

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

/** Leads to this twin beside another one. */
function CompareMenu({ twin, twins }: { twin: TwinSummary; twins: readonly TwinSummary[] }) {
  const others = twins.filter((other) => nameOf(other) !== nameOf(twin));
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button
          variant="default"
          disabled={others.length === 0}
          title={others.length === 0 ? 'There is no other twin in the library.' : undefined}
        >
          Compare with…
        </Button>
      </Menu.Target>
      <Menu.Dropdown style={{ maxHeight: '60dvh', overflowY: 'auto' }}>
        {others.map((other) => (
          <Menu.Item
            key={nameOf(other)}
            onClick={() => navigate(comparePath(addressOf(twins, twin), addressOf(twins, other)))}
          >
            {other.title}
            {twins.filter(({ id }) => id === other.id).length > 1 && ` ${other.version}`}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** All tabs in one line where that leaves the list of twins enough. */
const usualWidth = 'min(max(50%, 30.5rem), 56%, 40rem)';
/** A table of nodes wants room; what is left of the list of twins scrolls. */
const graphWidth = 'max(min(70%, 64rem), min(82%, 48rem))';

export function TwinPane({ id, twins }: { id: string; twins: readonly TwinSummary[] }) {
  const details = useQueryCall('library.get', { id });
  const [tab, setTab] = useState<string | null>('card');
  return (
    <Pane label="Twin" width={tab === 'graph' ? graphWidth : usualWidth}>
      <QueryView query={details} lines={8}>
        {(twin) => (
          <>
            <Stack gap="xs">
              <Group justify="space-between" align="flex-start" gap="sm">
                <Title order={2} size="h2" style={{ flex: '1 1 12rem' }}>
                  {twin.summary.title}
                </Title>
                <Group gap="sm" wrap="nowrap" style={{ flex: 'none' }}>
                  <CompareMenu twin={twin.summary} twins={twins} />
                  <GoButton to={`/experiment/new?twin=${encodeURIComponent(id)}`}>Use in experiment</GoButton>
                </Group>
              </Group>
              <Text size="xs" c="dimmed">
                {twin.summary.summary}
              </Text>
              <TrustChips twin={twin.manifest} onlyWarnings />
            </Stack>
            <Tabs value={tab} onChange={setTab} keepMounted={false}>
              <Tabs.List mb="md" className={classes.tabs}>
                <Tabs.Tab value="card">Card</Tabs.Tab>
                <Tabs.Tab value="units">Areas and units</Tabs.Tab>
                <Tabs.Tab value="graph">Graph</Tabs.Tab>
                <Tabs.Tab value="checks">Checks</Tabs.Tab>
                <Tabs.Tab value="validity">Validity</Tabs.Tab>
                <Tabs.Tab value="performance">Performance</Tabs.Tab>
                <Tabs.Tab value="provenance">Provenance</Tabs.Tab>
              </Tabs.List>
              <Tabs.Panel value="card">
                <CardTab twin={twin} />
              </Tabs.Panel>
              <Tabs.Panel value="units">
                <UnitsTab twin={twin} />
              </Tabs.Panel>
              <Tabs.Panel value="graph">
                <GraphTab id={id} manifest={twin.manifest} />
              </Tabs.Panel>
              <Tabs.Panel value="checks">
                <ChecksTab twin={twin} />
              </Tabs.Panel>
              <Tabs.Panel value="validity">
                <ValidityTab twin={twin} />
              </Tabs.Panel>
              <Tabs.Panel value="performance">
                <PerformanceTab twin={twin} />
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
