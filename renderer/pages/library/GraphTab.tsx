/** The twin's graph: every node in running order, what it makes, what it holds, and which area its author put there. */
import { Chip, CloseButton, Group, Stack, Text, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import type { TwinGraph, TwinManifest } from '../../../main/contract/twins.ts';
import { useInspectorWhileHere } from '../../app/settings.ts';
import { useQueryCall } from '../../client/hooks.ts';
import { AreaLabel } from '../../components/AreaLabel.tsx';
import { formatCount, plural } from '../../components/format.ts';
import { QueryView } from '../../components/states.tsx';
import { VirtualTable, type Column } from '../../components/VirtualTable.tsx';
import { GraphPorts } from './GraphPorts.tsx';
import { filterNodes, graphRows, type GraphRow } from './graphRows.ts';
import { NodeInspector } from './NodeInspector.tsx';

/** Operators that fit on a line. */
const mostOperators = 6;

/** Names of exporters begin alike and differ at their ends: where one does not fit, its beginning is left out. */
const endShown = {
  display: 'block',
  overflow: 'hidden',
  textOverflow: 'ellipsis',
  direction: 'rtl',
  textAlign: 'left',
} as const;

const columns: Column<GraphRow>[] = [
  {
    key: 'index',
    title: '#',
    width: '2.75rem',
    align: 'right',
    render: (row) => formatCount(row.index + 1),
    sortBy: (row) => row.index,
  },
  {
    key: 'operator',
    title: 'Operator',
    width: 'minmax(5rem, 1fr)',
    render: (row) => <span title={row.operator}>{row.operator}</span>,
    sortBy: (row) => row.operator,
  },
  {
    key: 'tensor',
    title: 'Makes',
    width: 'minmax(6.5rem, 3fr)',
    render: (row) => (
      <span title={row.tensor} style={endShown}>
        <bdi>{row.tensor}</bdi>
      </span>
    ),
    sortBy: (row) => row.tensor,
  },
  {
    key: 'shape',
    title: 'Shape',
    width: 'minmax(9rem, 1.2fr)',
    render: (row) => <span title={row.shape}>{row.shape}</span>,
  },
  {
    key: 'dtype',
    title: 'Type',
    width: '3.5rem',
    fromRem: 37,
    render: (row) => row.dtype,
    sortBy: (row) => row.dtype,
  },
  {
    key: 'parameters',
    title: 'Parameters',
    width: '5.25rem',
    fromRem: 43,
    align: 'right',
    render: (row) => (row.parameters === 0 ? '' : formatCount(row.parameters)),
    sortBy: (row) => row.parameters,
  },
  {
    key: 'area',
    title: 'Area',
    width: 'minmax(6.25rem, 1fr)',
    render: (row) => (
      <Group gap={8} wrap="nowrap" component="span">
        {row.areas.map(({ area, colourOf, output }) => (
          <AreaLabel
            key={`${area} ${String(output)}`}
            area={area}
            colourOf={colourOf}
            label={output ? `${area}, output` : area}
          />
        ))}
      </Group>
    ),
    sortBy: (row) => row.areas[0]?.area ?? null,
  },
];

/** `MatMul 12 · Slice 40 · 3 more operators`, most used first. */
function operatorsText(rows: readonly GraphRow[]): string {
  const counts = new Map<string, number>();
  for (const { operator } of rows) counts.set(operator, (counts.get(operator) ?? 0) + 1);
  const sorted = [...counts].toSorted((a, b) => b[1] - a[1]);
  const shown = sorted.slice(0, mostOperators).map(([operator, count]) => `${operator} ${formatCount(count)}`);
  const left = sorted.length - shown.length;
  return [...shown, ...(left > 0 ? [plural(left, 'more operator')] : [])].join(' · ');
}

function GraphView({ graph, manifest }: { graph: TwinGraph; manifest: TwinManifest }) {
  const { memoryMiB } = manifest.capabilities;
  const rows = useMemo(() => graphRows(graph), [graph]);
  const [text, setText] = useState('');
  const [onlyAreas, setOnlyAreas] = useState(false);
  const [selected, setSelected] = useState<number | null>(null);
  const openInspector = useInspectorWhileHere();
  function select(node: number) {
    setSelected(node);
    openInspector();
  }
  const shown = useMemo(() => filterNodes(rows, text, onlyAreas), [rows, text, onlyAreas]);
  const marked = rows.filter(({ areas }) => areas.length > 0).length;
  const row = selected === null ? undefined : rows[selected];
  return (
    <Stack gap="sm">
      <Text size="xs">
        opset {graph.opset} · {plural(rows.length, 'node')} · {plural(graph.parameters, 'parameter')}
        {memoryMiB !== undefined && ` · about ${formatCount(memoryMiB)} MiB of memory predicted`}
        {graph.producer !== '' && ` · exported by ${graph.producer}`}
      </Text>
      <Text size="xs" c="dimmed">
        {operatorsText(rows)}
      </Text>
      <GraphPorts manifest={manifest} />
      <Group gap="sm" wrap="nowrap">
        <TextInput
          aria-label="Find nodes"
          placeholder="Find nodes"
          leftSection={<IconSearch size={13} />}
          rightSection={text !== '' && <CloseButton size="xs" aria-label="Clear" onClick={() => setText('')} />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          style={{ flex: 1, maxWidth: '20rem' }}
        />
        <Chip size="xs" variant="outline" checked={onlyAreas} onChange={setOnlyAreas} disabled={marked === 0}>
          Areas only
        </Chip>
        <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }} role="status">
          {shown.length === rows.length
            ? plural(rows.length, 'node')
            : `${formatCount(shown.length)} of ${plural(rows.length, 'node')}`}
        </Text>
      </Group>
      <div style={{ height: 'max(18rem, calc(100dvh - 21.5rem))', display: 'flex' }}>
        <VirtualTable
          label="Nodes"
          rows={shown}
          columns={columns}
          rowKey={(each) => String(each.index)}
          selected={selected === null ? null : String(selected)}
          onSelect={(each) => select(each.index)}
        />
      </div>
      {row !== undefined && <NodeInspector graph={graph} row={row} onSelect={setSelected} />}
    </Stack>
  );
}

export function GraphTab({ id, manifest }: { id: string; manifest: TwinManifest }) {
  const graph = useQueryCall('library.graph', { id });
  return (
    <QueryView query={graph} lines={10}>
      {(data) => <GraphView graph={data} manifest={manifest} />}
    </QueryView>
  );
}
