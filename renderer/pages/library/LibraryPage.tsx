import { Badge, Button, Stack, Text, TextInput, Tooltip } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { useLocation } from 'wouter';
import type { TwinSummary } from '../../../main/contract/twins.ts';
import { useQueryCall } from '../../client/hooks.ts';
import { AreaLabel } from '../../components/AreaLabel.tsx';
import { ErrorNotice } from '../../components/errors.tsx';
import { formatCount, plural } from '../../components/format.ts';
import { Page, PageHeader, Pane, Panes } from '../../components/Page.tsx';
import { Empty, LoadingLines } from '../../components/states.tsx';
import { VirtualTable, type Column } from '../../components/VirtualTable.tsx';
import { GradientBadge } from './GradientBadge.tsx';
import classes from './Library.module.css';
import { TwinPane } from './TwinPane.tsx';
import { useImporting } from './useImporting.tsx';

const reproducesHere = ({ reproductions }: TwinSummary): boolean => reproductions.every(({ passed }) => passed);

/** Whether the twin's golden checks passed on every device tried, in one word with the figures on hover. */
function Reproduces({ twin }: { twin: TwinSummary }) {
  if (twin.reproductions.length === 0) return <Badge color="gray">not checked</Badge>;
  const figures = twin.reproductions.map(
    ({ device, maxError, tolerance }) =>
      `${device}: largest error ${maxError.toExponential(1)}, tolerance ${tolerance.toExponential(1)}`,
  );
  const yes = reproducesHere(twin);
  return (
    <Tooltip label={figures.join('; ')}>
      <Badge color={yes ? 'green' : 'red'}>{yes ? 'yes' : 'no'}</Badge>
    </Tooltip>
  );
}

/** What fits into a row of the table. */
const mostLines = 2;
/** Long words break into lines rather than being cut, as many as a row has room for. */
const wrapped = {
  whiteSpace: 'normal',
  display: '-webkit-box',
  WebkitBoxOrient: 'vertical',
  WebkitLineClamp: 3,
  overflow: 'hidden',
  lineHeight: 1.3,
} as const;

/** What is left out first is said by the twin's own tabs. */
const columns: Column<TwinSummary>[] = [
  {
    key: 'title',
    title: 'Twin',
    width: 'minmax(6rem, 2fr)',
    render: (twin) => (
      <span style={wrapped} title={twin.title}>
        {twin.title}
      </span>
    ),
    sortBy: (twin) => twin.title,
  },
  {
    key: 'species',
    title: 'Species',
    width: 'minmax(6rem, 1fr)',
    fromRem: 40,
    render: (twin) => <span style={wrapped}>{twin.species}</span>,
    sortBy: (twin) => twin.species,
  },
  {
    key: 'areas',
    title: 'Areas',
    width: 'minmax(6rem, 1.2fr)',
    fromRem: 16,
    render: ({ areas }) => {
      const shown = areas.length > mostLines ? areas.slice(0, mostLines - 1) : areas;
      return (
        <Stack gap={0} title={areas.map(({ label }) => label).join(', ')}>
          {shown.map((area) => (
            <AreaLabel key={area.name} area={area.name} colourOf={area.colourOf} />
          ))}
          {shown.length < areas.length && <Text size="xs">and {areas.length - shown.length} more</Text>}
        </Stack>
      );
    },
  },
  {
    key: 'modality',
    title: 'Modality',
    width: '5rem',
    fromRem: 46,
    render: (twin) => <span style={wrapped}>{twin.modality}</span>,
    sortBy: (twin) => twin.modality,
  },
  {
    key: 'units',
    title: 'Units',
    width: '3rem',
    fromRem: 33,
    align: 'right',
    render: (twin) => formatCount(twin.units),
    sortBy: (twin) => twin.units,
  },
  {
    key: 'gradient',
    title: 'Gradient',
    width: '6rem',
    fromRem: 23,
    render: (twin) => <GradientBadge twin={twin} />,
    sortBy: (twin) => twin.gradientCheck?.verdict ?? twin.gradient,
  },
  {
    key: 'reproduces',
    title: 'Reproduces here',
    width: '6.5rem',
    fromRem: 29.5,
    render: (twin) => <Reproduces twin={twin} />,
    sortBy: (twin) => (twin.reproduces === null ? null : Number(reproducesHere(twin))),
  },
  {
    key: 'licence',
    title: 'Licence',
    width: 'minmax(5.5rem, 0.6fr)',
    fromRem: 52,
    render: (twin) => <span style={wrapped}>{twin.licence}</span>,
    sortBy: (twin) => twin.licence,
  },
];

/** True if every word of the text stands somewhere in what the row says. */
export function twinMatches(twin: TwinSummary, text: string): boolean {
  const said = [
    twin.title,
    twin.summary,
    twin.species,
    twin.modality,
    twin.licence,
    ...twin.areas.map((area) => area.name),
  ]
    .join(' ')
    .toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => said.includes(word));
}

export function LibraryPage({ item }: { item: string | undefined }) {
  const [, go] = useLocation();
  const twins = useQueryCall('library.list', {});
  const [filter, setFilter] = useState('');
  const importing = useImporting();
  const shown = useMemo(() => (twins.data ?? []).filter((twin) => twinMatches(twin, filter)), [twins.data, filter]);
  const selected = item ?? twins.data?.[0]?.id;
  const title = twins.data?.find((twin) => twin.id === selected)?.title;
  if (importing.form !== null) return importing.form;
  return (
    <Page item={title}>
      <PageHeader
        title="Library"
        detail={twins.data && `${plural(twins.data.length, 'twin')} on this computer`}
        actions={
          <>
            <TextInput
              aria-label="Filter twins"
              placeholder="Filter"
              leftSection={<IconSearch size={13} />}
              value={filter}
              onChange={(event) => setFilter(event.currentTarget.value)}
              w={150}
            />
            <Button variant="default" onClick={importing.open}>
              Import twin
            </Button>
          </>
        }
      />
      <div className={classes.drop} {...importing.drop}>
        {twins.error !== null && <ErrorNotice error={twins.error} onRetry={() => void twins.refetch()} />}
        {twins.data === undefined ? (
          twins.error === null && <LoadingLines />
        ) : twins.data.length === 0 ? (
          <Empty title="No twins in the library" action={<Button onClick={importing.open}>Import twin</Button>}>
            A twin is a model of a brain area that predicts responses to what is shown. Built-in twins appear once they
            are built.
          </Empty>
        ) : (
          <Panes>
            <Pane label="Twins" scroll={false} padding={false}>
              <VirtualTable
                label="Twins"
                rows={shown}
                columns={columns}
                rowKey={(twin) => twin.id}
                selected={selected ?? null}
                onSelect={(twin) => go(`/library/${twin.id}`)}
                rowPx={50}
              />
            </Pane>
            {selected !== undefined && <TwinPane key={selected} id={selected} />}
          </Panes>
        )}
      </div>
      {importing.dialog}
    </Page>
  );
}
